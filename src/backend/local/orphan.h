/* SPDX-License-Identifier: Apache-2.0 */
/* Files that have lost their last name, which clients may have open. */
#pragma once

#include "backend/local/local_internal.h"

enum {
    LOCAL_ORPHANS_PART = 4 /* of the descriptors, for files that are open without a name */
};

/* VFS_DELAY: it would be one more file that stays open without a name, and there are already as
 * many as descriptors allow.  With its path held. */
enum vfs_status local_orphan_admit(struct local_object *obj);

/* Check how many names it has after one was taken away; it leaves the cache with the last. */
void local_orphan_check(struct local_object *obj);

/* It has no name any more, perhaps removed behind our back.  Holders of a reference go on; its
 * handle finds it no more, unless somebody has it open (close() forgets it then). */
void local_orphan_mark(struct local_object *obj);
