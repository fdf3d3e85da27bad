/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by CREATE, LINK, REMOVE, RENAME and OPEN: changing an entry of a directory. */
#pragma once

#include "proto/compound.h"

static inline struct change_info4 change_info_from_vfs(const struct vfs_change_info *info)
{
    return (struct change_info4){
        .atomic = info->atomic, .before = info->before, .after = info->after};
}

/* Check that the current filehandle is a directory on a writable export, and that `component` is a
 * valid name not covered by another export; `covered` is the error if one covers it. */
enum nfsstat4 dir_change_begin(struct compound *c, const struct wire_opaque *component,
                               enum nfsstat4 covered, struct vfs_name *name);

/* Has the current directory that name, as far as the caller may know? */
bool dir_change_finds(const struct compound *c, const struct vfs_name *name);

/* exclusion.permit() of what makes a new name; `subject` is the struct vfs_name.  NFS4ERR_EXIST
 * recalls nothing. */
enum nfsstat4 dir_change_permit_new(const struct compound *c, const void *subject);
