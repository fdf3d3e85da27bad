/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits the memory of all reply caches together.  When slots are granted, each table is charged
 * for what they may hold: ca_maxresponsesize_cached plus the slot itself.  What they really hold,
 * which is far less, is state.reply_bytes.
 *
 * Each session gets at least one slot, so at most LIMIT_SESSIONS slots are charged beyond the
 * budget.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct reply_budget {
    _Atomic uint64_t bytes_max;
    _Atomic uint64_t charged;
    _Atomic uint32_t tables;
};

void reply_budget_init(struct reply_budget *budget, uint64_t bytes_max);

/* Change the limit; it must not be 0.  Slots that are charged already remain.  Where they are too
 * many, tables shrink as they do when the budget is tight. */
void reply_budget_set(struct reply_budget *budget, uint64_t bytes_max);

/* A new table wants `want` slots (at least one) of `cost` bytes each.  Returns how many it gets, 1
 * to `want`, and charges them.  It gets all of them until a quarter of the budget is charged.
 * After that it gets fewer the less is free, so that no table takes all that is left. */
uint32_t reply_budget_open(struct reply_budget *budget, uint64_t cost, uint32_t want);

/* A table wants `want` more slots.  Returns how many it gets, 0 to `want`.  Growth leaves a quarter
 * of the budget for new tables. */
uint32_t reply_budget_grow(struct reply_budget *budget, uint64_t cost, uint32_t want);

/* `count` slots were released. */
void reply_budget_shrink(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* A table with `count` slots was freed. */
void reply_budget_close(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* Is less than a quarter left?  Then no table can grow. */
bool reply_budget_scarce(const struct reply_budget *budget);

/* Is less than an eighth left?  Then tables above their share should shrink. */
bool reply_budget_tight(const struct reply_budget *budget);

/* The number of slots of `cost` bytes that each table can have; at least 1. */
uint32_t reply_budget_share(const struct reply_budget *budget, uint64_t cost);
