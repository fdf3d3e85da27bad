/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations that their holders lose, or that go with them.
 */
#pragma once

#include <stdint.h>

#include "wire/nfs4_types.h"

struct client;
struct state;

/* Revoke overdue delegations.  From the state's timer. */
void delegation_tick(struct state *state, int64_t now_ns);

/* For open_client_release() and open_client_revoke(), when no new delegations can come: end all
 * that the client holds. */
void delegation_client_release(struct client *client);
void delegation_client_revoke(struct client *client, enum nfsstat4 why);
