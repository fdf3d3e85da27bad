/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outgoing connections.  Like an accepted connection, each lives on an event loop and uses struct
 * connection and its send queue; replies go to transport_config.reply.  Drain and destroy close it.
 * No thread waits for it to connect.
 *
 * A peer that we dialled is not a client of ours: each CALL that it sends over the connection is
 * answered PROG_UNAVAIL, and the programs' `closed` hooks do not run for it.
 */
#pragma once

#include <sys/socket.h>

#include "base/check.h"
#include "transport/connection.h"
#include "transport/transport.h"

/* Called without locks; must not block.  `connected` runs on a loop's thread, `closed` on any
 * thread. */
struct dial_hooks {
    /* The connection is established.  Not called if that fails. */
    void (*connected)(struct connection *conn, void *arg);
    /* The socket is closed, and no other hook is called for this connection any more.  `error` is
     * the errno of the failed attempt; 0 if it was connected, or we shut it down.  Called once for
     * each transport_dial() that succeeded. */
    void (*closed)(struct connection *conn, int error, void *arg);
};

/* Begin to connect to an AF_INET or AF_INET6 address.  connection_send() may be called from
 * `connected` on, connection_shutdown() at any time.  The hooks must live as long as the transport;
 * they may run before this function returns.  Returns 0, and *conn is a reference for the caller.
 * Returns -errno if no hook will run: -EMFILE at transport_config.dialled_max or on the kernel's
 * limit, -ESHUTDOWN while draining.  Any thread, after transport_start() and before the transport
 * has stopped. */
int transport_dial(struct transport *transport, const struct sockaddr *peer, socklen_t len,
                   const struct dial_hooks *hooks, void *arg, struct connection **conn) MUST_USE;

/* The `arg` of a connection that was dialled with these hooks; NULL for all others.  Only from a
 * hook or from transport_config.reply: later `arg` may have been freed. */
void *connection_dial_arg(const struct connection *conn, const struct dial_hooks *hooks);
