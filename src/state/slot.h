/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot table of a session's fore channel (RFC 8881 §2.10.6.1): exactly-once execution.
 *
 * A slot is one atomic word, {seqid, state}.  Whoever moves the word into BUSY or READING owns the
 * rest of the slot until he moves it out again; nobody else reads or writes it.
 *
 *   from              event                    to              order
 *   FRESH(0)          acquire, seqid 1         BUSY(1)         CAS, acquire
 *   CACHED(n)         acquire, seqid n+1       BUSY(n+1)       CAS, acquire
 *   UNCACHED(n)       acquire, seqid n+1       BUSY(n+1)       CAS, acquire
 *   BUSY(n)           release, reply kept      CACHED(n)       store, release
 *   BUSY(n)           release, nothing kept    UNCACHED(n)     store, release
 *   CACHED(n)         acquire, seqid n         READING(n)      CAS, acquire
 *   UNCACHED(n)       acquire, seqid n         READING(n)      CAS, acquire
 *   READING(n)        compared and copied      as it was       store, release
 *   BUSY, READING     acquire, any seqid       unchanged       -> SLOT_BUSY or SLOT_MISORDERED
 *
 * Each acquire CAS pairs with the release store before it, so an owner sees all that the owner
 * before it wrote.  n+1 wraps from 2^32-1 to 0.  Memory comes in chunks of 16 slots, at the first
 * use of one of them, and a reply's bytes when one is kept.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum slot_state {
    SLOT_STATE_FRESH,
    SLOT_STATE_BUSY,
    SLOT_STATE_CACHED,
    SLOT_STATE_UNCACHED,
    SLOT_STATE_READING,
};

/* What a request is, for telling a retry from a false one (RFC 8881 §2.10.6.1.3.1). */
struct slot_request {
    uint64_t digest; /* of its arguments */
    uint32_t flavor; /* and the principal */
    uint32_t uid;
};

struct slot {
    _Atomic uint64_t word; /* seqid << 32 | state */
    struct slot_request request;
    uint8_t *reply; /* malloc'ed; kept for the next reply if it fits */
    uint32_t reply_len;
    uint32_t reply_size; /* bytes at `reply` */
} __attribute__((aligned(64)));

enum {
    SLOT_CHUNK = 16,
    SLOT_CHUNKS_MAX = LIMIT_SLOTS / SLOT_CHUNK
};

struct slot_table {
    uint32_t count; /* slots granted; never changes */
    _Atomic(struct slot *) chunks[SLOT_CHUNKS_MAX];
};

enum slot_verdict {
    SLOT_NEW,         /* the caller executes and then calls slot_release() */
    SLOT_REPLAY,      /* the kept reply has been copied out */
    SLOT_UNCACHED,    /* a retry, and nothing was kept */
    SLOT_BUSY,        /* the request (or a replay of it) is in progress */
    SLOT_MISORDERED,  /* neither the last seqid nor the next */
    SLOT_FALSE_RETRY, /* the last seqid with another request or principal */
};

/* Where slot_acquire() copies a kept reply to: room for `size` bytes. */
struct slot_replay {
    uint8_t *data;
    size_t size;
    uint32_t len;      /* out */
    uint32_t expected; /* out: the seqid that would have been next, for the log */
    enum slot_state state;
};

void slot_table_init(struct slot_table *table, uint32_t count);

/* Free everything; no slot may be in use. */
void slot_table_fini(struct slot_table *table);

/* Slot `id`, which must be below the count; makes its chunk.  Thread safe. */
struct slot *slot_at(struct slot_table *table, uint32_t id);

/* Try to take the slot for `request` with `seqid`.  Thread safe; never waits.  Only SLOT_NEW
 * changes the slot.  A kept reply longer than replay->size (a retry over a connection with less
 * room) is SLOT_UNCACHED. */
enum slot_verdict slot_acquire(struct slot *slot, uint32_t seqid,
                               const struct slot_request *request, struct slot_replay *replay);

/* The request is done: keep a copy of its reply, or nothing (reply NULL).  Returns by how many
 * bytes the memory for replies has changed. */
int64_t slot_release(struct slot *slot, const void *reply, uint32_t len);

/* Slots whose request is in progress, leaving out slot `except` (UINT32_MAX: none). */
uint32_t slot_table_busy(struct slot_table *table, uint32_t except);

/* Bytes of kept replies; call it only when no slot is in use. */
uint64_t slot_table_reply_bytes(struct slot_table *table);
