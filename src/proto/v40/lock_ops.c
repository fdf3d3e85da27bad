/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A LOCK with new_lock_owner is in the sequence of the open owner, which keeps its result, and
 * begins or continues the lock owner's own sequence.  A lock owner that already has locks of the
 * file may send such a LOCK too, with its next seqid: RFC 7530 §16.10.5 says BAD_SEQID, but the
 * Linux server grants it, and pynfs expects that (LOCK24).
 */
#include "proto/v40/lock_ops.h"

#include "proto/ops/ops.h"
#include "proto/v40/owner_gate.h"
#include "proto/v40/stateid40.h"
#include "state/v40/lock_owner.h"

static enum nfsstat4 lock(struct v40_compound *x, const struct owner_call *call)
{
    enum nfsstat4 status = compound_need_fh(&x->base);

    if (status == NFS4_OK)
        status = call->found;
    return status == NFS4_OK ? op_lock(&x->base, call->args) : status;
}

static enum nfsstat4 run_lock(struct v40_compound *x, struct owner_call *call)
{
    return lock(x, call);
}

/* No result is kept with the lock owner: a retry is found by the open owner first. */
static enum nfsstat4 run_lock_to_owner(struct v40_compound *x, struct owner_call *call)
{
    const struct LOCK4args *args = call->args;
    const struct open_to_lock_owner4 *locker = &args->locker.open_owner;
    const struct owner_request request = {
        .op = OP_LOCK, .seqid = locker->lock_seqid, .now_ns = call->request.now_ns};
    struct owner_result result = {0};
    struct owner_replay none;
    struct owner *owner;

    if (locker->lock_owner.clientid != x->base.client->id)
        return call->found == NFS4_OK ? NFS4ERR_STALE_CLIENTID : call->found;
    owner = owner_seqid_get(x->base.client, OWNER_LOCK, &locker->lock_owner.owner);
    if (!owner)
        return NFS4ERR_DELAY;
    switch (owner_seqid_begin(owner, &request, &none)) {
    case OWNER_RUN:
        result.status = lock(x, call);
        if (compound_park_wanted(&x->park, result.status))
            owner_seqid_release(owner->seqid);
        else
            owner_seqid_end(owner, &request, &result);
        return result.status;
    case OWNER_CROWDED:
        owner_put(owner);
        return NFS4ERR_RESOURCE;
    case OWNER_REPLAY:
    case OWNER_BAD_SEQID:
        break;
    }
    owner_put(owner);
    return NFS4ERR_BAD_SEQID;
}

/* Of a former life both the client id and the stateid are stale.  A Linux client in the midst of
 * its reclaims takes the stateid's error for the loss of this file's locks, the client id's for
 * what it is. */
static enum nfsstat4 stale_status(const struct LOCK4args *args, enum nfsstat4 status)
{
    return args->reclaim && status == NFS4ERR_STALE_STATEID ? NFS4ERR_STALE_CLIENTID : status;
}

enum nfsstat4 v40_lock(struct v40_compound *x, const struct LOCK4args *args)
{
    const struct locker4 *locker = &args->locker;
    struct owner_call call;
    enum nfsstat4 status;

    if (locker->new_lock_owner) {
        status = v40_use_client(x, locker->open_owner.lock_owner.clientid);
        if (status != NFS4_OK)
            return status;
        call = owner_call_begin(x, OP_LOCK, locker->open_owner.open_seqid, args, run_lock_to_owner);
        return owner_gate_stateid(x, &call, STATEID_OPEN, &locker->open_owner.open_stateid);
    }
    call = owner_call_begin(x, OP_LOCK, locker->lock_owner.lock_seqid, args, run_lock);
    status = owner_gate_stateid(x, &call, STATEID_LOCK, &locker->lock_owner.lock_stateid);
    return stale_status(args, status);
}

static enum nfsstat4 run_locku(struct v40_compound *x, struct owner_call *call)
{
    enum nfsstat4 status = compound_need_fh(&x->base);

    if (status == NFS4_OK)
        status = call->found;
    return status == NFS4_OK ? op_locku(&x->base, call->args) : status;
}

enum nfsstat4 v40_locku(struct v40_compound *x, const struct LOCKU4args *args)
{
    struct owner_call call = owner_call_begin(x, OP_LOCKU, args->seqid, args, run_locku);

    return owner_gate_stateid(x, &call, STATEID_LOCK, &args->lock_stateid);
}

enum nfsstat4 v40_release_lockowner(struct v40_compound *x,
                                    const struct RELEASE_LOCKOWNER4args *args)
{
    enum nfsstat4 status = v40_use_client(x, args->lock_owner.clientid);

    return status == NFS4_OK ? lock_owner_release(x->base.client, &args->lock_owner.owner) : status;
}
