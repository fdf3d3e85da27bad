/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/space.h"

#include "base/check.h"

bool space_take(struct space *space, uint64_t bytes)
{
    uint64_t before = atomic_fetch_add_explicit(&space->used, bytes, memory_order_relaxed);

    if (before + bytes <= space->limit)
        return true;
    atomic_fetch_sub_explicit(&space->used, bytes, memory_order_relaxed);
    return false;
}

void space_force(struct space *space, uint64_t bytes)
{
    atomic_fetch_add_explicit(&space->used, bytes, memory_order_relaxed);
}

void space_give(struct space *space, uint64_t bytes)
{
    uint64_t before = atomic_fetch_sub_explicit(&space->used, bytes, memory_order_relaxed);

    CHECK(before >= bytes);
}

uint64_t space_free(const struct space *space)
{
    uint64_t used = atomic_load_explicit(&space->used, memory_order_relaxed);

    return used < space->limit ? space->limit - used : 0;
}
