/* SPDX-License-Identifier: Apache-2.0 */
/* Replies to callbacks, and all the ways in which they can fail to arrive. */
#pragma once

#include "client/client_incoming.h"

/* Make the reply to in->cb.  If the call was executed the reply is cached; a retry is answered with
 * the cached reply. */
void client_outgoing_make(struct client_incoming *in, bool executed);
void client_outgoing_retry(struct client_incoming *in);

/* Send the reply as in->behaviour says. */
MUST_USE enum client_status client_outgoing_send(struct client_incoming *in);

/* Send an RPC status other than success, or an empty success. */
MUST_USE enum client_status client_outgoing_accept(struct client_incoming *in,
                                                   enum rpc_accept_stat stat);
