/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From plain RPC to TLS (RFC 9289 4.1): the probe, and the switch that follows its reply.
 *
 * Between the two nothing may slip through: what was received behind the probe is either the
 * beginning of a handshake or refused, never read as RPC; and the reply is the last that is sent in
 * plain, behind those of all calls before it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/rpc_msg.h"

struct connection;

/* The verifier of a reply that offers TLS. */
extern const struct opaque_auth starttls_verf;

/* A call with AUTH_TLS: AUTH_OK if it may be one, else why it is refused. */
enum auth_stat starttls_check(const struct rpc_call_header *header, const struct connection *conn);

/* Can the connection change to TLS?  If so its stream is made, and starttls_begin() must follow. */
bool starttls_offer(struct connection *conn);

/* The probe was answered by `reply`, which is not sent yet; `behind` was received behind it.  From
 * now on nothing is received until starttls_continue() has begun the handshake.  For the loop's
 * owner. */
void starttls_begin(struct connection *conn, const uint8_t *reply, size_t reply_len,
                    const uint8_t *behind, size_t behind_len);

/* In state STARTING: begin the handshake if all else is done.  For the loop's owner.  True: it has
 * begun, and input for it is there already. */
bool starttls_continue(struct connection *conn);
