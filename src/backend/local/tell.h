/* SPDX-License-Identifier: Apache-2.0 */
/* What those who watch directories are told (vfs/vfs_change.h).  `actor` is that of the cred. */
#pragma once

#include "backend/local/local_internal.h"

/* An entry of this name; NULL: the object is not known. */
struct vfs_change_entry local_tell_entry(const char *name, struct local_object *obj);

/* A change of the directory's entries, after local_change_after(), with the names locked. */
static inline void local_tell(struct local_object *dir, const struct vfs_change *change)
{
    if (vfs_watched(&dir->file->base))
        vfs_change_tell(&dir->file->base, change);
}

/* The system call that was to change the directory's entries has failed; it may have changed them
 * all the same, depending on the error.  With the names locked. */
void local_tell_failed(struct local_object *dir, int err, const void *actor);

/* One of the kinds without entries. */
static inline void local_tell_kind(struct local_node *dir, enum vfs_change_kind kind,
                                   const void *actor)
{
    if (vfs_watched(&dir->base))
        vfs_change_tell_kind(&dir->base, kind, actor);
}
