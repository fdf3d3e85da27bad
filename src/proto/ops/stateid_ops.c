/* SPDX-License-Identifier: Apache-2.0 */
/* FREE_STATEID and TEST_STATEID (RFC 8881 §18.38, §18.48). */
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/file/revocation.h"
#include "state/lock/lock_state.h"
#include "state/open/open.h"

/* An open is a lock until it is closed, a delegation until it is returned; what was revoked is
 * acknowledged. */
static enum nfsstat4 free_state(struct stateid *sid)
{
    enum nfsstat4 status = NFS4ERR_LOCKS_HELD;

    if (stateid_revoked(sid) == NFS4_OK && sid->kind == STATEID_LOCK)
        status = lock_state_free(CONTAINER_OF(sid, struct lock_state, sid), 0);
    /* It may have been revoked this moment. */
    return stateid_revoked(sid) == NFS4_OK ? status : revocation_acknowledge(sid);
}

enum nfsstat4 op_free_stateid(struct compound *c, const struct FREE_STATEID4args *args)
{
    struct stateid *sid;
    enum nfsstat4 status = stateid_arg_any(c, &args->fsa_stateid, &sid);

    if (!sid)
        return status;
    /* Revoked, or about to be with its open: not so for a seqid that is wrong. */
    if (status == NFS4_OK || status == stateid_revoked(sid) ||
        status == stateid_revoked(stateid_head(sid)))
        status = free_state(sid);
    stateid_put(sid);
    return status;
}

static enum nfsstat4 test_stateid(const struct compound *c, const struct stateid4 *stateid)
{
    struct stateid *sid;
    enum nfsstat4 status;

    if (stateid_special(stateid) != STATEID_ORDINARY)
        return NFS4ERR_BAD_STATEID;
    status = stateid_arg_any(c, stateid, &sid);
    if (sid)
        stateid_put(sid);
    return status;
}

enum nfsstat4 op_test_stateid(struct compound *c, const struct TEST_STATEID4args *args)
{
    xdr_put_u32(c->out, args->ts_stateids_count);
    for (uint32_t i = 0; i < args->ts_stateids_count && !c->out->failed; i++)
        xdr_put_u32(c->out, test_stateid(c, &args->ts_stateids[i]));
    return NFS4_OK;
}
