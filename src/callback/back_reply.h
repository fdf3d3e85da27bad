/* SPDX-License-Identifier: Apache-2.0 */
/* Input from connections that carry callbacks: replies, and their end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

/* A REPLY record was received on an accepted connection: `body` is what follows xid and message
 * type.  False: no request matches. */
bool back_reply(struct connection *conn, uint32_t xid, const void *body, size_t len);

/* The connection is closed and no longer bound to any session: the requests sent over it are
 * lost. */
void back_reply_lost(struct connection *conn);
