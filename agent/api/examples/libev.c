/* The library in a program whose loop is libev's: it reports the load of the machine once in a
 * while, and each SIGUSR1, and prints what a peer says.
 *
 *   libev SECONDS URL...      SIGINT ends it, once all is delivered
 */
#include <ev.h>
#include <lariat/lariat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void report_load(struct ev_loop* loop, ev_timer* timer, int events) {
  (void)loop;
  (void)events;
  double load;
  if (getloadavg(&load, 1) == 1) lariat_sample(timer->data, "load program=libev", 0, &load, 1);
}

static void count_signal(struct ev_loop* loop, ev_signal* watcher, int events) {
  (void)loop;
  (void)events;
  lariat_tally(watcher->data, "signals program=libev", 0, 1);
}

static void received(void* data, const char* endpoint, const void* message, size_t length) {
  (void)data;
  (void)message;
  printf("%s says %zu octets\n", endpoint, length);
  fflush(stdout);
}

static void delivered(void* data, int result) {
  struct ev_loop* loop = data;
  if (result != LARIAT_OK) fprintf(stderr, "libev: not all was delivered\n");
  ev_break(loop, EVBREAK_ALL);
}

static void interrupted(struct ev_loop* loop, ev_signal* watcher, int events) {
  (void)loop;
  (void)events;
  lariat_flush_start(watcher->data, 5000, delivered);
}

int main(int argc, char** argv) {
  struct ev_loop* loop = ev_default_loop(EVFLAG_AUTO);
  lariat_publisher* publisher = NULL;
  const lariat_options options = {
      .size = sizeof options, .data = loop, .on_message = received, .loop = loop};
  int result = lariat_open(&publisher, &options);
  for (int i = 2; result == LARIAT_OK && i < argc; ++i) {
    result = lariat_connect(publisher, argv[i], NULL);
  }
  if (result != LARIAT_OK || argc < 3) {
    fprintf(stderr, "usage: libev SECONDS URL...: %s\n", lariat_strerror(result));
    return 2;
  }

  const double seconds = atof(argv[1]);
  ev_timer timer;
  ev_timer_init(&timer, report_load, 0, seconds);
  timer.data = publisher;
  ev_timer_start(loop, &timer);
  ev_signal tick;
  ev_signal_init(&tick, count_signal, SIGUSR1);
  tick.data = publisher;
  ev_signal_start(loop, &tick);
  ev_signal interrupt;
  ev_signal_init(&interrupt, interrupted, SIGINT);
  interrupt.data = publisher;
  ev_signal_start(loop, &interrupt);
  ev_run(loop, 0);

  lariat_stats stats = {.size = sizeof stats};
  lariat_get_stats(publisher, &stats);
  printf("published %llu\n", (unsigned long long)stats.messages);
  lariat_close(publisher);
  return 0;
}
