/* SPDX-License-Identifier: Apache-2.0 */
/* Names to objects: LOOKUP, LOOKUPP, READLINK. */
#pragma once

#include "backend/local/local_internal.h"

struct local_name {
    char text[LIMIT_NAME_BYTES + 1];
};

static inline bool local_is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

enum vfs_status local_name_copy(const struct vfs_name *name, struct local_name *out);

/* The entry `name` of a directory, with a reference.  Runs under the thread's current identity. */
enum vfs_status local_child(struct local_object *dir, const char *name, struct local_object **out);

enum vfs_status local_root(struct vfs *fs, struct vfs_object **out);
enum vfs_status local_lookup(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_object **out);
enum vfs_status local_parent(struct vfs_object *base, const struct vfs_cred *cred,
                             struct vfs_object **out);
enum vfs_status local_readlink(struct vfs_object *base, const struct vfs_cred *cred, char *buf,
                               uint32_t size, uint32_t *len);
