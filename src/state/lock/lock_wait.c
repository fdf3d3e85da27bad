/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_wait.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
    TURN_S = 2,          /* of everybody, then of those who wait */
    INTERVAL_LEAST_S = 1 /* nobody is expected to ask more often */
};

static void forget_locked(struct file *file, struct lock_waiter *waiter)
{
    struct owner_table *table = owner_table_of(waiter->owner->client);

    list_remove(&waiter->file_link);
    list_remove(&waiter->open_link);
    file->waiter_count--;
    atomic_fetch_sub_explicit(&table->waiter_count, 1, memory_order_relaxed);
    owner_drop(waiter->owner);
    free(waiter);
}

/* That is also how long his client's lease lasts, which he renewed when he asked. */
static bool gave_up(const struct lock_waiter *waiter, int64_t now_ns)
{
    return now_ns - waiter->asked_ns > waiter->owner->client->state->lease_ns;
}

static bool same(const struct lock_waiter *waiter, const struct lock_wish *wish)
{
    return waiter->owner == wish->owner && waiter->write == wish->write &&
           waiter->range.start == wish->range.start && waiter->range.end == wish->range.end;
}

/* He waits for as much or more. */
static bool covers(const struct lock_waiter *waiter, const struct lock_wish *wish)
{
    return waiter->owner == wish->owner && (waiter->write || !wish->write) &&
           waiter->range.start <= wish->range.start && waiter->range.end >= wish->range.end;
}

static bool conflicts(const struct lock_waiter *waiter, const struct lock_wish *wish)
{
    return waiter->owner != wish->owner && (waiter->write || wish->write) &&
           lock_range_overlaps(&waiter->range, &wish->range);
}

/* He has asked lately, and would get the lock now. */
static bool may_have_it(struct file *file, const struct lock_waiter *waiter, int64_t now_ns)
{
    const struct lock_wish his = {waiter->owner, waiter->write, true, waiter->range, now_ns};

    return !lock_conflict_find_locked(file, &his);
}

/* Handing a lock over takes until its next owner asks again, a second and more in which nobody has
 * it.  So claims count only half of the time, and not at once: two clients that come and go quickly
 * would do nothing but wait for each other. */
static bool waiters_turn(struct file *file, int64_t now_ns)
{
    const struct lock_waiter *longest =
        LIST_ENTRY(file->waiters.next, struct lock_waiter, file_link);

    /* Who was forgotten is off the list.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return (now_ns - longest->since_ns) / (TURN_S * NSEC_PER_SEC) % 2 == 1;
}

static bool goes_first(struct file *file, const struct lock_waiter *waiter,
                       const struct lock_wish *wish)
{
    const struct lock_holder *self;

    if (wish->now_ns - waiter->asked_ns > waiter->patience_ns || !waiters_turn(file, wish->now_ns))
        return false;
    if (may_have_it(file, waiter, wish->now_ns))
        return true;
    self = lock_table_holder(&file->locks, wish->owner);
    return wish->wait && !(self && self->own.root);
}

const struct lock_waiter *lock_wait_first_locked(struct file *file, const struct lock_wish *wish)
{
    LIST_FOREACH_SAFE (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (gave_up(waiter, wish->now_ns))
            forget_locked(file, waiter);
        else if (covers(waiter, wish))
            return NULL; /* those behind come after him */
        else if (conflicts(waiter, wish) && goes_first(file, waiter, wish))
            return waiter;
    }
    return NULL;
}

static struct lock_waiter *find_locked(struct file *file, const struct lock_wish *wish)
{
    LIST_FOREACH (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (same(waiter, wish))
            return waiter;
    }
    return NULL;
}

static struct lock_waiter *add_locked(struct open *open, const struct lock_wish *wish)
{
    struct owner_table *table = owner_table_of(open->client);
    struct file *file = open->file;
    struct lock_waiter *waiter;

    if (file->waiter_count >= LIMIT_LOCK_WAITERS_PER_FILE ||
        atomic_load_explicit(&table->waiter_count, memory_order_relaxed) >=
            LIMIT_LOCK_WAITERS_PER_CLIENT)
        return NULL;
    waiter = must_calloc(1, sizeof(*waiter));
    waiter->owner = owner_use_more(wish->owner);
    waiter->write = wish->write;
    waiter->range = wish->range;
    waiter->since_ns = waiter->asked_ns = wish->now_ns;
    list_push_back(&file->waiters, &waiter->file_link);
    list_push_back(&open->waiters, &waiter->open_link);
    file->waiter_count++;
    atomic_fetch_add_explicit(&table->waiter_count, 1, memory_order_relaxed);
    return waiter;
}

/* Clients wait longer from time to time, up to twice as long as the last time. */
static void asked_again(struct lock_waiter *waiter, int64_t now_ns)
{
    int64_t lease_ns = waiter->owner->client->state->lease_ns;
    int64_t interval_ns = now_ns - waiter->asked_ns;

    if (interval_ns < INTERVAL_LEAST_S * NSEC_PER_SEC)
        interval_ns = INTERVAL_LEAST_S * NSEC_PER_SEC;
    waiter->patience_ns = 2 * interval_ns + NSEC_PER_SEC;
    if (waiter->patience_ns > lease_ns)
        waiter->patience_ns = lease_ns;
    waiter->asked_ns = now_ns;
}

void lock_wait_join_locked(struct open *open, const struct lock_wish *wish)
{
    struct lock_waiter *waiter = find_locked(open->file, wish);

    if (!waiter)
        waiter = add_locked(open, wish);
    if (waiter)
        asked_again(waiter, wish->now_ns);
}

void lock_wait_leave_locked(struct file *file, const struct owner *owner,
                            const struct lock_range *range)
{
    LIST_FOREACH_SAFE (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (waiter->owner == owner && waiter->range.start >= range->start &&
            waiter->range.end <= range->end)
            forget_locked(file, waiter);
    }
}

void lock_wait_forget_open_locked(struct open *open)
{
    LIST_FOREACH_SAFE (waiter, &open->waiters, struct lock_waiter, open_link)
        forget_locked(open->file, waiter);
}
