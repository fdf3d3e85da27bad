/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record marking (RFC 5531 §11): splits the bytes received on one connection into records.
 *
 * Most records lie complete in the loop's receive buffer and are run there.  A record that is cut
 * off, or that consists of several fragments, is assembled in a buffer of its own.  This grows with
 * the bytes that have arrived, not with the announced length.  Between records no memory is held.
 * Not thread safe; for the loop's owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "transport/buffer.h"
#include "wire/rpc_msg.h"

struct record_reader {
    struct buffer *buffer; /* a reference; NULL: no byte of the record has been stored yet */
    uint32_t start;        /* offset of the record in `buffer` */
    uint32_t used;         /* bytes of the record that have arrived */
    uint32_t fragment_left;
    uint32_t fragment_count;
    uint8_t mark[RPC_RECORD_MARK_BYTES];
    uint8_t mark_used;
    bool last;     /* the current fragment is the last one */
    bool complete; /* the next call must be record_take() */
};

enum record_status {
    RECORD_MORE,      /* all bytes are consumed; the record is incomplete */
    RECORD_COMPLETE,  /* call record_take() */
    RECORD_TOO_LONG,  /* over LIMIT_RPC_RECORD_BYTES or LIMIT_RPC_FRAGMENTS; close */
    RECORD_NO_MEMORY, /* no memory for what has arrived; nothing has changed: retry or close */
};

/* If a complete, unfragmented record begins at *p, step over it.  False in all other cases. */
static inline bool record_in_place(const struct record_reader *reader, uint8_t **p,
                                   const uint8_t *end, uint8_t **data, size_t *len)
{
    size_t left = (size_t)(end - *p);
    bool last;

    if (left < RPC_RECORD_MARK_BYTES || reader->fragment_count || reader->mark_used)
        return false;
    *len = rpc_record_mark_get(*p, &last);
    if (!last || *len > LIMIT_RPC_RECORD_BYTES || *len > left - RPC_RECORD_MARK_BYTES)
        return false;
    *data = *p + RPC_RECORD_MARK_BYTES;
    *p = *data + *len;
    return true;
}

/* Consume bytes at *p, which lie in `from`, up to the end of one record.  May keep a reference on
 * `from` instead of copying a large record. */
enum record_status record_feed(struct record_reader *reader, struct buffer *from, uint8_t **p,
                               const uint8_t *end) MUST_USE;

/* Where to receive the rest of the current fragment.  Sets *room; 0 when there is no such place,
 * and without memory.  A larger buffer is taken from `pool`. */
uint8_t *record_direct(struct record_reader *reader, struct buffer_pool *pool, size_t *room);

/* `len` bytes were received there. */
enum record_status record_direct_done(struct record_reader *reader, size_t len) MUST_USE;

/* How many bytes of the current fragment have not arrived. */
static inline size_t record_missing(const struct record_reader *reader)
{
    return reader->fragment_left;
}

/* Hand out the complete record and its buffer (NULL for an empty record).  The reader is then ready
 * for the next one. */
struct buffer *record_take(struct record_reader *reader, uint8_t **data, size_t *len);

/* Has a part of a record arrived, if only of its mark? */
static inline bool record_is_half(const struct record_reader *reader)
{
    return reader->used > 0 || reader->mark_used > 0 || reader->fragment_count > 0;
}

/* Discard what has arrived of the record. */
void record_reset(struct record_reader *reader);
