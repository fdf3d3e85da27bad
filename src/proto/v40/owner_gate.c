/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/owner_gate.h"

#include "base/log.h"
#include "proto/ops/ops.h"
#include "proto/v40/stateid40.h"
#include "proto/v40/status40.h"
#include "proto/v40/v40.h"
#include "state/lock/lock_state.h"
#include "state/v40/owner_closed.h"

/* Arguments, sender with its certificate, and how the call is protected: what was encrypted the
 * first time must not be sent again in the clear.  The filehandle is left out: it costs much to
 * name, and says little more. */
static uint64_t digest(const struct v40_compound *x)
{
    const struct xdr *in = x->base.in;
    const uint64_t who[] = {compound_principal(&x->base).value, compound_machine(&x->base),
                            compound_protection(&x->base)};
    uint64_t seed = hash_bytes(who, sizeof(who), x->base.server->state->digest_seed);

    return hash_bytes(x->args, (size_t)(in->p - x->args), seed);
}

struct owner_call owner_call_begin(const struct v40_compound *x, enum nfs_opnum4 op, uint32_t seqid,
                                   const void *args,
                                   enum nfsstat4 (*run)(struct v40_compound *, struct owner_call *))
{
    return (struct owner_call){
        .request = {op, seqid, digest(x), x->base.call->received_ns},
        .args = args,
        .run = run,
    };
}

static void log_replay(struct v40_compound *x, const struct owner_call *call)
{
    if (!log_enabled(LOG_PART_compound, LOG_LEVEL_INFO) ||
        !log_limit_take(&x->base.server->v40->replays, x->base.call->received_ns,
                        LIMIT_LOG_REPLAYS_PER_S))
        return;
    log_info_taken(NULL, "owner.replay", LOG_ID("client", x->client ? x->client->id : 0),
                   LOG_U64("op", call->request.op), LOG_U64("seqid", call->request.seqid));
}

/* As it was the first time: with the filehandle that OPEN made current then. */
static enum nfsstat4 replay_encode(struct v40_compound *x, const struct owner_replay *replay)
{
    struct compound *c = &x->base;
    const struct PUTFH4args file = {.object = {replay->bytes + replay->body_len, replay->fh_len}};
    enum nfsstat4 status = NFS4_OK;
    uint8_t *body;

    if (replay->fh_len > 0)
        status = op_putfh(c, &file);
    if (status != NFS4_OK)
        return status;
    body = xdr_take(c->out, replay->body_len);
    if (body)
        memcpy(body, replay->bytes, replay->body_len);
    return replay->status;
}

static bool has_body(const struct owner_call *call, enum nfsstat4 status)
{
    return status == NFS4_OK || (call->request.op == OP_LOCK && status == NFS4ERR_DENIED);
}

static enum nfsstat4 run_and_keep(struct v40_compound *x, struct owner_call *call)
{
    struct compound *c = &x->base;
    struct owner_result *result = &call->result;
    size_t pos = xdr_pos(c->out);
    uint8_t fh[LIMIT_FH_BYTES];
    enum nfsstat4 status = v40_status(call->request.op, call->run(x, call));

    /* It takes its turn once more.  A retry that comes meanwhile may be the one that runs. */
    if (compound_park_wanted(&x->park, status)) {
        owner_seqid_release(call->owner->seqid);
        return status;
    }
    /* Of an OPEN that failed on its way; nothing older is in the set (changes_await_before()). */
    if (!changes_settle(c))
        status = NFS4ERR_IO;
    if (c->out->failed)
        status = x->reply.too_big;
    result->status = status;
    if (has_body(call, status)) {
        result->body = c->out->start + pos;
        result->body_len = (uint32_t)(xdr_pos(c->out) - pos);
    }
    if (call->request.op == OP_OPEN && status == NFS4_OK) {
        result->fh = fh;
        result->fh_len = export_fh_build(c->current.export, &c->current.obj->handle, fh);
    }
    owner_seqid_end(call->owner, &call->request, result);
    return status;
}

enum nfsstat4 owner_gate_run(struct v40_compound *x, struct owner_call *call, struct owner *owner)
{
    struct owner_replay replay;
    enum owner_verdict verdict = owner_seqid_begin(owner, &call->request, &replay);

    call->owner = owner;
    /* It may have waited for its turn. */
    if (verdict == OWNER_RUN && compound_client_removed(&x->base)) {
        owner_seqid_release(owner->seqid);
        return NFS4ERR_EXPIRED;
    }
    if (verdict == OWNER_RUN)
        return run_and_keep(x, call);
    owner_put(owner);
    switch (verdict) {
    case OWNER_REPLAY:
        log_replay(x, call);
        return replay_encode(x, &replay);
    case OWNER_CROWDED:
        x->unanswered = true;
        return NFS4ERR_RESOURCE;
    case OWNER_RUN:
    case OWNER_BAD_SEQID:
        break;
    }
    return NFS4ERR_BAD_SEQID;
}

static struct owner *owner_of(struct stateid *sid)
{
    if (sid->kind == STATEID_LOCK)
        return CONTAINER_OF(sid, struct lock_state, sid)->owner;
    return CONTAINER_OF(sid, struct open, sid)->owner;
}

/* The open is gone; it may be this request that closed it. */
static enum nfsstat4 run_closed(struct v40_compound *x, struct owner_call *call,
                                const struct stateid4 *stateid)
{
    struct client *client = NULL;
    struct owner *owner = owner_closed_lookup(x->base.server->state, stateid, &client);
    enum nfsstat4 status;

    if (!owner)
        return call->found;
    if (v40_use_client_of(x, client))
        status = owner_gate_run(x, call, owner);
    else {
        owner_put(owner);
        status = call->found;
    }
    client_put(client);
    return status;
}

enum nfsstat4 owner_gate_stateid(struct v40_compound *x, struct owner_call *call,
                                 enum stateid_kind kind, const struct stateid4 *stateid)
{
    bool confirm = call->request.op == OP_OPEN_CONFIRM;
    struct owner *owner;

    call->found = confirm ? v40_use_stateid_unconfirmed(x, stateid) : v40_use_stateid(x, stateid);
    if (!x->used && call->found == NFS4ERR_BAD_STATEID && kind == STATEID_OPEN)
        return run_closed(x, call, stateid);
    if (!x->used || x->used->kind != kind)
        return call->found == NFS4_OK ? NFS4ERR_BAD_STATEID : call->found;
    owner = owner_of(x->used);
    return owner_gate_run(x, call, owner_get(owner));
}
