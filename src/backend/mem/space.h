/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte account of one file system in memory: what is taken never exceeds the limit, save for
 * space_force().  Thread safe, no lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct space {
    _Atomic uint64_t used;
    uint64_t limit;
};

/* False and nothing taken when the limit would be passed. */
bool space_take(struct space *space, uint64_t bytes);

/* For what replaces something of about its size and must not fail (rename on a full disk). */
void space_force(struct space *space, uint64_t bytes);

void space_give(struct space *space, uint64_t bytes);

uint64_t space_free(const struct space *space);
