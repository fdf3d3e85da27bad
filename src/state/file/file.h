/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one file: opens with their share reservations, byte-range locks and their waiters.
 * A record exists while the file is open (or being opened, or an open was revoked and not
 * acknowledged).  It is attached to vfs_node.state, so that all exports of a file share it.
 *
 * Locks, in the order in which they are taken: file.lock; owner_table.lock; those of stateid.c.
 * file_shard.lock is a leaf.  None is held over a call into a backend.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "state/file/lock_table.h"
#include "state/file/share.h"
#include "vfs/vfs_object.h"

enum {
    FILE_SHARDS = 64 /* a power of two */
};

/* Guards vfs_node.state and the reference counts of its files. */
struct file_shard {
    pthread_mutex_t lock;
};

/* Holders of a reference: each open; callers of file_get() and file_lookup(). */
struct file {
    struct file_shard *shard;
    uint32_t refs;          /* guarded by shard->lock */
    struct vfs_object *obj; /* one object of the file; the reference keeps the node */

    pthread_mutex_t lock;       /* guards the rest, and what open.h and lock.h say */
    struct file_share share;    /* of all opens, including those being made */
    struct file_share reserved; /* of opens being made */
    struct share_table opens;
    struct lock_table locks;
    struct htable lock_states; /* struct lock_state by_pair */
    bool lock_states_ready;    /* initialized with the first */
    struct list waiters;       /* struct lock_waiter.file_link, longest waiting first */
    uint32_t waiter_count;
    struct list watch_link;  /* of lock_notices.watched; guarded by its lock */
    struct list delegations; /* struct delegation.file_link, oldest first */
    uint32_t delegation_count;
    uint32_t contested_count;       /* of those that are in the way of a request */
    struct list delegation_waiters; /* struct delegation_waiter by link */
};

void file_shards_init(struct file_shard *shards);
void file_shards_fini(struct file_shard *shards);

/* The record of the file behind an object held by the caller; created if there is none.  Returns a
 * reference. */
struct file *file_get_or_create(struct file_shard *shards, struct vfs_object *obj);

/* The same; NULL if there is none. */
struct file *file_lookup(struct file_shard *shards, struct vfs_object *obj);

/* Another reference, for a caller that has one. */
struct file *file_get(struct file *file);

/* Without file.lock. */
void file_put(struct file *file);

/* Take file.lock again, but let waiting threads have it first: a mutex that is unlocked and locked
 * again immediately usually stays with the same thread. */
void file_lock_after_others(struct file *file);
