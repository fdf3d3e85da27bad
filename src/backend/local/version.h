/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of inodes: what is kept of an inode is good as long as its version is the one that was
 * read before.  Each change by this server runs between local_version_begin() and
 * local_version_end(): meanwhile nothing that is kept of the inode is good, and nothing new can be,
 * but what the thread of the change finds after it (recent.h).  So no answer is older than a change
 * that has been answered, and none older than one before it.
 *
 * Inodes share versions, by hash: a change makes what is kept of a few others void as well.
 * Thread safe, without locks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"

enum {
    LOCAL_VERSIONS = 16384
};

/* Changes that have ended << 16 | changes that run, far fewer than 65,536: each has a thread. */
struct local_versions {
    _Atomic uint64_t of[LOCAL_VERSIONS];
    _Atomic uint32_t removals; /* of directories, by others: it is not known of which */
};

#define LOCAL_VERSION_RUNNING UINT64_C(0xffff)
#define LOCAL_VERSION_ENDED UINT64_C(0x10000)

static inline _Atomic uint64_t *local_version_of(struct local_versions *versions, uint64_t ino)
{
    return &versions->of[hash_u64(ino) % LOCAL_VERSIONS];
}

static inline void local_version_begin(struct local_versions *versions, uint64_t ino)
{
    atomic_fetch_add(local_version_of(versions, ino), 1);
}

static inline void local_version_end(struct local_versions *versions, uint64_t ino)
{
    atomic_fetch_add(local_version_of(versions, ino), LOCAL_VERSION_ENDED - 1);
}

/* A change that is known only now that it is over. */
static inline void local_version_next(struct local_versions *versions, uint64_t ino)
{
    atomic_fetch_add(local_version_of(versions, ino), LOCAL_VERSION_ENDED);
}

/* Any inode may have changed. */
static inline void local_versions_next(struct local_versions *versions)
{
    for (uint64_t i = 0; i < LOCAL_VERSIONS; i++)
        atomic_fetch_add(&versions->of[i], LOCAL_VERSION_ENDED);
}

/* To be read before what is to be kept. */
static inline uint64_t local_version_read(struct local_versions *versions, uint64_t ino)
{
    return atomic_load(local_version_of(versions, ino));
}

/* Is what was read after this version good now? */
static inline bool local_version_is_good(struct local_versions *versions, uint64_t ino,
                                         uint64_t version)
{
    return !(version & LOCAL_VERSION_RUNNING) && local_version_read(versions, ino) == version;
}
