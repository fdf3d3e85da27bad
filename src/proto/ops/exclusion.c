/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/exclusion.h"

#include "proto/ops/grace.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_fs.h"
#include "state/delegation/delegation_waiter.h"

void exclusion_add(struct exclusion *exclusion, struct vfs_object *obj, enum delegation_use use)
{
    if (!obj)
        return;
    CHECK(exclusion->count < EXCLUSION_OBJECTS);
    exclusion->objects[exclusion->count].obj = obj;
    exclusion->objects[exclusion->count++].use = use;
}

void exclusion_add_dir(struct exclusion *exclusion, struct vfs_object *dir, enum delegation_use use)
{
    if (exclusion->whole_fs)
        return;
    for (uint32_t i = 0; i < exclusion->count; i++) {
        if (exclusion->objects[i].obj != dir)
            continue;
        exclusion->objects[i].use |= use;
        return;
    }
    exclusion_add(exclusion, vfs_object_get(dir), use);
}

static enum nfsstat4 check_reclaims(const struct exclusion *exclusion, const struct compound *c)
{
    return exclusion->after_reclaims ? grace_check_io(c) : NFS4_OK;
}

/* Errors are left to the operation, which will meet them again; if it does not, it finds something
 * where there was nothing to expect. */
void exclusion_add_entry(struct exclusion *exclusion, const struct compound *c,
                         struct vfs_object *dir, struct vfs_name *name)
{
    struct vfs_object *obj;
    enum vfs_status found;

    name->expects = false;
    if (exclusion->whole_fs)
        return;
    if (check_reclaims(exclusion, c) == NFS4_OK && delegation_begin_fs(c->server->state, dir->fs)) {
        exclusion->whole_fs = dir->fs;
        return;
    }
    name->expects = dir->type != VFS_ATTRDIR;
    if (name->expects)
        found = dir->fs->ops->lookup(dir, &c->cred, name, &obj);
    else
        found = dir->fs->ops->parent(dir, &c->cred, &obj);
    name->expected = found == VFS_OK ? obj : NULL;
    if (found == VFS_OK)
        exclusion_add(exclusion, obj, DELEGATION_USE_CHANGE);
}

static void drop(struct exclusion *exclusion, const struct compound *c)
{
    if (exclusion->whole_fs)
        delegation_end_fs(c->server->state, exclusion->whole_fs);
    exclusion->whole_fs = NULL;
    while (exclusion->count > 0)
        vfs_object_put(exclusion->objects[--exclusion->count].obj);
}

static bool has_file(const struct exclusion *exclusion)
{
    for (uint32_t i = 0; i < exclusion->count; i++) {
        if (vfs_type_is_file(exclusion->objects[i].obj->type))
            return true;
    }
    return false;
}

static enum nfsstat4 check_permission(const struct exclusion *exclusion, const struct compound *c)
{
    for (uint32_t i = 0; exclusion->permit && i < exclusion->count; i++) {
        if (delegation_is_held(exclusion->objects[i].obj))
            return exclusion->permit(c, exclusion->subject);
    }
    return NFS4_OK;
}

/* All of them or none. */
static enum nfsstat4 begin_all(struct exclusion *exclusion, const struct compound *c)
{
    struct state *state = c->server->state;
    struct delegation_waiter *waiter = c->waiter;
    enum nfsstat4 status = NFS4_OK;
    bool begun[EXCLUSION_OBJECTS];

    for (uint32_t i = 0; i < exclusion->count; i++) {
        const struct delegation_claim claim = {compound_holder(c), exclusion->objects[i].obj,
                                               exclusion->objects[i].use};

        begun[i] = delegation_begin(state, &claim, c->call->received_ns, waiter) == NFS4_OK;
        if (begun[i])
            continue;
        status = NFS4ERR_DELAY;
        waiter = NULL; /* it waits for one of them; the others are recalled in the meantime */
    }
    if (status == NFS4_OK)
        return NFS4_OK;
    for (uint32_t i = 0; i < exclusion->count; i++) {
        if (begun[i])
            delegation_end(state, exclusion->objects[i].obj);
    }
    return status;
}

enum nfsstat4 exclusion_begin(struct exclusion *exclusion, const struct compound *c)
{
    enum nfsstat4 status = has_file(exclusion) ? check_reclaims(exclusion, c) : NFS4_OK;

    if (status == NFS4_OK && !exclusion->harmless)
        status = check_permission(exclusion, c);
    if (status == NFS4_OK && !exclusion->harmless)
        status = begin_all(exclusion, c);
    if (status != NFS4_OK)
        drop(exclusion, c);
    return status;
}

void exclusion_gone(const struct exclusion *exclusion, const struct compound *c,
                    const struct vfs_name *name)
{
    for (uint32_t i = 0; name->expects && i < exclusion->count; i++) {
        struct vfs_object *obj = exclusion->objects[i].obj;

        if (obj == name->expected && obj->type == VFS_DIR && delegation_is_held(obj))
            delegation_dir_removed(c->server->state, obj);
    }
}

void exclusion_end(struct exclusion *exclusion, const struct compound *c)
{
    for (uint32_t i = 0; i < exclusion->count && !exclusion->harmless; i++)
        delegation_end(c->server->state, exclusion->objects[i].obj);
    drop(exclusion, c);
}
