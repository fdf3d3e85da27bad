/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SETATTR, RFC 8881 §18.30.  Its stateid matters for the size only: truncating is writing.  The
 * result has a bitmap with every status; the processor adds an empty one where we encode none.
 */
#include "proto/attr/attr.h"
#include "proto/ops/ops.h"
#include "state/open.h"

/* May the holder of this open or lock truncate the file? */
static enum nfsstat4 check_open(struct compound *c, struct stateid *sid, uint32_t seqid,
                                bool *opened)
{
    struct open *open = open_of_stateid(sid);
    enum nfsstat4 status = stateid_check_seqid(sid, seqid);

    if (status != NFS4_OK)
        return status;
    if (open->file->obj != c->current.obj)
        return NFS4ERR_BAD_STATEID;
    if (!(open_access(open) & OPEN4_SHARE_ACCESS_WRITE))
        return NFS4ERR_OPENMODE;
    *opened = open_by_caller(open, OPEN4_SHARE_ACCESS_WRITE, &c->cred);
    return NFS4_OK;
}

static enum nfsstat4 check_truncate(struct compound *c, const struct stateid4 *given, bool *opened)
{
    struct state *state = c->server->state;
    struct stateid4 stateid;
    enum nfsstat4 status = compound_stateid(c, given, &stateid);
    struct stateid *sid;

    if (status != NFS4_OK)
        return status;
    switch (stateid_special(&stateid)) {
    case STATEID_ANONYMOUS:
    case STATEID_READ_BYPASS:
        return open_denied(state, c->current.obj, OPEN4_SHARE_ACCESS_WRITE) ? NFS4ERR_LOCKED
                                                                            : NFS4_OK;
    case STATEID_ORDINARY:
        break;
    case STATEID_CURRENT:
    case STATEID_INVALID:
        return NFS4ERR_BAD_STATEID;
    }
    sid = stateid_lookup(state->opens->stateids, &stateid, c->client);
    if (!sid)
        return NFS4ERR_BAD_STATEID;
    status = check_open(c, sid, stateid.seqid, opened);
    stateid_put(sid);
    return status;
}

enum nfsstat4 op_setattr(struct compound *c, const struct SETATTR4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = compound_need_fh(c);
    struct bitmap4 asked, applied_bits;
    struct vfs_attr set;
    uint32_t applied = 0;
    bool opened = false;
    enum vfs_status changed;

    if (status == NFS4_OK)
        status = attr_decode_settable(c, &args->obj_attributes, &set, &asked);
    if (status == NFS4_OK)
        status = compound_need_writable(c);
    if (status == NFS4_OK && (set.mask & VFS_ATTR_SIZE)) {
        if (obj->type != VFS_REG)
            return obj->type == VFS_DIR ? NFS4ERR_ISDIR : NFS4ERR_INVAL;
        status = check_truncate(c, &args->stateid, &opened);
    }
    if (status != NFS4_OK)
        return status;
    changed = obj->fs->ops->setattr(obj, &c->cred, &set, opened, &applied);
    attr_applied_bitmap(&asked, applied, &applied_bits);
    wire_bitmap4(c->out, &applied_bits);
    return changed == VFS_OK ? NFS4_OK : status_from_vfs(changed);
}
