/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sessions a connection serves (RFC 8881 §2.10.3.1).  One session_conn hangs on each
 * transport connection that ever carried a session operation; it ends with the connection, and
 * all its bindings with it.
 *
 * A connection may serve many sessions, a session have many connections.  A binding belongs to its
 * connection and holds a reference on its session; the session lists its bindings so that
 * callbacks can choose one.  A binding ends with its session, or when it has to make room for
 * another one; if its connection is in use at that moment, what is left of it there is swept out
 * when new ones come.
 *
 * No binding is refused because a session has LIMIT_SESSION_CONNECTIONS: connections whose other
 * end is gone cannot be told from idle ones.  The oldest binding gives way, first of all one that
 * was made by a mere SEQUENCE, which the next SEQUENCE makes again.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "state/session/session.h"

/* Holders of a reference: its connection, and each COMPOUND that came over it.  So two connections
 * of a session share no cache line that every request writes. */
struct session_binding {
    _Atomic uint32_t refs;
    struct session_conn *conn;
    struct session *session;  /* a reference */
    struct list conn_link;    /* guarded by conn->lock */
    struct list session_link; /* guarded by session->lock, like all below */
    bool fore, back;
    bool implicit; /* by a mere SEQUENCE: BIND_CONN_TO_SESSION may still add the back channel */
    _Atomic bool ended; /* it is not on the session's list any more */
};

struct session_conn {
    void *transport; /* struct connection *; state/ never looks into it */
    pthread_mutex_t lock;
    struct list bindings;
    uint32_t binding_count;
    uint32_t sweep_at;            /* look for ended ones when there are that many bindings */
    struct session_binding *last; /* of the last SEQUENCE, or NULL; one of the above */

    /* proto/'s: the exports' generation (export.h) that admits its peer; 0: none is known to. */
    _Atomic uint32_t admitted;

    /* 4.0: the first client that was seen to use it, a reference; and whether others were. */
    _Atomic(struct client *) first_v40;
    _Atomic bool several_v40;
};

/* NULL without memory. */
struct session_conn *session_conn_create(void *transport);

/* The connection is closed and no call of it runs: unbind it everywhere.  NULL is fine. */
void session_conn_destroy(struct session_conn *conn);

/* The session `id` for a SEQUENCE that came over `conn`, with a reference for the caller, or NULL.
 * No shared lock is taken when it is the connection's last one; then the reference is not one on
 * the session but on *binding, which is NULL otherwise.  session_conn_done() drops either. */
struct session *session_conn_find(struct state *state, struct session_conn *conn, const uint8_t *id,
                                  struct session_binding **binding);

/* NULL is fine for both. */
void session_conn_done(struct session *session, struct session_binding *binding);

/* A SEQUENCE has been accepted on a connection for which session_conn_find() had no binding: it
 * belongs to the fore channel from now on (SP4_NONE, RFC 8881 §2.10.3.1). */
void session_conn_bind_implicit(struct session_conn *conn, struct session *session);

/* Bind to the fore channel and, if `back`, to the back channel: CREATE_SESSION.  False when the
 * session is dead. */
bool session_conn_bind(struct session_conn *conn, struct session *session, bool back);

/* BIND_CONN_TO_SESSION, RFC 8881 §18.34. */
enum nfsstat4 session_conn_bind_request(struct session_conn *conn, struct session *session,
                                        enum channel_dir_from_client4 dir,
                                        enum channel_dir_from_server4 *result);

bool session_conn_is_bound(struct session_conn *conn, struct session *session);

/* Detach all connections from a session that is dead. */
void session_conn_unbind_all(struct session *session);

/* 4.0: a request of the client came over `conn`. */
void session_conn_used_by(struct session_conn *conn, struct client *client);

/* 4.0: the live client that alone was seen to use it, and so most likely sends what names no
 * client; or NULL.  Its memory is there as long as the connection, but it may be removed at any
 * time. */
struct client *session_conn_sole_client(struct session_conn *conn);
