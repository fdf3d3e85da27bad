/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of granted slots.  Two counters, changed when a session is made, resized or freed.
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

/* Charge as many as leave `reserve` bytes, but at least `least`. */
static uint32_t charge(struct reply_budget *budget, uint64_t cost, uint32_t least, uint32_t want,
                       uint64_t reserve)
{
    uint64_t before = charged(budget), bytes_max = most(budget);
    uint64_t count;

    do {
        uint64_t room = before + reserve < bytes_max ? bytes_max - reserve - before : 0;

        count = room / cost;
        if (count > want)
            count = want;
        if (count < least)
            count = least;
        if (count == 0)
            return 0; /* asked again and again: leave the line to its readers */
    } while (!atomic_compare_exchange_weak_explicit(&budget->charged, &before,
                                                    before + count * cost, memory_order_relaxed,
                                                    memory_order_relaxed));
    return (uint32_t)count;
}

uint32_t reply_budget_open(struct reply_budget *budget, uint64_t cost, uint32_t want)
{
    uint64_t used = charged(budget), bytes_max = most(budget), free, part;

    CHECK(want > 0 && cost > 0);
    atomic_fetch_add_explicit(&budget->tables, 1, memory_order_relaxed);
    free = used < bytes_max ? bytes_max - used : 0;
    part = (uint64_t)((double)free / (double)bytes_max * 4 / 3 * want);
    return charge(budget, cost, 1, part < want ? (uint32_t)part : want, 0);
}

uint32_t reply_budget_grow(struct reply_budget *budget, uint64_t cost, uint32_t want)
{
    return charge(budget, cost, 0, want, most(budget) / 4);
}

void reply_budget_shrink(struct reply_budget *budget, uint64_t cost, uint32_t count)
{
    uint64_t before =
        atomic_fetch_sub_explicit(&budget->charged, cost * count, memory_order_relaxed);

    CHECK(before >= cost * count);
}

void reply_budget_close(struct reply_budget *budget, uint64_t cost, uint32_t count)
{
    reply_budget_shrink(budget, cost, count);
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
