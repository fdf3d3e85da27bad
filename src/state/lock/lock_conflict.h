/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conflicts with a byte-range lock: locks in effect of other owners, and owners that have waited
 * longer (lock_wait.h).  If the lease of their client is over, a conflicting request revokes them,
 * together with their open and all of its locks (RFC 8881 §8.4.3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/file/courtesy.h"
#include "state/lock/lock_state.h"

/* Functions of open/; set by state_create() (state.lock_conflict_hooks). */
struct lock_conflict_hooks {
    /* Revoke an open with all its locks, with file->lock held.  Its reference goes to `revoked`. */
    void (*revoke_locked)(struct open *open, enum nfsstat4 why, struct list *revoked);
    /* Complete the revocation of these opens, without locks. */
    void (*revoke_settle)(struct list *revoked, enum nfsstat4 why);
};

/* The lock that a request asks for. */
struct lock_wish {
    struct owner *owner; /* NULL: unknown, so it has no locks */
    bool write;
    bool wait; /* it blocks: the client retries until it has the lock */
    struct lock_range range;
    int64_t now_ns; /* of the request */
};

/* A copy of the conflicting lock. */
struct lock_conflict {
    uint64_t offset, length; /* as on the wire */
    bool write;
    uint64_t clientid;
    uint32_t owner_len;
    uint8_t owner[LIMIT_OWNER_STRING_BYTES];
};

void lock_conflict_copy(struct lock_conflict *out, const struct owner *owner, bool write,
                        const struct lock_range *range);

/* State of several searches during one hold of the file's lock.  In total they skip at most
 * LIMIT_LOCK_SEARCH locks of expired clients, of which there may be very many. */
struct lock_search {
    int64_t now_ns;
    uint32_t left; /* how many expired locks may still be skipped */
    bool given_up; /* the last search stopped at a lock of an expired client; what is behind it is
                    * unknown */
    bool met;      /* the last search looked at a lock, even if that does not count */
    const struct client *expired; /* the last client found to be expired, or NULL */
};

struct lock_search lock_search_begin(int64_t now_ns);

/* A conflicting lock in effect of another owner whose client's lease is valid, or NULL. */
const struct lock *lock_conflict_find_locked(struct file *file, const struct lock_wish *wish,
                                             struct lock_search *search);

/* NFS4ERR_DENIED because of such a lock, which is copied to `out`; or because of locks of expired
 * clients, which are noted in `courtesy`. */
enum nfsstat4 lock_conflict_check_locked(struct file *file, const struct lock_wish *wish,
                                         struct courtesy *courtesy, struct lock_conflict *out);

/* Revoke the conflicting state of the clients noted, without the file's lock.  NFS4_OK: check
 * again. */
enum nfsstat4 lock_conflict_clear(struct state *state, struct file *file,
                                  const struct lock_wish *wish, struct courtesy *courtesy) MUST_USE;
