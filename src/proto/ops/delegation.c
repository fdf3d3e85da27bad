/* SPDX-License-Identifier: Apache-2.0 */
/* DELEGRETURN and WANT_DELEGATION (RFC 8881 §18.6, §18.49). */
#include "state/delegation/delegation.h"

#include "proto/ops/grace.h"
#include "proto/ops/open_delegation.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"

enum nfsstat4 op_delegreturn(struct compound *c, const struct DELEGRETURN4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);
    struct stateid *sid;
    uint32_t seqid;

    if (status == NFS4_OK)
        status = stateid_arg_lookup(c, &args->deleg_stateid, STATEID_DELEGATION, STATEID_ARG_LATEST,
                                    &sid, &seqid);
    if (status != NFS4_OK)
        return status;
    status = delegation_return(delegation_of_stateid(sid), seqid);
    stateid_put(sid);
    return status;
}

/* *access is what OPEN would say.  NO_DELEG is to be ignored, though CANCEL has its bit, too. */
static enum nfsstat4 decode_want(uint32_t want, uint32_t *access)
{
    uint32_t wanted = want & OPEN4_SHARE_ACCESS_WANT_DELEG_MASK;

    if (want & ~(OPEN4_SHARE_ACCESS_BOTH | OPEN_DELEGATION_WANTS))
        return NFS4ERR_INVAL;
    if (wanted != OPEN4_SHARE_ACCESS_WANT_CANCEL)
        wanted &= ~OPEN4_SHARE_ACCESS_WANT_NO_DELEG;
    if (wanted == 0 ||
        (wanted > OPEN4_SHARE_ACCESS_WANT_ANY_DELEG && wanted != OPEN4_SHARE_ACCESS_WANT_CANCEL))
        return NFS4ERR_INVAL;
    *access = wanted | (want & OPEN_DELEGATION_WANTS & ~OPEN4_SHARE_ACCESS_WANT_DELEG_MASK);
    return NFS4_OK;
}

static bool is_given(const struct open_delegation4 *delegation)
{
    return delegation->delegation_type != OPEN_DELEGATE_NONE_EXT;
}

static enum nfsstat4 want_reclaim(struct compound *c, struct open_delegation_ask *ask,
                                  const struct deleg_claim4 *claim, struct open_delegation4 *out)
{
    enum nfsstat4 status;

    ask->reclaim = claim->dc_delegate_type;
    if (ask->reclaim != OPEN_DELEGATE_READ && ask->reclaim != OPEN_DELEGATE_WRITE)
        return NFS4ERR_INVAL;
    status = grace_reclaim_begin(c);
    if (status != NFS4_OK)
        return status;
    open_delegation_offer(c, ask, out);
    /* One of the two clients is wrong. */
    if (!is_given(out) && out->od_whynone.ond_why == WND4_CONTENTION)
        status = NFS4ERR_RECLAIM_CONFLICT;
    grace_reclaim_end(c, is_given(out) ? NFS4_OK : NFS4ERR_RECLAIM_CONFLICT);
    return status;
}

static enum nfsstat4 want_new(struct compound *c, const struct open_delegation_ask *ask,
                              struct open_delegation4 *out)
{
    enum nfsstat4 status = grace_check_new(c);

    if (status == NFS4_OK)
        open_delegation_offer(c, ask, out);
    return status;
}

static enum nfsstat4 want(struct compound *c, struct open_delegation_ask *ask,
                          const struct deleg_claim4 *claim, struct open_delegation4 *out)
{
    switch ((uint32_t)claim->dc_claim) {
    case CLAIM_FH:
        return want_new(c, ask, out);
    case CLAIM_PREVIOUS:
        return want_reclaim(c, ask, claim, out);
    default:
        return NFS4ERR_NOTSUPP; /* CLAIM_DELEG_PREV_FH: as in OPEN */
    }
}

enum nfsstat4 op_want_delegation(struct compound *c, const struct WANT_DELEGATION4args *args)
{
    struct open_delegation_ask ask = {.obj = c->current.obj, .export = c->current.export};
    enum nfsstat4 status = compound_need_fh(c);
    struct open_delegation4 delegation;

    CHECK(c->client);
    if (status == NFS4_OK)
        status = decode_want(args->wda_want, &ask.access);
    if (status == NFS4_OK)
        status = want(c, &ask, &args->wda_claim, &delegation);
    if (status != NFS4_OK)
        return status;
    if (is_given(&delegation))
        compound_set_stateid(c, open_delegation_stateid(&delegation));
    wire_open_delegation4(c->out, &delegation);
    return NFS4_OK;
}
