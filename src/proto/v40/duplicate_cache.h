/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The duplicate request cache: replies of 4.0's COMPOUNDs that changed something without an owner's
 * seqid, kept for retries.  A request is recognised by its client's address (without the port,
 * which may change at a reconnect), its xid, and a digest of its credentials and arguments; what
 * that covers is duplicate_request.h's business.
 *
 * Memory is bounded, for each address and in all.  When it is full the address with the most bytes
 * loses replies, so that no address displaces those of another.  Replies that were not retried for
 * LIMIT_DUPLICATE_AGE_S are dropped.  Thread safe; no lock is held while a request runs.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"

/* X(name, help) */
#define DUPLICATE_COUNTERS(X)                                                                      \
    X(inserts, "Requests entered, for their replies to be kept")                                   \
    X(hits, "Retries answered with the reply that was kept")                                       \
    X(waits, "Retries that waited for the request to end")                                         \
    X(refused, "Retries without an answer: too many waited, or for too long")                      \
    X(strangers, "Requests with the address and xid of another one, but not its digest")           \
    X(expired, "Replies dropped by age")                                                           \
    X(evicted_client, "Replies dropped since those of one address were too many")                  \
    X(evicted, "Replies dropped since those of all were too many")

struct duplicate_stats {
#define X(name, help) uint64_t name;
    DUPLICATE_COUNTERS(X)
#undef X
    /* Now. */
    uint64_t entries; /* replies kept and requests that run */
    uint64_t clients; /* addresses that have some */
    uint64_t bytes;   /* memory of kept replies */
    uint64_t waiting;
};

struct duplicate_cache_config {
    uint64_t bytes_max;          /* 0: LIMIT_DUPLICATE_BYTES */
    uint64_t client_bytes_max;   /* 0: LIMIT_DUPLICATE_CLIENT_BYTES */
    uint32_t waiters_max;        /* 0: LIMIT_DUPLICATE_WAITERS */
    uint32_t client_waiters_max; /* 0: LIMIT_DUPLICATE_CLIENT_WAITERS */
};

enum {
    DUPLICATE_FILTER_CELLS = 1 << 20 /* a power of two */
};

struct duplicate;
struct duplicate_table;

struct duplicate_cache {
    /* How many entries there are whose xid falls on a cell.  Relaxed: a thread that reads too early
     * is stopped by duplicate_cache_enter(), which takes a lock. */
    _Atomic uint32_t *filter;
    uint64_t digest_seed; /* random */
    struct duplicate_table *table;
};

struct duplicate_request {
    const struct sockaddr *peer;
    uint32_t xid;
    uint64_t digest;
    int64_t received_ns;
};

/* Where a kept reply is copied to: room for `size` bytes, LIMIT_DUPLICATE_REPLY_BYTES at least. */
struct duplicate_reply {
    uint8_t *data;
    size_t size;
    uint32_t len; /* out */
    bool waited;  /* out: the request was still running */
};

enum duplicate_verdict {
    DUPLICATE_NEW,     /* not seen before: run it */
    DUPLICATE_REPLAY,  /* the kept reply has been copied out */
    DUPLICATE_REFUSED, /* the request runs still, and this one can't wait (any longer) */
};

/* All zero bytes in `config` are fine.  Never fails. */
struct duplicate_cache *duplicate_cache_create(const struct duplicate_cache_config *config);

/* No request uses it any more.  NULL is allowed. */
void duplicate_cache_destroy(struct duplicate_cache *cache);

/* Clients count up their xids, some in their machine's own byte order.  Either way neighbours
 * become neighbours, and 65536 in a row get cells of their own. */
static inline _Atomic uint32_t *duplicate_filter_cell(const struct duplicate_cache *cache,
                                                      uint32_t xid)
{
    return &cache
                ->filter[(xid ^ __builtin_bswap16((uint16_t)(xid >> 16))) % DUPLICATE_FILTER_CELLS];
}

/* False: no request with this xid is known.  One load, for every COMPOUND; true says little. */
static inline bool duplicate_cache_suspects(const struct duplicate_cache *cache, uint32_t xid)
{
    return atomic_load_explicit(duplicate_filter_cell(cache, xid), memory_order_relaxed) != 0;
}

/* Is this a retry?  A retry of a running request waits for its end, up to LIMIT_DUPLICATE_WAIT_S,
 * between vfs_blocking_begin() and _end(). */
enum duplicate_verdict duplicate_cache_find(struct duplicate_cache *cache,
                                            const struct duplicate_request *request,
                                            struct duplicate_reply *reply) MUST_USE;

/* The same, and with DUPLICATE_NEW the request is entered as running: the caller owes *entry a
 * duplicate_cache_keep(). */
enum duplicate_verdict duplicate_cache_enter(struct duplicate_cache *cache,
                                             const struct duplicate_request *request,
                                             struct duplicate_reply *reply,
                                             struct duplicate **entry) MUST_USE;

/* The request has ended with this reply, of LIMIT_DUPLICATE_REPLY_BYTES at the most: a copy is
 * kept, and retries that wait get it. */
void duplicate_cache_keep(struct duplicate_cache *cache, struct duplicate *entry, const void *reply,
                          uint32_t len);

/* Drop what is too old, and let those go that have waited too long.  About once a second. */
void duplicate_cache_tick(struct duplicate_cache *cache, int64_t now_ns);

/* A snapshot; any thread. */
void duplicate_cache_stats(const struct duplicate_cache *cache, struct duplicate_stats *stats);
