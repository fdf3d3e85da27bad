/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions that a connection serves (RFC 8881 §2.10.3.1).  A session_conn is attached to each
 * transport connection that has carried a session operation; it ends with the connection, and so do
 * its bindings.
 *
 * A connection may serve many sessions, and a session may have many connections.  A binding belongs
 * to its connection and holds a reference on its session; the session lists its bindings so that
 * callbacks can choose one.  A binding ends with its session, or when it must make room for
 * another.  If its connection is in use then, the ended binding is removed from the connection when
 * new ones are added.
 *
 * A session with LIMIT_SESSION_CONNECTIONS never refuses a binding, because connections whose other
 * end is gone cannot be distinguished from idle ones.  The oldest binding is removed, preferably
 * one that was created by a mere SEQUENCE, since the next SEQUENCE creates it again.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "state/session/session.h"

/* Holders of a reference: its connection, and each COMPOUND received over it.  So two connections
 * of a session share no cache line that each request writes. */
struct session_binding {
    _Atomic uint32_t refs;
    struct session_conn *conn;
    struct session *session;  /* a reference */
    struct list conn_link;    /* guarded by conn->lock */
    struct list session_link; /* this and the rest are guarded by session->lock */
    bool fore, back;
    bool implicit; /* created by a mere SEQUENCE: BIND_CONN_TO_SESSION may add the back channel */
    _Atomic bool ended; /* removed from the session's list */
};

struct session_conn {
    void *transport; /* struct connection *; opaque here */
    pthread_mutex_t lock;
    struct list bindings;
    uint32_t binding_count;
    uint32_t sweep_at;            /* remove ended bindings when there are this many */
    struct session_binding *last; /* of the last SEQUENCE, or NULL; one of `bindings` */

    /* For proto/: a generation of the exports (export.h), and behind it the callers on this
     * connection that it admits, as bits; 0: none known. */
    _Atomic uint64_t admitted;

    /* 4.0: a reference on the first client seen on it; and whether there were others. */
    _Atomic(struct client *) first_v40;
    _Atomic bool several_v40;
};

/* NULL without memory. */
struct session_conn *session_conn_create(void *transport);

/* The connection is closed and none of its calls runs: unbind it everywhere.  NULL is allowed. */
void session_conn_destroy(struct session_conn *conn);

/* Find session `id` for a SEQUENCE received over `conn`, or NULL.  If it is the connection's last
 * one, no shared lock is taken, and the reference is on *binding instead of the session; otherwise
 * *binding is NULL.  session_conn_done() drops either. */
struct session *session_conn_lookup(struct state *state, struct session_conn *conn,
                                    const uint8_t *id, struct session_binding **binding);

/* NULL is allowed for both. */
void session_conn_done(struct session *session, struct session_binding *binding);

/* A SEQUENCE has been accepted on a connection for which session_conn_lookup() had no binding: bind
 * it to the fore channel (RFC 8881 §2.10.3.1).  Not for a client with SP4_MACH_CRED. */
void session_conn_bind_implicit(struct session_conn *conn, struct session *session);

/* For CREATE_SESSION: bind to the fore channel and, if `back`, to the back channel.  False when the
 * session is dead. */
bool session_conn_bind(struct session_conn *conn, struct session *session, bool back);

/* BIND_CONN_TO_SESSION, RFC 8881 §18.34. */
enum nfsstat4 session_conn_bind_request(struct session_conn *conn, struct session *session,
                                        enum channel_dir_from_client4 dir,
                                        enum channel_dir_from_server4 *result);

bool session_conn_is_bound(struct session_conn *conn, struct session *session);

/* Unbind all connections from a dead session. */
void session_conn_unbind_all(struct session *session);

/* 4.0: a request of the client was received over `conn`. */
void session_conn_used_by(struct session_conn *conn, struct client *client);

/* 4.0: the only live client seen on the connection, which therefore probably sends the requests
 * that name no client; or NULL.  Its memory is valid as long as the connection, but it may be
 * removed at any time. */
struct client *session_conn_sole_client(struct session_conn *conn);
