/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of clients by kind, owner string and principal, and their table, with what belongs to it:
 * the queue of changes (recovery_queue.h) and the grace period (recovery_grace.h).
 * recovery_client.h has the events of clients.
 */
#pragma once

#include <pthread.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_db.h"

enum phase {
    PHASE_OPEN,
    PHASE_GRACE,
    PHASE_ENDING,
};

/* Holders of a reference: its clients; each queued change; the database, if it has a row. */
struct recovery_record {
    struct hnode by_key;
    uint32_t refs;
    bool stored;  /* the database has a row, with `lost` */
    bool unsure;  /* unknown whether it has: a change failed, but may be on the disk; the
                          * writer decides */
    bool lost;    /* state was revoked and has not been acknowledged completely */
    bool former;  /* of the previous run, and not claimed by any client of this run yet */
    bool awaited; /* of the previous run, and may be reclaimed: the grace period waits for
                          * it.  A 4.0 client never announces that it has reclaimed everything */
    bool undeleted, undeleted_state; /* its deletion failed; there was state */
    uint32_t completing;             /* being written for a client of this run */
    uint32_t pending;                /* number of queued changes */
    uint64_t holder; /* ID of the client that sent RECLAIM_COMPLETE or (4.0) has state; or 0 */
    struct recovery_key key;
    uint8_t owner[];
};

struct recovery {
    struct recovery_db *db; /* NULL: nothing survives the server */
    uint32_t lease_s, grace_s;
    _Atomic uint32_t phase;              /* enum phase */
    _Atomic uint32_t blocked;            /* failed deletions of clients that had state */
    _Atomic uint32_t reclaims;           /* in progress */
    _Atomic int64_t reclaimed_ns;        /* time of the last reclaim */
    _Atomic bool told;                   /* to end the grace period early */
    _Atomic bool failing;                /* the last write failed */
    int64_t length_ns;                   /* of the grace period */
    _Atomic int64_t end_ns, last_end_ns; /* its end; the latest possible end */

    pthread_mutex_t lock; /* a leaf; guards the rest and the records */
    pthread_cond_t written;
    struct htable records;
    uint64_t seed;
    uint32_t awaited, undeleted;
    uint32_t waiting; /* threads waiting for their changes */
    struct list queue;
    bool writing, stopped;
};

/* The record of this name, with a reference; created if there is none. */
struct recovery_record *recovery_record_get_locked(struct recovery *r,
                                                   const struct recovery_key *key);
void recovery_record_put_locked(struct recovery *r, struct recovery_record *record);

/* The database now has (or may have) a row, or has none.  The caller must hold a reference. */
void recovery_record_set_stored_locked(struct recovery_record *record, bool stored);

/* The record of the previous run can no longer be reclaimed in this one. */
void recovery_record_forget_former_locked(struct recovery *r, struct recovery_record *record);

/* Its deletion failed, or has succeeded after all. */
void recovery_record_set_undeleted_locked(struct recovery *r, struct recovery_record *record,
                                          bool undeleted);

void recovery_record_free_all(struct recovery *r);
