/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte account of a file system in memory.  The bytes taken never exceed the limit, except by
 * space_force().  Thread safe, without locks.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct space {
    _Atomic uint64_t used;
    uint64_t limit;
};

/* False, with nothing taken, when the limit would be exceeded. */
bool space_take(struct space *space, uint64_t bytes);

/* For what replaces something of about the same size and must not fail (a rename on a full
 * disk). */
void space_force(struct space *space, uint64_t bytes);

void space_give(struct space *space, uint64_t bytes);

uint64_t space_free(const struct space *space);
