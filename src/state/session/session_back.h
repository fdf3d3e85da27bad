/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back channel of a session as far as state/ knows it: which connections are bound to it, what
 * the client said about callbacks (CREATE_SESSION, BACKCHANNEL_CTL), and what callback/ attaches to
 * it.  callback/backchannel.h sends over it.
 *
 *     none --CREATE_SESSION with CONN_BACK_CHAN, BIND_CONN_TO_SESSION--> up
 *     up   --the last bound connection closes--> down --another is bound--> up
 *     up, down --the client's sequence is not known any more--> faulty, until the session ends
 *
 * While it is down SEQUENCE says CB_PATH_DOWN_SESSION, while it is faulty BACKCHANNEL_FAULT.
 */
#pragma once

#include "state/session/session.h"
#include "state/session/session_call.h"

/* How calls over the back channel introduce themselves: a copy, taken at one moment. */
struct session_back_caller {
    uint32_t program;
    struct session_cb_auth auth; /* auth.machine is `machine`, or NULL */
    char machine[LIMIT_RPC_MACHINE_NAME_BYTES + 1];
};

void session_back_caller(struct session *session, struct session_back_caller *caller);

/* Show the transport of each connection that is bound to the back channel, with session.lock held:
 * `visit` may take references, and nothing else. */
void session_back_visit(struct session *session, void (*visit)(void *transport, void *arg),
                        void *arg);

/* Its back channel can't be used any more, since the server cannot know which sequence the client
 * expects: SEQ4_STATUS_BACKCHANNEL_FAULT, and it is not chosen where a path is looked for. */
void session_back_fault(struct session *session);

static inline bool session_back_faulty(const struct session *session)
{
    return atomic_load_explicit(&session->back_fault, memory_order_relaxed);
}

/* Does the client take calls over it at all?  Else no connection is bound for them. */
static inline bool session_back_wanted(const struct session *session)
{
    return session->back.ca_maxrequests > 0;
}

/* Has it a connection for calls now? */
static inline bool session_back_up(const struct session *session)
{
    return atomic_load_explicit(&session->back_bound, memory_order_relaxed) > 0 &&
           !session_back_faulty(session);
}

/* Did it ever have one?  If so, the client may bind another. */
static inline bool session_back_given(const struct session *session)
{
    return atomic_load_explicit(&session->back_given, memory_order_relaxed);
}

/* Can a session of the client be called now?  A load, for the path of every OPEN. */
static inline bool client_back_up(const struct client *client)
{
    return atomic_load_explicit(&client->back_up, memory_order_relaxed) > 0;
}

/* Did it refuse the last call as a whole (no such program, other credentials), and nothing has
 * changed since?  Another answer would be news, like another connection, program or flavor. */
static inline bool client_back_refuses(const struct client *client)
{
    return atomic_load_explicit(&client->back_refused, memory_order_relaxed);
}

static inline void client_back_note(struct client *client, bool refused)
{
    if (client_back_refuses(client) != refused)
        atomic_store_explicit(&client->back_refused, refused, memory_order_relaxed);
}

/* References on the client's sessions that have a back channel, at most
 * LIMIT_SESSIONS_PER_CLIENT; how many.  Takes client_table.lock. */
uint32_t session_back_list(struct client *client, struct session **sessions);

/* BACKCHANNEL_CTL (RFC 8881 §18.33): program and security of calls to come.  INVAL without a back
 * channel, and if no recall would fit with these credentials; NOENT for RPCSEC_GSS, since we know
 * no handle.  An empty list leaves the security as it is. */
enum nfsstat4 session_back_control(struct session *session,
                                   const struct BACKCHANNEL_CTL4args *args) MUST_USE;

/* May the client not have seen the reply to `call` yet?  As long as the slot has seen no later
 * request, and the session is there (RFC 8881 §2.10.6.3). */
bool session_call_unseen(struct state *state, const struct session_call *call);

/* ---- for the files of sessions ---- */

/* AUTH_SYS if it is among them, since Linux takes CB_COMPOUND with nothing less; else AUTH_NONE. */
void session_cb_auth_set(struct session_cb_auth *auth, const struct callback_sec_parms4 *parms,
                         uint32_t count);

/* What the credentials that would be set come to in a call, behind flavor and length. */
uint32_t session_cb_cred_bytes(const struct callback_sec_parms4 *parms, uint32_t count);

/* The same of those that were. */
uint32_t session_cb_auth_bytes(const struct session_cb_auth *auth);

/* session->lock is held: it has one connection more or less.  The client knows how many of its
 * sessions can be called. */
void session_back_count_locked(struct session *session, bool bound);

/* session->lock is held, and it is dead: its back channel is not waited for any more. */
void session_back_forget_locked(struct session *session);

/* Hooks; no lock is held. */
void session_back_bound(struct session *session);
void session_back_ended(struct session *session);
