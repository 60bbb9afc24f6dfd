/* The library in a program that has a loop of its own, on epoll: each line of the standard input is
 * published as an event, and what a peer says is printed.
 *
 *   epoll URL...      the end of the input, or SIGINT, ends it, once all is delivered
 */
#include <errno.h>
#include <lariat/lariat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What the library's callbacks need of the loop. */
struct loop {
  int epoll;
  int timer;
  int done; /* 1: delivered; -1: not in time. */
};

static void stop(const char* what) {
  perror(what);
  exit(1);
}

static void add_reader(const struct loop* loop, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) stop("epoll_ctl");
}

static void watch(void* data, int descriptor, int events) {
  const struct loop* loop = data;
  struct epoll_event event = {.data.fd = descriptor};
  if (events & LARIAT_READ) event.events |= EPOLLIN;
  if (events & LARIAT_WRITE) event.events |= EPOLLOUT;
  if (events == 0) {
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL);
  } else if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, descriptor, &event) != 0) {
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) stop("epoll_ctl");
  }
}

/* A timer of the kernel's: 0 stops one, so that what is due at once is due in a nanosecond. */
static void arm(void* data, int64_t milliseconds) {
  const struct loop* loop = data;
  struct itimerspec at = {{0, 0}, {0, 0}};
  if (milliseconds == 0) at.it_value.tv_nsec = 1;
  if (milliseconds > 0) {
    at.it_value.tv_sec = milliseconds / 1000;
    at.it_value.tv_nsec = milliseconds % 1000 * 1000000;
  }
  if (timerfd_settime(loop->timer, 0, &at, NULL) != 0) stop("timerfd_settime");
}

static void received(void* data, const char* endpoint, const void* message, size_t length) {
  (void)data;
  (void)message;
  printf("%s says %zu octets\n", endpoint, length);
  fflush(stdout);
}

static void delivered(void* data, int result) {
  struct loop* loop = data;
  loop->done = result == LARIAT_OK ? 1 : -1;
}

/* Publishes the whole lines of what can be read now; 0 at the end of the input. */
static int read_lines(lariat_publisher* publisher) {
  static char text[4096];
  static size_t held;
  const ssize_t got = read(STDIN_FILENO, text + held, sizeof text - 1 - held);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  held += (size_t)got;
  char* line = text;
  for (char* end; (end = memchr(line, '\n', held)) != NULL; line = end + 1) {
    *end = '\0';
    held -= (size_t)(end + 1 - line);
    lariat_event(publisher, "input_line program=epoll", 0, line);
  }
  if (held == sizeof text - 1) held = 0; /* A line that is too long. */
  memmove(text, line, held);
  return got > 0;
}

/* One turn of the program's loop. */
static void turn(lariat_publisher* publisher, struct loop* loop, int interrupts) {
  struct epoll_event ready[16];
  const int count = epoll_wait(loop->epoll, ready, 16, -1);
  if (count < 0 && errno != EINTR) stop("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const int descriptor = ready[i].data.fd;
    uint64_t passed;
    int events = 0;
    if (descriptor == loop->timer) {
      if (read(loop->timer, &passed, sizeof passed) > 0) lariat_action(publisher, -1, 0);
    } else if (descriptor == interrupts || (descriptor == STDIN_FILENO && !read_lines(publisher))) {
      epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL);
      lariat_flush_start(publisher, 5000, delivered);
    } else if (descriptor != STDIN_FILENO) {
      if (ready[i].events & ~(uint32_t)EPOLLOUT) events |= LARIAT_READ;
      if (ready[i].events & ~(uint32_t)EPOLLIN) events |= LARIAT_WRITE;
      lariat_action(publisher, descriptor, events);
    }
  }
}

int main(int argc, char** argv) {
  struct loop loop = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                      .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupt, NULL);
  const int interrupts = signalfd(-1, &interrupt, SFD_CLOEXEC);
  add_reader(&loop, loop.timer);
  add_reader(&loop, interrupts);
  add_reader(&loop, STDIN_FILENO);

  lariat_publisher* publisher = NULL;
  const lariat_options options = {.size = sizeof options,
                                  .data = &loop,
                                  .on_message = received,
                                  .on_watch = watch,
                                  .on_timeout = arm};
  int result = lariat_open(&publisher, &options);
  for (int i = 1; result == LARIAT_OK && i < argc; ++i) {
    result = lariat_connect(publisher, argv[i], NULL);
  }
  if (result != LARIAT_OK) {
    fprintf(stderr, "epoll: %s\n", lariat_strerror(result));
    return 2;
  }
  while (loop.done == 0) turn(publisher, &loop, interrupts);

  lariat_stats stats = {.size = sizeof stats};
  lariat_get_stats(publisher, &stats);
  printf("published %llu\n", (unsigned long long)stats.messages);
  lariat_close(publisher);
  return loop.done == 1 ? 0 : 1;
}
