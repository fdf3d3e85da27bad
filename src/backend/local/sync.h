/* SPDX-License-Identifier: Apache-2.0 */
/* Syncs, which concurrent requests share. */
#pragma once

#include "backend/local/local_internal.h"

void local_sync_init(struct local_sync *sync);
void local_sync_fini(struct local_sync *sync);

/* Wait until a sync that began after this call is over; one caller runs it for all.  `fd` is open
 * on the object of `sync`.  Of fs->sync it is open on the one object that this caller has changed,
 * or with LOCAL_REACH_FS on any; if several wait for different ones it comes to that.  0 or an
 * errno; then the write verifier has moved, unless it is EINVAL: this descriptor can't be synced.
 * The caller has said vfs_blocking_begin(true). */
int local_sync_run(struct local_fs *fs, struct local_sync *sync, int fd, enum local_reach reach);

/* The same for an object, with a blocking section of its own. */
enum vfs_status local_sync_wait(struct local_object *obj, int fd, bool full);

/* Before a sync of an object in use: a write error that it may have missed moves the write
 * verifier.  A blocking section of its own. */
void local_sync_review(struct local_object *obj);

/* A descriptor of an object that may be unsynced is about to be closed. */
void local_sync_unwatch(struct local_object *obj);
