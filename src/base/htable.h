/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive hash table: nodes are embedded; the table grows and shrinks with their number.  It then
 * has two arrays of buckets for a while: each insertion and each removal moves a few buckets, so
 * that none takes long.  Without memory it grows later and is slower meanwhile: nothing here fails.
 * The caller computes the hash, compares keys and locks; shard the table where threads contend.
 * Lookups may share a lock, as they change nothing.  A table must not be moved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hnode {
    struct hnode *next;
    uint64_t hash;
};

enum {
    HTABLE_FEW = 8 /* buckets inside the struct */
};

struct htable {
    struct hnode **buckets; /* `few`, or allocated */
    struct hnode **old;     /* the array before, while its nodes move; or NULL */
    size_t mask;            /* bucket count - 1 */
    size_t old_mask;        /* the same of `old` */
    size_t moved;           /* buckets of `old`, from the first on, that are empty by now */
    size_t least;           /* the table does not shrink below this number of buckets */
    size_t count;           /* nodes held */
    uint32_t visits;        /* running, during which no bucket moves */
    struct hnode *few[HTABLE_FEW];
};

/* `size_hint` buckets to begin with, rounded up to a power of two; it keeps as many. */
void htable_init(struct htable *table, size_t size_hint);

/* Free the buckets; the table must be empty. */
void htable_fini(struct htable *table);

/* Insert a node under `hash`.  Equal keys are permitted; the caller checks for them. */
void htable_insert(struct htable *table, struct hnode *node, uint64_t hash);

/* Remove `node`, which must be in the table. */
void htable_remove(struct htable *table, struct hnode *node);

/* The first node with exactly this hash, or NULL; htable_next() returns the others. */
struct hnode *htable_first(const struct htable *table, uint64_t hash);
struct hnode *htable_next(const struct hnode *node);

/* Probably what htable_first() returns, or NULL, but not looked at: for a caller that knows what
 * else it will read there, and has that fetched from memory meanwhile. */
struct hnode *htable_guess(const struct htable *table, uint64_t hash);

/* Visit all nodes, in no particular order, until `visit` returns false.  It may remove the node
 * that it is given, and insert none.  The caller's lock excludes all others. */
void htable_visit(struct htable *table, bool (*visit)(struct hnode *node, void *arg), void *arg);

/* A place between two nodes of a table, in an order of their hashes that the growth of the table
 * does not change: by the lowest bit first.  Zeroed, it is before all nodes. */
struct htable_place {
    uint64_t next; /* the lowest hash behind it, with its bits reversed */
    bool end;      /* it is behind all nodes */
};

/* Visit the nodes behind `place` in that order and advance it, until `visit` returns false, which
 * then got the last one, or for this number of buckets.  A walk may take many calls; nodes that are
 * in the table from the first to the last are visited once, whatever comes and goes meanwhile, and
 * nodes of one hash together.  `visit` may not change the table. */
void htable_walk(const struct htable *table, struct htable_place *place, uint32_t buckets,
                 bool (*visit)(struct hnode *node, void *arg), void *arg);

/* The place behind all nodes of a hash. */
struct htable_place htable_place_after(uint64_t hash);

/* A good 64-bit mix of an integer key. */
static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    return x;
}

/* xxHash (XXH3, 64 bits) of bytes.  If an attacker may choose the keys, the seed must be random. */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);
