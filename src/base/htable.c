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

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}
