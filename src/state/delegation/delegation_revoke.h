/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations that their holders lose, or that go with them.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "wire/nfs4_types.h"

struct client;
struct delegation;
struct state;

/* Revoke overdue delegations.  From the state's timer. */
void delegation_tick(struct state *state, int64_t now_ns);

/* Revoke one, for `why` (NFS4ERR_ADMIN_REVOKED).  NFS4ERR_BAD_STATEID: it has ended already;
 * NFS4ERR_DELAY: the loss cannot be recorded, and nothing was revoked.  May wait for the disk and
 * wake waiters: without locks. */
enum nfsstat4 delegation_revoke(struct delegation *delegation, enum nfsstat4 why) MUST_USE;

/* For open_client_release() and open_client_revoke(), when no new delegations can come: end all
 * that the client holds. */
void delegation_client_release(struct client *client);
void delegation_client_revoke(struct client *client, enum nfsstat4 why);
