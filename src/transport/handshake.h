/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS handshake of a connection, as a part of its receives: it waits for nothing, and takes
 * its turn like calls.  It ends after LIMIT_TLS_HANDSHAKE_S.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "tls/tls_session.h"

struct connection;
struct loop;
struct transport;

enum handshake_status {
    HANDSHAKE_DONE,  /* the stream is OPEN; input may have been left for it */
    HANDSHAKE_WAITS, /* for the client */
    HANDSHAKE_ENDED, /* it has failed, or the client is gone: the connection is shut down */
};

/* Receive once and go on, in state SHAKING.  For the loop's owner. */
enum handshake_status handshake_step(struct connection *conn) MUST_USE;

/* The socket has room again for what the handshake sends.  For the loop's owner. */
void handshake_room(struct connection *conn);

/* The session has failed: log the reason, tell the client, and shut the connection down.  For the
 * loop's owner. */
void handshake_refuse(struct connection *conn);

/* The same for a client that has begun none: what is wrong in words. */
void handshake_refuse_stray(struct connection *conn, const char *why);

/* End the handshakes that take too long, and begin those that can.  Without locks. */
void handshakes_tick(struct transport *transport);
