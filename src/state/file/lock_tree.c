/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/lock_tree.h"

#include <stddef.h>

#include "base/htable.h"

_Static_assert(sizeof(struct lock_node) == 64, "lock_tree.h says so");

/* Where it lies is as random as anything that could be kept.  But whoever locks and unlocks gets
 * the same memory each time, and should not find the same bad place: so it differs by range. */
static uint64_t priority(const struct lock_node *node)
{
    return hash_u64((uint64_t)(uintptr_t)node + node->range.start * 0x9e3779b97f4a7c15u);
}

static void update(struct lock_node *node)
{
    const struct lock_node *const below[2] = {node->left, node->right};

    node->max_end = node->range.end;
    node->all_of = node->whose;
    for (size_t i = 0; i < 2; i++) {
        if (!below[i])
            continue;
        if (below[i]->max_end > node->max_end)
            node->max_end = below[i]->max_end;
        if (below[i]->all_of != node->whose)
            node->all_of = NULL;
    }
}

/* As far as it makes a difference: each step costs a look at a node beside the path. */
static void update_upwards(struct lock_node *node)
{
    for (; node; node = node->parent) {
        uint64_t end = node->max_end;
        const void *all_of = node->all_of;

        update(node);
        if (node->max_end == end && node->all_of == all_of)
            return;
    }
}

/* Put `with` (or nothing) where `node` hangs. */
static void replace_child(struct lock_tree *tree, struct lock_node *node, struct lock_node *with)
{
    struct lock_node *parent = node->parent;

    if (!parent)
        tree->root = with;
    else if (parent->left == node)
        parent->left = with;
    else
        parent->right = with;
    if (with)
        with->parent = parent;
}

/* `node` changes places with its parent. */
static void rotate_up(struct lock_tree *tree, struct lock_node *node)
{
    struct lock_node *parent = node->parent, *moved;

    replace_child(tree, parent, node);
    if (parent->left == node) {
        moved = node->right;
        parent->left = moved;
        node->right = parent;
    } else {
        moved = node->left;
        parent->right = moved;
        node->left = parent;
    }
    if (moved)
        moved->parent = parent;
    parent->parent = node;
    update(parent);
    update(node);
}

void lock_tree_insert(struct lock_tree *tree, struct lock_node *node, const struct lock_range *at,
                      const void *whose)
{
    struct lock_node **place = &tree->root, *parent = NULL;

    while (*place) {
        parent = *place;
        if (parent->max_end < at->end)
            parent->max_end = at->end;
        if (parent->all_of != whose)
            parent->all_of = NULL;
        place = at->start < parent->range.start ? &parent->left : &parent->right;
    }
    *node = (struct lock_node){
        .parent = parent,
        .range = *at,
        .max_end = at->end,
        .whose = whose,
        .all_of = whose,
    };
    *place = node;
    while (node->parent && priority(node->parent) < priority(node))
        rotate_up(tree, node);
}

void lock_tree_remove(struct lock_tree *tree, struct lock_node *node)
{
    struct lock_node *parent;

    while (node->left && node->right)
        rotate_up(tree, priority(node->left) > priority(node->right) ? node->left : node->right);
    parent = node->parent;
    replace_child(tree, node, node->left ? node->left : node->right);
    update_upwards(parent);
}

/* Nothing at and below `node` is looked for. */
static bool pruned(const struct lock_node *node, const struct lock_range *range, const void *but)
{
    return !node || node->max_end < range->start || (but && node->all_of == but);
}

static struct lock_node *leftmost(struct lock_node *node, const struct lock_range *range,
                                  const void *but)
{
    for (;;) {
        /* If not the one, then the other. */
        __builtin_prefetch(node->right);
        if (pruned(node->left, range, but))
            return node;
        node = node->left;
    }
}

/* The next node in the order of starts that is not pruned. */
static struct lock_node *successor(const struct lock_node *node, const struct lock_range *range,
                                   const void *but)
{
    if (!pruned(node->right, range, but))
        return leftmost(node->right, range, but);
    while (node->parent && node->parent->right == node)
        node = node->parent;
    return node->parent;
}

static struct lock_node *find(struct lock_node *node, const struct lock_range *range,
                              const void *but)
{
    while (node && node->range.start <= range->end) {
        if (node->range.end >= range->start && !(but && node->whose == but))
            return node;
        node = successor(node, range, but);
    }
    return NULL;
}

struct lock_node *lock_tree_first(const struct lock_tree *tree, const struct lock_range *range,
                                  const void *but)
{
    if (pruned(tree->root, range, but))
        return NULL;
    return find(leftmost(tree->root, range, but), range, but);
}

struct lock_node *lock_tree_next(const struct lock_node *node, const struct lock_range *range,
                                 const void *but)
{
    return find(successor(node, range, but), range, but);
}
