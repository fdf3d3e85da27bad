/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/open_ops.h"

#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "proto/v40/owner_gate.h"
#include "proto/v40/stateid40.h"
#include "state/v40/open_confirm.h"
#include "state/v40/owner_closed.h"

/* What the XDR of 4.0 has no words for. */
static bool decodes(const struct OPEN4args *args)
{
    const struct open_claim4 *claim = &args->claim;

    if (args->openhow.opentype == OPEN4_CREATE && args->openhow.how.mode > EXCLUSIVE4)
        return false;
    if (claim->claim == CLAIM_PREVIOUS && claim->delegate_type > OPEN_DELEGATE_WRITE)
        return false;
    return claim->claim <= CLAIM_DELEGATE_PREV;
}

static bool confirmed(const struct owner *owner)
{
    return atomic_load_explicit(&owner->seqid->confirmed, memory_order_relaxed);
}

/* RFC 7530 §9.1.11 */
static uint32_t result_flags(const struct OPEN4args *args, const struct owner *owner)
{
    if (confirmed(owner) || args->claim.claim == CLAIM_PREVIOUS)
        return 0;
    return OPEN4_RESULT_CONFIRM;
}

/* A seqid of 0 does not stand for the latest here: RFC 7530 §9.1.4.2. */
static bool claims_old(const struct open_claim4 *claim)
{
    const struct stateid4 *stateid = &claim->delegate_cur_info.delegate_stateid;

    return claim->claim == CLAIM_DELEGATE_CUR && stateid->seqid == 0 &&
           stateid_special(stateid) == STATEID_ORDINARY;
}

static enum nfsstat4 run_open(struct v40_compound *x, struct owner_call *call)
{
    const struct OPEN4args *args = call->args;
    struct compound *c = &x->base;
    enum nfsstat4 status = compound_need_fh(c);

    if (status == NFS4_OK && (args->share_access & ~(uint32_t)OPEN4_SHARE_ACCESS_BOTH))
        status = NFS4ERR_INVAL;
    if (status == NFS4_OK && claims_old(&args->claim))
        status = NFS4ERR_OLD_STATEID;
    if (status != NFS4_OK)
        return status;
    c->open_rflags = result_flags(args, call->owner);
    status = op_open(c, args);
    call->result.stateid = c->current_stateid;
    call->result.reclaim = args->claim.claim == CLAIM_PREVIOUS;
    return status;
}

enum nfsstat4 v40_open(struct v40_compound *x, const struct OPEN4args *args)
{
    struct owner_call call = owner_call_begin(x, OP_OPEN, args->seqid, args, run_open);
    struct owner *owner;
    enum nfsstat4 status;

    if (!decodes(args))
        return NFS4ERR_BADXDR;
    status = v40_use_client(x, args->owner.clientid);
    if (status != NFS4_OK)
        return status;
    owner = owner_seqid_get(x->base.client, OWNER_OPEN, &args->owner.owner);
    /* A new owner may start at any seqid, so DELAY advances nothing. */
    return owner ? owner_gate_run(x, &call, owner) : NFS4ERR_DELAY;
}

static enum nfsstat4 run_open_confirm(struct v40_compound *x, struct owner_call *call)
{
    const struct OPEN_CONFIRM4args *args = call->args;
    struct compound *c = &x->base;
    enum nfsstat4 status = stateid_arg_need_file(c);
    struct OPEN_CONFIRM4resok resok;
    struct stateid *sid;
    uint32_t seqid;

    if (status == NFS4_OK)
        status = call->found;
    if (status == NFS4_OK)
        status = stateid_arg_lookup(c, &args->open_stateid, STATEID_OPEN, STATEID_ARG_EXACT, &sid,
                                    &seqid);
    if (status != NFS4_OK)
        return status;
    status = open_confirm(open_of_stateid(sid), seqid, &resok.open_stateid);
    stateid_put(sid);
    if (status != NFS4_OK)
        return status;
    wire_OPEN_CONFIRM4resok(c->out, &resok);
    return NFS4_OK;
}

enum nfsstat4 v40_open_confirm(struct v40_compound *x, const struct OPEN_CONFIRM4args *args)
{
    struct owner_call call =
        owner_call_begin(x, OP_OPEN_CONFIRM, args->seqid, args, run_open_confirm);

    return owner_gate_stateid(x, &call, STATEID_OPEN, &args->open_stateid);
}

static enum nfsstat4 run_open_downgrade(struct v40_compound *x, struct owner_call *call)
{
    const struct OPEN_DOWNGRADE4args *args = call->args;
    enum nfsstat4 status = compound_need_fh(&x->base);

    if (status == NFS4_OK)
        status = call->found;
    if (status == NFS4_OK && (args->share_access & ~(uint32_t)OPEN4_SHARE_ACCESS_BOTH))
        status = NFS4ERR_INVAL;
    return status == NFS4_OK ? op_open_downgrade(&x->base, args) : status;
}

enum nfsstat4 v40_open_downgrade(struct v40_compound *x, const struct OPEN_DOWNGRADE4args *args)
{
    struct owner_call call =
        owner_call_begin(x, OP_OPEN_DOWNGRADE, args->seqid, args, run_open_downgrade);

    return owner_gate_stateid(x, &call, STATEID_OPEN, &args->open_stateid);
}

/* Its owner is found by this stateid from before it goes. */
static enum nfsstat4 close_known(struct compound *c, const struct CLOSE4args *args,
                                 struct owner_seqid *seqid)
{
    const struct stateid4 before = seqid->closed;
    bool was_closed = seqid->is_closed;
    enum nfsstat4 status;

    owner_closed_set(seqid, &args->open_stateid);
    status = op_close(c, args);
    if (status != NFS4_OK && was_closed)
        owner_closed_set(seqid, &before);
    else if (status != NFS4_OK)
        owner_closed_reset(seqid);
    return status;
}

static enum nfsstat4 run_close(struct v40_compound *x, struct owner_call *call)
{
    enum nfsstat4 status = compound_need_fh(&x->base);

    if (status == NFS4_OK)
        status = call->found;
    return status == NFS4_OK ? close_known(&x->base, call->args, call->owner->seqid) : status;
}

enum nfsstat4 v40_close(struct v40_compound *x, const struct CLOSE4args *args)
{
    struct owner_call call = owner_call_begin(x, OP_CLOSE, args->seqid, args, run_close);

    return owner_gate_stateid(x, &call, STATEID_OPEN, &args->open_stateid);
}
