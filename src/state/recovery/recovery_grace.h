/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grace period (RFC 8881 §8.4.2): whether there is one, what may be granted in it, and how it
 * begins and ends.  The rules are in recovery.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "wire/nfs4_types.h"

struct recovery;

/* One load. */
bool recovery_in_grace(const struct recovery *recovery);

/* May state be granted other than by reclaims?  NFS4_OK, NFS4ERR_GRACE, or NFS4ERR_DELAY while it
 * cannot be recorded which clients lost state.  Two loads. */
enum nfsstat4 recovery_grant_status(const struct recovery *recovery);

/* Enclose the grant of a reclaim, so that none is in progress when the grace period ends.
 * NFS4ERR_NO_GRACE: it has ended.  NFS4ERR_DELAY: it may be about to end.  Call the end only after
 * NFS4_OK.  recovery_client_reclaim_begin() also checks the client's record. */
enum nfsstat4 recovery_reclaim_begin(struct recovery *recovery, int64_t now_ns) MUST_USE;
void recovery_reclaim_end(struct recovery *recovery);

/* Clients can connect from now on: a grace period is measured from here.  Before the first
 * recovery_tick(). */
void recovery_listening(struct recovery *recovery, int64_t now_ns);

/* The server was stalled until now: a grace period that has not ended gets its full length from
 * here.  By the thread of recovery_tick(). */
void recovery_grace_prolong(struct recovery *recovery, int64_t now_ns);

/* Load the records of the previous run; begin the grace period, or drop them. */
bool recovery_grace_begin(struct recovery *r, int64_t now_ns, char *error,
                          size_t error_size) MUST_USE;

/* The grace period as of one moment. */
struct recovery_grace_info {
    bool active;
    int64_t left_ns;  /* it ends then if no client reclaims any more, or earlier; at least 0 */
    uint32_t awaited; /* clients that may still reclaim */
};

/* Any thread. */
void recovery_grace_read(struct recovery *recovery, int64_t now_ns,
                         struct recovery_grace_info *info);

/* A client that may still reclaim. */
struct recovery_awaited {
    uint32_t kind; /* enum client_kind */
    bool returned; /* it has come since the start */
    uint32_t owner_len;
    uint8_t owner[LIMIT_CLIENT_OWNER_BYTES];
};

/* Copy up to `most` of them, first those that have not returned.  Returns their number.  Any
 * thread. */
uint32_t recovery_grace_awaited(struct recovery *recovery, struct recovery_awaited *awaited,
                                uint32_t most);

/* End it now, as if its time were up, whoever may still reclaim; `missing` is the number of those
 * that were awaited to the end, and lose what they held.  False: not yet, since a reclaim is being
 * granted or the disk fails; the timer ends it as soon as that is over.  Any thread; waits for the
 * disk. */
bool recovery_grace_end_early(struct recovery *recovery, size_t *missing);

/* Drop the records of clients that did not return, and permit new state.  Not while a reclaim is
 * being granted (possibly by the caller) or the disk fails: the next tick retries. */
void recovery_grace_end(struct recovery *r);

/* End it when its time is up or no client is awaited. */
void recovery_grace_tick(struct recovery *r, int64_t now_ns);
