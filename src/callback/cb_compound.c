/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/cb_compound.h"

#include <string.h>

#include "wire/rpc_msg.h"

/* ---- calls ---- */

/* AUTH_SYS carries the name of the calling machine; receivers check no more than its length. */
static const char machine_name[] = "mainstay";

static bool call_header_put(struct xdr *x, uint32_t xid, uint32_t program, uint32_t procedure,
                            const struct cb_cred *cred)
{
    struct authsys_parms parms = {
        .stamp = cred->stamp,
        .machinename = {(const uint8_t *)machine_name, sizeof(machine_name) - 1},
        .uid = cred->uid,
        .gid = cred->gid,
        .gids = (uint32_t *)cred->gids,
        .gids_count = cred->gid_count,
    };
    struct rpc_call_header header = {.xid = xid,
                                     .rpcvers = RPC_VERSION,
                                     .prog = program,
                                     .vers = NFS_CB,
                                     .proc = procedure,
                                     .cred.flavor = cred->flavor};
    uint8_t body[LIMIT_RPC_AUTH_BYTES];
    struct xdr encoded;

    if (cred->machine.data)
        parms.machinename = cred->machine;
    if (cred->flavor == AUTH_SYS) {
        xdr_init_encode(&encoded, body, sizeof(body));
        CHECK(wire_authsys_parms(&encoded, &parms));
        header.cred.body = (struct wire_opaque){body, (uint32_t)xdr_pos(&encoded)};
    }
    return wire_rpc_call_header(x, &header);
}

bool cb_null_encode(struct xdr *x, uint32_t xid, uint32_t program)
{
    return call_header_put(x, xid, program, CB_NULL, &(struct cb_cred){.flavor = AUTH_NONE});
}

static void more_put(struct xdr *x, const struct wire_opaque *more)
{
    uint8_t *p = more->len > 0 ? xdr_take(x, more->len) : NULL;

    if (p)
        memcpy(p, more->data, more->len);
}

bool cb_compound_encode(struct xdr *x, const struct cb_compound *call)
{
    struct wire_opaque tag = call->tag;

    CHECK(call->op_count + call->more_count <= LIMIT_CALLBACK_OPS);
    call_header_put(x, call->xid, call->program, CB_COMPOUND, &call->cred);
    xdr_opaque(x, &tag, LIMIT_COMPOUND_TAG_BYTES);
    xdr_put_u32(x, call->minor_version);
    xdr_put_u32(x, call->callback_ident);
    xdr_put_u32(x, call->op_count + call->more_count);
    for (uint32_t i = 0; i < call->op_count; i++)
        cb_op_put(x, &call->ops[i]);
    more_put(x, &call->more);
    return !x->failed;
}

/* ---- replies ---- */

static enum cb_answer reply_header_get(struct xdr *x)
{
    struct rpc_reply_header header;

    if (!wire_rpc_reply_body(x, &header))
        return CB_MALFORMED;
    if (header.stat != MSG_ACCEPTED || header.accept_stat != ACCEPT_SUCCESS)
        return CB_REFUSED;
    return CB_ANSWERED;
}

enum cb_answer cb_null_answer(const void *body, size_t len)
{
    enum cb_answer answer;
    struct xdr x;

    xdr_init_decode(&x, body, len, NULL);
    answer = reply_header_get(&x);
    return answer == CB_ANSWERED && xdr_left(&x) > 0 ? CB_MALFORMED : answer;
}

/* A client answers an operation that it does not know with CB_ILLEGAL (RFC 7530 §18.3). */
static bool result_fits(const struct cb_op_result *result, uint32_t sent, bool last,
                        uint32_t status)
{
    if (result->op != sent && (result->op != OP_CB_ILLEGAL || result->status == NFS4_OK))
        return false;
    return result->status == (last ? status : NFS4_OK);
}

/* Either all operations were executed, or the last result is the error that stopped them.  A
 * compound that was refused as a whole has no results. */
static bool results_get(struct xdr *x, const uint32_t *sent, uint32_t sent_count,
                        struct cb_reply *reply)
{
    uint32_t count = reply->result_count;

    if (count > sent_count || (reply->status == NFS4_OK && count < sent_count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!cb_op_result_get(x, &reply->results[i]) ||
            !result_fits(&reply->results[i], sent[i], i == count - 1, reply->status))
            return false;
    }
    return xdr_left(x) == 0;
}

static enum cb_answer compound_get(struct xdr *x, const uint32_t *sent, uint32_t sent_count,
                                   struct cb_reply *reply)
{
    struct wire_opaque tag;

    reply->status = xdr_get_u32(x);
    xdr_opaque(x, &tag, LIMIT_COMPOUND_TAG_BYTES);
    reply->result_count = xdr_get_u32(x);
    if (x->failed || !results_get(x, sent, sent_count, reply))
        return CB_MALFORMED;
    return CB_ANSWERED;
}

enum cb_answer cb_compound_results(const void *results, size_t len, const uint32_t *sent,
                                   uint32_t sent_count, struct arena *arena, struct cb_reply *reply)
{
    struct xdr x;

    CHECK(sent_count <= LIMIT_CALLBACK_OPS);
    xdr_init_decode(&x, results, len, arena);
    return compound_get(&x, sent, sent_count, reply);
}

enum cb_answer cb_compound_answer(const void *body, size_t len, const uint32_t *sent,
                                  uint32_t sent_count, struct arena *arena, struct cb_reply *reply)
{
    enum cb_answer answer;
    struct xdr x;

    CHECK(sent_count <= LIMIT_CALLBACK_OPS);
    xdr_init_decode(&x, body, len, arena);
    answer = reply_header_get(&x);
    return answer == CB_ANSWERED ? compound_get(&x, sent, sent_count, reply) : answer;
}
