/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What outlives the server: who may reclaim opens and locks after a restart, and the grace period
 * in which that happens (RFC 8881 §8.4.2, §8.4.3).
 *
 * A client is recorded by its kind, owner string and principal: one of 4.1 when it says
 * RECLAIM_COMPLETE, one of 4.0 before it gets any state (RFC 7530 §9.6.3.4.3).  Before state of an
 * expired client is given to somebody else it is marked as one that lost some (§8.4.3: it may not
 * reclaim after a restart that it does not know of), until it has acknowledged all losses.  A
 * record goes when its client goes in order.  Records of the former life stay until the grace
 * period ends; before anything new is granted, those whose clients did not come are dropped, and
 * those of 4.0 that have reclaimed nothing.  So a record says: this client has all its state and
 * knows what it has.
 *
 * A client of 4.0 never says that it has all its state: as long as there is one that may reclaim,
 * the grace period has its full length.
 *
 * All calls are thread safe.  Those that write wait for the disk: no lock may be held.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "wire/nfs4_types.h"

struct client;
struct recovery;

#define RECOVERY_GRACE_BY_LEASE UINT32_MAX

struct recovery_config {
    int dir;          /* descriptor of the state directory, the caller's; -1: nothing outlives us */
    uint32_t lease_s; /* of this life */
    uint32_t grace_s; /* 0: nobody may reclaim; RECOVERY_GRACE_BY_LEASE: the longer of our lease
                         and that of the last life */
};

/* Grace has begun when there is anybody who may reclaim and grace_s is not 0.  NULL with a message
 * in `error`: the database cannot be read or written.  It is never thrown away. */
struct recovery *recovery_open(const struct recovery_config *config, int64_t now_ns, char *error,
                               size_t error_size) MUST_USE;
void recovery_close(struct recovery *recovery);

/* Clients can come from now on: the grace period, if there is one, is counted from here.  Before
 * the first recovery_tick(). */
void recovery_listening(struct recovery *recovery, int64_t now_ns);

/* The server stood still until now: a grace period that is not over yet lasts for its whole length
 * from here.  By the thread of recovery_tick(). */
void recovery_grace_prolong(struct recovery *recovery, int64_t now_ns);

/* From now on records stay as they are: the server ends, its clients do not. */
void recovery_stop(struct recovery *recovery);

/* One load. */
bool recovery_in_grace(const struct recovery *recovery);

/* May state be granted that is no reclaim?  NFS4_OK, NFS4ERR_GRACE, or NFS4ERR_DELAY as long as it
 * cannot be written down whose state was taken away.  Two loads. */
enum nfsstat4 recovery_grant_status(const struct recovery *recovery);

/* Brackets around the grant of a reclaim, so that none is under way when the grace period ends.
 * NFS4ERR_NO_GRACE: it is over, the client has said RECLAIM_COMPLETE or may not reclaim.
 * NFS4ERR_DELAY: the period is about to end, or not.  Only after NFS4_OK there is an end. */
enum nfsstat4 recovery_reclaim_begin(struct recovery *recovery, const struct client *client,
                                     int64_t now_ns) MUST_USE;
void recovery_reclaim_end(struct recovery *recovery);

/* A client record has been made, and client->owner says whose; another incarnation of it may be
 * confirmed.  client->may_reclaim says whether it was recorded in the server's last life, has lost
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

/* Some state of the client is about to be revoked in somebody's favour.  False when that cannot be
 * written: it must not be revoked.  client->revoked_count counts the state already. */
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

/* From the timer, about once a second: end the grace period when its time is over, write what could
 * not be written. */
void recovery_tick(struct recovery *recovery, int64_t now_ns);
