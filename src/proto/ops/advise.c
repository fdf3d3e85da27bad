/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IO_ADVISE, RFC 7862 §15.5.  Most hints describe how one user will go through a file.  The backend
 * serves all users of a file by the same descriptor, so it follows only those about a range.
 */
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "wire/nfs4_advise.h"

/* To have it and to drop it contradict each other: it is had. */
static uint32_t advice_of(const struct bitmap4 *hints)
{
    if (bitmap4_isset(hints, IO_ADVISE4_WILLNEED))
        return VFS_ADVICE_WILLNEED;
    return bitmap4_isset(hints, IO_ADVISE4_DONTNEED) ? VFS_ADVICE_DONTNEED : 0;
}

static void report(struct compound *c, uint32_t taken)
{
    struct IO_ADVISE4resok resok = {.ior_hints = {.count = 0}};

    if (taken & VFS_ADVICE_WILLNEED)
        bitmap4_set(&resok.ior_hints, IO_ADVISE4_WILLNEED);
    if (taken & VFS_ADVICE_DONTNEED)
        bitmap4_set(&resok.ior_hints, IO_ADVISE4_DONTNEED);
    if (taken == 0)
        bitmap4_set(&resok.ior_hints, IO_ADVISE4_NORMAL);
    wire_IO_ADVISE4resok(c->out, &resok);
}

enum nfsstat4 op_io_advise(struct compound *c, const struct IO_ADVISE4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = stateid_arg_need_file(c);
    const uint32_t advice = advice_of(&args->iaa_hints);
    enum vfs_status done = VFS_OK;
    uint32_t taken = 0;

    if (status == NFS4_OK)
        status = stateid_arg_check_hint(c, &args->iaa_stateid);
    if (status != NFS4_OK)
        return status;
    if (args->iaa_offset > INT64_MAX || args->iaa_count > INT64_MAX - args->iaa_offset)
        return NFS4ERR_FBIG;
    if (advice)
        done = obj->fs->ops->advise(obj, args->iaa_offset, args->iaa_count, advice, &taken);
    if (done != VFS_OK)
        return status_from_vfs(done);
    report(c, taken);
    return NFS4_OK;
}
