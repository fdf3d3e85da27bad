/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte-range locks of one file, with POSIX rules: an owner locks a byte for reading or for
 * writing, the last request counts, and only different owners conflict.
 *
 * Each lock is in two trees: that of its type in the file, which is searched for conflicts, and
 * that of its owner, which is used for splitting and merging.  So neither locks of other owners nor
 * those of the other type slow down a search.  A set is the locks of one stateid: an owner may have
 * several on a file, one per open (RFC 8881 §9.5).
 *
 * No locking: all functions are called with the file's lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/file/lock_tree.h"

struct owner;

/* One owner in one file. */
struct lock_holder {
    struct hnode node; /* in lock_table.holders */
    struct owner *owner;
    struct lock_tree own; /* disjoint */
    struct list sets;
};

struct lock_set {
    struct lock_holder *holder;
    uint32_t *total; /* the number of locks of this set and others; NULL: not wanted */
    struct list holder_link;
    struct list locks;
};

struct lock {
    struct lock_node in_file, in_holder; /* the same range */
    struct lock_set *set;
    struct list set_link;
    bool write;
};

enum {
    LOCK_TABLE_ADDS = 2 /* locks that one request adds at most */
};

struct lock_table {
    struct lock_tree read, write;
    struct lock *spare[LOCK_TABLE_ADDS]; /* reserved by lock_table_reserve(), or no longer needed */
    unsigned spare_count;
    struct htable holders;
    bool holders_ready; /* initialized with the first lock */
    uint32_t count;     /* number of locks */
};

void lock_table_init(struct lock_table *table);
void lock_table_fini(struct lock_table *table);

/* The holder of an owner, or NULL. */
struct lock_holder *lock_table_holder(const struct lock_table *table, const struct owner *owner);

/* Begin and end a set.  The holder is created with its first set and freed with its last; the owner
 * must live as long as any of them.  False without memory. */
bool lock_set_init(struct lock_table *table, struct lock_set *set, struct owner *owner) MUST_USE;
void lock_set_fini(struct lock_table *table, struct lock_set *set);

/* Which locks count.  NULL, where one is expected: all. */
struct lock_filter {
    bool (*counts)(const struct lock *lock, void *arg);
    void *arg;
};

/* The lock with the lowest start that prevents `self` (NULL: an owner without locks here) from
 * locking `range`, or NULL.  Locks of `self` cost nothing; locks that don't count are skipped one
 * by one. */
const struct lock *lock_table_conflict(const struct lock_table *table,
                                       const struct lock_holder *self, bool write,
                                       const struct lock_range *range,
                                       const struct lock_filter *filter);

/* Allocate the memory for one call of lock_table_lock() or lock_table_unlock().  False without
 * memory. */
bool lock_table_reserve(struct lock_table *table) MUST_USE;

/* Would that lock change any part of a write lock to a read lock? */
bool lock_table_replaces(const struct lock_set *set, bool write, const struct lock_range *range);

/* Lock `range`, which has no conflict, for `set`.  Replaces what its holder had there, and
 * merges neighbours of the same type and set.  Adds at most LOCK_TABLE_ADDS locks, which must be
 * reserved. */
void lock_table_lock(struct lock_table *table, struct lock_set *set, bool write,
                     const struct lock_range *range);

/* Unlock the holder's locks in `range`, up to `most` of them, lowest start first.  False: there are
 * more.  Adds a lock only if this splits one (lock_table_splits()), which must be reserved. */
bool lock_table_splits(const struct lock_holder *holder, const struct lock_range *range);
bool lock_table_unlock(struct lock_table *table, struct lock_holder *holder,
                       const struct lock_range *range, uint32_t most);

/* Unlock up to `most` locks of a set.  False: there are more. */
bool lock_table_drop(struct lock_table *table, struct lock_set *set, uint32_t most);
