/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sparse array of pointers over 60-bit indexes: a radix tree of 64 ways that is as high as its
 * greatest index needs.  Holds the blocks of a file by number and the entries of a directory by
 * cookie.  A gap costs nothing; a lone value at index 0 needs no node.
 *
 * All operations are O(height), at most 10.  The caller locks; radix_get() and radix_next() may
 * run together.  Memory of nodes goes on the account given.
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

/* Put `value`, not NULL, where nothing is yet.  False when the account is full; with `force` it
 * never is. */
bool radix_insert(struct radix *radix, struct space *space, uint64_t index, void *value,
                  bool force);

/* Take out what is at `index`; NULL when nothing is. */
void *radix_remove(struct radix *radix, struct space *space, uint64_t index);

/* The first value at or after *index, which becomes its index; NULL when there is none. */
void *radix_next(const struct radix *radix, uint64_t *index);

/* Give back the spare nodes; the tree must be empty. */
void radix_fini(struct radix *radix, struct space *space);
