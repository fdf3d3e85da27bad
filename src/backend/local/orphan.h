/* SPDX-License-Identifier: Apache-2.0 */
/* Files that have lost their last name and may still be open. */
#pragma once

#include "backend/local/local_internal.h"

enum {
    LOCAL_ORPHANS_PART = 4 /* fraction of the descriptors for open files without a name */
};

/* VFS_DELAY if the file would stay open without a name and there are as many such files as
 * descriptors permit.  With the object's path held. */
enum vfs_status local_orphan_admit(struct local_object *obj);

/* After a name was removed: check whether the object has names left.  If not, or if only the caller
 * uses it, it leaves the cache. */
void local_orphan_check(struct local_object *obj);

/* The object has no name any more; it may have been removed by a local process.  Holders of a
 * reference can go on.  Its handle is stale, unless a client has the file open; close() removes it
 * then. */
void local_orphan_mark(struct local_object *obj);
