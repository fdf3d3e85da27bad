/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of clients is recorded in stable storage (recovery.h), from the making of a client record to
 * its end.  All calls are thread safe.  Those that write wait for the disk: no lock may be held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "wire/nfs4_types.h"

struct client;
struct recovery;

/* recovery_reclaim_begin() for this client.  NFS4ERR_NO_GRACE also when it has said
 * RECLAIM_COMPLETE or may not reclaim. */
enum nfsstat4 recovery_client_reclaim_begin(struct recovery *recovery, const struct client *client,
                                            int64_t now_ns) MUST_USE;

/* A client record has been made, with its client->owner; another incarnation of the client may be
 * confirmed.  client->may_reclaim says whether it was recorded in the server's last run, has lost
 * nothing, and this is the first incarnation since.  False without memory.  With client_table.lock;
 * does not wait. */
bool recovery_client_made_locked(struct recovery *recovery, struct client *client);

/* The client's memory is given back. */
void recovery_client_free(struct recovery *recovery, struct client *client);

/* May the client be granted state that is no reclaim?  recovery_grant_status(), and NFS4ERR_GRACE
 * before a client of 4.1 has said RECLAIM_COMPLETE.  One of 4.0 has NFS4ERR_EXPIRED as long as it
 * has losses that are not acknowledged (RFC 7530 §9.6.3.2), and is recorded first, once: that waits
 * for the disk, and is NFS4ERR_DELAY when it cannot be done. */
enum nfsstat4 recovery_client_grant(struct recovery *recovery, struct client *client) MUST_USE;

/* The client has reclaimed something: between recovery_reclaim_begin() and its end.  A record of
 * 4.0 stays for that. */
void recovery_client_reclaimed(struct recovery *recovery, struct client *client);

/* RECLAIM_COMPLETE: record the client, with losses that it has not acknowledged yet; the grace
 * period ends with the last one that was awaited.  False when that cannot be written, there are too
 * many records until the grace period ends, or the client is being removed: the operation fails. */
bool recovery_client_complete(struct recovery *recovery, struct client *client) MUST_USE;

/* Some state of the client is about to be revoked in favour of another.  False when that cannot be
 * recorded: it must not be revoked.  client->revoked_count counts the state already. */
bool recovery_client_lost(struct recovery *recovery, struct client *client) MUST_USE;

/* client->revoked_count has become 0: all losses are acknowledged by FREE_STATEID. */
void recovery_client_whole(struct recovery *recovery, struct client *client);

enum {
    RECOVERY_GONE_MOST = 64
};

/* Confirmed clients, RECOVERY_GONE_MOST of them at the most, are gone for good, their state about
 * to be released.  What cannot be written is tried again later; until then recovery_grant_status()
 * is DELAY if there was state. */
void recovery_clients_gone(struct recovery *recovery, struct client *const *clients, size_t count);
