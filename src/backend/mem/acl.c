/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs of objects.  An object has none until one is set or inherited. */
#include "backend/mem/acl.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static size_t acl_bytes(uint32_t count)
{
    return sizeof(struct vfs_acl) + count * sizeof(struct vfs_ace);
}

void mem_acl_drop(struct mem_object *obj)
{
    if (!obj->acl)
        return;
    space_give(&mem_fs_of_object(obj)->space, acl_bytes(obj->acl->count));
    memory_free(MEMORY_objects, obj->acl);
    obj->acl = NULL;
}

bool mem_acl_keep_locked(struct mem_object *obj, const struct vfs_acl *acl, bool force)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    struct vfs_acl *copy;

    CHECK(acl->count <= VFS_ACL_ACES_MAX);
    if (force)
        space_force(space, acl_bytes(acl->count));
    else if (!space_take(space, acl_bytes(acl->count)))
        return false;
    copy = memory_alloc(MEMORY_objects, acl_bytes(acl->count));
    if (!copy) {
        space_give(space, acl_bytes(acl->count));
        return false;
    }
    copy->count = acl->count;
    copy->aces = (struct vfs_ace *)(copy + 1);
    if (acl->count > 0)
        memcpy(copy->aces, acl->aces, acl->count * sizeof(*acl->aces));
    mem_acl_drop(obj);
    obj->acl = copy;
    obj->attr.mask &= ~(uint32_t)VFS_ATTR_GUARDED;
    if (vfs_acl_denies_any(copy, VFS_ACE_READ_ATTRIBUTES))
        obj->attr.mask |= VFS_ATTR_GUARDED;
    return true;
}

void mem_acl_close_locked(struct mem_object *obj)
{
    if (obj->acl) {
        space_give(&mem_fs_of_object(obj)->space, acl_bytes(obj->acl->count) - acl_bytes(0));
        obj->acl->count = 0;
    }
    obj->attr.mode &= ~0777u;
}

bool mem_acl_chmod_locked(struct mem_object *obj, uint32_t mode)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl changed = {.aces = aces};

    if (!obj->acl)
        return true;
    vfs_acl_chmod(obj->acl, obj->vfs.type, mode, &changed);
    return mem_acl_keep_locked(obj, &changed, true);
}

enum vfs_status mem_getacl(struct vfs_object *vfs, const struct vfs_cred *cred, struct vfs_acl *out)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = VFS_OK;

    mem_lock_read(obj);
    if (!vfs_guard_may_read_acl(mem_guard(obj), cred)) {
        status = VFS_ACCESS;
    } else if (!obj->acl) {
        vfs_acl_from_mode(vfs->type, obj->attr.mode, out);
    } else {
        out->count = obj->acl->count;
        memcpy(out->aces, obj->acl->aces, out->count * sizeof(*out->aces));
    }
    mem_unlock(obj);
    return status;
}
