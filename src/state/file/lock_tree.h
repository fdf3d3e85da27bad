/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte intervals, both ends inclusive, in a treap ordered by start.  Each node also has the largest
 * end below it, and the owner of all nodes below if they have a single one.  So intervals of other
 * owners that overlap a given one are found in O(log n) each, independent of how many do not
 * overlap, and of how many belong to the searching owner (which do not overlap each other).
 * Intrusive, iterative; equal and overlapping intervals are allowed.  The caller locks, and must
 * remove a node before it changes its range.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lock_range {
    uint64_t start, end; /* inclusive; start <= end */
};

/* One cache line, which is the cost of a step down a large tree. */
struct lock_node {
    struct lock_node *parent, *left, *right;
    struct lock_range range;
    uint64_t max_end;           /* of this node and all below */
    const void *whose, *all_of; /* all_of: owner of this node and all below; NULL: several or
                                 * none */
};

struct lock_tree {
    struct lock_node *root;
};

/* `whose` may be NULL. */
void lock_tree_insert(struct lock_tree *tree, struct lock_node *node, const struct lock_range *at,
                      const void *whose);
void lock_tree_remove(struct lock_tree *tree, struct lock_node *node);

/* The node with the lowest start that overlaps `range` and does not belong to `but` (NULL: any),
 * and the next such node. */
struct lock_node *lock_tree_first(const struct lock_tree *tree, const struct lock_range *range,
                                  const void *but);
struct lock_node *lock_tree_next(const struct lock_node *node, const struct lock_range *range,
                                 const void *but);

static inline bool lock_range_overlaps(const struct lock_range *a, const struct lock_range *b)
{
    return a->start <= b->end && b->start <= a->end;
}
