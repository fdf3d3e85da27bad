/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SETATTR, RFC 8881 §18.30.  Its stateid matters for the size only: truncating is writing.  The
 * result has a bitmap with every status; the processor adds an empty one where we encode none.
 */
#include "proto/attr/attr_set.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"

struct wish {
    const struct vfs_attr *set;
    bool opened;
};

static enum nfsstat4 permit_change(const struct compound *c, const void *subject)
{
    const struct vfs_object *obj = c->current.obj;
    const struct wish *wish = subject;

    return exclusion_refusal(
        obj->fs->ops->may_setattr(c->current.obj, &c->cred, wish->set, wish->opened));
}

static enum nfsstat4 change(struct compound *c, const struct vfs_attr *set, bool opened,
                            uint32_t *applied)
{
    struct vfs_object *obj = c->current.obj;
    const struct wish wish = {.set = set, .opened = opened};
    /* A client that may truncate it has it open, or holds a delegation. */
    struct exclusion exclusion = {
        .after_reclaims = !(set->mask & VFS_ATTR_SIZE), .permit = permit_change, .subject = &wish};
    enum nfsstat4 status;
    enum vfs_status changed;

    exclusion_add(&exclusion, vfs_object_get(obj),
                  obj->type == VFS_DIR ? DELEGATION_USE_DIR_ATTRS : DELEGATION_USE_CHANGE);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    changed = obj->fs->ops->setattr(obj, &c->cred, set, opened, applied);
    exclusion_end(&exclusion, c);
    if (*applied)
        changes_add(c, c->current.export, obj);
    return changed == VFS_OK ? NFS4_OK : status_from_vfs(changed);
}

static enum nfsstat4 begin_truncation(struct compound *c, const struct stateid4 *stateid,
                                      struct stateid_io *io)
{
    enum vfs_type type = c->current.obj->type;

    if (!vfs_type_is_file(type))
        return vfs_type_is_dir(type) ? NFS4ERR_ISDIR : NFS4ERR_INVAL;
    return stateid_io_begin(c, stateid, OPEN4_SHARE_ACCESS_WRITE, io);
}

enum nfsstat4 op_setattr(struct compound *c, const struct SETATTR4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = compound_need_fh(c);
    struct bitmap4 asked, applied_bits;
    struct stateid_io io = {0};
    struct vfs_attr set;
    uint32_t applied = 0;

    if (status == NFS4_OK)
        status = attr_decode_settable(c, &args->obj_attributes, obj, obj->type, &set, &asked);
    if (status == NFS4_OK)
        status = compound_need_writable(c);
    if (status != NFS4_OK)
        return status;
    if (set.mask & VFS_ATTR_SIZE)
        status = begin_truncation(c, &args->stateid, &io);
    if (status == NFS4_OK) {
        status = change(c, &set, io.by_opener, &applied);
        attr_applied_bitmap(&asked, applied, &applied_bits);
        wire_bitmap4(c->out, &applied_bits);
    }
    stateid_io_end(c, &io);
    return status;
}
