/* SPDX-License-Identifier: Apache-2.0 */
#include "base/htable.h"

#include <string.h>
#include <xxhash.h>

#include "base/check.h"
#include "base/memory.h"

static struct hnode **buckets_create(size_t size)
{
    return memory_zalloc(MEMORY_tables, size * sizeof(struct hnode *));
}

static void buckets_free(struct htable *table)
{
    if (table->buckets != table->few)
        memory_free(MEMORY_tables, table->buckets);
}

void htable_init(struct htable *table, size_t size_hint)
{
    size_t size = HTABLE_FEW;

    while (size < size_hint)
        size *= 2;
    table->buckets = size > HTABLE_FEW ? buckets_create(size) : NULL;
    table->mask = size - 1;
    table->count = 0;
    if (!table->buckets) {
        memset(table->few, 0, sizeof(table->few));
        table->buckets = table->few;
        table->mask = HTABLE_FEW - 1;
    }
}

void htable_fini(struct htable *table)
{
    CHECK(table->count == 0);
    buckets_free(table);
    table->buckets = NULL;
}

static void grow(struct htable *table)
{
    size_t size = (table->mask + 1) * 2;
    struct hnode **buckets = buckets_create(size);

    if (!buckets)
        return;
    for (size_t i = 0; i <= table->mask; i++) {
        struct hnode *node = table->buckets[i];

        while (node) {
            struct hnode *next = node->next;
            struct hnode **bucket = &buckets[node->hash & (size - 1)];

            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    buckets_free(table);
    table->buckets = buckets;
    table->mask = size - 1;
}

void htable_insert(struct htable *table, struct hnode *node, uint64_t hash)
{
    struct hnode **bucket;

    if (table->count > table->mask)
        grow(table);
    bucket = &table->buckets[hash & table->mask];
    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    table->count++;
}

void htable_remove(struct htable *table, struct hnode *node)
{
    struct hnode **link = &table->buckets[node->hash & table->mask];

    while (*link && *link != node)
        link = &(*link)->next;
    CHECK(*link == node);
    *link = node->next;
    node->next = NULL;
    table->count--;
}

struct hnode *htable_first(const struct htable *table, uint64_t hash)
{
    struct hnode *node = table->buckets[hash & table->mask];

    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct hnode *htable_next(const struct hnode *node)
{
    struct hnode *next = node->next;

    while (next && next->hash != node->hash)
        next = next->next;
    return next;
}

void htable_visit(struct htable *table, bool (*visit)(struct hnode *node, void *arg), void *arg)
{
    for (size_t i = 0; i <= table->mask; i++) {
        struct hnode *node = table->buckets[i];

        while (node) {
            struct hnode *next = node->next;

            if (!visit(node, arg))
                return;
            node = next;
        }
    }
}

static uint64_t bits_reversed(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
    x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
    return __builtin_bswap64(x);
}

/* The first of the chain behind the place, or NULL. */
static struct hnode *next_in_chain(struct hnode *node, const struct htable_place *place)
{
    struct hnode *next = NULL;

    if (place->end)
        return NULL;
    for (; node; node = node->next) {
        if (bits_reversed(node->hash) >= place->next &&
            (!next || bits_reversed(node->hash) < bits_reversed(next->hash)))
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
 * the buckets divide further when the table grows. */
void htable_walk(const struct htable *table, struct htable_place *place, uint32_t buckets,
                 bool (*visit)(struct hnode *node, void *arg), void *arg)
{
    uint64_t within = ~bits_reversed(table->mask);
    bool going = true;

    for (; buckets > 0 && !place->end; buckets--) {
        struct hnode *chain = table->buckets[bits_reversed(place->next) & table->mask];
        uint64_t last = place->next | within;
        struct hnode *node;

        while (going && (node = next_in_chain(chain, place))) {
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
