/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate.  Whatever SEQUENCE can refuse is checked before the slot moves.  The digest that tells
 * a false retry covers the operations behind SEQUENCE: a client may well send a retry with another
 * tag or sa_highest_slotid.
 */
#include "proto/v41/sequence.h"

#include "base/htable.h"
#include "base/log.h"
#include "state/client/client_lease.h"
#include "state/session/session_stats.h"
#include "state/session/session_status.h"
#include "transport/connection.h"
#include "wire/nfs4_codec.h"

enum {
    DIGEST_BYTES_MAX = 1024,  /* of the arguments; their length goes in as well */
    SEQUENCE_RESOK_BYTES = 36 /* without operation and status */
};

static const char *const slot_state_names[] = {
    [SLOT_STATE_FRESH] = "fresh",       [SLOT_STATE_BUSY] = "busy",
    [SLOT_STATE_CACHED] = "cached",     [SLOT_STATE_UNCACHED] = "uncached",
    [SLOT_STATE_READING] = "replaying", [SLOT_STATE_RETIRED] = "retired",
};

/* Count and log one error of SEQUENCE.  A flood of them does not fill the disk. */
static void refuse(struct v41_compound *x, const struct SEQUENCE4args *args, enum nfsstat4 status,
                   const struct slot_replay *replay)
{
    struct server *server = x->base.server;
    const char *type = session_count_error(server->state, status);

    if (!log_enabled(LOG_PART_sequence, LOG_LEVEL_INFO) ||
        !log_limit_take(&server->refusals, x->base.call->received_ns, LIMIT_LOG_REFUSALS_PER_S))
        return;
    log_info_taken(NULL, "sequence.refused",
                   LOG_HEX("session", args->sa_sessionid, NFS4_SESSIONID_SIZE),
                   LOG_STR("type", type), LOG_U64("status", status),
                   LOG_U64("slot", args->sa_slotid), LOG_U64("received", args->sa_sequenceid),
                   LOG_U64("expected", replay ? replay->expected : 0),
                   LOG_STR("state", replay ? slot_state_names[replay->state] : "untouched"),
                   LOG_U64("ops", x->base.op_count));
}

/* A retry says what it said the first time, when more slots may have been in use. */
static enum nfsstat4 check_slots(struct session *session, const struct SEQUENCE4args *args,
                                 struct slot **slot)
{
    struct slot_table *slots = &session->slots;

    if (args->sa_slotid >= slot_table_kept(slots))
        return NFS4ERR_BADSLOT;
    *slot = slot_at(slots, args->sa_slotid);
    if (!*slot || !session_slots_use(session, args->sa_slotid))
        return NFS4ERR_DELAY; /* no memory; and nothing has moved */
    if (args->sa_highest_slotid >= slot_table_high(slots) &&
        !slot_is_retry(*slot, args->sa_sequenceid))
        return NFS4ERR_BAD_HIGH_SLOT;
    return NFS4_OK;
}

/* A connection that is used for the first time is bound without asking, unless the client has asked
 * for the contrary by SP4_MACH_CRED (RFC 8881 §2.10.3.1). */
static bool may_bind(const struct v41_compound *x)
{
    return !x->session->client->protection.machine || session_conn_is_bound(x->conn, x->session);
}

/* A client that has lost a reply with its connection retries over the next one, before it can know
 * whether that has to be bound (RFC 8881 §2.10.6.2).  §18.46.3 would have the retry refused, too;
 * but then Linux sends the operations as a new request, and they are executed twice. */
static bool is_retry(const struct v41_compound *x, const struct SEQUENCE4args *args)
{
    struct slot_table *slots = &x->session->slots;
    struct slot *slot =
        args->sa_slotid < slot_table_kept(slots) ? slot_at(slots, args->sa_slotid) : NULL;

    return slot && slot_is_retry(slot, args->sa_sequenceid);
}

static enum nfsstat4 check_request(const struct v41_compound *x, const struct SEQUENCE4args *args,
                                   struct slot **slot)
{
    const struct channel_attrs4 *fore = &x->session->fore;

    if (!x->binding && !may_bind(x) && !is_retry(x, args))
        return NFS4ERR_CONN_NOT_BOUND_TO_SESSION;
    if (x->base.op_count > fore->ca_maxoperations)
        return NFS4ERR_TOO_MANY_OPS;
    /* With RPC headers, RFC 8881 §18.36.3. */
    if (x->base.call->request_bytes > fore->ca_maxrequestsize)
        return NFS4ERR_REQ_TOO_BIG;
    return check_slots(x->session, args, slot);
}

/* Where the results must end.  What is around them is counted, RFC 8881 §18.36.3. */
static enum nfsstat4 limit_reply(struct v41_compound *x)
{
    const struct channel_attrs4 *fore = &x->session->fore;
    struct xdr *out = x->base.out;
    uint32_t bytes = x->cache_this ? fore->ca_maxresponsesize_cached : fore->ca_maxresponsesize;
    size_t next = x->base.op_count > 1 ? REPLY_ERROR_BYTES : 0;
    size_t most;

    x->reply.too_big = x->cache_this ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4ERR_REP_TOO_BIG;
    if (bytes < x->base.call->overhead_bytes)
        return x->reply.too_big;
    most = bytes - x->base.call->overhead_bytes;
    if (xdr_pos(out) - x->reply.start + SEQUENCE_RESOK_BYTES + next > most)
        return x->reply.too_big;
    if (most < (size_t)(x->reply.limit - (out->start + x->reply.start)))
        x->reply.limit = out->start + x->reply.start + most;
    return NFS4_OK;
}

static struct slot_request request_of(const struct v41_compound *x)
{
    size_t len = xdr_left(x->base.in);
    uint64_t seed = x->base.server->state->digest_seed ^ hash_u64(len << 8 ^ x->base.op_count);
    size_t hashed = len < DIGEST_BYTES_MAX ? len : DIGEST_BYTES_MAX;

    return (struct slot_request){.digest = hash_bytes(x->base.in->p, hashed, seed),
                                 .principal = compound_principal(&x->base),
                                 .machine = compound_machine(&x->base),
                                 .protection = compound_protection(&x->base)};
}

/* What the client is told about the number of its slots. */
static struct slot_grant grant_of(struct v41_compound *x, const struct SEQUENCE4args *args)
{
    if (!x->slot)
        return slot_table_grant(&x->session->slots);
    return session_slots_note(x->session, x->slot, args->sa_slotid, args->sa_highest_slotid,
                              x->base.call->received_ns);
}

static void result_encode(struct v41_compound *x, const struct SEQUENCE4args *args)
{
    struct slot_grant grant = grant_of(x, args);
    struct SEQUENCE4resok res;

    memcpy(res.sr_sessionid, args->sa_sessionid, NFS4_SESSIONID_SIZE);
    res.sr_sequenceid = args->sa_sequenceid;
    res.sr_slotid = args->sa_slotid;
    res.sr_highest_slotid = grant.enforced - 1;
    res.sr_target_highest_slotid = grant.target - 1;
    res.sr_status_flags = session_renew(x->session, x->base.call->received_ns);
    wire_SEQUENCE4resok(x->base.out, &res);
}

/* What the machine credential may be used for (SP4_MACH_CRED). */
static uint64_t mach_allow(const struct v41_compound *x)
{
    const struct client *client = x->session->client;
    const struct client_caller caller = compound_caller(&x->base);

    return client->protection.machine && client_protection_admits(client, &caller)
               ? client->protection.allowed
               : 0;
}

static void request_accept(struct v41_compound *x, const struct SEQUENCE4args *args)
{
    connection_set_serves_client(x->base.call->conn);
    if (!x->binding && may_bind(x))
        session_conn_bind_implicit(x->conn, x->session);
    result_encode(x, args);
    x->base.client = x->session->client;
    if (__builtin_expect(x->base.call->cred.flavor == RPC_AUTH_GSS, 0))
        x->base.mach_allow = mach_allow(x);
    x->base.want_cached = x->cache_this;
    log_debug("sequence", LOG_HEX("session", args->sa_sessionid, NFS4_SESSIONID_SIZE),
              LOG_U64("slot", args->sa_slotid), LOG_U64("seqid", args->sa_sequenceid),
              LOG_U64("cache", args->sa_cachethis));
}

static void replay_log(struct v41_compound *x, const struct SEQUENCE4args *args,
                       const struct slot_replay *replay)
{
    if (!log_enabled(LOG_PART_sequence, LOG_LEVEL_INFO) ||
        !log_limit_take(&x->base.server->replays, x->base.call->received_ns,
                        LIMIT_LOG_REPLAYS_PER_S))
        return;
    log_info_taken(NULL, "sequence.replay",
                   LOG_HEX("session", args->sa_sessionid, NFS4_SESSIONID_SIZE),
                   LOG_U64("slot", args->sa_slotid), LOG_U64("seqid", args->sa_sequenceid),
                   LOG_U64("bytes", replay->len));
}

static enum v41_gate replay_accept(struct v41_compound *x, const struct SEQUENCE4args *args,
                                   const struct slot_replay *replay)
{
    struct state *state = x->base.server->state;
    struct xdr *out = x->base.out;

    session_count(state, SESSION_COUNTER_replay_hits_total);
    session_count(state, SESSION_FAILURE_replay_hit);
    out->p = out->start + x->reply.start + replay->len;
    if (!x->binding && may_bind(x))
        session_conn_bind_implicit(x->conn, x->session);
    client_renew(x->session->client, x->base.call->received_ns);
    replay_log(x, args, replay);
    return V41_GATE_REPLAY;
}

/* Beyond what is enforced, and kept for retries. */
static enum slot_verdict acquire_beyond(struct session *session, struct slot *slot,
                                        const struct SEQUENCE4args *args,
                                        const struct slot_request *request,
                                        struct slot_replay *replay)
{
    int64_t grown;
    enum slot_verdict verdict =
        slot_acquire_retry(slot, args->sa_sequenceid, request, replay, &grown);

    session_reply_bytes_add(session, grown);
    return verdict;
}

static enum slot_verdict acquire(struct v41_compound *x, struct slot *slot,
                                 const struct SEQUENCE4args *args, struct slot_replay *replay)
{
    struct slot_request request = request_of(x);

    if (args->sa_slotid >= slot_table_grant(&x->session->slots).enforced)
        return acquire_beyond(x->session, slot, args, &request, replay);
    return session_slot_acquire(x->session, slot, args->sa_sequenceid, &request, replay);
}

static enum v41_gate slot_enter(struct v41_compound *x, const struct SEQUENCE4args *args,
                                struct slot *slot, enum nfsstat4 *status)
{
    struct xdr *out = x->base.out;
    uint8_t *start = out->start + x->reply.start;
    struct slot_replay replay = {.data = start, .size = (size_t)(out->end - start)};

    switch (acquire(x, slot, args, &replay)) {
    case SLOT_NEW:
        x->slot = slot;
        x->slot_id = args->sa_slotid;
        x->base.session_id = x->session->id;
        x->base.slot_id = args->sa_slotid;
        x->base.sequence_id = args->sa_sequenceid;
        request_accept(x, args);
        return V41_GATE_EXECUTE;
    case SLOT_REPLAY:
        return replay_accept(x, args, &replay);
    case SLOT_UNCACHED:
        session_count(x->base.server->state, SESSION_FAILURE_uncached);
        request_accept(x, args);
        return V41_GATE_UNCACHED;
    case SLOT_BUSY:
        *status = NFS4ERR_DELAY;
        break;
    case SLOT_MISORDERED:
        *status = NFS4ERR_SEQ_MISORDERED;
        break;
    case SLOT_FALSE_RETRY:
        *status = NFS4ERR_SEQ_FALSE_RETRY;
        break;
    case SLOT_GONE:
        *status = session_dead(x->session) ? NFS4ERR_BADSESSION : NFS4ERR_BADSLOT;
        break;
    }
    refuse(x, args, *status, &replay);
    return V41_GATE_REFUSED;
}

/* Every SEQUENCE comes by here.  NFS4ERR_BADXDR, or `otherwise`; an error has been noted. */
static enum nfsstat4 args_read(struct v41_compound *x, struct SEQUENCE4args *args,
                               enum nfsstat4 otherwise)
{
    enum nfsstat4 status;

    session_count(x->base.server->state, SESSION_COUNTER_sequence_total);
    memset(args, 0, sizeof(*args));
    status = wire_SEQUENCE4args(x->base.in, args) ? otherwise : NFS4ERR_BADXDR;
    if (status != NFS4_OK)
        refuse(x, args, status, NULL);
    return status;
}

enum nfsstat4 v41_sequence_late(struct v41_compound *x)
{
    struct SEQUENCE4args args;

    return args_read(x, &args, NFS4ERR_SEQUENCE_POS);
}

enum v41_gate v41_sequence(struct v41_compound *x, enum nfsstat4 *status)
{
    struct SEQUENCE4args args;
    struct slot *slot = NULL;

    *status = args_read(x, &args, NFS4_OK);
    if (*status != NFS4_OK)
        return V41_GATE_REFUSED;
    x->session =
        session_conn_lookup(x->base.server->state, x->conn, args.sa_sessionid, &x->binding);
    x->cache_this = args.sa_cachethis;
    /* Nothing of one minor version means anything in another one: RFC 8881 §2.7, rule 13. */
    if (x->session && x->session->minor_version == x->minor)
        *status = check_request(x, &args, &slot);
    else
        *status = NFS4ERR_BADSESSION;
    if (*status == NFS4_OK)
        *status = limit_reply(x);
    if (*status != NFS4_OK) {
        refuse(x, &args, *status, NULL);
        return V41_GATE_REFUSED;
    }
    return slot_enter(x, &args, slot, status);
}

void v41_sequence_done(struct v41_compound *x)
{
    struct xdr *out = x->base.out;
    const uint8_t *reply = x->cache_this ? out->start + x->reply.start : NULL;

    if (x->slot)
        session_slot_release(x->session, x->slot, reply, (uint32_t)(xdr_pos(out) - x->reply.start));
    x->slot = NULL;
}
