/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of clients by kind, owner string and principal, and the table that they stand in, with
 * all that belongs to it: the queue of what is to be written (recovery_queue.h), the grace period
 * (recovery_grace.h).  What happens to clients is in recovery_client.h.
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

/* Holders of a reference: its clients; each change in the queue; the database, if it is there. */
struct recovery_record {
    struct hnode by_key;
    uint32_t refs;
    bool stored;         /* there is a row, which says `lost` */
    bool unsure;         /* or not: a change failed, and may be on the disk for all that; the
                            writer says so */
    bool lost;           /* state was revoked and not all of that acknowledged */
    bool former;         /* of the former run, and no client has a right to it in this one yet */
    bool awaited;        /* of the former run, and it may be reclaimed: the grace period waits for
                            it.  A client of 4.0 never says that it has all its state */
    bool owed, owed_bad; /* its deletion failed; there was state */
    uint32_t completing; /* being written for a client of this life */
    uint32_t pending;    /* changes in the queue */
    uint64_t holder;     /* the client id that completed, or (4.0) has state; or 0 */
    struct recovery_key key;
    uint8_t owner[];
};

struct recovery {
    struct recovery_db *db; /* NULL: nothing outlives the server */
    uint32_t lease_s, grace_s;
    _Atomic uint32_t phase;       /* enum phase */
    _Atomic uint32_t blocked;     /* deletions owed of clients that had state */
    _Atomic uint32_t reclaims;    /* under way */
    _Atomic int64_t reclaimed_ns; /* the last one */
    int64_t length_ns;            /* of the grace period */
    int64_t end_ns, last_end_ns;  /* of it; at the latest */

    pthread_mutex_t lock; /* guards what follows and the records; a leaf */
    pthread_cond_t written;
    struct htable records;
    uint64_t seed;
    uint32_t awaited, owed;
    uint32_t waiting; /* threads, for changes of theirs */
    struct list queue;
    bool writing, stopped;
};

/* The record of that name, made if there is none, with a reference. */
struct recovery_record *recovery_record_get_locked(struct recovery *r,
                                                   const struct recovery_key *key);
void recovery_record_put_locked(struct recovery *r, struct recovery_record *record);

/* There is a row in the database (there may be), or there is none.  The caller holds a
 * reference. */
void recovery_record_set_stored_locked(struct recovery_record *record, bool stored);

/* Nothing that is reclaimed in this life is its any more. */
void recovery_record_forget_former_locked(struct recovery *r, struct recovery_record *record);

/* Its deletion failed, or has been made up for. */
void recovery_record_set_owed_locked(struct recovery *r, struct recovery_record *record, bool owed);

void recovery_record_free_all(struct recovery *r);
