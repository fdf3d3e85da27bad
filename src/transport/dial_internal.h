/* SPDX-License-Identifier: Apache-2.0 */
/* What dial.c does for the loop and for the end of a connection. */
#pragma once

struct connection;
struct loop;

/* A connection that is not up yet came up, or failed.  The owner's, in answer to the connection's
 * own event; can lose the loop. */
void dial_event(struct loop *loop, struct connection *conn);

/* Its socket is about to be closed. */
void dial_closed(struct connection *conn);
