/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/duplicate_request.h"

#include <arpa/inet.h>

#include "base/htable.h"
#include "base/log.h"
#include "gss/gss_principal.h"
#include "proto/v40/duplicate_cache.h"
#include "proto/v40/op_run.h"
#include "proto/v40/v40.h"
#include "transport/connection.h"

enum {
    DIGEST_BYTES_MAX = 1024, /* of the arguments behind the tag; their length goes in as well */
    ROOM_BYTES = 32          /* for an error in the operation at hand, and in the next */
};

/* Of the caller and the first bytes of the request.  The machine's name tells clients behind one
 * address apart.  A call with another protection or certificate is another request: what was
 * encrypted the first time must not be sent again in the clear, nor to others. */
static uint64_t digest_of(const struct duplicate_cache *cache, const struct compound *c)
{
    const struct rpc_call *call = c->call;
    const struct rpc_cred *cred = &call->cred;
    const uint32_t head[] = {(uint32_t)cred->flavor, cred->uid,      cred->gid,
                             cred->gid_count,        call->args_len, compound_protection(c)};
    const uint64_t who[] = {cred->principal ? cred->principal->id : 0, compound_machine(c)};
    uint64_t digest = hash_bytes(who, sizeof(who), cache->digest_seed);
    size_t len = call->args_len;
    size_t most = DIGEST_BYTES_MAX;
    uint32_t tag_len;

    memcpy(&tag_len, call->args, sizeof(tag_len));
    most += sizeof(tag_len) + be32toh(tag_len);
    digest = hash_bytes(head, sizeof(head), digest);
    digest = hash_bytes(cred->gids, cred->gid_count * sizeof(cred->gids[0]), digest);
    digest = hash_bytes(cred->machine.data, cred->machine.len, digest);
    return hash_bytes(call->args, len < most ? len : most, digest);
}

static struct duplicate_cache *cache_of(const struct v40_compound *x)
{
    return x->base.server->v40->duplicates;
}

static struct duplicate_request request_of(const struct v40_compound *x)
{
    const struct rpc_call *call = x->base.call;

    return (struct duplicate_request){.peer = connection_peer(call->conn),
                                      .xid = call->xid,
                                      .digest = digest_of(cache_of(x), &x->base),
                                      .received_ns = call->received_ns};
}

/* ---- retries ---- */

static void line_log(const struct v40_compound *x, const char *event,
                     const struct duplicate_reply *reply)
{
    const struct rpc_call *call = x->base.call;
    const struct sockaddr *peer = connection_peer(call->conn);
    char text[INET6_ADDRSTRLEN] = "?";

    if (!log_enabled(LOG_PART_compound, LOG_LEVEL_INFO) ||
        !log_limit_take(&x->base.server->v40->replays, call->received_ns, LIMIT_LOG_REPLAYS_PER_S))
        return;
    if (peer->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, text,
                  sizeof(text));
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, text,
                  sizeof(text));
    log_info_taken(NULL, event, LOG_STR("peer", text), LOG_U64("xid", call->xid),
                   LOG_U64("bytes", reply->len), LOG_U64("waited", reply->waited));
}

/* All that has been encoded so far makes way. */
static enum duplicate_way answer(struct v40_compound *x, const struct duplicate_reply *reply)
{
    struct xdr *out = x->base.out;

    out->p = reply->data + reply->len;
    out->end = x->reply.limit;
    if (reply->len == 0)
        xdr_fail(out); /* as it was the first time */
    line_log(x, "compound.replay", reply);
    return DUPLICATE_ANSWERED;
}

/* Closing the connection is what makes leaving a request without an answer right. */
static enum duplicate_way drop(struct v40_compound *x, const struct duplicate_reply *reply)
{
    line_log(x, "compound.unanswered", reply);
    connection_shutdown(x->base.call->conn);
    return DUPLICATE_DROPPED;
}

enum duplicate_way duplicate_request_drop(struct v40_compound *x)
{
    const struct duplicate_reply none = {.waited = false};

    CHECK(!x->duplicate);
    return drop(x, &none);
}

static struct duplicate_reply room_for_reply(const struct v40_compound *x)
{
    uint8_t *start = x->base.out->start + x->reply.start;

    return (struct duplicate_reply){.data = start, .size = (size_t)(x->reply.limit - start)};
}

static enum duplicate_way way_of(struct v40_compound *x, enum duplicate_verdict verdict,
                                 const struct duplicate_reply *reply)
{
    switch (verdict) {
    case DUPLICATE_NEW:
        return DUPLICATE_GO_ON;
    case DUPLICATE_REPLAY:
        return answer(x, reply);
    case DUPLICATE_REFUSED:
        break;
    }
    return drop(x, reply);
}

enum duplicate_way duplicate_request_begin(struct v40_compound *x)
{
    struct duplicate_reply reply;
    struct duplicate_request request;

    if (!duplicate_cache_suspects(cache_of(x), x->base.call->xid))
        return DUPLICATE_GO_ON;
    reply = room_for_reply(x);
    request = request_of(x);
    return way_of(x, duplicate_cache_lookup(cache_of(x), &request, &reply), &reply);
}

/* ---- what is kept ---- */

/* The second one with an owner's seqid? */
static bool is_second(struct v40_compound *x, enum nfs_opnum4 op)
{
    if (!v40_op_in_sequence(op))
        return false;
    if (x->in_sequence)
        return true;
    x->in_sequence = true;
    return false;
}

/* OPENATTR's one argument says whether it may create. */
static bool is_kept(const struct xdr *in, enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_CREATE:
    case OP_DELEGPURGE:
    case OP_DELEGRETURN:
    case OP_LINK:
    case OP_RELEASE_LOCKOWNER:
    case OP_REMOVE:
    case OP_RENAME:
    case OP_SETATTR:
    case OP_SETCLIENTID:
    case OP_SETCLIENTID_CONFIRM:
    case OP_WRITE:
        return true;
    case OP_OPENATTR:
        return xdr_left(in) >= 4 && in->p[3] != 0;
    default:
        return false;
    }
}

enum duplicate_way duplicate_request_op(struct v40_compound *x, enum nfs_opnum4 op)
{
    struct duplicate_reply reply = room_for_reply(x);
    struct duplicate_request request;
    enum duplicate_way way;

    if (x->duplicate || !(is_kept(x->base.in, op) || is_second(x, op)))
        return DUPLICATE_GO_ON;
    if (xdr_pos(x->base.out) - x->reply.start + ROOM_BYTES > LIMIT_DUPLICATE_REPLY_BYTES)
        return DUPLICATE_TOO_BIG;
    request = request_of(x);
    way = way_of(x, duplicate_cache_enter(cache_of(x), &request, &reply, &x->duplicate), &reply);
    if (way != DUPLICATE_GO_ON)
        return way;
    x->base.want_cached = true;
    if (reply.size > LIMIT_DUPLICATE_REPLY_BYTES)
        x->reply.limit = reply.data + LIMIT_DUPLICATE_REPLY_BYTES;
    return DUPLICATE_GO_ON;
}

void duplicate_request_end(struct v40_compound *x)
{
    struct duplicate_reply reply = room_for_reply(x);
    struct xdr *out = x->base.out;

    if (!x->duplicate)
        return;
    duplicate_cache_keep(cache_of(x), x->duplicate, reply.data,
                         out->failed ? 0 : (uint32_t)(out->p - reply.data));
    x->duplicate = NULL;
}
