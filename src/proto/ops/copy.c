/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY (RFC 7862 §15.2): within the server.  Bytes are copied in order, and are on disk after a
 * COMMIT, as after an unstable WRITE.  What one request can do is done at once.  Longer copies are
 * asynchronous, if the client permits that and can be told their end; else they stop early, like a
 * WRITE, and the client goes on from there.
 */
#include "proto/copies/copy.h"
#include "proto/copies/copies.h"
#include "proto/ops/file_pair.h"
#include "proto/ops/ops.h"
#include "proto/ops/write_verifier.h"
#include "vfs/vfs_copy.h"
#include "wire/nfs4_copy.h"

static enum nfsstat4 check(struct compound *c, const struct COPY4args *args)
{
    enum nfsstat4 status = file_pair_check(c);

    if (status != NFS4_OK)
        return status;
    /* From another server. */
    if (args->ca_source_server_count > 0)
        return NFS4ERR_NOTSUPP;
    return file_pair_is_one(c) ? NFS4ERR_INVAL : NFS4_OK;
}

/* A count of 0 means all up to the end.  The range must be there. */
static enum nfsstat4 measure(const struct compound *c, const struct COPY4args *args,
                             uint64_t *length)
{
    struct vfs_object *from = c->saved.obj;
    struct vfs_attr attr;
    enum vfs_status status = from->fs->ops->getattr(from, VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr);

    if (status != VFS_OK)
        return status_from_vfs(status);
    if (args->ca_src_offset > attr.size || args->ca_count > attr.size - args->ca_src_offset)
        return NFS4ERR_INVAL;
    *length = args->ca_count > 0 ? args->ca_count : attr.size - args->ca_src_offset;
    if (args->ca_dst_offset > INT64_MAX || *length > INT64_MAX - args->ca_dst_offset)
        return NFS4ERR_FBIG;
    return NFS4_OK;
}

static void plan_copy(const struct file_pair *pair, const struct compound *c,
                      const struct COPY4args *args, uint64_t length, struct copy_plan *plan)
{
    *plan = (struct copy_plan){.from_stateid = args->ca_src_stateid,
                               .to_stateid = args->ca_dst_stateid,
                               .from_delegated = file_pair_is_delegated(&pair->read),
                               .to_delegated = file_pair_is_delegated(&pair->write),
                               .from_offset = args->ca_src_offset,
                               .to_offset = args->ca_dst_offset,
                               .length = length};
    file_pair_latest(pair, &plan->from_stateid, &plan->to_stateid);
    /* Before the copy: should the backend lose it, the verifier has changed since. */
    write_verifier_put(plan->verifier, c->current.obj->fs);
}

/* False: it can't be asynchronous. */
static bool begin_asynchronous(struct compound *c, const struct file_pair *pair,
                               const struct COPY4args *args, uint64_t length)
{
    struct stateid4 stateid;
    struct COPY4resok resok = {.cr_response = {.wr_callback_id = &stateid,
                                               .wr_callback_id_count = 1,
                                               .wr_committed = UNSTABLE4},
                               .cr_requirements = {true, false}};
    struct copy_plan plan;

    if (args->ca_synchronous || length <= LIMIT_COPY_BYTES)
        return false;
    plan_copy(pair, c, args, length, &plan);
    if (!copies_begin(c, &pair->source.cred, &plan, &stateid))
        return false;
    memcpy(resok.cr_response.wr_writeverf, plan.verifier, NFS4_VERIFIER_SIZE);
    wire_COPY4resok(c->out, &resok);
    return true;
}

/* What was copied before the failure counts. */
static enum nfsstat4 copy_now(struct compound *c, const struct COPY4args *args, uint64_t length)
{
    struct COPY4resok resok = {.cr_response = {.wr_committed = UNSTABLE4},
                               .cr_requirements = {true, true}};
    enum vfs_status status = VFS_OK;
    uint64_t done = 0, step = 1;

    /* Before the copy: should the backend lose it, the verifier has changed since. */
    write_verifier_put(resok.cr_response.wr_writeverf, c->current.obj->fs);
    while (status == VFS_OK && step > 0 && done < length && done < LIMIT_COPY_BYTES) {
        status = vfs_copy(c->saved.obj, args->ca_src_offset + done, c->current.obj,
                          args->ca_dst_offset + done, length - done, &c->cred, &step);
        if (status == VFS_OK)
            done += step;
    }
    copies_count(c, done);
    if (status != VFS_OK && done == 0)
        return status_from_vfs(status);
    resok.cr_response.wr_count = done;
    wire_COPY4resok(c->out, &resok);
    return NFS4_OK;
}

enum nfsstat4 op_copy(struct compound *c, const struct COPY4args *args)
{
    enum nfsstat4 status = check(c, args);
    struct file_pair pair;
    uint64_t length = 0;

    if (status == NFS4_OK)
        status = file_pair_begin(&pair, c, &args->ca_src_stateid, &args->ca_dst_stateid);
    if (status != NFS4_OK)
        return status;
    status = measure(c, args, &length);
    if (status == NFS4_OK && !begin_asynchronous(c, &pair, args, length))
        status = copy_now(c, args, length);
    file_pair_end(&pair, c);
    return status;
}
