/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection as programs see it.  Any thread may call these while it has a reference;
 * during a call rpc_call.conn is one.
 *
 * A connection ends in two steps: first its socket closes, when its loop is done with it and the
 * last call of it has finished; each program's `closed` hook then runs once.  The struct itself
 * lives until the last connection_put().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"

struct connection;

enum {
    CONNECTION_USER_SLOTS = 2 /* one per program that wants one; who uses which: daemon/ */
};

struct connection *connection_get(struct connection *conn);
void connection_put(struct connection *conn);

/* Never reused, never 0. */
uint64_t connection_id(const struct connection *conn);

/* The client's address: AF_INET or AF_INET6, never IPv4 mapped into IPv6. */
const struct sockaddr *connection_peer(const struct connection *conn);

/* When bytes of it were last received, clock_now_ns(). */
int64_t connection_activity_ns(const struct connection *conn);

/* A pointer the program hangs on the connection, NULL at first.  It is the program's own: it
 * frees it in its `closed` hook at the latest.  Calls of one connection run at the same time:
 * connection_user_init() keeps the first one (as compare-and-swap does) and returns what stands
 * there afterwards. */
void *connection_user(const struct connection *conn, unsigned slot);
void *connection_user_init(struct connection *conn, unsigned slot, void *value);
void connection_user_set(struct connection *conn, unsigned slot, void *value);

/* Queue one record (a CALL; the record mark is added here) behind whatever is being sent; the
 * bytes are copied.  Never waits.  False when the connection is closed, its peer sends no more, or
 * its queue is above LIMIT_SEND_QUEUE_BYTES; true says nothing about arrival. */
bool connection_send(struct connection *conn, const void *record, size_t len) MUST_USE;

/* Close it soon: what is queued may be lost, calls in progress finish without a reply. */
void connection_shutdown(struct connection *conn);

/* False once the socket is known to be dead or shut down. */
bool connection_is_open(const struct connection *conn);

/* A client uses it: it is not closed for being idle.  Any thread.  NULL, for a call that came over
 * none, is fine. */
void connection_serves_client(struct connection *conn);
