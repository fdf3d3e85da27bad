/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte-range locks of one file, with POSIX rules: a byte is locked by an owner for reading or
 * for writing, the last request decides, and only different owners conflict.
 *
 * Every lock stands in two trees: that of its type in the file, where conflicts are found, and that
 * of its owner, where splitting and merging happens.  So neither the locks of others nor those of
 * the other type cost anything.  A set is what one stateid stands for: an owner may have several
 * on a file, one for each open (RFC 8881 §9.5).
 *
 * No locking of its own: all calls with the file's lock held.
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
    LOCK_TABLE_ADDS = 2 /* locks that one request adds at the most */
};

struct lock_table {
    struct lock_tree read, write;
    struct lock *spare[LOCK_TABLE_ADDS]; /* for them: lock_table_reserve() */
    unsigned spare_count;
    struct htable holders;
    bool holders_ready; /* made with the first lock */
    uint32_t count;     /* locks */
};

void lock_table_init(struct lock_table *table);
void lock_table_fini(struct lock_table *table);

/* The holder of an owner, or NULL. */
struct lock_holder *lock_table_holder(const struct lock_table *table, const struct owner *owner);

/* Begin and end a set.  The holder is made with its first set and goes with its last; the owner
 * must live as long as any of them.  False without memory. */
bool lock_set_init(struct lock_table *table, struct lock_set *set, struct owner *owner) MUST_USE;
void lock_set_fini(struct lock_table *table, struct lock_set *set);

/* Which locks count; NULL where one is asked for: all of them. */
struct lock_filter {
    bool (*counts)(const struct lock *lock, void *arg);
    void *arg;
};

/* The lock with the lowest start that keeps `self` (NULL: an owner without locks here) from locking
 * `range`, or NULL.  Its own locks cost nothing; those that don't count are passed over one by
 * one. */
const struct lock *lock_table_conflict(const struct lock_table *table,
                                       const struct lock_holder *self, bool write,
                                       const struct lock_range *range,
                                       const struct lock_filter *filter);

/* Have the memory for one call of lock_table_lock() or lock_table_unlock().  False: none. */
bool lock_table_reserve(struct lock_table *table) MUST_USE;

/* Would that lock make a lock for writing one for reading, even in part? */
bool lock_table_replaces(const struct lock_set *set, bool write, const struct lock_range *range);

/* Lock `range`, which has no conflict, for `set`: whatever its holder had there is replaced, and
 * neighbours of the same kind and set become one.  Adds LOCK_TABLE_ADDS locks at the most, which
 * are reserved. */
void lock_table_lock(struct lock_table *table, struct lock_set *set, bool write,
                     const struct lock_range *range);

/* Unlock what the holder has in `range`, `most` locks of it, from the lowest start.  False: there
 * is more.  Adds a lock only if this splits one; it is reserved then. */
bool lock_table_splits(const struct lock_holder *holder, const struct lock_range *range);
bool lock_table_unlock(struct lock_table *table, struct lock_holder *holder,
                       const struct lock_range *range, uint32_t most);

/* Unlock `most` locks of a set.  False: there are more. */
bool lock_table_drop(struct lock_table *table, struct lock_set *set, uint32_t most);
