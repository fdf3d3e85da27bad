/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What outlives the server: which clients may reclaim opens and locks after a restart, and the
 * grace period in which that happens (RFC 8881 §8.4.2, §8.4.3).
 *
 * A client is recorded by its kind, owner string and principal: one of 4.1 when it says
 * RECLAIM_COMPLETE, one of 4.0 before it gets any state (RFC 7530 §9.6.3.4.3).  Before state of an
 * expired client is given to another client the record is marked as one of a client that lost some
 * (§8.4.3: it may not reclaim after a restart that it does not know of), until it has acknowledged
 * all losses.  A record is removed when its client departs in order.  Records of the server's
 * former run stay until the grace period ends; before anything new is granted, those whose clients
 * did not come are dropped, and those of 4.0 that have reclaimed nothing.  So a record says: this
 * client has all its state and knows what it has.
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

struct recovery;

#define RECOVERY_GRACE_BY_LEASE UINT32_MAX

struct recovery_config {
    int dir;          /* descriptor of the state directory, the caller's; -1: nothing outlives us */
    uint32_t lease_s; /* of this life */
    uint32_t grace_s; /* 0: no client may reclaim; RECOVERY_GRACE_BY_LEASE: the longer of our
                         lease and that of the last run */
};

/* Grace has begun if any client may reclaim and grace_s is not 0.  NULL with a message
 * in `error`: the database cannot be read or written.  It is never thrown away. */
struct recovery *recovery_open(const struct recovery_config *config, int64_t now_ns, char *error,
                               size_t error_size) MUST_USE;
void recovery_close(struct recovery *recovery);

/* From now on records stay as they are: the server ends, its clients do not. */
void recovery_stop(struct recovery *recovery);

/* From the timer, about once a second: end the grace period when its time is over, write what could
 * not be written. */
void recovery_tick(struct recovery *recovery, int64_t now_ns);
