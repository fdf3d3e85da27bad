/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALLOCATE, DEALLOCATE and SEEK (RFC 7862 §15.1, §15.4, §15.11): the first two with a stateid that
 * permits WRITE, the last one with one that permits READ.
 */
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "wire/nfs4_space.h"

/* allocate() or deallocate() of a backend. */
typedef enum vfs_status change_fn(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint64_t offset, uint64_t length);

/* RFC 7862 §15.1.3 and §15.4.3 name one error for all that is no file. */
static enum nfsstat4 need_file(const struct compound *c)
{
    if (!c->current.obj)
        return NFS4ERR_NOFILEHANDLE;
    return vfs_type_is_file(c->current.obj->type) ? NFS4_OK : NFS4ERR_WRONG_TYPE;
}

static enum nfsstat4 check_range(uint64_t offset, uint64_t length)
{
    if (length == 0)
        return NFS4ERR_INVAL;
    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return NFS4ERR_FBIG;
    return NFS4_OK;
}

static enum nfsstat4 change_file(struct compound *c, change_fn *change, uint64_t offset,
                                 uint64_t length)
{
    enum nfsstat4 status = check_range(offset, length);
    enum vfs_status changed;

    if (status != NFS4_OK)
        return status;
    changed = change(c->current.obj, &c->cred, offset, length);
    changes_add(c, c->current.export, c->current.obj);
    return changed == VFS_OK ? NFS4_OK : status_from_vfs(changed);
}

static enum nfsstat4 change_space(struct compound *c, const struct stateid4 *stateid,
                                  change_fn *change, uint64_t offset, uint64_t length)
{
    struct stateid_io io;
    enum nfsstat4 status = compound_need_writable(c);

    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, stateid, OPEN4_SHARE_ACCESS_WRITE, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_WRITE);
    if (status == NFS4_OK)
        status = change_file(c, change, offset, length);
    stateid_io_end(c, &io);
    return status;
}

enum nfsstat4 op_allocate(struct compound *c, const struct ALLOCATE4args *args)
{
    enum nfsstat4 status = need_file(c);

    if (status != NFS4_OK)
        return status;
    return change_space(c, &args->aa_stateid, c->current.obj->fs->ops->allocate, args->aa_offset,
                        args->aa_length);
}

enum nfsstat4 op_deallocate(struct compound *c, const struct DEALLOCATE4args *args)
{
    enum nfsstat4 status = need_file(c);

    if (status != NFS4_OK)
        return status;
    return change_space(c, &args->da_stateid, c->current.obj->fs->ops->deallocate, args->da_offset,
                        args->da_length);
}

/* RFC 8881 lists NXIO for no operation, and so status_from_vfs() does not know it. */
static enum nfsstat4 seek_file(struct compound *c, const struct SEEK4args *args)
{
    struct vfs_object *obj = c->current.obj;
    struct seek_res4 res;
    enum vfs_status status;

    if (args->sa_what != NFS4_CONTENT_DATA && args->sa_what != NFS4_CONTENT_HOLE)
        return NFS4ERR_UNION_NOTSUPP;
    if (args->sa_offset > INT64_MAX)
        return NFS4ERR_NXIO;
    status = obj->fs->ops->seek(obj, (enum vfs_content)args->sa_what, args->sa_offset,
                                &res.sr_offset, &res.sr_eof);
    if (status == VFS_NXIO)
        return NFS4ERR_NXIO;
    if (status != VFS_OK)
        return status_from_vfs(status);
    wire_seek_res4(c->out, &res);
    return NFS4_OK;
}

enum nfsstat4 op_seek(struct compound *c, const struct SEEK4args *args)
{
    struct stateid_io io;
    enum nfsstat4 status = stateid_arg_need_file(c);

    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, &args->sa_stateid, OPEN4_SHARE_ACCESS_READ, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_READ);
    if (status == NFS4_OK)
        status = seek_file(c, args);
    stateid_io_end(c, &io);
    return status;
}
