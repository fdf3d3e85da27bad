/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/event_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What stands before each line in the ring. */
struct record {
    uint32_t len;
    uint16_t level, part;
};

struct event_feed {
    struct log_watch watch;
    pthread_mutex_t lock; /* guards all below; a leaf, held to copy one line */
    uint32_t readers;
    char *ring; /* NULL: there are no readers */
    /* Places count all bytes that were ever put. */
    struct event_cursor oldest, next;
};

/* ---- the ring, with the lock held ---- */

static void ring_put(struct event_feed *feed, uint64_t at, const void *data, size_t len)
{
    size_t start = at % LIMIT_EVENT_FEED_BYTES, room = LIMIT_EVENT_FEED_BYTES - start;
    size_t first = len < room ? len : room;

    memcpy(feed->ring + start, data, first);
    memcpy(feed->ring, (const char *)data + first, len - first);
}

static void ring_get(const struct event_feed *feed, uint64_t at, void *data, size_t len)
{
    size_t start = at % LIMIT_EVENT_FEED_BYTES, room = LIMIT_EVENT_FEED_BYTES - start;
    size_t first = len < room ? len : room;

    memcpy(data, feed->ring + start, first);
    memcpy((char *)data + first, feed->ring, len - first);
}

static struct record record_at(const struct event_feed *feed, const struct event_cursor *cursor)
{
    struct record record;

    ring_get(feed, cursor->at, &record, sizeof(record));
    return record;
}

static void cursor_advance(struct event_cursor *cursor, const struct record *record)
{
    cursor->at += sizeof(*record) + record->len;
    cursor->number++;
}

/* The oldest lines make way. */
static void ring_add(struct event_feed *feed, const struct record *record, const char *json)
{
    while (feed->next.at + sizeof(*record) + record->len - feed->oldest.at >
           LIMIT_EVENT_FEED_BYTES) {
        struct record oldest = record_at(feed, &feed->oldest);

        cursor_advance(&feed->oldest, &oldest);
    }
    ring_put(feed, feed->next.at, record, sizeof(*record));
    ring_put(feed, feed->next.at + sizeof(*record), json, record->len);
    cursor_advance(&feed->next, record);
}

/* ---- lines come and go ---- */

/* A log_watch: called by whatever thread logs. */
static void line_take(void *context, enum log_level level, enum log_part part, const char *json,
                      size_t len)
{
    const struct record record = {
        .len = (uint32_t)len, .level = (uint16_t)level, .part = (uint16_t)part};
    struct event_feed *feed = context;

    pthread_mutex_lock(&feed->lock);
    if (feed->ring)
        ring_add(feed, &record, json);
    pthread_mutex_unlock(&feed->lock);
}

bool event_feed_next(struct event_feed *feed, struct event_cursor *cursor, struct event_line *line,
                     uint64_t *lost)
{
    struct record record;
    bool found;

    *lost = 0;
    pthread_mutex_lock(&feed->lock);
    if (cursor->number < feed->oldest.number) {
        *lost = feed->oldest.number - cursor->number;
        *cursor = feed->oldest;
    }
    found = cursor->number < feed->next.number;
    if (found) {
        record = record_at(feed, cursor);
        ring_get(feed, cursor->at + sizeof(record), line->json, record.len);
        line->level = (enum log_level)record.level;
        line->part = (enum log_part)record.part;
        line->len = record.len;
        cursor_advance(cursor, &record);
    }
    pthread_mutex_unlock(&feed->lock);
    return found;
}

/* ---- readers ---- */

static bool open_locked(struct event_feed *feed)
{
    if (feed->readers == LIMIT_EVENT_READERS)
        return false;
    if (!feed->ring)
        feed->ring = memory_alloc(MEMORY_admin, LIMIT_EVENT_FEED_BYTES);
    if (!feed->ring)
        return false;
    feed->readers++;
    return true;
}

bool event_feed_open(struct event_feed *feed, struct event_cursor *cursor)
{
    bool opened;

    pthread_mutex_lock(&feed->lock);
    opened = open_locked(feed);
    *cursor = feed->next;
    if (opened)
        log_set_watch(&feed->watch);
    pthread_mutex_unlock(&feed->lock);
    return opened;
}

void event_feed_close(struct event_feed *feed)
{
    char *unused = NULL;

    pthread_mutex_lock(&feed->lock);
    if (--feed->readers == 0) {
        log_set_watch(NULL);
        unused = feed->ring;
        feed->ring = NULL;
        feed->oldest = feed->next;
    }
    pthread_mutex_unlock(&feed->lock);
    memory_free(MEMORY_admin, unused);
}

struct event_feed *event_feed_create(void)
{
    struct event_feed *feed = must_calloc(1, sizeof(*feed));

    feed->watch = (struct log_watch){.line = line_take, .context = feed};
    CHECK(pthread_mutex_init(&feed->lock, NULL) == 0);
    return feed;
}

void event_feed_destroy(struct event_feed *feed)
{
    if (!feed)
        return;
    CHECK(feed->readers == 0);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}
