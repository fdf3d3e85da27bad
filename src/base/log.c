/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log_queue.h"

enum {
    LINE_END_BYTES = 2,  /* "}" and the end of the line */
    CHARACTER_BYTES = 6, /* of a string, escaped */
    NUMBER_BYTES_MAX = 24,
    STOP_MS = 2000, /* for a reader that is slow */
    FLUSH_MS = 1000,
    LOG_FIELDS_MAX = 16, /* of a line that says what was left out */
};

_Atomic int log_levels[LOG_PART_COUNT] = {
#define X(part, what) [LOG_PART_##part] = LOG_LEVEL_INFO,
    LOG_PARTS(X)
#undef X
};
static _Atomic bool json_format;
static _Atomic bool priorities;
static struct log_queue *_Atomic queue; /* NULL: the thread that logs a line writes it */
static _Atomic bool gave_up;            /* the lines were not read at the end */
static _Atomic uint64_t limited;
static const struct log_watch *_Atomic watcher; /* NULL: nobody watches */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

struct line {
    size_t len;
    char text[LIMIT_LOG_LINE_BYTES];
};

static size_t line_room(const struct line *line)
{
    return sizeof(line->text) - LINE_END_BYTES - line->len;
}

static void line_put(struct line *line, const char *text, size_t len)
{
    size_t room = line_room(line);

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void line_puts(struct line *line, const char *text)
{
    line_put(line, text, strlen(text));
}

/* Quoted, with everything outside printable ASCII escaped: fit for a terminal and for JSON.  What
 * is too long is cut, and stays quoted. */
static void line_put_quoted(struct line *line, const char *text, size_t len)
{
    line_puts(line, "\"");
    for (size_t i = 0; i < len && line_room(line) > CHARACTER_BYTES; i++) {
        unsigned char c = (unsigned char)text[i];
        char escape[8];

        if (c == '"' || c == '\\') {
            escape[0] = '\\';
            escape[1] = (char)c;
            line_put(line, escape, 2);
        } else if (c < 0x20 || c >= 0x7f) {
            (void)snprintf(escape, sizeof(escape), "\\u%04x", c);
            line_puts(line, escape);
        } else {
            line_put(line, (const char *)&c, 1);
        }
    }
    line_puts(line, "\"");
}

static void line_put_hex(struct line *line, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len && line_room(line) > 2; i++) {
        char pair[2] = {digits[data[i] >> 4], digits[data[i] & 15]};

        line_put(line, pair, 2);
    }
}

static void line_put_field(struct line *line, const struct log_field *field)
{
    const char *text = field->data ? field->data : "";
    char number[NUMBER_BYTES_MAX];

    switch (field->type) {
    case LOG_FIELD_STR:
        line_put_quoted(line, text, field->len == SIZE_MAX ? strlen(text) : field->len);
        return;
    case LOG_FIELD_U64:
        (void)snprintf(number, sizeof(number), "%" PRIu64, field->number);
        break;
    case LOG_FIELD_I64:
        (void)snprintf(number, sizeof(number), "%" PRId64, (int64_t)field->number);
        break;
    case LOG_FIELD_ID:
        (void)snprintf(number, sizeof(number), "\"%016" PRIx64 "\"", field->number);
        break;
    case LOG_FIELD_HEX:
        line_puts(line, "\"");
        if (field->data)
            line_put_hex(line, field->data, field->len);
        line_puts(line, "\"");
        return;
    }
    line_puts(line, number);
}

void log_set_part_level(enum log_part part, enum log_level level)
{
    atomic_store_explicit(&log_levels[part], (int)level, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
    for (unsigned part = 0; part < LOG_PART_COUNT; part++)
        log_set_part_level((enum log_part)part, level);
}

const char *log_part_name(enum log_part part)
{
    static const char *const names[] = {
#define X(part, what) #part,
        LOG_PARTS(X)
#undef X
    };

    return names[part];
}

void log_set_json(bool json)
{
    atomic_store_explicit(&json_format, json, memory_order_relaxed);
}

bool log_is_json(void)
{
    return atomic_load_explicit(&json_format, memory_order_relaxed);
}

void log_set_priorities(bool on)
{
    atomic_store_explicit(&priorities, on, memory_order_relaxed);
}

const char *log_priority(enum log_level level)
{
    static const char *const of[] = {[LOG_LEVEL_ERROR] = "<3>",
                                     [LOG_LEVEL_WARN] = "<4>",
                                     [LOG_LEVEL_INFO] = "<6>",
                                     [LOG_LEVEL_DEBUG] = "<7>"};

    return atomic_load_explicit(&priorities, memory_order_relaxed) ? of[level] : "";
}

bool log_level_parse(const char *text, enum log_level *level)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Is there room for its key and the shortest value?  Without it the line ends before the field. */
static bool line_fits(const struct line *line, const struct log_field *field)
{
    return line_room(line) > strlen(field->key) + sizeof(",\"\":") + NUMBER_BYTES_MAX;
}

static void line_build(struct line *line, bool json, enum log_level level, const char *event,
                       const struct log_field *fields, size_t count)
{
    struct timespec now;
    struct tm tm;
    char stamp[96];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    (void)snprintf(stamp, sizeof(stamp), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                   now.tv_nsec / 1000000);
    if (json)
        line_puts(line, "{\"time\":\"");
    line_puts(line, stamp);
    line_puts(line, json ? "\",\"level\":\"" : " ");
    line_puts(line, level_names[level]);
    line_puts(line, json ? "\",\"event\":\"" : " ");
    line_puts(line, event);
    if (json)
        line_puts(line, "\"");
    for (size_t i = 0; i < count && line_fits(line, &fields[i]); i++) {
        line_puts(line, json ? ",\"" : " ");
        line_puts(line, fields[i].key);
        line_puts(line, json ? "\":" : "=");
        line_put_field(line, &fields[i]);
    }
    if (json)
        line->text[line->len++] = '}'; /* LINE_END_BYTES are kept free for both */
    line->text[line->len++] = '\n';
}

/* As stderr is to have it. */
static void line_make(struct line *line, enum log_level level, const char *event,
                      const struct log_field *fields, size_t count)
{
    line_puts(line, log_priority(level));
    line_build(line, log_is_json(), level, event, fields, count);
}

static void line_write(const struct line *line)
{
    struct log_queue *to = atomic_load_explicit(&queue, memory_order_acquire);

    if (to) {
        log_queue_put(to, line->text, line->len);
    } else if (!atomic_load_explicit(&gave_up, memory_order_relaxed)) {
        ssize_t ignored = write(STDERR_FILENO, line->text, line->len);

        (void)ignored;
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    const struct log_watch *watch = atomic_load_explicit(&watcher, memory_order_acquire);
    struct line line = {.len = 0};

    line_make(&line, level, event, fields, count);
    line_write(&line);
    if (!watch)
        return;
    line.len = 0;
    line_build(&line, true, level, event, fields, count);
    watch->line(watch->context, level, LOG_PART_OF(event), line.text, line.len - 1);
}

void log_write_now(enum log_level level, const char *event, const struct log_field *fields,
                   size_t count)
{
    struct line line = {.len = 0};
    ssize_t ignored;

    line_make(&line, level, event, fields, count);
    ignored = write(STDERR_FILENO, line.text, line.len);
    (void)ignored;
}

void log_set_watch(const struct log_watch *watch)
{
    atomic_store_explicit(&watcher, watch, memory_order_release);
}

/* ---- limits ---- */

/* Not the clock that tests stop. */
static int64_t coarse_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

void log_write_taken(struct log_limit *limit, enum log_level level, const char *event,
                     const struct log_field *fields, size_t count)
{
    uint64_t left_out = limit ? log_limit_left_out(limit) : 0;
    struct log_field all[LOG_FIELDS_MAX];

    if (left_out == 0 || count >= LOG_FIELDS_MAX) {
        log_write(level, event, fields, count);
        return;
    }
    memcpy(all, fields, count * sizeof(*fields));
    all[count] = LOG_U64("left_out", left_out);
    log_write(level, event, all, count + 1);
}

void log_write_from(struct log_limit *place, enum log_level level, const char *event,
                    const struct log_field *fields, size_t count)
{
    if (level < LOG_LEVEL_DEBUG && !log_limit_take(place, coarse_ns(), LIMIT_LOG_LINES_PER_S))
        atomic_fetch_add_explicit(&limited, 1, memory_order_relaxed);
    else
        log_write_taken(place, level, event, fields, count);
}

uint64_t log_limited(void)
{
    return atomic_load_explicit(&limited, memory_order_relaxed);
}

/* ---- the queue ---- */

static size_t dropped_note(char *text, size_t size, uint64_t dropped)
{
    struct line line = {.len = 0};

    line_make(&line, LOG_LEVEL_WARN, "log.dropped", &LOG_U64("count", dropped), 1);
    CHECK(line.len <= size);
    memcpy(text, line.text, line.len);
    return line.len;
}

bool log_start(size_t queue_bytes)
{
    const struct log_queue_config config = {.fd = STDERR_FILENO,
                                            .bytes_max = queue_bytes,
                                            .lines_max = LIMIT_LOG_QUEUE_LINES,
                                            .note = dropped_note};
    struct log_queue *made;

    if (queue_bytes == 0)
        return true;
    made = log_queue_create(&config);
    atomic_store_explicit(&queue, made, memory_order_release);
    return made != NULL;
}

void log_stop(void)
{
    struct log_queue *old = atomic_exchange_explicit(&queue, NULL, memory_order_acq_rel);

    if (old && !log_queue_destroy(old, STOP_MS))
        atomic_store_explicit(&gave_up, true, memory_order_relaxed);
}

void log_flush(void)
{
    struct log_queue *now = atomic_load_explicit(&queue, memory_order_acquire);

    if (now)
        (void)log_queue_flush(now, FLUSH_MS);
}

uint64_t log_dropped(void)
{
    struct log_queue *now = atomic_load_explicit(&queue, memory_order_acquire);

    return now ? log_queue_dropped(now) : 0;
}

uint32_t log_waiting(void)
{
    struct log_queue *now = atomic_load_explicit(&queue, memory_order_acquire);

    return now ? log_queue_waiting(now) : 0;
}
