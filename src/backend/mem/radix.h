/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sparse array of pointers with 60-bit indexes: a radix tree of 64 ways, as high as its largest
 * index requires.  Holds the blocks of a file by number, and the entries of a directory by cookie.
 * A gap costs nothing; a single value at index 0 needs no node.
 *
 * All operations but radix_gap() are O(height), at most 10.  The caller locks; radix_get(),
 * radix_next(), radix_prev() and radix_gap() may run concurrently.  The memory of nodes is charged
 * to the given account.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "backend/mem/space.h"

#define RADIX_INDEX_MAX ((1ull << 60) - 1)

struct radix_node;

struct radix {
    void *root;               /* the value of index 0 when height is 0 */
    struct radix_node *spare; /* empty nodes kept for the next insert */
    uint32_t height;
    uint32_t spare_count;
};

/* The value at `index` or NULL. */
void *radix_get(const struct radix *radix, uint64_t index);

/* Insert `value`, not NULL, at a free index.  False when the account is full (never with `force`),
 * and without memory. */
bool radix_insert(struct radix *radix, struct space *space, uint64_t index, void *value,
                  bool force);

/* Put `value`, not NULL, in the place of the value at `index`, which must have one.  Returns it. */
void *radix_exchange(struct radix *radix, uint64_t index, void *value);

/* Inserts that must not fail: of each free index a plan is told, in ascending order, and
 * radix_reserve() then allocates the nodes; false when the account is full, and without memory.
 * Until radix_trim(), which frees what was not used, the inserts succeed, also if values are
 * removed meanwhile. */
struct radix_plan {
    uint64_t last; /* index */
    uint32_t nodes;
};
void radix_plan(struct radix_plan *plan, uint64_t index);
bool radix_reserve(struct radix *radix, struct space *space, const struct radix_plan *plan);
void radix_trim(struct radix *radix, struct space *space);

/* Remove and return the value at `index`; NULL if there is none. */
void *radix_remove(struct radix *radix, struct space *space, uint64_t index);

/* The first value at or after *index; sets *index to its index.  NULL if there is none. */
void *radix_next(const struct radix *radix, uint64_t *index);

/* The last value at or before *index; sets *index to its index.  NULL if there is none. */
void *radix_prev(const struct radix *radix, uint64_t *index);

/* The first index at or after `index` without a value, but at most `end`.  Looks at 64 at a
 * time. */
uint64_t radix_gap(const struct radix *radix, uint64_t index, uint64_t end);

/* Free the spare nodes.  The tree must be empty. */
void radix_fini(struct radix *radix, struct space *space);
