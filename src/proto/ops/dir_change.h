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
