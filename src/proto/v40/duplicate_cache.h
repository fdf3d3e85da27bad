/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The duplicate request cache: replies of 4.0's COMPOUNDs that changed something without an owner's
 * seqid, kept for retries.  A request is identified by its client's address (without the port,
 * which may change when it reconnects), its xid, and a digest of its credentials and arguments.
 * duplicate_request.h decides which requests are entered.
 *
 * Memory is limited per address and in total.  When it is full, the address that uses the most
 * loses replies, so that no address displaces those of another.  Replies that are not retried for
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
    X(inserts, "Requests entered")                                                                 \
    X(hits, "Retries answered from the cache")                                                     \
    X(waits, "Retries that waited for their request")                                              \
    X(refused, "Retries without a reply: too many waited, or for too long")                        \
    X(xid_collisions, "Requests with the address and xid of another one, but not its digest")      \
    X(expired, "Replies dropped by age")                                                           \
    X(evicted_client, "Replies dropped: too much memory for one address")                          \
    X(evicted, "Replies dropped: too much memory in total")

struct duplicate_stats {
#define X(name, help) uint64_t name;
    DUPLICATE_COUNTERS(X)
#undef X
    /* The current values. */
    uint64_t entries; /* cached replies and running requests */
    uint64_t clients; /* addresses that have entries */
    uint64_t bytes;   /* memory of cached replies */
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
    /* The number of entries whose xid maps to a cell.  Relaxed: a thread that reads a stale value
     * is caught by duplicate_cache_enter(), which takes a lock. */
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

/* Buffer for a cached reply: `size` bytes, at least LIMIT_DUPLICATE_REPLY_BYTES. */
struct duplicate_reply {
    uint8_t *data;
    size_t size;
    uint32_t len; /* out */
    bool waited;  /* out: the request was still running */
};

enum duplicate_verdict {
    DUPLICATE_NEW,     /* new: run it */
    DUPLICATE_REPLAY,  /* the cached reply has been copied */
    DUPLICATE_REFUSED, /* the request is still running, and this one can't wait (any longer) */
};

/* A zeroed `config` has all defaults.  Never fails. */
struct duplicate_cache *duplicate_cache_create(const struct duplicate_cache_config *config);

/* No request may use it any more.  NULL is allowed. */
void duplicate_cache_destroy(struct duplicate_cache *cache);

/* Clients increment their xids, some in their machine's byte order.  In both cases neighbours map
 * to neighbours, and 65536 consecutive xids have cells of their own. */
static inline _Atomic uint32_t *duplicate_filter_cell(const struct duplicate_cache *cache,
                                                      uint32_t xid)
{
    return &cache
                ->filter[(xid ^ __builtin_bswap16((uint16_t)(xid >> 16))) % DUPLICATE_FILTER_CELLS];
}

/* False: no request with this xid is known.  A single load, for every COMPOUND.  True may be a
 * coincidence. */
static inline bool duplicate_cache_suspects(const struct duplicate_cache *cache, uint32_t xid)
{
    return atomic_load_explicit(duplicate_filter_cell(cache, xid), memory_order_relaxed) != 0;
}

/* Is this a retry?  A retry of a running request waits for its end, up to LIMIT_DUPLICATE_WAIT_S,
 * between vfs_blocking_begin() and _end(). */
enum duplicate_verdict duplicate_cache_lookup(struct duplicate_cache *cache,
                                              const struct duplicate_request *request,
                                              struct duplicate_reply *reply) MUST_USE;

/* The same; with DUPLICATE_NEW the request is entered as running, and the caller must call
 * duplicate_cache_keep() for *entry. */
enum duplicate_verdict duplicate_cache_enter(struct duplicate_cache *cache,
                                             const struct duplicate_request *request,
                                             struct duplicate_reply *reply,
                                             struct duplicate **entry) MUST_USE;

/* The request has ended with this reply, of at most LIMIT_DUPLICATE_REPLY_BYTES: cache a copy, and
 * give it to waiting retries. */
void duplicate_cache_keep(struct duplicate_cache *cache, struct duplicate *entry, const void *reply,
                          uint32_t len);

/* Drop old replies, and end waits that have lasted too long.  About once a second. */
void duplicate_cache_tick(struct duplicate_cache *cache, int64_t now_ns);

/* A snapshot; any thread. */
void duplicate_stats_read(const struct duplicate_cache *cache, struct duplicate_stats *stats);
