/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/space.h"

#include "base/check.h"
#include "base/counter.h"

void space_init(struct space *space, uint64_t limit)
{
    space->limit = limit;
    space->used = 0;
    atomic_init(&space->over, false);
    CHECK(pthread_mutex_init(&space->lock, NULL) == 0);
    for (unsigned i = 0; i < SPACE_RESERVES; i++)
        atomic_init(&space->reserves[i].bytes, 0);
}

void space_fini(struct space *space)
{
    CHECK(space_free(space) == space->limit);
    CHECK(pthread_mutex_destroy(&space->lock) == 0);
}

/* That of this thread, and perhaps of others. */
static _Atomic uint64_t *reserve_of(struct space *space)
{
    return &space->reserves[counter_lane % SPACE_RESERVES].bytes;
}

static bool reserve_take(_Atomic uint64_t *reserve, uint64_t bytes)
{
    uint64_t has = atomic_load_explicit(reserve, memory_order_relaxed);

    while (has >= bytes) {
        if (atomic_compare_exchange_weak_explicit(reserve, &has, has - bytes, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

/* Nobody moves bytes meanwhile: what is missing in one reserve is not in another. */
static void take_back_locked(struct space *space)
{
    for (unsigned i = 0; i < SPACE_RESERVES; i++) {
        _Atomic uint64_t *reserve = &space->reserves[i].bytes;

        if (atomic_load_explicit(reserve, memory_order_relaxed) > 0)
            space->used -= atomic_exchange_explicit(reserve, 0, memory_order_relaxed);
    }
}

static uint64_t left_locked(const struct space *space)
{
    return space->used < space->limit ? space->limit - space->used : 0;
}

/* Take from what is left, and fill the reserve if there is plenty. */
static bool take_locked(struct space *space, uint64_t bytes)
{
    if (left_locked(space) < bytes)
        take_back_locked(space);
    if (left_locked(space) < bytes)
        return false;
    space->used += bytes;
    if (left_locked(space) >= SPACE_PLENTY) {
        space->used += SPACE_BATCH;
        atomic_fetch_add_explicit(reserve_of(space), SPACE_BATCH, memory_order_relaxed);
    }
    return true;
}

static bool is_over(const struct space *space)
{
    return atomic_load_explicit(&space->over, memory_order_relaxed);
}

/* What a slower thread has put into a reserve meanwhile counts as well. */
static void settle_locked(struct space *space)
{
    if (space->used > space->limit || is_over(space)) {
        take_back_locked(space);
        atomic_store_explicit(&space->over, space->used > space->limit, memory_order_relaxed);
    }
}

bool space_take(struct space *space, uint64_t bytes)
{
    bool taken;

    if (!is_over(space) && reserve_take(reserve_of(space), bytes))
        return true;
    CHECK(pthread_mutex_lock(&space->lock) == 0);
    settle_locked(space);
    taken = take_locked(space, bytes);
    CHECK(pthread_mutex_unlock(&space->lock) == 0);
    return taken;
}

void space_force(struct space *space, uint64_t bytes)
{
    if (!is_over(space) && reserve_take(reserve_of(space), bytes))
        return;
    CHECK(pthread_mutex_lock(&space->lock) == 0);
    space->used += bytes;
    settle_locked(space);
    CHECK(pthread_mutex_unlock(&space->lock) == 0);
}

static void give_over(struct space *space, uint64_t bytes)
{
    CHECK(pthread_mutex_lock(&space->lock) == 0);
    CHECK(space->used >= bytes);
    space->used -= bytes;
    settle_locked(space);
    CHECK(pthread_mutex_unlock(&space->lock) == 0);
}

void space_give(struct space *space, uint64_t bytes)
{
    _Atomic uint64_t *reserve = reserve_of(space);
    uint64_t has;

    if (is_over(space)) {
        give_over(space, bytes);
        return;
    }
    has = bytes + atomic_fetch_add_explicit(reserve, bytes, memory_order_relaxed);
    if (has <= 2 * SPACE_BATCH)
        return;
    CHECK(pthread_mutex_lock(&space->lock) == 0);
    has -= SPACE_BATCH;
    if (reserve_take(reserve, has)) {
        CHECK(space->used >= has);
        space->used -= has;
    }
    CHECK(pthread_mutex_unlock(&space->lock) == 0);
}

uint64_t space_free(struct space *space)
{
    uint64_t used, kept = 0;

    CHECK(pthread_mutex_lock(&space->lock) == 0);
    for (unsigned i = 0; i < SPACE_RESERVES; i++)
        kept += atomic_load_explicit(&space->reserves[i].bytes, memory_order_relaxed);
    used = space->used - kept;
    CHECK(pthread_mutex_unlock(&space->lock) == 0);
    return used < space->limit ? space->limit - used : 0;
}
