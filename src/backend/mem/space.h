/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte account of a file system in memory.  The bytes taken never exceed the limit, except by
 * space_force().
 *
 * Threads take from reserves and give back to them, so that those which create and remove files at
 * the same time do not all write one cache line.  A reserve is filled and emptied by SPACE_BATCH
 * bytes.  No space is refused because of what reserves have: whoever finds too little left takes
 * them back first.  Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SPACE_RESERVES = 64, /* so many threads do not share one */
    SPACE_BATCH = 256 << 10,
    /* With less left, no reserve is filled. */
    SPACE_PLENTY = 2 * SPACE_RESERVES * SPACE_BATCH,
};

struct space_reserve {
    _Atomic uint64_t bytes;
} __attribute__((aligned(64)));

struct space {
    uint64_t limit; /* constant */
    /* More is taken than the limit: reserves are not used.  Written under the lock. */
    _Atomic bool over;
    /* A leaf: bytes move between `used` and a reserve under it. */
    pthread_mutex_t lock __attribute__((aligned(64)));
    uint64_t used; /* with what is in reserves; guarded by lock */
    struct space_reserve reserves[SPACE_RESERVES];
};

void space_init(struct space *space, uint64_t limit);
void space_fini(struct space *space);

/* False, with nothing taken, when the limit would be exceeded.  What was free before the call, and
 * nobody takes meanwhile, is found. */
bool space_take(struct space *space, uint64_t bytes);

/* For what replaces something of about the same size and must not fail (a rename on a full
 * disk). */
void space_force(struct space *space, uint64_t bytes);

void space_give(struct space *space, uint64_t bytes);

uint64_t space_free(struct space *space);
