/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection as programs see it.  Any thread may call these functions while it holds a
 * reference; during a call, rpc_call.conn is a reference.
 *
 * A connection ends in two steps.  The socket closes when its loop has left it and its last call
 * has finished; each program's `closed` hook then runs once.  The struct lives until the last
 * connection_put().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"

struct connection;
struct tls_peer; /* tls/tls_peer.h */

enum {
    CONNECTION_USER_SLOTS = 2 /* one for each program that wants one; daemon/ assigns them */
};

struct connection *connection_get(struct connection *conn);
void connection_put(struct connection *conn);

/* Unique for the life of the process, never 0. */
uint64_t connection_id(const struct connection *conn);

/* The client's address: AF_INET or AF_INET6, never IPv4 mapped into IPv6. */
const struct sockaddr *connection_peer(const struct connection *conn);

/* Who the peer is according to the TLS session of the connection; NULL: there is none.  Lives as
 * long as the connection.  NULL is allowed, for a call without a connection. */
const struct tls_peer *connection_tls_peer(const struct connection *conn);

/* When the last bytes were received, as clock_now_ns(). */
int64_t connection_activity_ns(const struct connection *conn);

/* A pointer that a program attaches to the connection, NULL at first.  The program owns it and
 * frees it in its `closed` hook at the latest.  Calls of one connection can run at the same time:
 * connection_user_init() sets the pointer only if it is NULL, atomically, and returns the pointer
 * that is set afterwards. */
void *connection_user(const struct connection *conn, unsigned slot);
void *connection_user_init(struct connection *conn, unsigned slot, void *value);
void connection_user_set(struct connection *conn, unsigned slot, void *value);

/* Queue one record (a CALL; the record mark is added here) after those already queued.  The bytes
 * are copied.  Never blocks.  False when the connection is closed, when its peer sends no more, and
 * when its queue exceeds LIMIT_SEND_QUEUE_BYTES.  True does not mean that the record arrives. */
bool connection_send(struct connection *conn, const void *record, size_t len) MUST_USE;

/* Close the connection soon.  Queued bytes may be lost; calls in progress finish without a
 * reply. */
void connection_shutdown(struct connection *conn);

/* False once the socket is known to be closed or shut down. */
bool connection_is_open(const struct connection *conn);

/* Note that a client uses the connection, so that it is not closed for being idle.  Any thread.
 * NULL is allowed, for a call without a connection. */
void connection_set_serves_client(struct connection *conn);
