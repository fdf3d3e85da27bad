/* SPDX-License-Identifier: Apache-2.0 */
/* After a reload: the peers of open connections are verified again. */
#pragma once

struct connection;
struct transport;

/* Close the connections whose certificates the current context would not let in.  Without locks;
 * takes about a millisecond for each connection that has not been verified by it. */
void tls_reverify(struct transport *transport);

/* The same for one connection, whose handshake began by the context before. */
void tls_reverify_one(struct connection *conn);
