/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_callback.h"

#include <string.h>

#include "wire/nfs4_const.h"

#define ANSWER_BYTES 4096u

static void put_status(struct xdr *out, uint32_t op, enum nfsstat4 status)
{
    xdr_put_u32(out, op);
    xdr_put_u32(out, status);
}

static enum nfsstat4 answer_sequence(struct client_callbacks *cbs, struct client_callback *cb,
                                     struct xdr *in, struct xdr *out)
{
    struct CB_SEQUENCE4args *args = &cb->sequence;
    struct CB_SEQUENCE4resok ok;

    if (!wire_CB_SEQUENCE4args(in, args))
        return NFS4ERR_BADXDR;
    cb->has_sequence = true;
    args->csa_referring_call_lists = NULL; /* they die with the request's arena */
    put_status(out, OP_CB_SEQUENCE, cbs->sequence_status);
    if (cbs->sequence_status != NFS4_OK)
        return cbs->sequence_status;
    ok.csr_sequenceid = args->csa_sequenceid;
    ok.csr_slotid = args->csa_slotid;
    ok.csr_highest_slotid = args->csa_highest_slotid;
    ok.csr_target_highest_slotid = args->csa_highest_slotid;
    memcpy(ok.csr_sessionid, args->csa_sessionid, NFS4_SESSIONID_SIZE);
    wire_CB_SEQUENCE4resok(out, &ok);
    return NFS4_OK;
}

/* Only the operations whose arguments tests ask for are decoded; all others end the compound. */
static enum nfsstat4 answer_op(struct client_callbacks *cbs, struct client_callback *cb,
                               struct xdr *in, struct xdr *out, uint32_t op)
{
    struct CB_RECALL4args recall;
    struct CB_RECALL_ANY4args any;
    struct CB_RECALL_SLOT4args slot;
    struct CB_NOTIFY4args notify;
    struct CB_NOTIFY_LOCK4args lock;
    enum nfsstat4 status = cbs->op_status;

    switch (op) {
    case OP_CB_SEQUENCE:
        return answer_sequence(cbs, cb, in, out);
    case OP_CB_RECALL:
        if (wire_CB_RECALL4args(in, &recall))
            cb->recalled = recall.stateid;
        break;
    case OP_CB_RECALL_ANY:
    case OP_CB_RECALLABLE_OBJ_AVAIL:
        wire_CB_RECALL_ANY4args(in, &any);
        break;
    case OP_CB_RECALL_SLOT:
        wire_CB_RECALL_SLOT4args(in, &slot);
        break;
    case OP_CB_NOTIFY:
        wire_CB_NOTIFY4args(in, &notify);
        break;
    case OP_CB_NOTIFY_LOCK:
        wire_CB_NOTIFY_LOCK4args(in, &lock);
        break;
    default:
        status = NFS4ERR_NOTSUPP;
        break;
    }
    if (in->failed)
        status = NFS4ERR_BADXDR;
    put_status(out, op, status);
    return status;
}

static void answer_compound(struct client_callbacks *cbs, struct client_callback *cb,
                            struct xdr *in, struct xdr *out)
{
    enum nfsstat4 status = NFS4_OK;
    struct wire_opaque tag = {NULL, 0};
    size_t status_pos = xdr_pos(out), count_pos;
    uint32_t count, done = 0;

    xdr_opaque(in, &tag, NFS4_OPAQUE_LIMIT);
    cb->minor_version = xdr_get_u32(in);
    xdr_get_u32(in); /* callback_ident: minor version 0 only */
    count = xdr_get_u32(in);
    xdr_put_u32(out, NFS4_OK);
    xdr_opaque(out, &tag, NFS4_OPAQUE_LIMIT);
    count_pos = xdr_pos(out);
    xdr_put_u32(out, 0);
    while (status == NFS4_OK && done < count && done < CLIENT_CALLBACK_OPS && !in->failed) {
        uint32_t op = xdr_get_u32(in);

        cb->ops[done++] = op;
        status = answer_op(cbs, cb, in, out, op);
    }
    cb->op_count = done;
    if (out->failed)
        return;
    xdr_patch_u32(out, status_pos, status);
    xdr_patch_u32(out, count_pos, done);
}

static enum client_status answer_send(struct client_conn *conn, struct rpc_reply_header *header,
                                      const uint8_t *results, size_t len)
{
    uint8_t reply[ANSWER_BYTES + 64];
    struct xdr x;

    xdr_init_encode(&x, reply, sizeof(reply));
    wire_rpc_reply_header(&x, header);
    if (x.failed || len > xdr_left(&x))
        return CLIENT_MALFORMED;
    memcpy(x.p, results, len);
    return client_conn_send_record(conn, reply, xdr_pos(&x) + len, 0);
}

enum client_status client_callback_answer(struct client_conn *conn,
                                          const struct client_record *record)
{
    struct client_callbacks *cbs = conn->callbacks;
    struct rpc_reply_header header = {.stat = MSG_ACCEPTED};
    struct client_callback cb = {0};
    struct rpc_call_header call = {0};
    uint8_t results[ANSWER_BYTES];
    struct xdr in, out;
    struct arena arena;

    arena_init(&arena, 4096);
    xdr_init_decode(&in, record->data, record->len, &arena);
    xdr_init_encode(&out, results, sizeof(results));
    if (!wire_rpc_call_header(&in, &call)) {
        arena_fini(&arena);
        return CLIENT_MALFORMED;
    }
    header.xid = cb.xid = call.xid;
    cb.flavor = call.cred.flavor;
    if (!cbs) {
        header.accept_stat = ACCEPT_PROG_UNAVAIL;
    } else if (call.proc == CB_NULL) {
        cbs->null_count++;
    } else if (call.proc == CB_COMPOUND) {
        answer_compound(cbs, &cb, &in, &out);
        if (cbs->count < CLIENT_CALLBACKS_KEPT)
            cbs->kept[cbs->count] = cb;
        cbs->count++;
    } else {
        header.accept_stat = ACCEPT_PROC_UNAVAIL;
    }
    arena_fini(&arena);
    if (cbs && cbs->hold)
        return CLIENT_OK;
    return answer_send(conn, &header, results, xdr_pos(&out));
}
