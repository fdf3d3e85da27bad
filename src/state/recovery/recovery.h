/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What survives a restart of the server: which clients may reclaim opens and locks, and the grace
 * period for that (RFC 8881 §8.4.2, §8.4.3).
 *
 * A client is recorded by its kind, owner string and principal: a 4.1 client when it sends
 * RECLAIM_COMPLETE, a 4.0 client before it gets any state (RFC 7530 §9.6.3.4.3).  Before state of
 * an expired client is given to another one, its record is marked as lost (§8.4.3: it must not
 * reclaim after a restart of which it does not know), until it has acknowledged all losses.  A
 * record is removed when its client leaves in order.  Records of the server's previous run remain
 * until the grace period ends.  Before new state is granted, those are dropped whose clients did
 * not return, and those of 4.0 clients that have reclaimed nothing.  So a record means: this client
 * has all its state and knows what it has.
 *
 * A 4.0 client never announces that it has reclaimed everything: while any may still reclaim, the
 * grace period has its full length.
 *
 * Thread safe.  Functions that write wait for the disk: no lock may be held.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "wire/nfs4_types.h"

struct recovery;

#define RECOVERY_GRACE_BY_LEASE UINT32_MAX

struct recovery_config {
    int dir;          /* the state directory, owned by the caller; -1: nothing survives */
    uint32_t lease_s; /* of this run */
    uint32_t grace_s; /* 0: no client may reclaim; RECOVERY_GRACE_BY_LEASE: the longer of the leases
                       * of this run and the last */
};

/* The grace period has begun if any client may reclaim and grace_s is not 0.  NULL with a message
 * in `error`: the database cannot be read or written.  It is never discarded. */
struct recovery *recovery_open(const struct recovery_config *config, int64_t now_ns, char *error,
                               size_t error_size) MUST_USE;
void recovery_close(struct recovery *recovery);

/* Leave the records as they are from now on: the server ends, but its clients do not. */
void recovery_stop(struct recovery *recovery);

/* Did the last write fail?  Then no new client can be recorded, and none gets state. */
bool recovery_is_failing(const struct recovery *recovery);

/* From the timer, about once a second: end the grace period when its time is up; retry failed
 * writes. */
void recovery_tick(struct recovery *recovery, int64_t now_ns);
