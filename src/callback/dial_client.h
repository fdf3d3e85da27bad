/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a client of 4.0 said in SETCLIENTID to its path.  Which way a client is called back is
 * fixed by how it registered: only SETCLIENTID_CONFIRM comes here, so nobody asks for a version
 * later.
 */
#pragma once

#include "callback/dial_out.h"

struct client;
struct client_callback;
struct sockaddr;

/* A client confirmed that it wants its calls at `callback`: make or change its path, or close the
 * one it has if nobody can be dialled there.  Its calls carry AUTH_SYS with the uid that it came
 * with (RFC 7530 §3.3.3).  `peer` is where the confirmation came from: after
 * dial_out_set_own_address() nobody else's address is dialled.  `serial` as in dial_out_set().
 * False: there is no memory for a path, and the client should confirm again. */
bool dial_client_set(struct dial_out *out, const struct client *client,
                     const struct client_callback *callback, const struct sockaddr *peer,
                     uint32_t serial) MUST_USE;

/* For state_hook_gone(), with the dial_out as context. */
void dial_client_gone(struct client *client, void *context);
