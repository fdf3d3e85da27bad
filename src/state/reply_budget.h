/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits the memory of all reply caches together.  A slot is charged when its client first uses it:
 * for what it may hold from then on, ca_maxresponsesize_cached plus the slot itself.  What slots
 * really hold, which is far less, is state.reply_bytes.
 *
 * So slots are granted that nobody has paid for, and idle clients, which use one or two of theirs,
 * leave the budget to busy ones.  When all granted slots come into use, the budget becomes tight
 * and the tables shrink.  Beyond the budget no slot can be used for the first time, but for the
 * first of each session: at most LIMIT_SESSIONS slots are charged beyond it.  The last sixteenth is
 * for tables that use few slots, equal parts for all, so that those that use many cannot make the
 * others wait.
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

/* A new table wants `want` slots (at least one), which cost this many bytes each.  Returns how many
 * it is granted, 1 to `want`, and charges the first.  It gets all of them until a quarter of the
 * budget is charged.  After that it gets fewer the less is free. */
uint32_t reply_budget_open(struct reply_budget *budget, uint64_t cost, uint32_t want);

/* A table all of whose slots are charged wants `want` more.  Returns how many it is granted, 0 to
 * `want`; none of them is charged.  Growth leaves a quarter of the budget for new tables. */
uint32_t reply_budget_grow(const struct reply_budget *budget, uint64_t cost, uint32_t want);

/* Charge `count` slots, beside the `held` ones of the same table, that are about to be used for the
 * first time.  False: there is no room for them, and nothing was charged. */
bool reply_budget_charge(struct reply_budget *budget, uint64_t cost, uint32_t held, uint32_t count);

/* `count` charged slots were given up. */
void reply_budget_release(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* A table with `count` charged slots was freed. */
void reply_budget_close(struct reply_budget *budget, uint64_t cost, uint32_t count);

/* Is less than a quarter left?  Then no table can grow. */
bool reply_budget_scarce(const struct reply_budget *budget);

/* Is less than an eighth left?  Then tables above their share should shrink. */
bool reply_budget_tight(const struct reply_budget *budget);

/* The number of slots of `cost` bytes that each table can have; at least 1. */
uint32_t reply_budget_share(const struct reply_budget *budget, uint64_t cost);
