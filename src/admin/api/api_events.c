/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/api/event_feed.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/memory.h"

enum {
    HEARTBEAT_S = 5,  /* without a line; proxies and readers know then that all is well */
    FRAME_BYTES = 128 /* around a line, with what is said of lost ones */
};

struct events_reader {
    const struct endpoint *endpoint;
    enum log_level level; /* the least severe that is wanted */
    uint32_t parts;       /* a bit for each that is wanted */
    struct event_cursor cursor;
    struct event_line line;
    int64_t sent_ns;
    size_t pending_at, pending_len; /* what is left to send of `pending` */
    char pending[LIMIT_LOG_LINE_BYTES + FRAME_BYTES];
};

static void pend(struct events_reader *reader, const char *text)
{
    size_t len = strlen(text);

    memcpy(reader->pending + reader->pending_len, text, len);
    reader->pending_len += len;
}

/* A line never contains the end of one: its text is escaped. */
static void pend_line(struct events_reader *reader)
{
    pend(reader, "data: ");
    memcpy(reader->pending + reader->pending_len, reader->line.json, reader->line.len);
    reader->pending_len += reader->line.len;
    pend(reader, "\n\n");
}

static bool is_wanted(const struct events_reader *reader)
{
    return reader->line.level <= reader->level && (reader->parts & 1u << reader->line.part) != 0;
}

/* What is to be sent next.  False: nothing. */
static bool pend_next(struct events_reader *reader)
{
    bool found = true;
    uint64_t lost;

    reader->pending_at = reader->pending_len = 0;
    while (found && reader->pending_len == 0) {
        found = event_feed_next(reader->endpoint->events, &reader->cursor, &reader->line, &lost);
        if (lost > 0)
            reader->pending_len =
                (size_t)snprintf(reader->pending, sizeof(reader->pending),
                                 "event: lost\ndata: {\"lines\":%" PRIu64 "}\n\n", lost);
        if (found && is_wanted(reader))
            pend_line(reader);
    }
    if (reader->pending_len == 0 && clock_boot_ns() - reader->sent_ns > HEARTBEAT_S * NSEC_PER_SEC)
        pend(reader, ":\n\n");
    if (reader->pending_len > 0)
        reader->sent_ns = clock_boot_ns();
    return reader->pending_len > 0;
}

static bool is_ending(const struct events_reader *reader)
{
    return atomic_load_explicit(&reader->endpoint->phase, memory_order_acquire) == ENDPOINT_ENDING;
}

/* The stream ends with the server, after the lines that say why. */
static ssize_t events_read(void *context, char *data, size_t size)
{
    struct events_reader *reader = context;
    bool ending = is_ending(reader);
    size_t done = 0, len;

    while (done < size && (reader->pending_at < reader->pending_len || pend_next(reader))) {
        len = reader->pending_len - reader->pending_at;
        if (len > size - done)
            len = size - done;
        memcpy(data + done, reader->pending + reader->pending_at, len);
        reader->pending_at += len;
        done += len;
    }
    return done == 0 && ending ? -1 : (ssize_t)done;
}

static void events_end(void *context)
{
    struct events_reader *reader = context;

    event_feed_close(reader->endpoint->events);
    memory_free(MEMORY_admin, reader);
}

/* ---- the request ---- */

/* 0: there is no such part. */
static uint32_t part_bit(const char *name, size_t len)
{
    for (unsigned part = 0; part < LOG_PART_COUNT; part++) {
        const char *known = log_part_name((enum log_part)part);

        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return 1u << part;
    }
    return 0;
}

/* A list with commas; NULL: all.  False: one of them does not exist. */
static bool parts_parse(const char *text, uint32_t *parts)
{
    *parts = text ? 0 : UINT32_MAX;
    while (text) {
        size_t len = strcspn(text, ",");
        uint32_t bit = part_bit(text, len);

        if (bit == 0)
            return false;
        *parts |= bit;
        text = text[len] == ',' ? text + len + 1 : NULL;
    }
    return true;
}

static bool parts_read(struct http_request *request, uint32_t *parts)
{
    char detail[256] = "parameter 'part' wants some of ";

    if (parts_parse(http_query(request, "part"), parts))
        return true;
    for (unsigned part = 0; part < LOG_PART_COUNT; part++) {
        size_t len = strlen(detail);

        (void)snprintf(detail + len, sizeof(detail) - len, "%s%s", part > 0 ? "," : "",
                       log_part_name((enum log_part)part));
    }
    http_reply_problem(&request->reply, 400, detail, NULL);
    return false;
}

static bool level_read(struct http_request *request, enum log_level *level)
{
    const char *text = http_query(request, "level");

    *level = LOG_LEVEL_DEBUG;
    if (!text || log_level_parse(text, level))
        return true;
    http_reply_problem(&request->reply, 400, "parameter 'level' wants error, warn, info or debug",
                       NULL);
    return false;
}

static void reader_start(struct http_request *request, const struct events_reader *wanted)
{
    struct events_reader *reader = memory_alloc(MEMORY_admin, sizeof(*reader));

    if (!reader || !event_feed_open(wanted->endpoint->events, &reader->cursor)) {
        memory_free(MEMORY_admin, reader);
        http_reply_problem(&request->reply, 503,
                           "there are as many readers of events as there can be; end one", NULL);
        return;
    }
    reader->endpoint = wanted->endpoint;
    reader->level = wanted->level;
    reader->parts = wanted->parts;
    reader->sent_ns = clock_boot_ns();
    reader->pending_at = reader->pending_len = 0;
    pend(reader, ": the events from now on\n\n");
    request->reply.source =
        (struct http_source){.read = events_read, .end = events_end, .context = reader};
}

void api_events_show(struct http_request *request, void *context)
{
    static const char *const names[] = {"level", "part"};
    struct events_reader wanted = {.endpoint = context};

    if (!http_query_check(request, names, ARRAY_SIZE(names)) ||
        !level_read(request, &wanted.level) || !parts_read(request, &wanted.parts))
        return;
    request->reply.content_type = "text/event-stream";
    if (strcmp(request->method, "HEAD") != 0)
        reader_start(request, &wanted);
}
