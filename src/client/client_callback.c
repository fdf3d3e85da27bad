/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_callback.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/client_outgoing.h"
#include "client/client_session.h"

/* ---- sessions and records ---- */

void client_callback_session_begin(struct client_callbacks *cbs,
                                   const struct client_session *session)
{
    struct client_back_session *back = client_callback_session(cbs, session->sessionid);

    for (uint32_t i = 0; i < cbs->session_count && !back; i++)
        if (cbs->sessions[i].ended)
            back = &cbs->sessions[i];
    if (!back) {
        CHECK(cbs->session_count < CLIENT_CALLBACK_SESSIONS);
        back = &cbs->sessions[cbs->session_count++];
    }
    memset(back, 0, sizeof(*back));
    memcpy(back->sessionid, session->sessionid, NFS4_SESSIONID_SIZE);
    back->minor = client_session_minor(session);
    back->slot_count = session->back.ca_maxrequests;
    if (back->slot_count > CLIENT_BACK_SLOTS)
        back->slot_count = CLIENT_BACK_SLOTS;
}

void client_callback_session_end(struct client_callbacks *cbs, const uint8_t *sessionid)
{
    struct client_back_session *session = client_callback_session(cbs, sessionid);

    if (session)
        session->ended = true;
}

struct client_back_session *client_callback_session(struct client_callbacks *cbs,
                                                    const uint8_t *sessionid)
{
    for (uint32_t i = 0; i < cbs->session_count; i++)
        if (memcmp(cbs->sessions[i].sessionid, sessionid, NFS4_SESSIONID_SIZE) == 0)
            return &cbs->sessions[i];
    return NULL;
}

const struct client_callback *client_callback_at(const struct client_callbacks *cbs, uint32_t index)
{
    CHECK(index < cbs->count && cbs->count - index <= CLIENT_CALLBACKS_KEPT);
    return &cbs->kept[index % CLIENT_CALLBACKS_KEPT];
}

const struct client_callback_op *client_callback_lookup(const struct client_callback *cb,
                                                        uint32_t op)
{
    for (uint32_t i = 0; i < cb->op_count; i++)
        if (cb->ops[i].op == op)
            return &cb->ops[i];
    return NULL;
}

/* ---- execution ---- */

/* Check a call that the behaviour passes to the slot table.  Returns its status. */
static enum nfsstat4 sequence_check(struct client_incoming *in, bool *retry)
{
    const struct CB_SEQUENCE4args *args = &in->cb.sequence;
    struct client_back_session *session = client_callback_session(in->cbs, args->csa_sessionid);
    const char *what = NULL;
    enum nfsstat4 status;

    in->session = session;
    *retry = false;
    if (in->cbs->session_count == 0)
        return NFS4_OK;
    if (!session || session->ended) {
        /* One may have been sent just before the session was destroyed. */
        if (session && session->late++ > 0)
            client_incoming_trouble(in, "a session that was destroyed");
        else if (!session && !in->cbs->session_comes)
            client_incoming_trouble(in, "a session that never existed");
        return NFS4ERR_BADSESSION;
    }
    if (in->cb.minor_version != session->minor)
        client_incoming_trouble(in, "another minor version than the session's");
    status = client_back_slot_check(session, args, in->digest, in->conn->serial, &in->slot, retry,
                                    &what);
    if (what)
        client_incoming_trouble(in, what);
    if (in->slot) {
        in->slot->open = args->csa_sequenceid;
        in->slot->open_over = in->conn->serial;
    }
    return status;
}

static enum nfsstat4 leading_check(struct client_incoming *in)
{
    if (in->cb.minor_version == 0) {
        if (in->cb.has_sequence)
            client_incoming_trouble(in, "CB_SEQUENCE in minor version 0");
        return in->cb.has_sequence ? NFS4ERR_OP_ILLEGAL : NFS4_OK;
    }
    if (!in->cb.has_sequence) {
        client_incoming_trouble(in, "no CB_SEQUENCE");
        return NFS4ERR_OP_NOT_IN_SESSION;
    }
    if (in->cb.op_count < 2)
        client_incoming_trouble(in, "CB_SEQUENCE alone");
    if (in->cb.ident != 0)
        client_incoming_trouble(in, "callback_ident is not 0");
    return NFS4_OK;
}

static enum nfsstat4 op_execute(struct client_incoming *in, uint32_t index)
{
    const struct client_callback_hook *hook = &in->cbs->hook;
    const struct client_callback_op *op = &in->cb.ops[index];
    const bool notify = op->op == OP_CB_NOTIFY;

    if (!hook->execute || (!notify && op->op != OP_CB_RECALL))
        return NFS4_OK;
    return hook->execute(op, notify ? &in->notify[index] : NULL, in->arena, hook->context);
}

/* The behaviour decides about the first operation, if it wants to.  The first failure ends it. */
static void ops_execute(struct client_incoming *in, uint32_t first)
{
    enum nfsstat4 status = in->behaviour.op_status;

    if (status != NFS4_OK && first < in->cb.op_count) {
        in->cb.ops[first].status = status;
        return;
    }
    for (uint32_t i = first; i < in->cb.op_count && status == NFS4_OK; i++)
        in->cb.ops[i].status = status = op_execute(in, i);
}

/* Determine the status, execute the operations, and make the reply. */
static void carry_out(struct client_incoming *in)
{
    struct client_callback *cb = &in->cb;
    enum nfsstat4 status = leading_check(in);
    bool retry = false;
    uint32_t first = cb->has_sequence;

    if (status == NFS4_OK && cb->has_sequence) {
        status = sequence_check(in, &retry);
        if (in->behaviour.sequence_status != NFS4_OK)
            status = in->behaviour.sequence_status;
    }
    if (status == NFS4_OK && retry) {
        cb->fate = CLIENT_CALLBACK_RETRIED;
        client_outgoing_retry(in);
        return;
    }
    if (status != NFS4_OK) {
        cb->fate = CLIENT_CALLBACK_REFUSED;
        cb->ops[0].status = status;
    } else {
        ops_execute(in, first);
    }
    client_outgoing_make(in, status == NFS4_OK);
}

static bool executes(enum client_act act)
{
    return act != CLIENT_ACT_IGNORE && act != CLIENT_ACT_CUT_BEFORE &&
           act != CLIENT_ACT_RPC_ERROR && act != CLIENT_ACT_DENY;
}

/* Check the call against the slot without advancing it. */
static void leave_alone(struct client_incoming *in)
{
    bool retry;

    if (in->cb.has_sequence)
        (void)sequence_check(in, &retry);
    in->cb.fate = in->behaviour.act == CLIENT_ACT_RPC_ERROR || in->behaviour.act == CLIENT_ACT_DENY
                      ? CLIENT_CALLBACK_REFUSED
                      : CLIENT_CALLBACK_IGNORED;
}

static void behaviour_take(struct client_incoming *in)
{
    in->behaviour = in->conn->behaviour;
    if (in->conn->behaviour.times > 0 && --in->conn->behaviour.times == 0)
        in->conn->behaviour = (struct client_behaviour){.act = CLIENT_ACT_ANSWER};
}

static enum client_status compound_receive(struct client_incoming *in, struct xdr *x)
{
    if (!client_incoming_compound(in, x)) {
        client_incoming_trouble(in, "a CB_COMPOUND that is none");
        return client_outgoing_accept(in, ACCEPT_GARBAGE_ARGS);
    }
    behaviour_take(in);
    if (executes(in->behaviour.act))
        carry_out(in);
    else
        leave_alone(in);
    in->cbs->kept[in->cbs->count++ % CLIENT_CALLBACKS_KEPT] = in->cb;
    return client_outgoing_send(in);
}

/* Unseal a call by RPCSEC_GSS.  False: it was refused, which ended with *status. */
static bool gss_receive(struct client_incoming *in, const struct client_record *record,
                        const struct rpc_call_header *call, struct xdr *args,
                        enum client_status *status)
{
    enum auth_stat stat;
    const char *what =
        client_back_gss_open(&in->cbs->gss, call, record->data, args, &in->gss, &stat);

    in->gss.bad_verf = in->conn->behaviour.gss_bad_verf;
    in->cb.gss_service = in->gss.service;
    in->cb.gss_seq = in->gss.seq;
    if (!what)
        return true;
    client_incoming_trouble(in, what);
    *status = stat == AUTH_OK ? client_outgoing_accept(in, ACCEPT_GARBAGE_ARGS)
                              : client_outgoing_deny(in, stat);
    return false;
}

static enum client_status call_receive(struct client_incoming *in,
                                       const struct client_record *record, struct arena *arena)
{
    struct rpc_call_header call = {0};
    enum client_status status;
    struct xdr x;

    xdr_init_decode(&x, record->data, record->len, arena);
    if (!wire_rpc_call_header(&x, &call)) {
        if (in->cbs)
            client_incoming_trouble(in, "a CALL that is none");
        return CLIENT_MALFORMED;
    }
    in->cb.xid = call.xid;
    in->cb.program = call.prog;
    in->cb.version = call.vers;
    if (!in->cbs)
        return client_outgoing_accept(in, ACCEPT_PROG_UNAVAIL);
    client_incoming_cred(in, &call.cred, arena);
    if (call.cred.flavor == RPCSEC_GSS && !gss_receive(in, record, &call, &x, &status))
        return status;
    if (call.proc == CB_COMPOUND)
        return compound_receive(in, &x);
    if (call.proc != CB_NULL)
        return client_outgoing_accept(in, ACCEPT_PROC_UNAVAIL);
    in->cbs->null_count++;
    if (in->conn->behaviour.act != CLIENT_ACT_ANSWER)
        return CLIENT_OK;
    return client_outgoing_accept(in, ACCEPT_SUCCESS);
}

enum client_status client_callback_answer(struct client_conn *conn,
                                          const struct client_record *record)
{
    struct client_incoming in;
    enum client_status status;
    struct arena arena;

    memset(&in, 0, sizeof(in));
    in.conn = conn;
    in.arena = &arena;
    in.cbs = conn->callbacks;
    in.cb.came_ns = clock_now_ns();
    in.cb.over = conn->serial;
    arena_init(&arena, 4096);
    status = call_receive(&in, record, &arena);
    free(in.gss.plain);
    arena_fini(&arena);
    return status;
}

/* ---- replies that were held back ---- */

static enum client_status held_send(struct client_conn *conn, const struct client_held *held)
{
    enum client_status status = client_outgoing_record(conn, &held->gss, held->reply, held->len,
                                                       conn->behaviour.fragment_bytes);

    if (status == CLIENT_OK && held->slot)
        held->slot->open = 0;
    return status;
}

enum client_status client_callback_release(struct client_conn *conn, bool last_first)
{
    struct client_callbacks *cbs = conn->callbacks;
    enum client_status status = CLIENT_OK;
    const uint32_t count = cbs->held_count;
    uint32_t left = 0;

    for (uint32_t i = 0; i < count && status == CLIENT_OK; i++) {
        const struct client_held *held = &cbs->held[last_first ? count - 1 - i : i];

        if (held->over == conn->serial)
            status = held_send(conn, held);
    }
    for (uint32_t i = 0; i < count; i++)
        if (cbs->held[i].over != conn->serial)
            cbs->held[left++] = cbs->held[i];
    cbs->held_count = left;
    return status;
}
