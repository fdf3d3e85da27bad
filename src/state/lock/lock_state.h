/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of lock states.  A lock state is one lock owner under one open (RFC 8881 §9.5) with a
 * stateid; it lives until CLOSE or FREE_STATEID, also without a lock, and may be revoked.
 *
 * One file may have a great many locks.  Whatever ends states makes their locks void at once, and
 * takes them out of the file's trees a batch at a time, so file->lock is never held for long.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/file/lock_table.h"
#include "state/file/open_record.h"
#include "state/file/stateid.h"

/* Holders of a reference (stateid_get): its open's list, or its client's list of what was revoked;
 * a request that has looked it up. */
struct lock_state {
    struct stateid sid;
    struct open *open;      /* a reference */
    struct owner *owner;    /* a use */
    struct list owner_link; /* on owner->lock_states, under owner_table.lock */

    /* Under open->file->lock. */
    struct list open_link;
    struct hnode by_pair; /* of owner and open, in file->lock_states until it has ended */
    struct lock_set set;
    bool ended; /* freed or revoked; what is left in `set` is void */
};

/* The state of a lock owner under this open, unless it has ended, or NULL. */
struct lock_state *lock_state_find_locked(const struct owner *owner, const struct open *open);

/* A new one, which takes over a use of `owner`; NULL, and the use is still the caller's, at a
 * limit. */
struct lock_state *lock_state_create_locked(struct open *open, struct owner *owner);

/* May an operation with this seqid use it?  BAD_STATEID, OLD_STATEID, EXPIRED, ADMIN_REVOKED. */
enum nfsstat4 lock_state_check_locked(const struct lock_state *ls, uint32_t seqid);

/* Is the lock in effect?  It is not when its state or open has ended. */
bool lock_state_in_effect(const struct lock *lock);

/* The client's account follows the file's: the locks of a file were `before`, now they are
 * others. */
void lock_state_account(struct file *file, struct client *client, uint32_t before);

/* FREE_STATEID of a state that is not revoked: NFS4ERR_LOCKS_HELD as long as there are locks. */
enum nfsstat4 lock_state_free(struct lock_state *ls, uint32_t seqid) MUST_USE;

/* End the lock states of an open that has been unhashed, for CLOSE (why NFS4_OK) or revoked.  The
 * first batch with the file's lock held; true: there is a rest.  Then, without it, the rest. */
bool lock_states_end_locked(struct open *open, enum nfsstat4 why, struct list *doomed);
void lock_states_end(struct open *open, enum nfsstat4 why, struct list *doomed, bool rest);
