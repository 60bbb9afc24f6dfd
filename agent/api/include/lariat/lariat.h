/* liblariat: publish small binary messages (TSDP) to many endpoints at once.
 *
 * A publisher keeps what is published once, in one log, and sends it to every endpoint, to each at
 * its own pace. No call waits for an endpoint: one that is slow, stuck or away holds up nobody, and
 * what it loses is counted. With nothing to send nothing is done: a program in lariat_poll()
 * sleeps.
 *
 * Threads: a publisher belongs to one thread at a time, but lariat_wake() is for all and for signal
 * handlers. Publishers do not know of each other. Nothing here is global.
 * Fork: the child's copy is dead. There every call returns LARIAT_FORKED and touches nothing that
 * the parent uses; lariat_close() frees it. The parent does not notice.
 * Strings are UTF-8 that ends with a NUL; they are copied where they are kept. A string that a
 * function or a callback hands out is valid until the next call with the same publisher.
 * Structures carry their size, by which a library and a program of other versions understand each
 * other: set `size`, leave the rest 0, and every 0 or NULL is the default. A `size` that ends
 * behind any member will do. No exception comes out of a call; none may come out of a callback.
 * Without memory the process ends.
 */
#ifndef LARIAT_LARIAT_H
#define LARIAT_LARIAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define LARIAT_NOEXCEPT noexcept
extern "C" {
#else
#define LARIAT_NOEXCEPT
#endif

/* NOLINTBEGIN(readability-identifier-naming, modernize-use-using): C, as C programs know it. */

#define LARIAT_API __attribute__((visibility("default")))

struct ev_loop; /* libev's; its header is needed only by who has a loop of it. */

/* One log, its endpoints, and the loop or the part of one that drives them. */
typedef struct lariat_publisher lariat_publisher;

/* What calls return: 0 is good, errors are negative. */
enum lariat_result {
  LARIAT_OK = 0,
  LARIAT_BAD_ARGUMENT = -1, /* NULL where none may be, a size or a value that is out of range. */
  LARIAT_BAD_URL = -2,      /* No URL, or a scheme that this version does not speak. */
  LARIAT_BAD_NAME = -3,     /* No qualified name. */
  LARIAT_BAD_NUMBER = -4,   /* NaN, infinity, or no value at all. */
  LARIAT_BAD_MESSAGE = -5,  /* Not exactly one whole TSDP message that submits a value. */
  LARIAT_TOO_LARGE = -6,    /* Larger than a segment of the log, or a text that is too long. */
  LARIAT_EXISTS = -7,       /* An endpoint has that name already. */
  LARIAT_UNKNOWN = -8,      /* No endpoint has that name. */
  LARIAT_SPOOL = -9,        /* The spool is another process's, or its options are wrong. */
  LARIAT_IN_CALLBACK = -10, /* Not from within a callback of the same publisher. */
  LARIAT_NOT_OURS = -11,    /* The loop is the program's: it drives, not this call. */
  LARIAT_NO_TIME = -12,     /* The deadline came first. */
  LARIAT_FORKED = -13,      /* This process is a child of the one that opened the publisher. */
  LARIAT_SYSTEM = -14       /* The system gave no descriptor. */
};

/* A few words for people; never NULL. */
LARIAT_API const char* lariat_strerror(int result) LARIAT_NOEXCEPT;
/* "0.1.0". */
LARIAT_API const char* lariat_version(void) LARIAT_NOEXCEPT;

/* What a descriptor is watched for; bits. */
enum lariat_events { LARIAT_READ = 1, LARIAT_WRITE = 2 };

enum lariat_level { LARIAT_INFO, LARIAT_WARNING, LARIAT_ERROR };

/* Options of lariat_open(). Of the loop there are three kinds:
 *   none given  the publisher has its own: call lariat_poll();
 *   `loop`      runs in the program's libev loop, which must outlive the publisher; lariat_poll()
 * is not used, nothing has to be called; `on_watch` and `on_timeout`  the program has any loop of
 * its own: see lariat_action().
 */
typedef struct lariat_options {
  size_t size; /* sizeof(lariat_options) */
  void* data;  /* Handed to every callback. */

  uint64_t memory_bytes;  /* Budget of the log. Default 16 MiB, at least two segments. */
  uint64_t segment_bytes; /* A piece of the log, what is dropped at once. 4 KiB to 1 GiB, 1 MiB. */

  const char* spool_directory; /* Keeps log and positions on disk too. Default: memory only. */
  uint64_t spool_bytes;        /* Budget of the disk. Default 256 MiB. */
  uint32_t spool_sync_ms;      /* What a loss of power may cost at most. Default 1000. */

  /* `key=value,key=value`: for each name that lacks the key, in lariat_sample() and its like. */
  const char* tags;

  /* A peer sent a message: one whole, valid TSDP message of `length` octets, good during the call;
   * heartbeats too. It may publish and connect. */
  void (*on_message)(void* data, const char* endpoint, const void* message, size_t length);
  /* A line for the operator: a change of state, never one a message. Default: they are not told.
   * It may not call the publisher. */
  void (*on_log)(void* data, int level, const char* line);

  struct ev_loop* loop;

  /* Watch `descriptor` for `events` from now on, level-triggered, instead of what it was watched
   * for before; 0: no more, it is about to be closed. Called for what has changed, at the end of
   * calls, of lariat_open() and lariat_close() too. It may not call the publisher. */
  void (*on_watch)(void* data, int descriptor, int events);
  /* Call lariat_action() with descriptor -1 after so many milliseconds, instead of the time-out
   * told before: 0 as soon as the program is back in its loop, -1 none. After each time-out it is
   * told anew. It may not call the publisher. */
  void (*on_timeout)(void* data, int64_t milliseconds);
} lariat_options;

/* Where an endpoint begins, and the order after it was away. */
enum lariat_start { LARIAT_START_END, LARIAT_START_BEGIN };
enum lariat_order {
  LARIAT_ORDER_DEFAULT,    /* Fresh first with a spool, else fifo. */
  LARIAT_ORDER_FIFO,       /* Everything in its order. */
  LARIAT_ORDER_FRESH_FIRST /* After more than 10 s away live messages first, the rest beside. */
};

/* Options of lariat_connect(). */
typedef struct lariat_endpoint_options {
  size_t size;      /* sizeof(lariat_endpoint_options) */
  const char* name; /* For statistics, log lines, and the position in a spool. Default: URL. */
  const char* const* match; /* Patterns of the names to send, "METRIC-GLOB TAGS-PATTERN". */
  size_t match_count;       /* 0: all. */
  int start;                /* enum lariat_start */
  int order;                /* enum lariat_order */
  double catch_up;          /* Pace of a backlog beside live messages, times the rate at which they
                               come. Default 4; negative: as fast as it goes. */
  uint64_t max_bytes;  /* Lag allowed; older messages are dropped. Default: the log's budget. */
  uint64_t max_age_ms; /* Age allowed; older messages are dropped. Default: any. */
  uint32_t connect_timeout_ms; /* Of each address. Default 5000. */
  uint32_t stall_timeout_ms;   /* No progress for so long: dead or slow. Default 30000. */
  uint32_t back_off_min_ms;    /* Before the next attempt to connect. Default 500. */
  uint32_t back_off_max_ms;    /* Default 30000. */
  uint32_t heartbeat_ms;       /* How often the peer hears from us at least. Default: never. */
} lariat_endpoint_options;

/* Makes a publisher. On success *publisher is the caller's, who ends it with lariat_close(); on
 * failure it is NULL. `options` may be NULL. */
LARIAT_API int lariat_open(lariat_publisher** publisher,
                           const lariat_options* options) LARIAT_NOEXCEPT;

/* Ends it and closes its connections. With a spool what was not delivered is kept for the next run,
 * else it is lost, and a log line says so for each endpoint: lariat_flush() before waits for it.
 * NULL is allowed. After LARIAT_IN_CALLBACK it is still open. */
LARIAT_API int lariat_close(lariat_publisher* publisher) LARIAT_NOEXCEPT;

/* Adds an endpoint, at any time: `tsdp://host:port` or `tsdp+unix:///path`. It connects while the
 * loop runs and reconnects for ever; nobody waits for it. What is published while it is not
 * connected is kept for it. `options` may be NULL. */
LARIAT_API int lariat_connect(lariat_publisher* publisher, const char* url,
                              const lariat_endpoint_options* options) LARIAT_NOEXCEPT;
/* Closes its connection and forgets it. */
LARIAT_API int lariat_disconnect(lariat_publisher* publisher, const char* name) LARIAT_NOEXCEPT;

/* Publishes one TSDP message, which is copied. Its framing is looked at, its name is not.
 * It is sent at the end of the turn of the loop, with all others of the turn, or earlier if they
 * are many. */
LARIAT_API int lariat_publish(lariat_publisher* publisher, const void* message,
                              size_t length) LARIAT_NOEXCEPT;

/* The same, encoded from values. `name` is "metric tag=value,tag=value"; it is put in canonical
 * form and gets the tags of the options. `time` is in seconds since 1970 UTC; 0 is now. */
enum lariat_status {
  LARIAT_STATUS_OK,
  LARIAT_STATUS_WARNING,
  LARIAT_STATUS_CRITICAL,
  LARIAT_STATUS_UNKNOWN
};
/* Measured values, 1 to 1000 of them. */
LARIAT_API int lariat_sample(lariat_publisher* publisher, const char* name, uint64_t time,
                             const double* values, size_t count) LARIAT_NOEXCEPT;
/* So many more of something were seen. */
LARIAT_API int lariat_tally(lariat_publisher* publisher, const char* name, uint64_t time,
                            uint64_t increment) LARIAT_NOEXCEPT;
/* The reading of a counter. */
LARIAT_API int lariat_delta(lariat_publisher* publisher, const char* name, uint64_t time,
                            double reading) LARIAT_NOEXCEPT;
/* `summary` may be NULL. Texts over 4094 octets are cut at a character. */
LARIAT_API int lariat_state(lariat_publisher* publisher, const char* name, uint64_t time,
                            int status, const char* summary) LARIAT_NOEXCEPT;
LARIAT_API int lariat_event(lariat_publisher* publisher, const char* name, uint64_t time,
                            const char* text) LARIAT_NOEXCEPT;
LARIAT_API int lariat_fact(lariat_publisher* publisher, const char* name,
                           const char* text) LARIAT_NOEXCEPT;

/* Drives everything: connects, sends, calls back with what peers sent. Returns how many messages it
 * called back with once there is one, or 0 after `timeout_ms` or lariat_wake(); sleeps meanwhile.
 * 0 does not wait, -1 waits without bound. */
LARIAT_API int lariat_poll(lariat_publisher* publisher, int timeout_ms) LARIAT_NOEXCEPT;
/* Makes the present lariat_poll() return, or the next one. For other threads and signal handlers,
 * as long as the publisher is open; errno stays. With a loop of the program's it does nothing. */
LARIAT_API int lariat_wake(lariat_publisher* publisher) LARIAT_NOEXCEPT;

/* For a program's own loop: `descriptor` is ready for `events`, or with -1 the time-out told by
 * `on_timeout` has passed. An event that is not wanted any more does no harm. */
LARIAT_API int lariat_action(lariat_publisher* publisher, int descriptor,
                             int events) LARIAT_NOEXCEPT;

/* How many bytes the slowest endpoint is behind, of those that take messages: one that is away or
 * stalled does not count. For programs that publish as fast as they can: over the budget of the log
 * the oldest messages are dropped. */
LARIAT_API uint64_t lariat_lag(lariat_publisher* publisher) LARIAT_NOEXCEPT;
/* Drives everything until lariat_lag() is not over `bytes`: LARIAT_OK, or LARIAT_NO_TIME after
 * `timeout_ms`. Of a publisher with its own loop only. */
LARIAT_API int lariat_wait(lariat_publisher* publisher, uint64_t bytes,
                           int timeout_ms) LARIAT_NOEXCEPT;

/* Waits until all that was published is delivered to each endpoint, or dropped: LARIAT_OK, or
 * LARIAT_NO_TIME after `timeout_ms`. Delivered is what the peer's kernel has acknowledged. Messages
 * of peers are called back with meanwhile. Of a publisher with its own loop only. */
LARIAT_API int lariat_flush(lariat_publisher* publisher, int timeout_ms) LARIAT_NOEXCEPT;
/* The same for every loop: returns at once and calls `done` once, from the loop, with LARIAT_OK or
 * LARIAT_NO_TIME. One at a time: another replaces it, and so does lariat_flush(). */
LARIAT_API int lariat_flush_start(lariat_publisher* publisher, int timeout_ms,
                                  void (*done)(void* data, int result)) LARIAT_NOEXCEPT;

enum lariat_state_of_endpoint {
  LARIAT_CONNECTING,
  LARIAT_WAITING,   /* For its next attempt to connect. */
  LARIAT_CONNECTED, /* All there is has been handed to the kernel. */
  LARIAT_BEHIND,    /* The kernel does not take more now, or a backlog is paced. */
  LARIAT_STALLED    /* The peer answers and takes nothing. */
};

/* An endpoint's account. In messages, at every reading:
 * accepted = delivered + evicted + full + expired + rejected + unsupported + damaged + queued. */
typedef struct lariat_endpoint_stats {
  size_t size; /* sizeof(lariat_endpoint_stats) */
  const char* name;
  const char* url;
  const char* last_error; /* Why it is not connected; "" if all is well. */
  int state;              /* enum lariat_state_of_endpoint */

  uint64_t accepted;    /* Passed `match`, from where it started. */
  uint64_t delivered;   /* Acknowledged by the peer's kernel. */
  uint64_t resent;      /* Sent again after a connection died under them. */
  uint64_t evicted;     /* Dropped: the log's budget. */
  uint64_t full;        /* Dropped: max_bytes. */
  uint64_t expired;     /* Dropped: max_age_ms. */
  uint64_t rejected;    /* Dropped: refused by the server. */
  uint64_t unsupported; /* Dropped: the format cannot carry them. */
  uint64_t damaged;     /* Dropped: could not be read back from the spool. */
  uint64_t queued;      /* All others. */
  uint64_t bytes_queued;
  uint64_t bytes_in_flight; /* Of those, written and not acknowledged. */
  uint64_t oldest_age_ms;   /* Of the first message not delivered; 0 if there is none. */

  uint64_t connects;
  uint64_t connect_failures;
  uint64_t disconnects;
  uint64_t bytes_sent;
  uint64_t write_calls;
  uint64_t write_watcher_active; /* 0 or 1. */
  uint64_t write_watcher_starts;
  uint64_t write_watcher_stops;
  uint64_t write_wakeups;       /* Times the descriptor was reported writable. */
  uint64_t write_wakeups_empty; /* Of those, with nothing to write: stays 0. */
  uint64_t messages_received;
  uint64_t messages_refused; /* Received, and not valid. */
} lariat_endpoint_stats;

/* A publisher's account, since it was opened. */
typedef struct lariat_stats {
  size_t size; /* sizeof(lariat_stats) */
  uint64_t endpoints;
  uint64_t messages; /* Published. */
  uint64_t bytes;
  uint64_t log_messages;   /* Held in the log now. */
  uint64_t log_bytes;      /* Memory of the log. */
  uint64_t spool_bytes;    /* On disk. */
  uint64_t spool_degraded; /* 1 while the disk cannot be written. */
  uint64_t turns;          /* Of the loop; with the program's own loop: calls of lariat_action(). */
  uint64_t wakeups; /* Waits in which the thread slept and was woken. Of a program's libev loop:
                       and something of ours was due. Of another loop: see turns. */
  uint64_t wakeups_idle; /* Of those, with nothing to do. */
} lariat_stats;

/* Fills `stats`, asking the kernel first. `stats->size` is set by the caller. */
LARIAT_API int lariat_get_stats(lariat_publisher* publisher, lariat_stats* stats) LARIAT_NOEXCEPT;
LARIAT_API int lariat_get_endpoint_stats(lariat_publisher* publisher, const char* name,
                                         lariat_endpoint_stats* stats) LARIAT_NOEXCEPT;
/* The name of the endpoint number `index`, counted from 0; NULL behind the last. */
LARIAT_API const char* lariat_endpoint_name(lariat_publisher* publisher,
                                            size_t index) LARIAT_NOEXCEPT;

/* NOLINTEND(readability-identifier-naming, modernize-use-using) */

#undef LARIAT_API
#undef LARIAT_NOEXCEPT

#ifdef __cplusplus
}
#endif

#endif
