/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What outlives the server: who may reclaim opens and locks after a restart, and the grace period
 * in which that happens (RFC 8881 §8.4.2, §8.4.3).
 *
 * A client is recorded by its owner string and principal when it says RECLAIM_COMPLETE.  Before
 * state of an expired client is given to somebody else it is marked as one that lost some
 * (§8.4.3: it may not reclaim after a restart that it does not know of), until it has acknowledged
 * all losses.  A record goes when its client goes in order.
 *
 * All calls are thread safe.  Those that write wait for the disk: no lock may be held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct client;
struct recovery;

/* Grace has begun when there is anybody who may reclaim and grace_s is not 0.  `dir` is a
 * descriptor of the state directory, which stays the caller's; -1: nothing outlives the server,
 * and nobody may reclaim.  NULL with a message in `error`. */
struct recovery *recovery_open(int dir, uint32_t grace_s, int64_t now_ns, char *error,
                               size_t error_size) MUST_USE;
void recovery_close(struct recovery *recovery);

/* One load. */
bool recovery_in_grace(const struct recovery *recovery);

/* A client record has been made: client->may_reclaim says whether it was recorded in the server's
 * last life and has lost nothing.  With client_table.lock; does not wait. */
void recovery_client_made_locked(struct recovery *recovery, struct client *client);

/* RECLAIM_COMPLETE: record the client; the grace period ends with the last one that was awaited.
 * False when it cannot be written: the operation fails. */
bool recovery_client_complete(struct recovery *recovery, struct client *client) MUST_USE;

/* Some state of the client is about to be revoked in somebody's favour.  False when that cannot be
 * written: it must not be revoked. */
bool recovery_client_lost(struct recovery *recovery, struct client *client) MUST_USE;

/* All that was revoked is acknowledged by FREE_STATEID. */
void recovery_client_whole(struct recovery *recovery, struct client *client);

/* A confirmed client is gone for good, its state about to be released; not when the server ends. */
void recovery_client_gone(struct recovery *recovery, struct client *client);

/* From the timer: end the grace period when its time is over. */
void recovery_tick(struct recovery *recovery, int64_t now_ns);
