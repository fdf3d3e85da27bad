/* SPDX-License-Identifier: Apache-2.0 */
#include "base/htable.h"

#include <string.h>
#include <xxhash.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    MOVE_NODES = 4,    /* at each change: a table that doubles has moved long before it is full */
    MOVE_BUCKETS = 16, /* of which most are empty when a table shrinks */
    SPARSE = 8,        /* it shrinks when it has fewer nodes than buckets by this factor */
    SHRINK = 4         /* to this part of its buckets */
};

static struct hnode **buckets_create(struct htable *table, size_t size)
{
    if (size > HTABLE_FEW)
        return memory_zalloc(MEMORY_tables, size * sizeof(struct hnode *));
    memset(table->few, 0, sizeof(table->few));
    return table->few;
}

static void buckets_free(struct htable *table, struct hnode **buckets)
{
    if (buckets != table->few)
        memory_free(MEMORY_tables, buckets);
}

void htable_init(struct htable *table, size_t size_hint)
{
    size_t size = HTABLE_FEW;

    while (size < size_hint)
        size *= 2;
    *table = (struct htable){.least = size};
    table->buckets = buckets_create(table, size);
    if (!table->buckets) {
        table->buckets = table->few;
        size = HTABLE_FEW;
    }
    table->mask = size - 1;
}

static void old_free(struct htable *table)
{
    buckets_free(table, table->old);
    table->old = NULL;
}

void htable_fini(struct htable *table)
{
    CHECK(table->count == 0 && table->visits == 0);
    if (table->old)
        old_free(table);
    buckets_free(table, table->buckets);
    table->buckets = NULL;
}

/* The bucket with the nodes of a hash.  As long as a bucket of the old array has not moved, new
 * nodes go there, too: there is one place for each hash. */
static struct hnode **bucket_of(const struct htable *table, uint64_t hash)
{
    if (table->old && (hash & table->old_mask) >= table->moved)
        return &table->old[hash & table->old_mask];
    return &table->buckets[hash & table->mask];
}

/* Move all nodes of the next bucket of the old array.  Returns how many. */
static size_t bucket_move(struct htable *table)
{
    struct hnode *node = table->old[table->moved];
    size_t count = 0;

    table->moved++; /* from now on bucket_of() tells the new place */
    for (; node; count++) {
        struct hnode *next = node->next;
        struct hnode **bucket = bucket_of(table, node->hash);

        node->next = *bucket;
        *bucket = node;
        node = next;
    }
    return count;
}

static void move_some(struct htable *table)
{
    size_t nodes = 0;

    for (int i = 0; i < MOVE_BUCKETS && nodes < MOVE_NODES && table->moved <= table->old_mask; i++)
        nodes += bucket_move(table);
    if (table->moved > table->old_mask)
        old_free(table);
}

/* Nodes move to a new array from now on. */
static void resize(struct htable *table, size_t size)
{
    struct hnode **buckets = buckets_create(table, size);

    if (!buckets)
        return;
    table->old = table->buckets;
    table->old_mask = table->mask;
    table->moved = 0;
    table->buckets = buckets;
    table->mask = size - 1;
}

/* A node has come or gone. */
static void adjust(struct htable *table)
{
    size_t size = table->mask + 1;

    if (table->visits > 0)
        return;
    if (!table->old) {
        if (table->count > size)
            resize(table, size * 2);
        else if (table->count < size / SPARSE && size > table->least)
            resize(table, size / SHRINK > table->least ? size / SHRINK : table->least);
    }
    if (table->old)
        move_some(table);
}

void htable_insert(struct htable *table, struct hnode *node, uint64_t hash)
{
    struct hnode **bucket = bucket_of(table, hash);

    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    table->count++;
    adjust(table);
}

void htable_remove(struct htable *table, struct hnode *node)
{
    struct hnode **link = bucket_of(table, node->hash);

    while (*link && *link != node)
        link = &(*link)->next;
    CHECK(*link == node);
    *link = node->next;
    node->next = NULL;
    table->count--;
    adjust(table);
}

struct hnode *htable_first(const struct htable *table, uint64_t hash)
{
    struct hnode *node = *bucket_of(table, hash);

    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct hnode *htable_guess(const struct htable *table, uint64_t hash)
{
    return *bucket_of(table, hash);
}

struct hnode *htable_next(const struct hnode *node)
{
    struct hnode *next = node->next;

    while (next && next->hash != node->hash)
        next = next->next;
    return next;
}

static bool buckets_visit(struct hnode **buckets, size_t from, size_t mask,
                          bool (*visit)(struct hnode *node, void *arg), void *arg)
{
    for (size_t i = from; i <= mask; i++) {
        struct hnode *node = buckets[i];

        while (node) {
            struct hnode *next = node->next;

            if (!visit(node, arg))
                return false;
            node = next;
        }
    }
    return true;
}

void htable_visit(struct htable *table, bool (*visit)(struct hnode *node, void *arg), void *arg)
{
    table->visits++;
    if (!table->old || buckets_visit(table->old, table->moved, table->old_mask, visit, arg))
        (void)buckets_visit(table->buckets, 0, table->mask, visit, arg);
    table->visits--;
}

static uint64_t bits_reversed(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
    x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
    return __builtin_bswap64(x);
}

/* The first of the chain behind the place, up to `last`, or NULL. */
static struct hnode *next_in_chain(struct hnode *node, const struct htable_place *place,
                                   uint64_t last)
{
    struct hnode *next = NULL;

    if (place->end)
        return NULL;
    for (; node; node = node->next) {
        uint64_t reversed = bits_reversed(node->hash);

        if (reversed >= place->next && reversed <= last &&
            (!next || reversed < bits_reversed(next->hash)))
            next = node;
    }
    return next;
}

static struct htable_place place_after(uint64_t reversed)
{
    return (struct htable_place){.next = reversed + 1, .end = reversed == UINT64_MAX};
}

struct htable_place htable_place_after(uint64_t hash)
{
    return place_after(bits_reversed(hash));
}

/* A bucket has the hashes with the same low bits.  With the bits reversed these are a range, which
 * the buckets divide further when the table grows.  While nodes move, a range is that of the larger
 * of both arrays, so that all its nodes are in one bucket, though perhaps beside others. */
void htable_walk(const struct htable *table, struct htable_place *place, uint32_t buckets,
                 bool (*visit)(struct hnode *node, void *arg), void *arg)
{
    size_t mask = table->old && table->old_mask > table->mask ? table->old_mask : table->mask;
    uint64_t within = ~bits_reversed(mask);
    bool going = true;

    for (; buckets > 0 && !place->end; buckets--) {
        struct hnode *chain = *bucket_of(table, bits_reversed(place->next));
        uint64_t last = place->next | within;
        struct hnode *node;

        while (going && (node = next_in_chain(chain, place, last))) {
            *place = htable_place_after(node->hash);
            for (; node; node = htable_next(node))
                going &= visit(node, arg);
        }
        if (!going)
            return;
        *place = place_after(last);
    }
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}
