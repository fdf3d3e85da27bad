/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back over a connection that callbacks went over: replies, or its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

/* A REPLY record over an accepted connection: what stands behind xid and message type.  False:
 * nobody waits for it. */
bool back_reply(struct connection *conn, uint32_t xid, const void *body, size_t len);

/* The connection is closed, and bound to nothing any more: what was sent over it is lost. */
void back_reply_lost(struct connection *conn);
