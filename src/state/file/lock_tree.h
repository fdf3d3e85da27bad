/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals of bytes, both ends inclusive, in a treap ordered by start and augmented with the
 * largest end below each node and with who all of them belong to, if they all belong to one: the
 * ranges of others that overlap a given one are found in O(log n) each, however many do not and
 * however many are one's own (which don't overlap each other).  Intrusive, iterative, equal and
 * overlapping intervals allowed.  The caller locks, and takes a node out before changing its range.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lock_range {
    uint64_t start, end; /* inclusive; start <= end */
};

/* A cache line: that is what a step down a large tree costs. */
struct lock_node {
    struct lock_node *parent, *left, *right;
    struct lock_range range;
    uint64_t max_end;           /* of this node and all below */
    const void *whose, *all_of; /* all_of: of this node and all below; NULL: of several or none */
};

struct lock_tree {
    struct lock_node *root;
};

/* `whose` may be NULL. */
void lock_tree_insert(struct lock_tree *tree, struct lock_node *node, const struct lock_range *at,
                      const void *whose);
void lock_tree_remove(struct lock_tree *tree, struct lock_node *node);

/* The node with the lowest start that overlaps `range` and is not of `but` (NULL: of any), and
 * the next one after `node`. */
struct lock_node *lock_tree_first(const struct lock_tree *tree, const struct lock_range *range,
                                  const void *but);
struct lock_node *lock_tree_next(const struct lock_node *node, const struct lock_range *range,
                                 const void *but);

static inline bool lock_range_overlaps(const struct lock_range *a, const struct lock_range *b)
{
    return a->start <= b->end && b->start <= a->end;
}
