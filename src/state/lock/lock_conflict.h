/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What conflicts with a byte-range lock: locks in effect of other owners, and owners that have
 * waited longer (lock_wait.h).  Locks of clients whose lease is over are revoked by a request that
 * conflicts, with the open that they are under and all locks of that (RFC 8881 §8.4.3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/file/courtesy.h"
#include "state/lock/lock_state.h"

/* What this calls of open/; set by state_create() (state.lock_conflict_hooks). */
struct lock_conflict_hooks {
    /* Revoke an open with all its locks, with file->lock held; its reference goes to `revoked`. */
    void (*revoke_locked)(struct open *open, enum nfsstat4 why, struct list *revoked);
    /* What remains to be done about those, without a lock. */
    void (*revoke_settle)(struct list *revoked, enum nfsstat4 why);
};

/* A lock that a request asks for. */
struct lock_wish {
    struct owner *owner; /* NULL: not known, so has no locks */
    bool write;
    bool wait; /* it blocks: the client retries until it has the lock */
    struct lock_range range;
    int64_t now_ns; /* of the request */
};

/* The conflicting lock: a copy. */
struct lock_conflict {
    uint64_t offset, length; /* as on the wire */
    bool write;
    uint64_t clientid;
    uint32_t owner_len;
    uint8_t owner[LIMIT_OWNER_STRING_BYTES];
};

void lock_conflict_copy(struct lock_conflict *out, const struct owner *owner, bool write,
                        const struct lock_range *range);

/* Searches that follow one another with the file's lock held.  Locks of expired clients, which may
 * be a great many, are passed over LIMIT_LOCK_SEARCH times in all of them together. */
struct lock_search {
    int64_t now_ns;
    uint32_t left; /* expired locks that are still passed over */
    bool given_up; /* the last search: nothing is known of what is behind the one that it met */
    const struct client *expired; /* the last client that was found to be, or NULL */
};

struct lock_search lock_search_begin(int64_t now_ns);

/* A lock in effect, of another owner whose client's lease is good, or NULL. */
const struct lock *lock_conflict_find_locked(struct file *file, const struct lock_wish *wish,
                                             struct lock_search *search);

/* NFS4ERR_DENIED because of such a lock, then `out` tells which; or because of expired clients',
 * then those have been blamed. */
enum nfsstat4 lock_conflict_check_locked(struct file *file, const struct lock_wish *wish,
                                         struct courtesy *courtesy, struct lock_conflict *out);

/* Revoke what is in the way of those blamed, without the file's lock.  NFS4_OK: ask again. */
enum nfsstat4 lock_conflict_clear(struct state *state, struct file *file,
                                  const struct lock_wish *wish, struct courtesy *courtesy) MUST_USE;
