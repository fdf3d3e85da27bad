/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepted connections that serve no client yet: none has been seen to carry a session or a client
 * ID (connection_set_serves_client()).  One that sends nothing for TRANSPORT_LIMIT_idle_timeout_s
 * is closed.  At the limit of connections, a new connection displaces one of them if its own
 * address has fewer connections.  So no host can shut out others merely by connecting.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct connection;
struct loop;
struct transport;

/* `loop` has taken in an accepted connection.  With loop.list_lock held. */
void idle_watch_locked(struct loop *loop, struct connection *conn);

/* The connection leaves.  With loop.list_lock held. */
void idle_forget_locked(struct connection *conn);

/* Close one connection of an address that has more connections than `peer` would have after one
 * more.  False when there is none.  Without locks. */
bool idle_displace(struct transport *transport, const struct sockaddr *peer);

/* Close the idle connections.  Any thread that holds no lock. */
void idle_tick(struct transport *transport, struct loop *loop, int64_t now_ns);
