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

/* Send these bytes as a record, sealed if the call was made by RPCSEC_GSS. */
MUST_USE enum client_status client_outgoing_record(struct client_conn *conn,
                                                   const struct client_back_gss_call *gss,
                                                   const uint8_t *reply, size_t len,
                                                   size_t fragment_bytes);

/* Refuse the call. */
MUST_USE enum client_status client_outgoing_deny(struct client_incoming *in, enum auth_stat stat);

/* Send an RPC status other than success, or an empty success. */
MUST_USE enum client_status client_outgoing_accept(struct client_incoming *in,
                                                   enum rpc_accept_stat stat);
