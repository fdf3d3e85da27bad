/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/radix.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    SPARES = 2, /* nodes that are kept */
    WAY_BITS = 6,
    WAYS = 1 << WAY_BITS,
    HEIGHT_MAX = 10, /* 60 bits */
};

/* Invariant: `present` has a bit for each slot that is not NULL, and each node in the tree has at
 * least one such slot. */
struct radix_node {
    uint64_t present;
    void *slots[WAYS];
};

static uint32_t way_of(uint64_t index, uint32_t level)
{
    return (uint32_t)(index >> (level * WAY_BITS)) & (WAYS - 1);
}

/* The tree holds indexes below this. */
static uint64_t span_of(const struct radix *radix)
{
    return 1ull << (radix->height * WAY_BITS);
}

static void slot_set(struct radix_node *node, uint32_t way, void *value)
{
    node->slots[way] = value;
    if (value)
        node->present |= 1ull << way;
    else
        node->present &= ~(1ull << way);
}

static void node_free(struct space *space, struct radix_node *node)
{
    space_give(space, sizeof(*node));
    memory_free(MEMORY_data, node);
}

/* Keep a few nodes, so that a directory in which one entry is created and removed over and over
 * does not allocate a path of nodes each time. */
static void node_put(struct radix *radix, struct space *space, struct radix_node *node)
{
    DCHECK(node->present == 0);
    if (radix->spare_count >= SPARES) {
        node_free(space, node);
        return;
    }
    node->slots[0] = radix->spare;
    radix->spare = node;
    radix->spare_count++;
}

/* Ensure that there are `count` spare nodes, so that an insert can't fail half-way. */
static bool spare_fill(struct radix *radix, struct space *space, uint32_t count, bool force)
{
    while (radix->spare_count < count) {
        struct radix_node *node;

        if (force)
            space_force(space, sizeof(*node));
        else if (!space_take(space, sizeof(*node)))
            return false;
        node = memory_zalloc(MEMORY_data, sizeof(*node));
        if (!node) {
            space_give(space, sizeof(*node));
            return false;
        }
        node->slots[0] = radix->spare;
        radix->spare = node;
        radix->spare_count++;
    }
    return true;
}

static struct radix_node *spare_take(struct radix *radix)
{
    struct radix_node *node = radix->spare;

    CHECK(node);
    radix->spare = node->slots[0];
    radix->spare_count--;
    node->slots[0] = NULL;
    return node;
}

void *radix_get(const struct radix *radix, uint64_t index)
{
    void *at = radix->root;

    if (index >= span_of(radix))
        return NULL;
    for (uint32_t level = radix->height; at && level > 0; level--)
        at = ((struct radix_node *)at)->slots[way_of(index, level - 1)];
    return at;
}

static uint32_t height_for(uint64_t index)
{
    uint32_t height = 0;

    while (index >= 1ull << (height * WAY_BITS))
        height++;
    return height;
}

/* How many new nodes an insert at `index` needs in a tree of `height`. */
static uint32_t nodes_missing(const struct radix *radix, uint64_t index, uint32_t height)
{
    void *at = radix->root;
    uint32_t level = radix->height;

    if (!at)
        return height;
    if (height > radix->height) /* new nodes at the top, and a separate path below the new root */
        return height - radix->height + height - 1;
    while (at && level > 0)
        at = ((struct radix_node *)at)->slots[way_of(index, --level)];
    return level;
}

static void grow(struct radix *radix, uint32_t height)
{
    while (radix->height < height) {
        if (radix->root) {
            struct radix_node *node = spare_take(radix);

            slot_set(node, 0, radix->root);
            radix->root = node;
        }
        radix->height++;
    }
}

bool radix_insert(struct radix *radix, struct space *space, uint64_t index, void *value, bool force)
{
    uint32_t height = height_for(index);
    struct radix_node *node;

    CHECK(value && index <= RADIX_INDEX_MAX);
    if (height < radix->height)
        height = radix->height;
    if (!spare_fill(radix, space, nodes_missing(radix, index, height), force))
        return false;
    grow(radix, height);
    if (height == 0) {
        CHECK(!radix->root);
        radix->root = value;
        return true;
    }
    if (!radix->root)
        radix->root = spare_take(radix);
    node = radix->root;
    for (uint32_t level = height - 1; level > 0; level--) {
        uint32_t way = way_of(index, level);

        if (!node->slots[way])
            slot_set(node, way, spare_take(radix));
        node = node->slots[way];
    }
    CHECK(!node->slots[way_of(index, 0)]);
    slot_set(node, way_of(index, 0), value);
    return true;
}

void *radix_exchange(struct radix *radix, uint64_t index, void *value)
{
    void **slot = &radix->root, *before;

    CHECK(value && index < span_of(radix));
    for (uint32_t level = radix->height; level > 0; level--) {
        CHECK(*slot);
        slot = &((struct radix_node *)*slot)->slots[way_of(index, level - 1)];
    }
    before = *slot;
    CHECK(before);
    *slot = value;
    return before;
}

/* An insert needs a node for each level at which its path leaves that of the insert before. */
void radix_plan(struct radix_plan *plan, uint64_t index)
{
    uint32_t level = 1;

    if (plan->nodes == 0) {
        plan->nodes = HEIGHT_MAX;
    } else {
        while (index >> (level * WAY_BITS) != plan->last >> (level * WAY_BITS))
            level++;
        plan->nodes += level - 1;
    }
    plan->last = index;
}

/* The tree's own height may grow, too. */
bool radix_reserve(struct radix *radix, struct space *space, const struct radix_plan *plan)
{
    return plan->nodes == 0 || spare_fill(radix, space, plan->nodes + HEIGHT_MAX, false);
}

void radix_trim(struct radix *radix, struct space *space)
{
    while (radix->spare_count > SPARES)
        node_free(space, spare_take(radix));
}

/* Free the empty nodes at the end of `path`, leaf first. */
static void prune(struct radix *radix, struct space *space, struct radix_node **path,
                  uint64_t index)
{
    for (uint32_t level = 0; level < radix->height && path[level]->present == 0; level++) {
        if (level + 1 < radix->height)
            slot_set(path[level + 1], way_of(index, level + 1), NULL);
        else
            radix->root = NULL;
        node_put(radix, space, path[level]);
    }
    if (!radix->root)
        radix->height = 0;
}

void *radix_remove(struct radix *radix, struct space *space, uint64_t index)
{
    struct radix_node *path[HEIGHT_MAX];
    void *at = radix->root;

    if (index >= span_of(radix))
        return NULL;
    for (uint32_t level = radix->height; at && level > 0; level--) {
        path[level - 1] = at;
        at = path[level - 1]->slots[way_of(index, level - 1)];
    }
    if (!at)
        return NULL;
    if (radix->height == 0) {
        radix->root = NULL;
        return at;
    }
    slot_set(path[0], way_of(index, 0), NULL);
    prune(radix, space, path, index);
    return at;
}

/* Descend to the first value at or after *index.  If a node on the way has none, set *index to the
 * first index after that node, for the next attempt. */
static void *descend(const struct radix *radix, uint64_t *index)
{
    void *at = radix->root;

    for (uint32_t level = radix->height; level > 0; level--) {
        const struct radix_node *node = at;
        uint32_t shift = (level - 1) * WAY_BITS;
        uint32_t way = way_of(*index, level - 1);
        uint64_t left = node->present >> way << way;
        uint64_t base = *index >> shift >> WAY_BITS << WAY_BITS << shift;

        if (left == 0) {
            *index = base + ((uint64_t)WAYS << shift);
            return NULL;
        }
        if ((uint32_t)__builtin_ctzll(left) != way)
            *index = base + ((uint64_t)__builtin_ctzll(left) << shift);
        at = node->slots[way_of(*index, level - 1)];
    }
    return at;
}

void *radix_next(const struct radix *radix, uint64_t *index)
{
    if (!radix->root)
        return NULL;
    while (*index < span_of(radix)) {
        void *value = descend(radix, index);

        if (value)
            return value;
    }
    return NULL;
}

/* The mirror image of descend().  *index wraps if there is nothing before that node. */
static void *descend_back(const struct radix *radix, uint64_t *index)
{
    void *at = radix->root;

    for (uint32_t level = radix->height; level > 0; level--) {
        const struct radix_node *node = at;
        uint32_t shift = (level - 1) * WAY_BITS;
        uint32_t way = way_of(*index, level - 1);
        uint64_t left = node->present << (WAYS - 1 - way);
        uint64_t base = *index >> shift >> WAY_BITS << WAY_BITS << shift;

        if (left == 0) {
            *index = base - 1;
            return NULL;
        }
        if (__builtin_clzll(left) != 0) {
            way -= (uint32_t)__builtin_clzll(left);
            *index = base + ((uint64_t)(way + 1) << shift) - 1;
        }
        at = node->slots[way];
    }
    return at;
}

void *radix_prev(const struct radix *radix, uint64_t *index)
{
    void *value = NULL;

    if (!radix->root)
        return NULL;
    if (*index >= span_of(radix))
        *index = span_of(radix) - 1;
    while (!value && *index != UINT64_MAX)
        value = descend_back(radix, index);
    return value;
}

/* The node of the lowest level that has `index`; NULL if there is none. */
static const struct radix_node *leaf_of(const struct radix *radix, uint64_t index)
{
    const struct radix_node *at = radix->root;

    for (uint32_t level = radix->height; at && level > 1; level--)
        at = at->slots[way_of(index, level - 1)];
    return at;
}

uint64_t radix_gap(const struct radix *radix, uint64_t index, uint64_t end)
{
    if (radix->height == 0)
        return radix->root && index == 0 && end > 0 ? 1 : index;
    while (index < end && index < span_of(radix)) {
        const struct radix_node *leaf = leaf_of(radix, index);
        uint64_t gaps = leaf ? ~leaf->present >> way_of(index, 0) : 1;

        if (gaps) {
            index += (uint32_t)__builtin_ctzll(gaps);
            break;
        }
        index = (index | (WAYS - 1)) + 1;
    }
    return index < end ? index : end;
}

void radix_fini(struct radix *radix, struct space *space)
{
    CHECK(!radix->root);
    while (radix->spare)
        node_free(space, spare_take(radix));
}
