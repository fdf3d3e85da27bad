/* SPDX-License-Identifier: Apache-2.0 */
/* FREE_STATEID and TEST_STATEID (RFC 8881 §18.38, §18.48). */
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/lock.h"

enum nfsstat4 op_free_stateid(struct compound *c, const struct FREE_STATEID4args *args)
{
    struct stateid *sid;
    enum nfsstat4 status = stateid_arg_any(c, &args->fsa_stateid, &sid);

    if (status != NFS4_OK)
        return status;
    if (sid->kind == STATEID_LOCK)
        status = lock_state_free(CONTAINER_OF(sid, struct lock_state, sid), 0);
    else
        status = NFS4ERR_LOCKS_HELD; /* an open is a lock until it is closed */
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
    if (status == NFS4_OK)
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
