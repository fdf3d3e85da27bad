/* SPDX-License-Identifier: Apache-2.0 */
/* Replies to the server's calls, and all the ways in which they do not arrive as they should. */
#pragma once

#include "client/client_incoming.h"

/* Make the reply of what in->cb says; one that was executed is kept for a retry, and that is
 * answered with what was kept. */
void client_outgoing_make(struct client_incoming *in, bool executed);
void client_outgoing_retry(struct client_incoming *in);

/* Let it go out as in->manner says. */
MUST_USE enum client_status client_outgoing_send(struct client_incoming *in);

/* Send another RPC status than success, or an empty success. */
MUST_USE enum client_status client_outgoing_accept(struct client_incoming *in,
                                                   enum rpc_accept_stat stat);
