/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that serve no client: accepted, and not known yet to carry a session or a client id
 * (connection_serves_client()).  One that sends nothing for transport_limits.idle_timeout_s is
 * closed.  When there are no more connections to be had, one of them gives way to a new one from an
 * address that has fewer: so nobody shuts others out by connecting only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct connection;
struct loop;
struct transport;

/* The connection was accepted, and `loop` has it; with loop.list_lock. */
void idle_watch_locked(struct loop *loop, struct connection *conn);

/* It leaves; with loop.list_lock. */
void idle_forget_locked(struct connection *conn);

/* Close one from an address that has more connections than `peer` would have with one more.  False:
 * there is none.  Without locks. */
bool idle_displace(struct transport *transport, const struct sockaddr *peer);

/* Close those whose time is over.  Any thread that holds no lock. */
void idle_tick(struct transport *transport, struct loop *loop, int64_t now_ns);
