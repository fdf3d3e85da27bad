/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that serve no client: accepted, and not known yet to carry a session or a client id
 * (connection_serves_client()).  One that sends nothing for transport_limits.idle_timeout_s is
 * closed.
 */
#pragma once

#include <stdint.h>

struct connection;
struct loop;
struct transport;

/* The connection was accepted, and `loop` has it; with loop.list_lock. */
void idle_watch_locked(struct loop *loop, struct connection *conn);

/* It leaves; with loop.list_lock. */
void idle_forget_locked(struct connection *conn);

/* Close those whose time is over.  Any thread that holds no lock. */
void idle_tick(struct transport *transport, struct loop *loop, int64_t now_ns);
