/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot of a session's fore channel (RFC 8881 §2.10.6.1): exactly-once execution.
 *
 * A slot is one atomic word, {seqid, state}.  The thread that moves the word into BUSY or READING
 * owns the rest of the slot until it moves the word out again; no other thread reads or writes it,
 * `told_generation` excepted.
 *
 *   from              event                    to              order
 *   FRESH(n)          acquire, seqid 1 or n+1  BUSY(seqid)     CAS, seq_cst
 *   CACHED(n)         acquire, seqid n+1       BUSY(n+1)       CAS, seq_cst
 *   UNCACHED(n)       acquire, seqid n+1       BUSY(n+1)       CAS, seq_cst
 *   BUSY(n)           release, reply kept      CACHED(n)       store, release
 *   BUSY(n)           release, nothing kept    UNCACHED(n)     store, release
 *   CACHED(n)         acquire, seqid n         READING(n)      CAS, acquire
 *   UNCACHED(n)       acquire, seqid n         READING(n)      CAS, acquire
 *   READING(n)        compared and copied      as it was       store, release
 *   BUSY, READING     acquire, any seqid       unchanged       -> SLOT_BUSY or SLOT_MISORDERED
 *   any idle one(n)   retire                   RETIRED(n)      CAS, acquire; store, release
 *   RETIRED(n)        revive                   FRESH(n)        CAS, release
 *
 * Each CAS pairs with the release store before it, so an owner sees all that the owner before it
 * wrote.  Into BUSY it is seq_cst, as are slot_busy() and the making and finding of slots: a thread
 * that sets a mark with a seq_cst store and then finds the slot idle knows that its next owner will
 * read the mark.
 * n+1 wraps from 2^32-1 to 0.  A slot begins as FRESH(0).  One that comes back after it was retired
 * takes both what a client sends that has dropped it (1, like Linux) and what one sends that has
 * not (n+1).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/client/client_principal.h"

enum slot_state {
    SLOT_STATE_FRESH,
    SLOT_STATE_BUSY,
    SLOT_STATE_CACHED,
    SLOT_STATE_UNCACHED,
    SLOT_STATE_READING,
    SLOT_STATE_RETIRED,
};

/* What a request is, for telling a retry from a false one (RFC 8881 §2.10.6.1.3.1). */
struct slot_request {
    uint64_t digest; /* of its arguments */
    struct client_principal principal;
    uint64_t machine;    /* whose certificate the connection showed, or 0: a retry shows it, too */
    uint32_t protection; /* against eavesdroppers and changes: a retry has at least as much */
};

struct slot {
    _Atomic uint64_t word; /* seqid << 32 | state */
    struct slot_request request;
    uint8_t *reply; /* malloc'ed; kept for the next reply if it fits */
    uint32_t reply_len;
    uint32_t reply_size; /* bytes at `reply` */
    /* The generation of the slot_grant in its last reply; 0: none.  Written by its owner; read by
     * other threads when a table shrinks (session_slots.c). */
    _Atomic uint32_t told_generation;
} __attribute__((aligned(64)));

enum slot_verdict {
    SLOT_NEW,         /* the caller executes the request and then calls slot_release() */
    SLOT_REPLAY,      /* the cached reply has been copied */
    SLOT_UNCACHED,    /* a retry, but no reply was cached */
    SLOT_BUSY,        /* the request (or a replay of it) is in progress */
    SLOT_MISORDERED,  /* neither the last seqid nor the next */
    SLOT_FALSE_RETRY, /* the last seqid with another request or caller, or less protection */
    SLOT_GONE,        /* the slot is retired */
};

/* Buffer for a cached reply: `size` bytes. */
struct slot_replay {
    uint8_t *data;
    size_t size;
    uint32_t len;      /* set on return */
    uint32_t expected; /* set on return: the next seqid, for the log */
    enum slot_state state;
};

/* An unused slot. */
void slot_init(struct slot *slot);

/* Free the cached reply.  The slot must not be in use. */
void slot_fini(struct slot *slot);

/* Try to take the slot for `request` with `seqid`.  Thread safe; never blocks.  Only SLOT_NEW
 * changes the slot.  If the cached reply is longer than replay->size (a retry over a connection
 * with less room), the result is SLOT_UNCACHED. */
enum slot_verdict slot_acquire(struct slot *slot, uint32_t seqid,
                               const struct slot_request *request, struct slot_replay *replay);

/* The same for a slot that the client has been told to give up: only a retry gets a reply.  The
 * next seqid retires the slot, since it proves that the last reply was seen; then *grown is the
 * change of the memory for replies. */
enum slot_verdict slot_acquire_retry(struct slot *slot, uint32_t seqid,
                                     const struct slot_request *request, struct slot_replay *replay,
                                     int64_t *grown);

/* Would slot_acquire() treat it as a retry?  Only a hint: other threads may use the slot
 * meanwhile. */
bool slot_is_retry(const struct slot *slot, uint32_t seqid);

/* The request is done: cache a copy of its reply, or nothing (reply NULL).  Returns the change of
 * the memory for replies. */
int64_t slot_release(struct slot *slot, const void *reply, uint32_t len);

/* Drop the cached reply and accept no more requests.  False, with nothing changed, if the slot is
 * in use.  Adds the change of the memory for replies to *grown. */
bool slot_retire(struct slot *slot, int64_t *grown);

/* Make a retired slot usable again; others stay as they are. */
void slot_revive(struct slot *slot);

/* The seqid of the newest request that it has seen. */
uint32_t slot_seqid(const struct slot *slot);

/* Is a new request in progress? */
bool slot_busy(const struct slot *slot);
