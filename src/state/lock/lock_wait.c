/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_wait.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/lock/lock_notice.h"

enum {
    PHASE_S = 2,          /* open to all, then the waiters' */
    RESERVED_S = 1,       /* for a waiter that was notified */
    NOTIFIED_POLL_S = 70, /* clients that expect notices retry rarely, Linux every 30 s */
    INTERVAL_LEAST_S = 1  /* no client is expected to retry more often */
};

static void forget_locked(struct file *file, struct lock_waiter *waiter)
{
    struct owner_table *table = owner_table_of(waiter->owner->client);

    if (waiter->notice)
        waiter->notice->waiter = NULL;
    list_remove(&waiter->file_link);
    list_remove(&waiter->open_link);
    file->waiter_count--;
    atomic_fetch_sub_explicit(&table->waiter_count, 1, memory_order_relaxed);
    state_limit_sub(table->client->state, STATE_LIMIT_lock_waiters, 1);
    owner_put(waiter->owner);
    memory_free(MEMORY_locks, waiter);
}

/* Mostly by the end of its client's lease, which the last request renewed. */
static bool gave_up(const struct lock_waiter *waiter, int64_t now_ns)
{
    int64_t most_ns = waiter->owner->client->state->lease_ns;

    if (waiter->fh_len > 0 && most_ns < NOTIFIED_POLL_S * NSEC_PER_SEC)
        most_ns = NOTIFIED_POLL_S * NSEC_PER_SEC;
    return now_ns - waiter->requested_ns > most_ns;
}

static bool same(const struct lock_waiter *waiter, const struct lock_wish *wish)
{
    return waiter->owner == wish->owner && waiter->write == wish->write &&
           waiter->range.start == wish->range.start && waiter->range.end == wish->range.end;
}

/* Does this owner wait for the range already, or for more? */
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

static struct lock_wish wish_of(const struct lock_waiter *waiter, int64_t now_ns)
{
    return (struct lock_wish){waiter->owner, waiter->write, true, waiter->range, now_ns};
}

/* Does no lock conflict with its request? */
static bool is_free_for(struct file *file, const struct lock_waiter *waiter,
                        struct lock_search *search)
{
    const struct lock_wish own = wish_of(waiter, search->now_ns);

    return !lock_conflict_find_locked(file, &own, search);
}

/* Is it the waiters' phase?  It begins PHASE_S after the longest waiter came: two clients that take
 * and release a lock quickly would otherwise do nothing but wait for each other's retries. */
static bool is_waiters_phase(struct file *file, int64_t now_ns)
{
    const struct lock_waiter *longest =
        LIST_ENTRY(file->waiters.next, struct lock_waiter, file_link);

    /* A forgotten waiter is off the list.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return (now_ns - longest->since_ns) / (PHASE_S * NSEC_PER_SEC) % 2 == 1;
}

/* Is its range reserved against a request that blocks, or one that does not?  To the latter a lock
 * that nobody holds should look free: whether a notified waiter still wants it is not known. */
static bool reserves(struct file *file, const struct lock_waiter *waiter, bool blocking,
                     int64_t now_ns)
{
    if (waiter->state == LOCK_WAITER_NOTIFIED)
        return now_ns - waiter->notified_ns <= RESERVED_S * NSEC_PER_SEC &&
               (blocking || is_waiters_phase(file, now_ns));
    return waiter->state != LOCK_WAITER_LATE && now_ns - waiter->requested_ns <= waiter->retry_ns &&
           is_waiters_phase(file, now_ns);
}

static bool has_precedence(struct file *file, const struct lock_waiter *waiter,
                           const struct lock_wish *wish, struct lock_search *search)
{
    const struct lock_holder *self;

    if (!reserves(file, waiter, wish->wait, wish->now_ns))
        return false;
    if (is_free_for(file, waiter, search))
        return true;
    self = lock_table_holder(&file->locks, wish->owner);
    return wish->wait && !(self && self->own.root);
}

const struct lock_waiter *lock_wait_first_locked(struct file *file, const struct lock_wish *wish)
{
    struct lock_search search = lock_search_begin(wish->now_ns);

    LIST_FOREACH_SAFE (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (gave_up(waiter, wish->now_ns))
            forget_locked(file, waiter);
        else if (covers(waiter, wish))
            return NULL; /* those behind it have no precedence */
        else if (conflicts(waiter, wish) && has_precedence(file, waiter, wish, &search))
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

static bool room_for_waiter(const struct file *file, struct owner_table *table)
{
    uint32_t count = atomic_load_explicit(&table->waiter_count, memory_order_relaxed);

    return file->waiter_count < LIMIT_LOCK_WAITERS_PER_FILE &&
           state_limit_admits(table->client->state, STATE_LIMIT_lock_waiters_per_client, count,
                              1) &&
           state_limit_has_room(table->client->state, STATE_LIMIT_lock_waiters, count, 1);
}

static struct lock_waiter *add_locked(struct open *open, const struct lock_wish *wish,
                                      const struct wire_opaque *fh)
{
    struct owner_table *table = owner_table_of(open->client);
    struct file *file = open->file;
    struct lock_waiter *waiter =
        room_for_waiter(file, table) ? memory_zalloc(MEMORY_locks, sizeof(*waiter)) : NULL;

    if (!waiter)
        return NULL;
    state_limit_add(table->client->state, STATE_LIMIT_lock_waiters, 1);
    waiter->owner = owner_get(wish->owner);
    waiter->write = wish->write;
    waiter->range = wish->range;
    waiter->since_ns = waiter->requested_ns = wish->now_ns;
    if (fh->len > 0 && fh->len <= LIMIT_FH_BYTES && open->notifiable &&
        lock_notice_possible(open->client)) {
        waiter->fh_len = fh->len;
        memcpy(waiter->fh, fh->data, fh->len);
    }
    list_push_back(&file->waiters, &waiter->file_link);
    list_push_back(&open->waiters, &waiter->open_link);
    file->waiter_count++;
    atomic_fetch_add_explicit(&table->waiter_count, 1, memory_order_relaxed);
    return waiter;
}

/* Clients back off: the next retry may take twice as long as the last one. */
static void retried(struct lock_waiter *waiter, int64_t now_ns)
{
    int64_t lease_ns = waiter->owner->client->state->lease_ns;
    int64_t interval_ns = now_ns - waiter->requested_ns;

    if (interval_ns < INTERVAL_LEAST_S * NSEC_PER_SEC)
        interval_ns = INTERVAL_LEAST_S * NSEC_PER_SEC;
    waiter->retry_ns = 2 * interval_ns + NSEC_PER_SEC;
    if (waiter->retry_ns > lease_ns)
        waiter->retry_ns = lease_ns;
    waiter->requested_ns = now_ns;
    waiter->state = LOCK_WAITER_POLLING;
}

void lock_wait_join_locked(struct open *open, const struct lock_wish *wish,
                           const struct wire_opaque *fh)
{
    struct lock_waiter *waiter = find_locked(open->file, wish);

    if (!waiter)
        waiter = add_locked(open, wish, fh);
    if (!waiter)
        return;
    retried(waiter, wish->now_ns);
    if (waiter->fh_len > 0)
        lock_notice_watch_locked(open->client->state, open->file);
}

bool lock_wait_leave_locked(struct file *file, const struct owner *owner,
                            const struct lock_range *range)
{
    uint32_t before = file->waiter_count;

    LIST_FOREACH_SAFE (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (waiter->owner == owner && waiter->range.start >= range->start &&
            waiter->range.end <= range->end)
            forget_locked(file, waiter);
    }
    return file->waiter_count < before;
}

void lock_wait_forget_open_locked(struct open *open)
{
    LIST_FOREACH_SAFE (waiter, &open->waiters, struct lock_waiter, open_link)
        forget_locked(open->file, waiter);
}

/* Waiters that have precedence over those behind them, in order. */
struct line {
    const struct lock_waiter *first[LIMIT_LOCK_NOTICES_PER_FILE];
    uint32_t count;
};

static bool comes_after(const struct line *line, const struct lock_waiter *waiter, int64_t now_ns)
{
    const struct lock_wish own = wish_of(waiter, now_ns);

    for (uint32_t i = 0; i < line->count; i++) {
        if (conflicts(line->first[i], &own))
            return true;
    }
    return false;
}

static void notify(struct file *file, struct lock_waiter *waiter, int64_t now_ns,
                   struct list *chosen)
{
    waiter->notice = lock_notice_create(file, waiter);
    waiter->state = waiter->notice ? LOCK_WAITER_NOTIFIED : LOCK_WAITER_UNREACHABLE;
    waiter->notified_ns = now_ns;
    if (!waiter->notice)
        return; /* no memory */
    list_push_back(chosen, &waiter->notice->link);
}

/* When the searches for those before it used up the limit, the answer is not known: then the client
 * has to retry. */
static bool is_surely_free_for(struct file *file, const struct lock_waiter *waiter,
                               struct lock_search *search)
{
    bool first = search->left == LIMIT_LOCK_SEARCH;

    return is_free_for(file, waiter, search) && (first || !search->given_up);
}

static void consider(struct file *file, struct lock_waiter *waiter, struct lock_search *search,
                     struct line *line, struct list *chosen)
{
    int64_t now_ns = search->now_ns;

    if (waiter->state == LOCK_WAITER_NOTIFIED && !reserves(file, waiter, true, now_ns))
        waiter->state = waiter->notice ? LOCK_WAITER_UNREACHABLE : LOCK_WAITER_LATE;
    if (waiter->fh_len > 0 && waiter->state == LOCK_WAITER_POLLING && !waiter->notice &&
        is_surely_free_for(file, waiter, search) && !comes_after(line, waiter, now_ns))
        notify(file, waiter, now_ns, chosen);
    if (reserves(file, waiter, true, now_ns))
        line->first[line->count++] = waiter;
}

void lock_wait_choose_locked(struct file *file, int64_t now_ns, struct list *chosen)
{
    struct lock_search search = lock_search_begin(now_ns);
    struct line line;

    line.count = 0;
    LIST_FOREACH_SAFE (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (line.count == LIMIT_LOCK_NOTICES_PER_FILE)
            return;
        if (gave_up(waiter, now_ns))
            forget_locked(file, waiter);
        else
            consider(file, waiter, &search, &line, chosen);
    }
}
