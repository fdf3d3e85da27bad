/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back channel of a session as state/ knows it: the connections bound to it, the client's
 * parameters for callbacks (CREATE_SESSION, BACKCHANNEL_CTL), and what callback/ attaches to it.
 * callback/back_service.h sends over it.
 *
 *     none --CREATE_SESSION with CONN_BACK_CHAN, BIND_CONN_TO_SESSION--> up
 *     up   --the last bound connection closes--> down --another is bound--> up
 *     up, down --the client's sequence is no longer known--> faulty, until the session ends
 *
 * While it is down SEQUENCE reports CB_PATH_DOWN_SESSION, while it is faulty BACKCHANNEL_FAULT.
 */
#pragma once

#include "state/session/session.h"
#include "state/session/session_call.h"

/* Program and credentials for callbacks: a copy, as of one moment. */
struct session_back_params {
    uint32_t program;
    struct session_cb_auth auth; /* auth.machine is `machine`, or NULL; auth.contexts `contexts` */
    char machine[LIMIT_RPC_MACHINE_NAME_BYTES + 1];
    struct session_cb_context contexts[LIMIT_CALLBACK_CONTEXTS];
};

void session_back_params(struct session *session, struct session_back_params *caller);

/* The context with this handle of the server can no longer be used for callbacks: forget it, until
 * the client offers it again. */
void session_back_forget_context(struct session *session, const uint8_t *server_handle,
                                 uint32_t server_len);

/* Visit the transport of each connection bound to the back channel, with session.lock held: `visit`
 * may take references, but nothing else. */
void session_back_visit(struct session *session, void (*visit)(void *transport, void *arg),
                        void *arg);

/* The back channel can no longer be used, because it is not known which sequence the client
 * expects.  Reported as SEQ4_STATUS_BACKCHANNEL_FAULT, and not chosen for callbacks. */
void session_back_set_faulty(struct session *session);

static inline bool session_back_faulty(const struct session *session)
{
    return atomic_load_explicit(&session->back_fault, memory_order_relaxed);
}

/* Does the client accept callbacks over it?  If not, no connection is bound for them. */
static inline bool session_back_accepts_calls(const struct session *session)
{
    return session->back.ca_maxrequests > 0;
}

/* Has it a connection for callbacks now? */
static inline bool session_back_up(const struct session *session)
{
    return atomic_load_explicit(&session->back_bound, memory_order_relaxed) > 0 &&
           !session_back_faulty(session);
}

/* Did it ever have one?  If so, the client may bind another. */
static inline bool session_back_ever_bound(const struct session *session)
{
    return atomic_load_explicit(&session->back_ever_bound, memory_order_relaxed);
}

/* Can any session of the client be used for callbacks now?  One load, since every OPEN asks. */
static inline bool client_back_up(const struct client *client)
{
    return atomic_load_explicit(&client->back_up, memory_order_relaxed) > 0;
}

/* Did the client refuse the last callback as a whole (unknown program, wrong credentials), with
 * nothing changed since?  Cleared by any other reply, and by a new connection, program or
 * flavor. */
static inline bool client_back_refuses(const struct client *client)
{
    return atomic_load_explicit(&client->back_refused, memory_order_relaxed);
}

static inline void client_back_set_refused(struct client *client, bool refused)
{
    if (client_back_refuses(client) != refused)
        atomic_store_explicit(&client->back_refused, refused, memory_order_relaxed);
}

/* Collect references on the client's sessions that have a back channel, at most
 * LIMIT_SESSIONS_PER_CLIENT.  Returns their number.  Takes client_table.lock. */
uint32_t session_back_list(struct client *client, struct session **sessions);

/* BACKCHANNEL_CTL (RFC 8881 §18.33): set program and security for future callbacks.  INVAL without
 * a back channel, and if no recall would fit with these credentials; NOENT for a context of
 * RPCSEC_GSS that `caller` does not have; DELAY without memory.  An empty list leaves the security
 * unchanged. */
enum nfsstat4 session_back_control(struct session *session, struct client_principal caller,
                                   const struct BACKCHANNEL_CTL4args *args) MUST_USE;

/* Could the reply to `call` still be on its way to the client?  True until the slot has seen a
 * later request, while the session exists (RFC 8881 §2.10.6.3). */
bool session_call_unconfirmed(struct state *state, const struct session_call *call);

/* ---- for the files of sessions ---- */

/* With session->lock held: it has one more or one fewer connection.  Updates the client's number of
 * reachable sessions. */
void session_back_count_locked(struct session *session, bool bound);

/* With session->lock held; it is dead: its back channel no longer counts. */
void session_back_forget_locked(struct session *session);

/* Call the hooks; without locks. */
void session_back_hook_bound(struct session *session);
void session_back_hook_ended(struct session *session);
