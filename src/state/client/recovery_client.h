/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the stable storage record of a client (recovery.h), from the creation of its client record
 * to the end.  Thread safe.  Functions that write wait for the disk: no lock may be held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "wire/nfs4_types.h"

struct client;
struct recovery;

/* recovery_reclaim_begin() for this client.  Also NFS4ERR_NO_GRACE if it has sent RECLAIM_COMPLETE
 * or may not reclaim. */
enum nfsstat4 recovery_client_reclaim_begin(struct recovery *recovery, const struct client *client,
                                            int64_t now_ns) MUST_USE;

/* A client record has been created, with its client->owner; another incarnation of the client may
 * be confirmed.  Sets client->may_reclaim: the client was recorded in the server's last run, has
 * lost nothing, and this is its first incarnation since.  False without memory.  With
 * client_table.lock held; does not block. */
bool recovery_client_made_locked(struct recovery *recovery, struct client *client);

/* The client's memory is freed. */
void recovery_client_free(struct recovery *recovery, struct client *client);

/* May the client be granted state other than by a reclaim?  See recovery_grant_status().  Also
 * NFS4ERR_GRACE before a client of 4.1 or later has sent RECLAIM_COMPLETE.  A 4.0 client gets
 * NFS4ERR_EXPIRED while it has unacknowledged losses (RFC 7530 §9.6.3.2), and is recorded first,
 * once, which waits for the disk; NFS4ERR_DELAY if that fails. */
enum nfsstat4 recovery_client_grant(struct recovery *recovery, struct client *client) MUST_USE;

/* The client has reclaimed something, between recovery_reclaim_begin() and its end.  This keeps the
 * record of a 4.0 client. */
void recovery_client_reclaimed(struct recovery *recovery, struct client *client);

/* RECLAIM_COMPLETE: record the client, with its unacknowledged losses.  The grace period ends with
 * the last client that was awaited.  False if the record cannot be written, if there are too many
 * records until the grace period ends, or if the client is being removed: the operation fails. */
bool recovery_client_complete(struct recovery *recovery, struct client *client) MUST_USE;

/* State of the client is about to be revoked in favour of another client.  False if that cannot be
 * recorded: it must not be revoked.  client->revoked_count must include the state already. */
bool recovery_client_mark_loss(struct recovery *recovery, struct client *client) MUST_USE;

/* client->revoked_count has become 0: FREE_STATEID has acknowledged all losses. */
void recovery_client_clear_loss(struct recovery *recovery, struct client *client);

enum {
    RECOVERY_GONE_MAX = 64
};

/* Up to RECOVERY_GONE_MAX confirmed clients are gone for good, and their state is about to be
 * released.  What cannot be written is retried later; until then recovery_grant_status() is
 * NFS4ERR_DELAY if there was state. */
void recovery_clients_gone(struct recovery *recovery, struct client *const *clients, size_t count);
