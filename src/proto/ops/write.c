/* SPDX-License-Identifier: Apache-2.0 */
/* WRITE and COMMIT (RFC 8881 §18.32, §18.3). */
#include "proto/ops/ops.h"

#include "export/export_counters.h"
#include "proto/ops/stateid_arg.h"
#include "proto/ops/write_verifier.h"

/* What was stored before the failure counts, unless it was to be safe and is not. */
static bool partly_done(uint32_t written, enum vfs_stability want, enum vfs_stability reached)
{
    return written > 0 && reached >= want;
}

static enum nfsstat4 write_file(struct compound *c, const struct WRITE4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum vfs_stability want = (enum vfs_stability)args->stable, reached = VFS_UNSTABLE;
    uint32_t len = args->data.len < LIMIT_WRITE_BYTES ? args->data.len : LIMIT_WRITE_BYTES;
    uint32_t written = 0;
    struct WRITE4resok resok;
    enum vfs_status status;

    if (args->offset > INT64_MAX || len > INT64_MAX - args->offset)
        return NFS4ERR_FBIG;
    /* Before the write: should the backend lose it, the verifier has changed since. */
    write_verifier_put(resok.writeverf, obj->fs);
    if (len == 0) {
        reached = want;
    } else {
        status = obj->fs->ops->write(obj, &c->cred, args->offset, args->data.data, len, want,
                                     &written, &reached);
        if (status != VFS_OK && !partly_done(written, want, reached))
            return status_from_vfs(status);
    }
    export_counters_add(c->current.export, EXPORT_COUNTER_written_bytes, written);
    resok.count = written;
    resok.committed = (enum stable_how4)reached;
    wire_WRITE4resok(c->out, &resok);
    return NFS4_OK;
}

enum nfsstat4 op_write(struct compound *c, const struct WRITE4args *args)
{
    struct stateid_io io;
    enum nfsstat4 status = stateid_arg_need_file(c);

    if (status == NFS4_OK)
        status = compound_need_writable(c);
    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, &args->stateid, OPEN4_SHARE_ACCESS_WRITE, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_WRITE);
    if (status == NFS4_OK)
        status = write_file(c, args);
    stateid_io_end(c, &io);
    return status;
}

/* No right is checked: the writer may have lost it since, and a sync does no harm. */
enum nfsstat4 op_commit(struct compound *c, const struct COMMIT4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = stateid_arg_need_file(c);
    struct COMMIT4resok resok;
    enum vfs_status done;

    if (status != NFS4_OK)
        return status;
    if (args->count > UINT64_MAX - args->offset)
        return NFS4ERR_INVAL;
    done = obj->fs->ops->commit(obj, &c->cred, args->offset, args->count);
    if (done != VFS_OK)
        return status_from_vfs(done);
    /* After it: a sync that failed in between may have taken our data with it. */
    write_verifier_put(resok.writeverf, obj->fs);
    wire_COMMIT4resok(c->out, &resok);
    return NFS4_OK;
}
