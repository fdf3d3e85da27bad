/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creation and end of lock states.  A lock state is one lock owner under one open (RFC 8881 §9.5),
 * with a stateid.  It exists until CLOSE or FREE_STATEID, even without locks, and may be revoked.
 *
 * A file may have very many locks.  Ending a lock state makes its locks void at once; they are
 * removed from the file's trees in batches, so that file->lock is never held for long.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/file/lock_table.h"
#include "state/file/open_record.h"
#include "state/file/stateid.h"

/* Holders of a reference (stateid_get): its open's list, or its client's list of revoked state;
 * each request that has looked it up. */
struct lock_state {
    struct stateid sid;
    struct open *open;      /* a reference */
    struct owner *owner;    /* a use */
    struct list owner_link; /* of owner->lock_states; guarded by owner_table.lock */

    /* Guarded by open->file->lock. */
    struct list open_link;
    struct hnode by_pair; /* of file->lock_states, until it has ended; key: owner and open */
    struct lock_set set;
    bool ended; /* freed or revoked; the locks left in `set` are void */
};

/* The state of a lock owner under this open, or NULL; not one that has ended. */
struct lock_state *lock_state_lookup_locked(const struct owner *owner, const struct open *open);

/* Create one; takes over a use of `owner`.  NULL at a limit: the caller keeps the use. */
struct lock_state *lock_state_create_locked(struct open *open, struct owner *owner);

/* May an operation with this seqid use it?  BAD_STATEID, OLD_STATEID, EXPIRED, ADMIN_REVOKED. */
enum nfsstat4 lock_state_check_locked(const struct lock_state *ls, uint32_t seqid);

/* Is the lock in effect?  Not if its state or open has ended. */
bool lock_state_in_effect(const struct lock *lock);

/* Update the client's count of locks: the file had `before` locks, and has another number now. */
void lock_state_account(struct file *file, struct client *client, uint32_t before);

/* FREE_STATEID of a state that is not revoked.  NFS4ERR_LOCKS_HELD while it has locks. */
enum nfsstat4 lock_state_free(struct lock_state *ls, uint32_t seqid) MUST_USE;

/* End the lock states of an open that has been unhashed: by CLOSE (why NFS4_OK), or because it is
 * revoked.  The first function handles one batch with the file's lock held; true: there are more.
 * The second does the rest without the lock. */
bool lock_states_end_locked(struct open *open, enum nfsstat4 why, struct list *doomed);
void lock_states_end(struct open *open, enum nfsstat4 why, struct list *doomed, bool rest);
