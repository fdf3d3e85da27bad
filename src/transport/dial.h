/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that we make.  One lives on an event loop like an accepted one: same struct
 * connection, same send queue, replies through transport_config.reply; drain and destroy close it.
 * No thread ever waits for it to come up.
 *
 * A peer that we dialled is no client of ours: a CALL that it sends over the connection is answered
 * PROG_UNAVAIL, whatever its program, and the programs' `closed` hooks don't run for it.
 */
#pragma once

#include <sys/socket.h>

#include "base/check.h"
#include "transport/connection.h"
#include "transport/transport.h"

/* Both run on a loop's thread (`closed` on any thread), with no lock held, and must not block. */
struct dial_hooks {
    /* The connection is up.  Not called when it never comes up. */
    void (*connected)(struct connection *conn, void *arg);
    /* The socket is closed, and nothing else is called for this connection from now on.  `error` is
     * the errno that kept it from coming up; 0: it was up, or we ended it.  Once for each
     * transport_dial() that succeeded. */
    void (*closed)(struct connection *conn, int error, void *arg);
};

/* Begin to connect to an AF_INET or AF_INET6 address.  connection_send() is for what is up already:
 * from `connected` on.  connection_shutdown() gives up at any time.  The hooks live as long as the
 * transport; they may run before this returns.
 * 0, and *conn is a reference for the caller; or -errno, and no hook runs: -EMFILE when there are
 * transport_config.dialled_max already (or the kernel says so), -ESHUTDOWN while draining.
 * Any thread, after transport_start() and before the transport has stopped. */
int transport_dial(struct transport *transport, const struct sockaddr *peer, socklen_t len,
                   const struct dial_hooks *hooks, void *arg, struct connection **conn) MUST_USE;

/* The argument of a connection's hooks, if it was dialled with these very hooks; else NULL.  Only
 * from a hook or with transport_config.reply: later `arg` may be gone. */
void *connection_dial_arg(const struct connection *conn, const struct dial_hooks *hooks);
