/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the callback address in SETCLIENTID to the client's path.  How a client is called back is
 * fixed when it registers: only SETCLIENTID_CONFIRM calls these functions, so the minor version
 * need not be checked later.
 */
#pragma once

#include "callback/dial_out.h"

struct client;
struct client_callback;
struct sockaddr;

/* A client has confirmed that it wants callbacks at `callback`: create or change its path.  If the
 * address can't be dialled, close the client's path.  Callbacks carry AUTH_SYS with the uid that
 * the client used (RFC 7530 §3.3.3).  `peer` is the source of the confirmation: after
 * dial_out_set_own_address(), no other address is dialled.  `serial` as in dial_out_set().  False
 * without memory for a path: the client should confirm again. */
bool dial_client_set(struct dial_out *out, const struct client *client,
                     const struct client_callback *callback, const struct sockaddr *peer,
                     uint32_t serial) MUST_USE;

/* For state_hook_gone(); the context is the struct dial_out. */
void dial_client_gone(struct client *client, void *context);
