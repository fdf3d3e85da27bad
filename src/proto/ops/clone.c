/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLONE (RFC 7862 §15.13).  Its result says nothing of stability, and no COMMIT need follow.  So on
 * an export with `sync` the target is on disk before the reply is sent, as after a SETATTR of the
 * size.
 */
#include "proto/ops/file_pair.h"
#include "proto/ops/ops.h"

/* Before anybody's delegation is recalled: is there any point in it?  The ends of the source and of
 * what a file can be are left to the backend, which has both files locked. */
static enum nfsstat4 check(struct compound *c, const struct CLONE4args *args)
{
    enum nfsstat4 status = file_pair_check(c);

    if (status != NFS4_OK)
        return status;
    if (c->saved.obj->fs->ops != c->current.obj->fs->ops)
        return NFS4ERR_XDEV;
    if (!(c->current.obj->fs->caps & VFS_CAP_CLONE))
        return NFS4ERR_NOTSUPP;
    if (args->cl_src_offset > INT64_MAX || args->cl_count > INT64_MAX - args->cl_src_offset)
        return NFS4ERR_INVAL;
    if (args->cl_dst_offset > INT64_MAX || args->cl_count > INT64_MAX - args->cl_dst_offset)
        return NFS4ERR_FBIG;
    return NFS4_OK;
}

enum nfsstat4 op_clone(struct compound *c, const struct CLONE4args *args)
{
    struct vfs_object *to = c->current.obj;
    enum nfsstat4 status = check(c, args);
    struct file_pair pair;
    enum vfs_status done;

    if (status == NFS4_OK)
        status = file_pair_begin(&pair, c, &args->cl_src_stateid, &args->cl_dst_stateid);
    if (status != NFS4_OK)
        return status;
    done = to->fs->ops->clone(c->saved.obj, args->cl_src_offset, to, args->cl_dst_offset,
                              args->cl_count, &c->cred);
    file_pair_end(&pair, c);
    if (done != VFS_OK)
        return status_from_vfs(done);
    changes_add(c, c->current.export, to);
    return NFS4_OK;
}
