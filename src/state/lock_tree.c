/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock_tree.h"

#include <stddef.h>

#include "base/htable.h"

static void update(struct lock_node *node)
{
    uint64_t end = node->range.end;

    if (node->left && node->left->max_end > end)
        end = node->left->max_end;
    if (node->right && node->right->max_end > end)
        end = node->right->max_end;
    node->max_end = end;
}

static void update_upwards(struct lock_node *node)
{
    for (; node; node = node->parent)
        update(node);
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

void lock_tree_insert(struct lock_tree *tree, struct lock_node *node, const struct lock_range *at)
{
    struct lock_node **place = &tree->root, *parent = NULL;

    while (*place) {
        parent = *place;
        place = at->start < parent->range.start ? &parent->left : &parent->right;
    }
    *node = (struct lock_node){
        .parent = parent,
        .range = *at,
        .max_end = at->end,
        .priority = hash_u64(++tree->inserted ^ (uint64_t)(uintptr_t)node),
    };
    *place = node;
    update_upwards(parent);
    while (node->parent && node->parent->priority < node->priority)
        rotate_up(tree, node);
}

void lock_tree_remove(struct lock_tree *tree, struct lock_node *node)
{
    struct lock_node *parent;

    while (node->left && node->right)
        rotate_up(tree, node->left->priority > node->right->priority ? node->left : node->right);
    parent = node->parent;
    replace_child(tree, node, node->left ? node->left : node->right);
    update_upwards(parent);
}

/* Of the nodes at and below `node` that overlap, the first one. */
static struct lock_node *first_below(struct lock_node *node, const struct lock_range *range)
{
    while (node && node->max_end >= range->start) {
        if (node->left && node->left->max_end >= range->start) {
            /* Something on the left reaches far enough.  If that starts too late, so does all
             * that comes after it. */
            node = node->left;
        } else if (node->range.start > range->end) {
            return NULL;
        } else if (node->range.end >= range->start) {
            return node;
        } else {
            node = node->right;
        }
    }
    return NULL;
}

struct lock_node *lock_tree_first(const struct lock_tree *tree, const struct lock_range *range)
{
    return first_below(tree->root, range);
}

struct lock_node *lock_tree_next(const struct lock_node *node, const struct lock_range *range)
{
    struct lock_node *found = first_below(node->right, range);
    struct lock_node *parent;

    if (found)
        return found;
    /* Up to the first ancestor that comes after us; what it and its right side hold is next. */
    for (;;) {
        parent = node->parent;
        while (parent && parent->right == node) {
            node = parent;
            parent = node->parent;
        }
        if (!parent || parent->range.start > range->end)
            return NULL;
        if (parent->range.end >= range->start)
            return parent;
        found = first_below(parent->right, range);
        if (found)
            return found;
        node = parent;
    }
}
