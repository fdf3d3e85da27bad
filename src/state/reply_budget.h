/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all reply caches together may come to.  Each table of slots is charged what its slots could
 * keep at the most, ca_maxresponsesize_cached and the slot itself, when they are granted.  What
 * they really hold, which is far less, is state.reply_bytes.
 *
 * Each session gets one slot in any case, so at most LIMIT_SESSIONS slots are charged beyond the
 * budget.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct reply_budget {
    uint64_t bytes_max; /* never changes */
    _Atomic uint64_t charged;
    _Atomic uint32_t tables;
};

void reply_budget_init(struct reply_budget *budget, uint64_t bytes_max);

/* A new table wants `want` slots (at least one) of `cost` bytes each: how many it gets, 1 to
 * `want`.  They are charged.  It gets all until a quarter of the budget is charged, and then as
 * much less as less is free: tables become smaller, and none takes all that is left. */
uint32_t reply_budget_open(struct reply_budget *budget, uint64_t cost, uint32_t want);

/* A table wants `want` slots more: how many it gets, 0 to `want`.  Growth leaves a quarter of the
 * budget to those that are still to come. */
uint32_t reply_budget_grow(struct reply_budget *budget, uint64_t cost, uint32_t want);

/* `count` slots are given back. */
void reply_budget_shrink(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* A table ends that has `count` slots. */
void reply_budget_close(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* Less than a quarter is left: no table can grow. */
bool reply_budget_scarce(const struct reply_budget *budget);

/* Less than an eighth is left: tables above their share are to shrink. */
bool reply_budget_tight(const struct reply_budget *budget);

/* How many slots of `cost` bytes each table can have; at least 1. */
uint32_t reply_budget_share(const struct reply_budget *budget, uint64_t cost);
