/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that clients can make the server take: counted by class, held to one budget, and allowed
 * to run out.  An allocation gives NULL when the machine has no more, or when the budget is used
 * up, and its caller fails the request; memory that the server takes once, at its start,
 * is must_malloc()'s (check.h) instead.
 *
 * Thread safe.  Counting costs a thread two additions in lines of its own; every 64 KiB it adds
 * what it has gathered to the sum that the budget is held against.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* X(name, help): what the memory is for. */
#define MEMORY_CLASSES(X)                                                                          \
    X(connections, "Connections and the count of them by address")                                 \
    X(buffers, "Receive and reply buffers, half records among them")                               \
    X(calls, "Calls in progress, with their arenas; calls that wait")                              \
    X(unsent, "Replies and callbacks that wait for the socket")                                    \
    X(clients, "Client records")                                                                   \
    X(sessions, "Sessions, their slots and kept replies")                                          \
    X(opens, "Owners, opens, stateids and the records of files")                                   \
    X(locks, "Lock states, byte-range locks and those who wait for them")                          \
    X(delegations, "Delegations and recalls")                                                      \
    X(callbacks, "Callbacks and the paths that they take")                                         \
    X(duplicates, "Replies of 4.0 kept for retries")                                               \
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

/* `size` bytes, or NULL; memory_zalloc() clears them.  Freed by memory_free() with the same class,
 * by whatever thread. */
void *memory_alloc(enum memory_class of, size_t size) MUST_USE;
void *memory_zalloc(enum memory_class of, size_t size) MUST_USE;

/* The same on a boundary of `align` bytes, a power of two that `size` is a multiple of. */
void *memory_alloc_aligned(enum memory_class of, size_t align, size_t size) MUST_USE;

/* NULL is fine. */
void memory_free(enum memory_class of, void *p);

/* From now on memory_alloc() fails above `bytes`, and above three quarters of that for what is held
 * (clients and all behind them in the list); 0: only when the machine has no more.  What mem
 * exports hold (data, objects) does not count here, but against a limit of its own. */
void memory_budget_set(uint64_t bytes);
uint64_t memory_budget(void);

/* The same for what all mem exports together hold: above `bytes` there is no space left.  Not set,
 * there is no limit.  What is left of it. */
void memory_store_set(uint64_t bytes);
uint64_t memory_store_free(void);

/* A quarter of what the process may have: of the machine's memory, of its control group's, or of
 * its address space, whichever is the least; 128 MiB, or half of that memory, where a quarter is
 * less.  And half of it for mem exports. */
uint64_t memory_budget_default(void);
uint64_t memory_store_default(void);

/* Is so much of the budget used up, or has an allocation failed since the last call, that what is
 * idle should be given up?  For timers. */
bool memory_is_short(void);

/* The first half of that question, as often as anybody likes: should a cache that is about to grow
 * give up something instead? */
bool memory_is_tight(void);

struct memory_stats {
    uint64_t of[MEMORY_CLASS_COUNT]; /* bytes now */
    uint64_t total;                  /* of all classes */
    uint64_t budget, store;          /* the two limits; 0: there is none */
    uint64_t refused;                /* allocations that failed by the budget */
    uint64_t failed;                 /* and by the machine */
};

void memory_stats_read(struct memory_stats *stats);

/* A fault point: the n-th allocation from now on fails once, by whichever thread; 0: none. */
void memory_fail_nth(uint64_t n);

/* Has it failed? */
bool memory_fail_done(void);
