/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that clients can make the server use: counted by class, limited by one budget, and allowed
 * to run out.  An allocation returns NULL when the machine has no more memory or the budget is used
 * up, and the caller then fails the request.  Memory that the server allocates once, at its start,
 * uses must_malloc() (check.h) instead.
 *
 * Thread safe.  Counting costs two additions in cache lines of the thread.  After each 64 KiB a
 * thread adds its count to the sum that is compared with the budget.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* X(name, help): what the memory is for. */
#define MEMORY_CLASSES(X)                                                                          \
    X(connections, "Connections, and their counts by address")                                     \
    X(buffers, "Receive and reply buffers, including half records")                                \
    X(calls, "Calls in progress and parked calls, with their arenas")                              \
    X(unsent, "Replies and callbacks that wait for sockets")                                       \
    X(tls, "OpenSSL: TLS sessions and certificates")                                               \
    X(admin, "Requests and replies of the admin endpoint")                                         \
    X(clients, "Client records")                                                                   \
    X(sessions, "Sessions, their slots and cached replies")                                        \
    X(opens, "Owners, opens, stateids and the records of files")                                   \
    X(locks, "Lock states, byte-range locks and their waiters")                                    \
    X(delegations, "Delegations and recalls")                                                      \
    X(callbacks, "Callbacks and callback paths")                                                   \
    X(duplicates, "Duplicate request cache of 4.0")                                                \
    X(security, "Security contexts of clients, and their principals")                              \
    X(cached, "Objects, leases and handle maps of local exports")                                  \
    X(objects, "Files and directories of mem exports")                                             \
    X(data, "Contents of mem exports")                                                             \
    X(tables, "Hash tables")

enum memory_class {
#define X(name, help) MEMORY_##name,
    MEMORY_CLASSES(X)
#undef X
    MEMORY_CLASS_COUNT
};

/* `size` bytes, or NULL; memory_zalloc() clears them.  To be freed by memory_free() with the same
 * class, on any thread. */
void *memory_alloc(enum memory_class of, size_t size) MUST_USE;
void *memory_zalloc(enum memory_class of, size_t size) MUST_USE;

/* The same, aligned to `align` bytes, a power of two; `size` must be a multiple of it. */
void *memory_alloc_aligned(enum memory_class of, size_t align, size_t size) MUST_USE;

/* NULL is allowed. */
void memory_free(enum memory_class of, void *p);

/* For what copes badly without (a library, a block of a file that is being sent), but is to be
 * counted: only the machine refuses it, not the limit that it counts against.  memory_resize() is
 * realloc(), with a `size` that is not 0. */
void *memory_take(enum memory_class of, size_t size) MUST_USE;
void *memory_resize(enum memory_class of, void *p, size_t size) MUST_USE;

/* Before a thread ends: count what it has not added to the sum yet (memory.c). */
void memory_settle(void);

/* Set the budget.  memory_alloc() fails above `bytes`, above three quarters of it for memory that
 * is held (clients and the classes after it), and above eleven sixteenths for opens, locks and
 * delegations; 0: no budget.  What mem exports hold (data, objects) and the admin endpoint is not
 * part of it, but has limits of its own. */
void memory_budget_set(uint64_t bytes);
uint64_t memory_budget(void);

/* The same for what all mem exports together hold: above `bytes` there is no space left.  Initially
 * without limit.  The second function returns what is left. */
void memory_store_set(uint64_t bytes);
uint64_t memory_store_free(void);

/* The default budget: a quarter of the memory that the process may use, which is the least of the
 * machine's memory, that of its control groups and its address space.  At least 128 MiB, but at
 * most half of that memory.  The default for mem exports is half of that memory. */
uint64_t memory_budget_default(void);
uint64_t memory_store_default(void);

/* Should idle objects be released, because most of the budget is used, or an allocation has failed
 * since the last call?  For timers. */
bool memory_is_short(void);

/* Only the first condition; may be called at any time.  Should a cache that is about to grow
 * release something instead? */
bool memory_is_tight(void);

struct memory_stats {
    uint64_t of[MEMORY_CLASS_COUNT]; /* bytes now */
    uint64_t total;                  /* of all classes */
    uint64_t budget, store;          /* the two limits; 0: there is none */
    uint64_t refused;                /* allocations that failed because of the budget */
    uint64_t failed;                 /* allocations that failed because of the machine */
};

void memory_stats_read(struct memory_stats *stats);

/* Fault injection: make the n-th allocation from now on fail once, on any thread; 0: none. */
void memory_fail_nth(uint64_t n);

/* Has it failed? */
bool memory_fail_done(void);
