/* SPDX-License-Identifier: Apache-2.0 */
/* Syncs that concurrent requests share. */
#pragma once

#include "backend/local/local_internal.h"

void local_sync_init(struct local_sync *sync);
void local_sync_fini(struct local_sync *sync);

/* Wait until a sync that began after this call has ended; one caller runs it for all.  `fd` is open
 * on the object of `sync`.  For fs->sync, `fd` is open on the one object that this caller has
 * changed, or, with LOCAL_REACH_FS, on any object; if callers wait for different objects, the whole
 * file system is synced.  Returns 0 or an errno.  An error moves the write verifier, unless it is
 * EINVAL: this descriptor does not support the sync.  The caller must have called
 * vfs_blocking_begin(true). */
int local_sync_run(struct local_fs *fs, struct local_sync *sync, int fd, enum local_reach reach);

/* The same for an object; enters a blocking section of its own. */
enum vfs_status local_sync_wait(struct local_object *obj, int fd, bool full);

/* Before a sync of an object in use: if the object may have missed a write error, move the write
 * verifier.  Enters a blocking section. */
void local_sync_review(struct local_object *obj);

/* A descriptor of an object that may be unsynced is about to be closed. */
void local_sync_unwatch(struct local_object *obj);
