/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vfs_ops functions that need path descriptors of their arguments: each holds them while it
 * runs.  READ, WRITE and COMMIT need one only when they open the file.
 */
#include "backend/local/call.h"

#include "backend/local/access.h"
#include "backend/local/acl.h"
#include "backend/local/attr.h"
#include "backend/local/create.h"
#include "backend/local/file.h"
#include "backend/local/full_path.h"
#include "backend/local/keep.h"
#include "backend/local/label.h"
#include "backend/local/lookup.h"
#include "backend/local/memo.h"
#include "backend/local/readdir.h"
#include "backend/local/recent.h"
#include "backend/local/remove.h"
#include "backend/local/resolve.h"
#include "backend/local/setattr.h"
#include "backend/local/xattr.h"

enum vfs_status local_call_statfs(struct vfs_object *obj, struct vfs_statfs *out)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_statfs(obj, out);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_getattr(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out)
{
    enum vfs_status status;

    if (mask & VFS_ATTR_FRESH)
        local_memo_drop();
    else if (local_memo_take(local_of(obj), out) || local_keep_getattr(local_of(obj), out) ||
             local_recent_getattr(local_of(obj), out))
        return VFS_OK;
    status = local_path_get(local_of(obj));
    if (status != VFS_OK)
        return status;
    status = local_getattr(obj, mask, out);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_setattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                   const struct vfs_attr *set, bool opened, uint32_t *applied)
{
    enum vfs_status status = local_path_get(local_of(obj));

    *applied = 0;
    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(obj));
    status = local_setattr(obj, cred, set, opened, applied);
    local_changing_end(local_of(obj));
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_getlabel(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint8_t *data, uint32_t *len)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_getlabel(obj, cred, data, len);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_touch(struct vfs_object *obj)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(obj));
    status = local_touch(obj);
    local_changing_end(local_of(obj));
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_access(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint32_t want, uint32_t *granted)
{
    enum vfs_status status;

    if (local_access_known(obj, cred, want, granted))
        return VFS_OK;
    status = local_path_get(local_of(obj));
    if (status != VFS_OK)
        return status;
    status = local_access(obj, cred, want, granted);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_getacl(struct vfs_object *obj, const struct vfs_cred *cred,
                                  struct vfs_acl *out)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_getacl(obj, cred, out);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_lookup(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_object **out)
{
    enum vfs_status status = local_path_get(local_of(dir));

    if (status != VFS_OK)
        return status;
    status = local_lookup(dir, cred, name, out);
    local_path_put(local_of(dir));
    return status;
}

enum vfs_status local_call_parent(struct vfs_object *dir, const struct vfs_cred *cred,
                                  struct vfs_object **out)
{
    enum vfs_status status = local_path_get(local_of(dir));

    if (status != VFS_OK)
        return status;
    status = local_parent(dir, cred, out);
    local_path_put(local_of(dir));
    return status;
}

enum vfs_status local_call_create(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_create *create,
                                  struct vfs_change_info *info, struct vfs_object **out)
{
    enum vfs_status status = local_path_get(local_of(dir));

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(dir));
    status = local_create_entry(dir, cred, name, create, info, out);
    local_changing_end(local_of(dir));
    local_path_put(local_of(dir));
    return status;
}

enum vfs_status local_call_readlink(struct vfs_object *obj, const struct vfs_cred *cred, char *buf,
                                    uint32_t size, uint32_t *len)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_readlink(obj, cred, buf, size, len);
    local_keep_read(local_of(obj));
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_readdir(struct vfs_object *dir, const struct vfs_cred *cred,
                                   struct vfs_readdir *rd)
{
    enum vfs_status status = local_path_get(local_of(dir));

    if (status != VFS_OK)
        return status;
    status = local_readdir(dir, cred, rd);
    local_path_put(local_of(dir));
    return status;
}

enum vfs_status local_call_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_change_info *info)
{
    enum vfs_status status = local_path_get(local_of(dir));

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(dir));
    status = local_remove(dir, cred, name, info);
    local_changing_end(local_of(dir));
    local_path_put(local_of(dir));
    return status;
}

/* The two objects may belong to different file systems: then VFS_XDEV. */
static enum vfs_status get_both(struct vfs_object *a, struct vfs_object *b)
{
    enum vfs_status status = a->fs == b->fs ? local_path_get(local_of(a)) : VFS_XDEV;

    if (status != VFS_OK)
        return status;
    status = local_path_get(local_of(b));
    if (status != VFS_OK)
        local_path_put(local_of(a));
    return status;
}

static void put_both(struct vfs_object *a, struct vfs_object *b)
{
    local_path_put(local_of(a));
    local_path_put(local_of(b));
}

enum vfs_status local_call_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                                  struct vfs_object *to_dir, const struct vfs_name *to,
                                  const struct vfs_cred *cred, struct vfs_change_info *from_info,
                                  struct vfs_change_info *to_info)
{
    enum vfs_status status = get_both(from_dir, to_dir);

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(from_dir));
    local_changing_begin(local_of(to_dir));
    status = local_rename(from_dir, from, to_dir, to, cred, from_info, to_info);
    local_changing_end(local_of(from_dir));
    local_changing_end(local_of(to_dir));
    put_both(from_dir, to_dir);
    return status;
}

enum vfs_status local_call_link(struct vfs_object *obj, struct vfs_object *dir,
                                const struct vfs_cred *cred, const struct vfs_name *name,
                                struct vfs_change_info *info)
{
    enum vfs_status status = get_both(obj, dir);

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(obj));
    local_changing_begin(local_of(dir));
    status = local_link(obj, dir, cred, name, info);
    local_changing_end(local_of(obj));
    local_changing_end(local_of(dir));
    put_both(obj, dir);
    return status;
}

enum vfs_status local_call_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                enum vfs_open_want want, bool created)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_open(obj, cred, want, created);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_getxattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                    const struct vfs_xattr_name *name, void *buf, uint32_t size,
                                    uint32_t *len)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_getxattr(obj, cred, name, buf, size, len);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_setxattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                    const struct vfs_xattr_name *name, enum vfs_setxattr how,
                                    const void *value, uint32_t len, struct vfs_change_info *info)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(obj));
    status = local_setxattr(obj, cred, name, how, value, len, info);
    local_changing_end(local_of(obj));
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_listxattrs(struct vfs_object *obj, const struct vfs_cred *cred,
                                      struct vfs_listxattrs *list)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_listxattrs(obj, cred, list);
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_removexattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                       const struct vfs_xattr_name *name,
                                       struct vfs_change_info *info)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    local_changing_begin(local_of(obj));
    status = local_removexattr(obj, cred, name, info);
    local_changing_end(local_of(obj));
    local_path_put(local_of(obj));
    return status;
}

enum vfs_status local_call_path(struct vfs_object *obj, char *buf, size_t size, size_t *len)
{
    enum vfs_status status = local_path_get(local_of(obj));

    if (status != VFS_OK)
        return status;
    status = local_full_path(obj, buf, size, len);
    local_path_put(local_of(obj));
    return status;
}
