/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_outgoing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/client_callback_op.h"

#define GARBAGE_WORDS 8u

static void sequence_put(struct xdr *x, const struct CB_SEQUENCE4args *args, uint32_t highest)
{
    struct CB_SEQUENCE4resok ok = {
        .csr_sequenceid = args->csa_sequenceid,
        .csr_slotid = args->csa_slotid,
        .csr_highest_slotid = highest,
        .csr_target_highest_slotid = highest,
    };

    memcpy(ok.csr_sessionid, args->csa_sessionid, NFS4_SESSIONID_SIZE);
    wire_CB_SEQUENCE4resok(x, &ok);
}

static uint32_t highest_slot(const struct client_incoming *in)
{
    return in->session ? in->session->slot_count - 1 : in->cb.sequence.csa_highest_slotid;
}

/* Everything after the RPC header.  The first operation that fails is the last one. */
static void results_put(struct client_incoming *in, struct xdr *x)
{
    struct client_callback *cb = &in->cb;
    size_t count_pos;
    uint32_t done = 0;
    enum nfsstat4 status = NFS4_OK;
    size_t status_pos = xdr_pos(x);

    xdr_put_u32(x, NFS4_OK);
    xdr_opaque(x, &in->tag, NFS4_OPAQUE_LIMIT);
    count_pos = xdr_pos(x);
    xdr_put_u32(x, 0);
    while (done < cb->op_count && status == NFS4_OK) {
        struct client_callback_op *op = &cb->ops[done++];

        status = op->status;
        client_callback_op_put(x, op, in->cbs);
        if (op->op == OP_CB_SEQUENCE && status == NFS4_OK)
            sequence_put(x, &cb->sequence, highest_slot(in));
    }
    cb->status = status;
    CHECK(!x->failed);
    xdr_patch_u32(x, status_pos, status);
    xdr_patch_u32(x, count_pos, done);
}

static size_t header_put(struct xdr *x, uint8_t *bytes, size_t size,
                         const struct rpc_reply_header *header)
{
    xdr_init_encode(x, bytes, size);
    CHECK(wire_rpc_reply_header(x, (struct rpc_reply_header *)header));
    return xdr_pos(x);
}

static struct rpc_reply_header success(const struct client_incoming *in)
{
    return (struct rpc_reply_header){
        .xid = in->cb.xid, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS};
}

void client_outgoing_make(struct client_incoming *in, bool executed)
{
    const struct rpc_reply_header header = success(in);
    struct xdr x;
    size_t at = header_put(&x, in->reply, sizeof(in->reply), &header);

    results_put(in, &x);
    in->reply_len = (uint32_t)xdr_pos(&x);
    if (!executed || !in->slot)
        return;
    CHECK(in->reply_len - at <= CLIENT_CALLBACK_REPLY_BYTES);
    in->slot->executed = in->cb.sequence.csa_sequenceid;
    in->slot->digest = in->digest;
    in->slot->uses++;
    in->slot->reply_len = in->reply_len - (uint32_t)at;
    memcpy(in->slot->reply, in->reply + at, in->slot->reply_len);
}

void client_outgoing_retry(struct client_incoming *in)
{
    const struct rpc_reply_header header = success(in);
    struct xdr x;
    size_t at = header_put(&x, in->reply, sizeof(in->reply), &header);

    memcpy(in->reply + at, in->slot->reply, in->slot->reply_len);
    in->reply_len = (uint32_t)(at + in->slot->reply_len);
}

/* ---- sending ---- */

enum client_status client_outgoing_record(struct client_conn *conn,
                                          const struct client_back_gss_call *gss,
                                          const uint8_t *reply, size_t len, size_t fragment_bytes)
{
    enum client_status status;
    uint8_t *sealed;

    if (!gss->by)
        return client_conn_send_record(conn, reply, len, fragment_bytes);
    len = client_back_gss_seal(gss, reply, len, &sealed);
    status = client_conn_send_record(conn, sealed, len, fragment_bytes);
    free(sealed);
    return status;
}

static enum client_status reply_send(struct client_incoming *in)
{
    enum client_status status = client_outgoing_record(in->conn, &in->gss, in->reply, in->reply_len,
                                                       in->behaviour.fragment_bytes);

    if (status == CLIENT_OK && in->slot)
        in->slot->open = 0;
    return status;
}

/* Read all pending input before closing, so that what was sent arrives before the end of the
 * stream. */
static enum client_status cut(struct client_conn *conn)
{
    (void)shutdown(conn->fd, SHUT_WR);
    client_conn_drain(conn);
    client_conn_close(conn);
    return CLIENT_CLOSED;
}

static enum client_status reply_cut(struct client_incoming *in)
{
    uint8_t half[sizeof(in->reply)];
    size_t len = in->reply_len / 2;
    enum client_status status;

    rpc_record_mark_put(half, in->reply_len, true);
    memcpy(half + RPC_RECORD_MARK_BYTES, in->reply, len);
    status = client_conn_send_raw(in->conn, half, RPC_RECORD_MARK_BYTES + len);
    return status == CLIENT_OK ? cut(in->conn) : status;
}

static enum client_status reply_hold(struct client_incoming *in)
{
    struct client_held *held = &in->cbs->held[in->cbs->held_count];

    CHECK(in->cbs->held_count < CLIENT_CALLBACKS_HELD);
    in->cbs->held_count++;
    held->over = in->conn->serial;
    held->slot = in->slot;
    held->gss = in->gss;
    held->gss.plain = NULL;
    held->len = in->reply_len;
    memcpy(held->reply, in->reply, in->reply_len);
    return CLIENT_OK;
}

/* The right xid, accepted, followed by garbage. */
static enum client_status garbage_send(struct client_incoming *in)
{
    const struct rpc_reply_header header = success(in);
    struct xdr x;

    (void)header_put(&x, in->reply, sizeof(in->reply), &header);
    for (uint32_t i = 0; i < GARBAGE_WORDS; i++)
        xdr_put_u32(&x, 0xdeadbeef + i);
    return client_outgoing_record(in->conn, &in->gss, in->reply, xdr_pos(&x), 0);
}

static enum client_status error_send(struct client_incoming *in)
{
    struct rpc_reply_header header = success(in);
    struct xdr x;

    if (in->behaviour.act == CLIENT_ACT_DENY) {
        header.stat = MSG_DENIED;
        header.reject_stat = REJECT_AUTH_ERROR;
        header.auth_stat = in->behaviour.auth_stat;
    } else {
        header.accept_stat = in->behaviour.accept_stat;
    }
    (void)header_put(&x, in->reply, sizeof(in->reply), &header);
    in->reply_len = (uint32_t)xdr_pos(&x);
    return reply_send(in);
}

enum client_status client_outgoing_send(struct client_incoming *in)
{
    switch (in->behaviour.act) {
    case CLIENT_ACT_ANSWER:
        return reply_send(in);
    case CLIENT_ACT_HOLD:
        return reply_hold(in);
    case CLIENT_ACT_IGNORE:
        return CLIENT_OK;
    case CLIENT_ACT_CUT_BEFORE:
    case CLIENT_ACT_CUT_AFTER:
        return cut(in->conn);
    case CLIENT_ACT_CUT_AMID:
        return reply_cut(in);
    case CLIENT_ACT_GARBAGE:
        return garbage_send(in);
    case CLIENT_ACT_WRONG_XID:
        in->reply[0] ^= 0xff;
        return client_outgoing_record(in->conn, &in->gss, in->reply, in->reply_len, 0);
    case CLIENT_ACT_SHORT:
        return client_conn_send_record(in->conn, in->reply, 4, 0);
    case CLIENT_ACT_RPC_ERROR:
    case CLIENT_ACT_DENY:
        return error_send(in);
    }
    return CLIENT_MALFORMED;
}

enum client_status client_outgoing_deny(struct client_incoming *in, enum auth_stat stat)
{
    in->behaviour = (struct client_behaviour){.act = CLIENT_ACT_DENY, .auth_stat = stat};
    return error_send(in);
}

enum client_status client_outgoing_accept(struct client_incoming *in, enum rpc_accept_stat stat)
{
    in->behaviour = (struct client_behaviour){.act = CLIENT_ACT_RPC_ERROR, .accept_stat = stat};
    return error_send(in);
}
