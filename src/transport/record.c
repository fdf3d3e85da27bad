/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/record.h"

#include <string.h>

enum {
    /* A record of at least this size is not copied, if it fits where it was received and at least
     * RECORD_KEEP_ARRIVED_BYTES of it have arrived. */
    RECORD_KEEP_BYTES = 64 << 10,
    RECORD_KEEP_ARRIVED_BYTES = 16 << 10,
    RECORD_BUFFER_MIN_BYTES = 4 << 10,
};

static size_t record_capacity(const struct record_reader *reader)
{
    return reader->buffer ? reader->buffer->size - reader->start : 0;
}

/* Make room for `used` + `arriving` bytes; for twice as many if the mark announces them.  False
 * without memory. */
static bool record_grow(struct record_reader *reader, struct buffer_pool *pool, size_t arriving)
{
    size_t needed = reader->used + arriving;
    size_t announced = (size_t)reader->used + reader->fragment_left;
    size_t wanted = needed * 2;
    struct buffer *larger;

    if (needed <= record_capacity(reader))
        return true;
    if (wanted < RECORD_BUFFER_MIN_BYTES)
        wanted = RECORD_BUFFER_MIN_BYTES;
    if (wanted > announced)
        wanted = announced;
    larger = buffer_create(pool, wanted);
    if (!larger)
        return false;
    if (reader->buffer)
        memcpy(larger->data, reader->buffer->data + reader->start, reader->used);
    buffer_put(reader->buffer);
    reader->buffer = larger;
    reader->start = 0;
    return true;
}

/* The record mark is complete. */
static enum record_status record_mark(struct record_reader *reader)
{
    uint32_t len = rpc_record_mark_get(reader->mark, &reader->last);

    reader->mark_used = 0;
    if (len > LIMIT_RPC_RECORD_BYTES - reader->used)
        return RECORD_TOO_LONG;
    if (reader->fragment_count >= LIMIT_RPC_FRAGMENTS)
        return RECORD_TOO_LONG;
    reader->fragment_count++;
    reader->fragment_left = len;
    return RECORD_MORE;
}

static enum record_status record_advance(struct record_reader *reader, size_t len)
{
    reader->used += (uint32_t)len;
    reader->fragment_left -= (uint32_t)len;
    if (reader->fragment_left > 0 || !reader->last)
        return RECORD_MORE;
    reader->complete = true;
    return RECORD_COMPLETE;
}

/* Can a large record that begins at `p` stay in the buffer where it was received? */
static bool record_can_keep(const struct record_reader *reader, const struct buffer *from,
                            const uint8_t *p, size_t arrived)
{
    size_t start = (size_t)(p - from->data);

    return reader->used == 0 && !reader->buffer && reader->last &&
           reader->fragment_left >= RECORD_KEEP_BYTES && arrived >= RECORD_KEEP_ARRIVED_BYTES &&
           start + reader->fragment_left <= from->size;
}

enum record_status record_feed(struct record_reader *reader, struct buffer *from, uint8_t **p,
                               const uint8_t *end)
{
    enum record_status status = RECORD_MORE;

    while (*p < end && status == RECORD_MORE) {
        size_t n = (size_t)(end - *p);

        if (reader->fragment_left == 0) {
            reader->mark[reader->mark_used++] = *(*p)++;
            if (reader->mark_used == RPC_RECORD_MARK_BYTES)
                status = record_mark(reader);
            if (status == RECORD_MORE && reader->fragment_count && reader->mark_used == 0)
                status = record_advance(reader, 0);
            continue;
        }
        if (n > reader->fragment_left)
            n = reader->fragment_left;
        if (record_can_keep(reader, from, *p, n)) {
            buffer_get(from);
            reader->buffer = from;
            reader->start = (uint32_t)(*p - from->data);
        } else {
            if (!record_grow(reader, from->pool, n))
                return RECORD_NO_MEMORY;
            CHECK(reader->buffer);
            memcpy(reader->buffer->data + reader->start + reader->used, *p, n);
        }
        *p += n;
        status = record_advance(reader, n);
    }
    return status;
}

uint8_t *record_direct(struct record_reader *reader, struct buffer_pool *pool, size_t *room)
{
    *room = 0;
    if (!reader->buffer || reader->fragment_left == 0)
        return NULL;
    if (!record_grow(reader, pool, 1))
        return NULL;
    *room = record_capacity(reader) - reader->used;
    if (*room > reader->fragment_left)
        *room = reader->fragment_left;
    return reader->buffer->data + reader->start + reader->used;
}

enum record_status record_direct_done(struct record_reader *reader, size_t len)
{
    return len ? record_advance(reader, len) : RECORD_MORE;
}

struct buffer *record_take(struct record_reader *reader, uint8_t **data, size_t *len)
{
    struct buffer *buffer = reader->buffer;

    CHECK(reader->complete);
    *data = buffer ? buffer->data + reader->start : NULL;
    *len = reader->used;
    *reader = (struct record_reader){0};
    return buffer;
}

void record_reset(struct record_reader *reader)
{
    buffer_put(reader->buffer);
    *reader = (struct record_reader){0};
}
