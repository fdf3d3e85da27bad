/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one file: opens with their share reservations, byte-range locks and their waiters.
 * A record exists while something is open (or being opened, or revoked and not acknowledged) and
 * hangs at vfs_node.state, so that all exports of a file have one.
 *
 * Locks, in the order they are taken: file.lock; owner_table.lock; those inside of stateid.c.
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

/* Guards vfs_node.state and the refs of the files behind it. */
struct file_shard {
    pthread_mutex_t lock;
};

/* Holders of a reference: each open; callers that got it from file_get() or file_find(). */
struct file {
    struct file_shard *shard;
    uint32_t refs;          /* under shard->lock */
    struct vfs_object *obj; /* one of the file's, with a reference: it keeps the node */

    pthread_mutex_t lock;       /* guards all below, and what open.h and lock.h say */
    struct file_share share;    /* of opens, and reserved for those that are being made */
    struct file_share reserved; /* the latter alone */
    struct share_table opens;
    struct lock_table locks;
    struct htable lock_states; /* struct lock_state by_pair */
    bool lock_states_ready;    /* made with the first */
    struct list waiters;       /* struct lock_waiter by file_link, longest first */
    uint32_t waiter_count;
    struct list watch_link;  /* on lock_notices.watched, under its lock */
    struct list delegations; /* struct delegation by file_link, oldest first */
    uint32_t delegation_count;
    struct list delegation_waiters; /* struct delegation_waiter by link */
};

void file_shards_init(struct file_shard *shards);
void file_shards_fini(struct file_shard *shards);

/* The record of the file behind an object that the caller holds; made if there is none.  A
 * reference. */
struct file *file_get(struct file_shard *shards, struct vfs_object *obj);

/* The same, or NULL when there is none. */
struct file *file_find(struct file_shard *shards, struct vfs_object *obj);

/* Another reference for a caller that has one. */
struct file *file_get_more(struct file *file);

/* Without file.lock. */
void file_put(struct file *file);

/* Take file.lock again after a thread that waits for it has had it: a mutex that is given back and
 * taken again at once mostly stays with the same thread. */
void file_lock_after_others(struct file *file);
