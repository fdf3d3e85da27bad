/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log lines on stderr: an event name and typed fields, as text or JSON.
 *
 *     log_info("session.create", LOG_HEX("session", id, 16), LOG_U64("slots", n));
 *
 * The level test is inline: a line below the level of its part costs one relaxed load and evaluates
 * none of its fields.  Each place in the code logs at most LIMIT_LOG_LINES_PER_S lines per second,
 * because clients can cause most events; suppressed lines are counted in the next line from there.
 * Debug lines are not limited.
 *
 * log_start() starts a thread that writes, so that no other thread waits for the reader of the log.
 * Before that, and after log_stop(), each line is a write(2).  Thread safe.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/log_limit.h"
#include "base/log_part.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

enum log_field_type {
    LOG_FIELD_STR,
    LOG_FIELD_U64,
    LOG_FIELD_I64,
    LOG_FIELD_HEX,
    LOG_FIELD_ID,
};

struct log_field {
    const char *key; /* a literal of [a-z0-9_] */
    enum log_field_type type;
    uint64_t number;
    const void *data; /* string or bytes; escaped when printed, so client bytes are safe */
    size_t len;
};

#define LOG_STR(k, s)                                                                              \
    ((struct log_field){.key = (k), .type = LOG_FIELD_STR, .data = (s), .len = SIZE_MAX})
#define LOG_STRN(k, s, n)                                                                          \
    ((struct log_field){.key = (k), .type = LOG_FIELD_STR, .data = (s), .len = (n)})
#define LOG_U64(k, v)                                                                              \
    ((struct log_field){.key = (k), .type = LOG_FIELD_U64, .number = (uint64_t)(v)})
#define LOG_I64(k, v)                                                                              \
    ((struct log_field){.key = (k), .type = LOG_FIELD_I64, .number = (uint64_t)(int64_t)(v)})
/* A number used as an identifier: a string of hex digits, since JSON readers keep only 53 bits of a
 * number. */
#define LOG_ID(k, v) ((struct log_field){.key = (k), .type = LOG_FIELD_ID, .number = (uint64_t)(v)})
#define LOG_HEX(k, p, n)                                                                           \
    ((struct log_field){.key = (k), .type = LOG_FIELD_HEX, .data = (p), .len = (n)})

extern _Atomic int log_levels[LOG_PART_COUNT];

static inline bool log_enabled(enum log_part part, enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log_levels[part], memory_order_relaxed);
}

/* Print lines of this level and of more severe ones: of all parts, or of one. */
void log_set_level(enum log_level level);
void log_set_part_level(enum log_part part, enum log_level level);

/* Print JSON objects, one per line, instead of text. */
void log_set_json(bool json);
bool log_is_json(void);

/* Begin each line with the priority that the journal reads, "<6>" for info: sd-daemon(3). */
void log_set_priorities(bool on);

/* What a line of this level begins with: its priority, or "". */
const char *log_priority(enum log_level level);

/* Parse error|warn|info|debug; false when it is none of them. */
bool log_level_parse(const char *text, enum log_level *level);

/* Whoever wants to see the lines, each as a JSON object without an end of line, beside stderr.
 * `line` is called by any thread, under any lock: it takes none but a leaf, and waits for nothing.
 */
struct log_watch {
    void (*line)(void *context, enum log_level level, enum log_part part, const char *json,
                 size_t len);
    void *context;
};

/* NULL: nobody.  A thread that logs just now may still call the one before. */
void log_set_watch(const struct log_watch *watch);

/* From now on queue up to `queue_bytes` of lines (0: do not queue), to be written by a thread.
 * False and errno when it cannot be started. */
bool log_start(size_t queue_bytes) MUST_USE;

/* Write what is queued as long as it is read, and end the thread.  No other thread may log. */
void log_stop(void);

/* Wait briefly until the queue is written: the process is about to exit. */
void log_flush(void);

/* Lines dropped because the queue was full, and lines suppressed by the limit of their event. */
uint64_t log_dropped(void);
uint64_t log_limited(void);

/* Lines that wait to be written. */
uint32_t log_waiting(void);

/* Log one line, without a limit; use the macros below. */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

/* The same, written by the caller ahead of what is queued: the process is about to end.  Takes no
 * lock. */
void log_write_now(enum log_level level, const char *event, const struct log_field *fields,
                   size_t count);

/* Log a line from one place in the code, with its limit. */
void log_write_from(struct log_limit *place, enum log_level level, const char *event,
                    const struct log_field *fields, size_t count);

/* Log a line that its limit has let pass; `limit` may be NULL. */
void log_write_taken(struct log_limit *limit, enum log_level level, const char *event,
                     const struct log_field *fields, size_t count);

#define LOG_AT(level, event, ...)                                                                  \
    do {                                                                                           \
        if (log_enabled(LOG_PART_OF(event), level)) {                                              \
            static struct log_limit log_place_;                                                    \
            const struct log_field log_fields_[] = {__VA_ARGS__};                                  \
            log_write_from(&log_place_, level, event, log_fields_,                                 \
                           sizeof(log_fields_) / sizeof(log_fields_[0]));                          \
        }                                                                                          \
    } while (0)

#define log_error(event, ...) LOG_AT(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_AT(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(event, ...) LOG_AT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) LOG_AT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

/* For an event that has a limit of its own, after log_enabled() and log_limit_take(): a second
 * limit would leave out lines that the first one does not count.  The line says how many `limit`
 * has left out before it; NULL: another event says that. */
#define LOG_TAKEN(limit, level, event, ...)                                                        \
    do {                                                                                           \
        const struct log_field log_fields_[] = {__VA_ARGS__};                                      \
        log_write_taken(limit, level, event, log_fields_,                                          \
                        sizeof(log_fields_) / sizeof(log_fields_[0]));                             \
    } while (0)

#define log_error_taken(limit, event, ...) LOG_TAKEN(limit, LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_info_taken(limit, event, ...) LOG_TAKEN(limit, LOG_LEVEL_INFO, event, __VA_ARGS__)
