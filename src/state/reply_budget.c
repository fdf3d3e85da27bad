/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of used slots.  Two counters, changed when a session is made or freed, and when it
 * uses more slots than ever or gives some up.
 */
#include "state/reply_budget.h"

#include "base/check.h"

void reply_budget_init(struct reply_budget *budget, uint64_t bytes_max)
{
    atomic_init(&budget->bytes_max, bytes_max);
    atomic_init(&budget->charged, 0);
    atomic_init(&budget->tables, 0);
}

void reply_budget_set(struct reply_budget *budget, uint64_t bytes_max)
{
    CHECK(bytes_max > 0);
    atomic_store_explicit(&budget->bytes_max, bytes_max, memory_order_relaxed);
}

static uint64_t most(const struct reply_budget *budget)
{
    return atomic_load_explicit(&budget->bytes_max, memory_order_relaxed);
}

static uint64_t charged(const struct reply_budget *budget)
{
    return atomic_load_explicit(&budget->charged, memory_order_relaxed);
}

/* What is left for tables that use few slots. */
static uint64_t reserve_of(uint64_t bytes_max)
{
    return bytes_max / 16;
}

/* The slots that fit beside what is charged and `reserve` bytes, but at most `want`. */
static uint32_t room(const struct reply_budget *budget, uint64_t cost, uint32_t want,
                     uint64_t reserve)
{
    uint64_t used = charged(budget) + reserve, bytes_max = most(budget);
    uint64_t count = used < bytes_max ? (bytes_max - used) / cost : 0;

    return count < want ? (uint32_t)count : want;
}

uint32_t reply_budget_open(struct reply_budget *budget, uint64_t cost, uint32_t want)
{
    uint64_t used = charged(budget), bytes_max = most(budget), free, part;

    CHECK(want > 0 && cost > 0);
    atomic_fetch_add_explicit(&budget->tables, 1, memory_order_relaxed);
    free = used < bytes_max ? bytes_max - used : 0;
    part = (uint64_t)((double)free / (double)bytes_max * 4 / 3 * want);
    want = room(budget, cost, part < want ? (uint32_t)part : want, reserve_of(bytes_max));
    atomic_fetch_add_explicit(&budget->charged, cost, memory_order_relaxed);
    return want ? want : 1;
}

uint32_t reply_budget_grow(const struct reply_budget *budget, uint64_t cost, uint32_t want)
{
    return room(budget, cost, want, most(budget) / 4);
}

/* Within its share of the reserve, equal parts for all tables?  Those that use more leave it. */
static bool is_small(const struct reply_budget *budget, uint64_t bytes, uint64_t bytes_max)
{
    uint32_t tables = atomic_load_explicit(&budget->tables, memory_order_relaxed);

    return bytes <= reserve_of(bytes_max) / (tables ? tables : 1);
}

bool reply_budget_charge(struct reply_budget *budget, uint64_t cost, uint32_t held, uint32_t count)
{
    uint64_t before = charged(budget), bytes_max = most(budget);

    if (!is_small(budget, cost * ((uint64_t)held + count), bytes_max))
        bytes_max -= reserve_of(bytes_max);
    do {
        if (before > bytes_max || (bytes_max - before) / cost < count)
            return false; /* asked again and again: leave the line to its readers */
    } while (!atomic_compare_exchange_weak_explicit(&budget->charged, &before,
                                                    before + count * cost, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

void reply_budget_release(struct reply_budget *budget, uint64_t cost, uint32_t count)
{
    uint64_t before =
        atomic_fetch_sub_explicit(&budget->charged, cost * count, memory_order_relaxed);

    CHECK(before >= cost * count);
}

void reply_budget_close(struct reply_budget *budget, uint64_t cost, uint32_t count)
{
    reply_budget_release(budget, cost, count);
    atomic_fetch_sub_explicit(&budget->tables, 1, memory_order_relaxed);
}

bool reply_budget_scarce(const struct reply_budget *budget)
{
    uint64_t bytes_max = most(budget);

    return charged(budget) > bytes_max - bytes_max / 4;
}

bool reply_budget_tight(const struct reply_budget *budget)
{
    uint64_t bytes_max = most(budget);

    return charged(budget) > bytes_max - bytes_max / 8;
}

uint32_t reply_budget_share(const struct reply_budget *budget, uint64_t cost)
{
    uint32_t tables = atomic_load_explicit(&budget->tables, memory_order_relaxed);
    uint64_t bytes_max = most(budget);
    uint64_t share = (bytes_max - bytes_max / 8) / (tables ? tables : 1) / cost;

    if (share > UINT32_MAX)
        return UINT32_MAX;
    return share ? (uint32_t)share : 1;
}
