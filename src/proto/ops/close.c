/* SPDX-License-Identifier: Apache-2.0 */
/* CLOSE and OPEN_DOWNGRADE (RFC 8881 §18.2, §18.18). */
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/open/open.h"

enum nfsstat4 op_close(struct compound *c, const struct CLOSE4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);
    struct CLOSE4resok resok;
    struct stateid *sid;
    uint32_t seqid;

    if (status == NFS4_OK)
        status = stateid_arg_lookup(c, &args->open_stateid, STATEID_OPEN, STATEID_ARG_EXACT, &sid,
                                    &seqid);
    if (status != NFS4_OK)
        return status;
    status = open_close(open_of_stateid(sid), seqid);
    stateid_put(sid);
    if (status != NFS4_OK)
        return status;
    stateid_invalid_value(&resok.open_stateid);
    compound_set_stateid(c, &resok.open_stateid);
    wire_CLOSE4resok(c->out, &resok);
    return NFS4_OK;
}

enum nfsstat4 op_open_downgrade(struct compound *c, const struct OPEN_DOWNGRADE4args *args)
{
    uint32_t access = args->share_access & ~OPEN4_SHARE_ACCESS_WANT_DELEG_MASK;
    enum nfsstat4 status = compound_need_fh(c);
    struct OPEN_DOWNGRADE4resok resok;
    struct stateid *sid;
    uint32_t seqid;

    if (status != NFS4_OK)
        return status;
    if (access == 0 || access > OPEN4_SHARE_ACCESS_BOTH || args->share_deny > OPEN4_SHARE_DENY_BOTH)
        return NFS4ERR_INVAL;
    status =
        stateid_arg_lookup(c, &args->open_stateid, STATEID_OPEN, STATEID_ARG_EXACT, &sid, &seqid);
    if (status != NFS4_OK)
        return status;
    status =
        open_downgrade(open_of_stateid(sid), seqid, access, args->share_deny, &resok.open_stateid);
    stateid_put(sid);
    if (status != NFS4_OK)
        return status;
    compound_set_stateid(c, &resok.open_stateid);
    wire_OPEN_DOWNGRADE4resok(c->out, &resok);
    return NFS4_OK;
}
