/* A collector for the host metrics agent Lariat, in C99. This file is all of it: copy it, or
   include it where it is installed. Nothing is linked.

     static void collect(lariat_collector* say, void* data) {
       lariat_collector_sample(say, "queue_files", "folder=/var/spool", 12);
     }
     int main(void) { return lariat_collector_run(collect, NULL); }

   The function is called at each tick in the mode `stream`, and once in the mode `oneshot` or at a
   terminal. `lariat collect ./mine` shows what the agent makes of it. In C++: collector.hpp.

   TAGS are `key=value,key=value`, or NULL or "" for none; behind a backslash a comma, an equals
   sign and a star stand for themselves. In names, what a line cannot carry becomes `_`. A value
   that is no finite number, and a name without an octet, are left out, and standard error says how
   many. Numbers do not depend on the locale, and a double comes back as the same. */
#ifndef LARIAT_COLLECTOR_H
#define LARIAT_COLLECTOR_H

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What there is to say at one time: lines that go out with one write. */
typedef struct lariat_collector {
  uint64_t time; /* Seconds since 1970: of the tick, else now. */
  char* text;
  size_t length;
  size_t room;
  unsigned left_out;
} lariat_collector;

enum lariat_collector_status {
  LARIAT_COLLECTOR_OK,
  LARIAT_COLLECTOR_WARNING,
  LARIAT_COLLECTOR_CRITICAL,
  LARIAT_COLLECTOR_UNKNOWN
};

/* From here to the next comment: for what is below, not for collectors. */
static inline void lariat_collector_put(lariat_collector* say, const char* text, const char* bad,
                                        char instead) {
  const size_t length = strlen(text);
  size_t i;
  if (say->length + length >= say->room) {
    say->room = (say->length + length) * 2 + 4096;
    say->text = (char*)realloc(say->text, say->room);
    if (say->text == NULL) abort();
  }
  for (i = 0; i < length; ++i) {
    const unsigned char c = (unsigned char)text[i];
    const int plain = bad == NULL || (c > ' ' && c != 0x7f && strchr(bad, text[i]) == NULL);
    say->text[say->length++] = plain ? text[i] : instead;
  }
}

static inline void lariat_collector_say(lariat_collector* say, const char* kind, const char* metric,
                                        const char* tags, const char* rest) {
  char time[32];
  if (metric == NULL || *metric == '\0' || rest == NULL) {
    ++say->left_out;
    return;
  }
  snprintf(time, sizeof time, " %" PRIu64 " ", say->time);
  lariat_collector_put(say, kind, NULL, 0);
  lariat_collector_put(say, time, NULL, 0);
  lariat_collector_put(say, metric, "=*", '_');
  lariat_collector_put(say, " ", NULL, 0);
  if (tags != NULL && *tags != '\0') {
    lariat_collector_put(say, tags, "", '_');
    lariat_collector_put(say, " ", NULL, 0);
  }
  lariat_collector_put(say, rest, "", ' ');
  lariat_collector_put(say, "\n", NULL, 0);
}

/* The fewest digits that come back as the same; NULL if it is not finite. A locale's own decimal
   point, which may be several octets, becomes the usual one. */
static inline const char* lariat_collector_number(double value, char room[64]) {
  char* to = room;
  const char* from = room;
  int digits = 15;
  if (!isfinite(value)) return NULL;
  do snprintf(room, 64, "%.*g", digits, value);
  while (strtod(room, NULL) != value && ++digits <= 17);
  for (; *from != '\0'; ++from) {
    if (strchr("0123456789+-e", *from) != NULL) {
      *to++ = *from;
    } else if (to == room || to[-1] != '.') {
      *to++ = '.';
    }
  }
  *to = '\0';
  return room;
}

/* A signal, or a descriptor that does not block, is no end. */
static inline int lariat_collector_may_go_on(int fd, short event) {
  struct pollfd wait;
  if (errno != EINTR && errno != EAGAIN) return 0;
  wait.fd = fd;
  wait.events = event;
  if (errno == EAGAIN) (void)poll(&wait, 1, -1);
  return 1;
}

static inline int lariat_collector_read_line(char* line, int room) {
  while (fgets(line, room, stdin) == NULL) {
    if (feof(stdin) || !lariat_collector_may_go_on(0, POLLIN)) return 0;
    clearerr(stdin);
  }
  return 1;
}

static inline int lariat_collector_answer(lariat_collector* say, uint64_t time,
                                          void (*collect)(lariat_collector*, void*), void* data,
                                          const char* end) {
  size_t sent = 0;
  say->time = time;
  say->length = 0;
  say->left_out = 0;
  collect(say, data);
  lariat_collector_put(say, end, NULL, 0);
  if (say->left_out > 0) {
    fprintf(stderr, "%u of this answer left out: no finite number, or no name\n", say->left_out);
  }
  while (sent < say->length) {
    const ssize_t some = write(1, say->text + sent, say->length - sent);
    if (some < 0 && !lariat_collector_may_go_on(1, POLLOUT)) return 0;
    if (some > 0) sent += (size_t)some;
  }
  return 1;
}

/* A measurement that stands for itself. */
static inline void lariat_collector_sample(lariat_collector* say, const char* metric,
                                           const char* tags, double value) {
  char room[64];
  lariat_collector_say(say, "sample", metric, tags, lariat_collector_number(value, room));
}

/* The reading of a number that only grows. */
static inline void lariat_collector_delta(lariat_collector* say, const char* metric,
                                          const char* tags, double reading) {
  char room[64];
  lariat_collector_say(say, "delta", metric, tags, lariat_collector_number(reading, room));
}

/* So many more of something. */
static inline void lariat_collector_tally(lariat_collector* say, const char* metric,
                                          const char* tags, uint64_t more) {
  char room[32];
  snprintf(room, sizeof room, "%" PRIu64, more);
  lariat_collector_say(say, "tally", metric, tags, room);
}

/* How something is, and why; TEXT may be NULL. What is none of these is UNKNOWN. */
static inline void lariat_collector_state(lariat_collector* say, const char* metric,
                                          const char* tags, enum lariat_collector_status status,
                                          const char* text) {
  static const char* const kinds[] = {"ok", "warning", "critical", "unknown"};
  const size_t before = say->length;
  const unsigned which = (unsigned)status < 3 ? (unsigned)status : 3;
  lariat_collector_say(say, "state", metric, tags, kinds[which]);
  if (say->length == before || text == NULL || *text == '\0') return;
  say->text[say->length - 1] = ' '; /* In place of its end. */
  lariat_collector_put(say, text, "", ' ');
  lariat_collector_put(say, "\n", NULL, 0);
}

/* Something has happened. (In capitals the first word of TEXT is none of the name's tags.) */
static inline void lariat_collector_event(lariat_collector* say, const char* metric,
                                          const char* tags, const char* text) {
  const int plain = tags == NULL || *tags == '\0';
  lariat_collector_say(say, plain ? "EVENT" : "event", metric, tags, text == NULL ? "" : text);
}

/* A piece of text that is true until it is replaced. */
static inline void lariat_collector_fact(lariat_collector* say, const char* name,
                                         const char* value) {
  if (name == NULL || *name == '\0' || value == NULL || *value == '\0') {
    ++say->left_out;
    return;
  }
  lariat_collector_put(say, "fact name=", NULL, 0);
  lariat_collector_put(say, name, "=,*\\", '_');
  lariat_collector_put(say, " ", NULL, 0);
  lariat_collector_put(say, value, "", ' ');
  lariat_collector_put(say, "\n", NULL, 0);
}

/* Calls COLLECT for each tick on standard input, or once if none comes. The exit status: 1 if
   nobody reads any more. */
static inline int lariat_collector_run(void (*collect)(lariat_collector*, void*), void* data) {
  lariat_collector say = {0, NULL, 0, 0, 0};
  char line[128];
  int asked = 0;
  int good = 1;
  while (good && !isatty(0) && lariat_collector_read_line(line, sizeof line)) {
    if (strncmp(line, "tick ", 5) != 0) continue;
    asked = 1;
    good = lariat_collector_answer(&say, strtoull(line + 5, NULL, 10), collect, data, "done\n");
  }
  if (!asked) good = lariat_collector_answer(&say, (uint64_t)time(NULL), collect, data, "");
  free(say.text);
  return good ? 0 : 1;
}

#endif
