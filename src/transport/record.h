/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record marking (RFC 5531 §11) of one connection: finds records in what was received.
 *
 * Most records lie whole in the loop's receive buffer and are run there.  A record that is cut
 * off, or comes in several fragments, is put together in a buffer of its own, which grows with
 * what has really arrived, whatever length was announced.  Between records nothing is held.
 * Not thread safe: the loop's thread uses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "transport/buffer.h"
#include "wire/rpc_msg.h"

struct record_reader {
    struct buffer *buffer; /* a reference, or NULL: no byte of the record is here yet */
    uint32_t start;        /* where the record begins in it */
    uint32_t used;         /* bytes of the record that are here */
    uint32_t fragment_left;
    uint32_t fragment_count;
    uint8_t mark[RPC_RECORD_MARK_BYTES];
    uint8_t mark_used;
    bool last;     /* the current fragment is the last one */
    bool complete; /* wait for record_take() */
};

enum record_status {
    RECORD_MORE,      /* all bytes are used up, the record is not complete */
    RECORD_COMPLETE,  /* record_take() it */
    RECORD_TOO_LONG,  /* over LIMIT_RPC_RECORD_BYTES or LIMIT_RPC_FRAGMENTS; close */
    RECORD_NO_MEMORY, /* for what has arrived: nothing has changed, try again or close */
};

/* A record that is whole and unfragmented at *p: step over it.  False when it is not that easy. */
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

/* Use bytes at *p, which lie in `from`, up to the end of one record; may keep a reference on
 * `from` rather than copy a large one. */
enum record_status record_feed(struct record_reader *reader, struct buffer *from, uint8_t **p,
                               const uint8_t *end) MUST_USE;

/* Where the rest of the current fragment can be received to: *room bytes, 0 when there is none, or
 * no memory.
 * `pool` is where a larger buffer comes from. */
uint8_t *record_direct(struct record_reader *reader, struct buffer_pool *pool, size_t *room);

/* `len` bytes were received there. */
enum record_status record_direct_done(struct record_reader *reader, size_t len) MUST_USE;

/* The bytes still missing of the current fragment. */
static inline size_t record_missing(const struct record_reader *reader)
{
    return reader->fragment_left;
}

/* Hand out the complete record and its buffer (NULL for an empty one), begin a new one. */
struct buffer *record_take(struct record_reader *reader, uint8_t **data, size_t *len);

/* Part of a record is here, if only of its mark. */
static inline bool record_is_half(const struct record_reader *reader)
{
    return reader->used > 0 || reader->mark_used > 0 || reader->fragment_count > 0;
}

/* Forget what there is. */
void record_reset(struct record_reader *reader);
