/* SPDX-License-Identifier: Apache-2.0 */
/* SETCLIENTID and SETCLIENTID_CONFIRM as tests send them. */
#pragma once

#include "state/v40/client_setclientid.h"
#include "state/v40/client_v40.h"

extern const struct client_caller v40_alice, v40_bob;

/* SETCLIENTID with a verifier of such bytes; the callback's port distinguishes the callers. */
enum nfsstat4 v40_set(struct state *state, const char *owner, uint8_t verifier,
                      const struct client_caller *who, uint32_t ident,
                      struct client_setclientid *out);

/* SETCLIENTID_CONFIRM; stores the client, with a reference, at `client` unless that is NULL. */
enum nfsstat4 v40_confirm(struct state *state, const struct client_setclientid *set,
                          const struct client_caller *who, struct client **client);

/* Both, which must succeed, for alice; returns the client with a reference. */
struct client *v40_client(struct state *state, const char *owner, uint8_t verifier);
