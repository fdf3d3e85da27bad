/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/open_create.h"

#include "proto/attr/attr.h"
#include "proto/attr/attr_set.h"
#include "proto/ops/dir_change.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/name_step.h"
#include "state/delegation/delegation.h"
#include "state/file/file.h"
#include "state/open/open.h"

/* The client's side of a create: how, with which attributes. */
struct wish {
    struct vfs_create create;
    struct vfs_attr set;
    struct bitmap4 asked;
};

static bool is_exclusive(enum createmode4 mode)
{
    return mode == EXCLUSIVE4 || mode == EXCLUSIVE4_1;
}

/* RFC 8881 §18.16.3: what suppattr_exclcreat does not name is INVAL. */
static enum nfsstat4 check_exclcreat(const struct compound *c, const struct bitmap4 *mask)
{
    struct bitmap4 allowed;

    attr_exclcreat(c, c->current.export, &allowed);
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (mask->words[w] & ~allowed.words[w])
            return NFS4ERR_INVAL;
    }
    return NFS4_OK;
}

static enum nfsstat4 wish_decode(struct compound *c, const struct createhow4 *how,
                                 struct wish *wish)
{
    enum nfsstat4 status;

    wish->create.type = VFS_REG;
    wish->create.attr = &wish->set;
    switch (how->mode) {
    case UNCHECKED4:
    case GUARDED4:
        wish->create.mode = how->mode == UNCHECKED4 ? VFS_CREATE_UNCHECKED : VFS_CREATE_GUARDED;
        return attr_decode_settable(c, &how->createattrs, NULL, VFS_REG, &wish->set, &wish->asked);
    case EXCLUSIVE4:
        wish->create.mode = VFS_CREATE_EXCLUSIVE;
        memcpy(&wish->create.verifier, how->createverf, sizeof(wish->create.verifier));
        return NFS4_OK;
    case EXCLUSIVE4_1:
        wish->create.mode = VFS_CREATE_EXCLUSIVE;
        memcpy(&wish->create.verifier, how->ch_createboth.cva_verf, sizeof(wish->create.verifier));
        status = check_exclcreat(c, &how->ch_createboth.cva_attrs.attrmask);
        if (status != NFS4_OK)
            return status;
        return attr_decode_settable(c, &how->ch_createboth.cva_attrs, NULL, VFS_REG, &wish->set,
                                    &wish->asked);
    }
    return NFS4ERR_INVAL;
}

/* An existing file keeps its attributes but for a size of zero. */
static bool wants_truncation(const struct wish *wish)
{
    return (wish->set.mask & VFS_ATTR_SIZE) && wish->set.size == 0;
}

enum nfsstat4 open_create_known(struct compound *c, const struct wire_opaque *component,
                                const struct createhow4 *how, struct open_target *target)
{
    struct wish wish = {.asked = {0}};
    enum nfsstat4 status = wish_decode(c, how, &wish);

    if (status == NFS4_OK)
        status = open_lookup(c, component, target);
    if (status != NFS4_OK)
        return status;
    target->truncate = wants_truncation(&wish);
    if (how->mode == UNCHECKED4)
        return NFS4_OK;
    vfs_object_put(target->obj);
    return NFS4ERR_EXIST;
}

/* On a read-only export a create can still find what is there already. */
static enum nfsstat4 create_read_only(struct compound *c, const struct wire_opaque *component,
                                      enum createmode4 mode, const struct wish *wish,
                                      struct open_target *target)
{
    enum nfsstat4 status = open_lookup(c, component, target);

    if (status == NFS4ERR_NOENT)
        return NFS4ERR_ROFS;
    if (status != NFS4_OK)
        return status;
    if (mode == UNCHECKED4 && !wants_truncation(wish))
        return NFS4_OK;
    vfs_object_put(target->obj);
    return mode == UNCHECKED4 ? NFS4ERR_ROFS : NFS4ERR_EXIST;
}

static void report_attributes(struct wish *wish, enum createmode4 mode, struct open_target *target)
{
    attr_applied_bitmap(&wish->asked, wish->create.attrs_applied, &target->attrset);
    /* Those that hold the verifier are named too, so that the client sets them. */
    if (is_exclusive(mode) && (target->obj->fs->caps & VFS_CAP_VERIFIER_TIMES)) {
        bitmap4_set(&target->attrset, FATTR4_TIME_ACCESS_SET);
        bitmap4_set(&target->attrset, FATTR4_TIME_MODIFY_SET);
    }
}

static const struct vfs_attr *keep_attributes(struct compound *c, const struct vfs_attr *made)
{
    struct vfs_attr *kept = made->mask ? arena_alloc(c->arena, sizeof(*kept)) : NULL;

    if (kept)
        *kept = *made;
    return kept;
}

static enum nfsstat4 permit_create(const struct compound *c, const void *subject)
{
    struct vfs_object *dir = c->current.obj;

    if (dir_change_finds(c, subject))
        return NFS4_OK; /* it is opened, or EXIST */
    return exclusion_refusal(dir->fs->ops->may_link(NULL, c->current.obj, &c->cred));
}

/* In a delegated directory: the file that is there already, with a reference, if one is.  Opening
 * that one does not change the directory, and so recalls nothing. */
static struct vfs_object *look_first(const struct compound *c, struct vfs_name *name,
                                     const struct wish *wish)
{
    struct vfs_object *dir = c->current.obj, *there = NULL;

    name->expects = wish->create.mode != VFS_CREATE_GUARDED && delegation_is_held(dir) &&
                    dir->fs->ops->lookup(dir, &c->cred, name, &there) == VFS_OK;
    name->expected = there;
    return there;
}

/* A named attribute that comes up is a change of what it belongs to. */
static enum nfsstat4 create_once(struct compound *c, struct vfs_name *name, struct wish *wish,
                                 struct vfs_change_info *info, struct vfs_object **obj,
                                 enum vfs_status *made)
{
    struct exclusion exclusion = {
        .permit = wish->create.mode == VFS_CREATE_GUARDED ? dir_change_permit_new : permit_create,
        .subject = name};
    struct vfs_object *dir = c->current.obj, *there;
    enum nfsstat4 status;

    *made = VFS_OK;
    if (dir->type == VFS_ATTRDIR)
        exclusion_add_entry(&exclusion, c, dir, name);
    there = look_first(c, name, wish);
    if (!there)
        exclusion_add_dir(&exclusion, dir, DELEGATION_USE_ADD);
    status = exclusion_begin(&exclusion, c);
    if (status == NFS4_OK) {
        *made = dir->fs->ops->create(dir, &c->cred, name, &wish->create, info, obj);
        vfs_memo_look();
        exclusion_end(&exclusion, c);
        if (*made == VFS_OK && wish->create.created)
            delegation_object_created(c->server->state, *obj);
        changes_add_created(c, dir, *made == VFS_OK ? *obj : NULL, &wish->create);
        status = *made == VFS_OK ? NFS4_OK : status_from_vfs(*made);
    }
    vfs_object_put(there);
    return status;
}

static enum nfsstat4 create(struct compound *c, struct vfs_name *name, struct wish *wish,
                            struct vfs_change_info *info, struct vfs_object **obj)
{
    enum nfsstat4 status;
    enum vfs_status made;
    int turns = 0;

    do
        status = create_once(c, name, wish, info, obj, &made);
    while (made == VFS_CHANGED && ++turns < EXCLUSION_TURNS);
    return status;
}

enum nfsstat4 open_create(struct compound *c, const struct wire_opaque *component,
                          const struct createhow4 *how, struct open_target *target)
{
    struct wish wish = {.asked = {0}};
    struct vfs_change_info info;
    struct vfs_name name;
    enum nfsstat4 status;

    status = dir_change_begin(c, component, how->mode == UNCHECKED4 ? NFS4ERR_ISDIR : NFS4ERR_EXIST,
                              &name);
    if (status != NFS4_OK && status != NFS4ERR_ROFS)
        return status;
    if (status == NFS4ERR_ROFS) {
        status = wish_decode(c, how, &wish);
        return status == NFS4_OK ? create_read_only(c, component, how->mode, &wish, target)
                                 : status;
    }
    status = wish_decode(c, how, &wish);
    if (status == NFS4_OK)
        status = create(c, &name, &wish, &info, &target->obj);
    if (status != NFS4_OK)
        return status;
    target->export = c->current.export;
    target->cinfo = change_info_from_vfs(&info);
    target->fresh = wish.create.created;
    if (target->fresh)
        target->made = keep_attributes(c, &wish.create.made);
    target->created = target->fresh || is_exclusive(how->mode);
    if (target->created)
        report_attributes(&wish, how->mode, target);
    else
        target->truncate = wants_truncation(&wish);
    return NFS4_OK;
}

void open_create_undo(struct compound *c, const struct wire_opaque *component,
                      const struct open_target *target)
{
    struct vfs_object *dir = c->current.obj;
    struct file *used = file_lookup(c->server->state->opens->files, target->obj);
    const struct delegation_claim claim = {compound_holder(c), dir, DELEGATION_USE_REMOVE};
    struct vfs_change_info info;
    struct vfs_name name;

    if (used) {
        file_put(used);
        return;
    }
    if (compound_name(c, component, &name) != NFS4_OK)
        return;
    name.expects = true;
    name.expected = target->obj;
    /* If another client has been given a delegation of the directory meanwhile, the file stays. */
    if (delegation_begin(c->server->state, &claim, c->call->received_ns, NULL) != NFS4_OK)
        return;
    if (dir->fs->ops->remove(dir, &c->cred, &name, &info) == VFS_OK)
        changes_add(c, c->current.export, dir);
    delegation_end(c->server->state, dir);
}

/* The directory first, while what another request met of it will do.  What the file is found to be
 * may be good for a GETATTR that follows. */
enum nfsstat4 open_lookup(struct compound *c, const struct wire_opaque *component,
                          struct open_target *target)
{
    struct vfs_object *dir = c->current.obj;
    struct vfs_attr attr;

    if (dir->fs->ops->getattr(dir, VFS_ATTR_CHANGE, &attr) == VFS_OK)
        target->cinfo = (struct change_info4){.before = attr.change, .after = attr.change};
    vfs_memo_look();
    vfs_memo_on();
    return name_step_down(c, NAME_STEP_INTO, component, &target->obj, &target->export);
}
