/* The program that this library is for: it connects to many endpoints, publishes to all of them at
 * once, receives from any, and sleeps when there is nothing to do.
 *
 *   essay COUNT URL...      publishes COUNT messages; SIGINT ends it
 */
#include <lariat/lariat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static lariat_publisher* publisher;
static volatile sig_atomic_t ended;

static void interrupted(int number) {
  ended = number;
  lariat_wake(publisher);
}

static void received(void* count, const char* endpoint, const void* message, size_t length) {
  (void)message;
  ++*(unsigned long*)count;
  printf("%s says %zu octets\n", endpoint, length);
  fflush(stdout);
}

int main(int argc, char** argv) {
  unsigned long heard = 0;
  const lariat_options options = {.size = sizeof options, .data = &heard, .on_message = received};
  int result = lariat_open(&publisher, &options);
  for (int i = 2; result == LARIAT_OK && i < argc; ++i) {
    result = lariat_connect(publisher, argv[i], NULL);
  }
  if (result != LARIAT_OK || argc < 3) {
    fprintf(stderr, "usage: essay COUNT URL...: %s\n", lariat_strerror(result));
    return 2;
  }
  signal(SIGINT, interrupted);

  const unsigned long count = strtoul(argv[1], NULL, 10);
  for (unsigned long i = 0; i < count; ++i) {
    const double value = (double)i;
    lariat_sample(publisher, "essay_number program=essay", 0, &value, 1);
  }
  while (!ended && result >= 0) result = lariat_poll(publisher, -1);

  lariat_stats stats = {.size = sizeof stats};
  result = lariat_flush(publisher, 2000);
  lariat_get_stats(publisher, &stats);
  printf("published %llu, heard %lu, woke %llu times\n", (unsigned long long)stats.messages, heard,
         (unsigned long long)stats.wakeups);
  lariat_close(publisher);
  return result == LARIAT_OK ? 0 : 1;
}
