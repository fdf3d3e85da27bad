/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_wait.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/lock/lock_notice.h"

enum {
    TURN_S = 2,          /* of everybody, then of those who wait */
    CLAIM_S = 1,         /* for who was told */
    PATIENT_S = 70,      /* who expects to be told asks rarely, the Linux client every 30 s */
    INTERVAL_LEAST_S = 1 /* nobody is expected to ask more often */
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
    state_limit_give(table->client->state, STATE_LIMIT_lock_waiters, 1);
    owner_drop(waiter->owner);
    memory_free(MEMORY_locks, waiter);
}

/* Usually that is how long its client's lease lasts, which it renewed when it asked. */
static bool gave_up(const struct lock_waiter *waiter, int64_t now_ns)
{
    int64_t most_ns = waiter->owner->client->state->lease_ns;

    if (waiter->fh_len > 0 && most_ns < PATIENT_S * NSEC_PER_SEC)
        most_ns = PATIENT_S * NSEC_PER_SEC;
    return now_ns - waiter->asked_ns > most_ns;
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

static struct lock_wish wish_of(const struct lock_waiter *waiter, int64_t now_ns)
{
    return (struct lock_wish){waiter->owner, waiter->write, true, waiter->range, now_ns};
}

/* As far as locks go. */
static bool may_have_it(struct file *file, const struct lock_waiter *waiter,
                        struct lock_search *search)
{
    const struct lock_wish his = wish_of(waiter, search->now_ns);

    return !lock_conflict_find_locked(file, &his, search);
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

/* Against one who would wait as well, or who wants it now or not at all: to him a lock that nobody
 * has should look free.  Of who was told nobody knows whether he still wants it. */
static bool claims(struct file *file, const struct lock_waiter *waiter, bool waits, int64_t now_ns)
{
    if (waiter->news == LOCK_NEWS_TOLD)
        return now_ns - waiter->told_ns <= CLAIM_S * NSEC_PER_SEC &&
               (waits || waiters_turn(file, now_ns));
    return waiter->news != LOCK_NEWS_LATE && now_ns - waiter->asked_ns <= waiter->patience_ns &&
           waiters_turn(file, now_ns);
}

static bool goes_first(struct file *file, const struct lock_waiter *waiter,
                       const struct lock_wish *wish, struct lock_search *search)
{
    const struct lock_holder *self;

    if (!claims(file, waiter, wish->wait, wish->now_ns))
        return false;
    if (may_have_it(file, waiter, search))
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
            return NULL; /* those behind come after him */
        else if (conflicts(waiter, wish) && goes_first(file, waiter, wish, &search))
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
    waiter->owner = owner_use_more(wish->owner);
    waiter->write = wish->write;
    waiter->range = wish->range;
    waiter->since_ns = waiter->asked_ns = wish->now_ns;
    if (fh->len > 0 && fh->len <= LIMIT_FH_BYTES && lock_notice_possible(open->client)) {
        waiter->fh_len = fh->len;
        memcpy(waiter->fh, fh->data, fh->len);
    }
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
    waiter->news = LOCK_NEWS_NONE;
}

void lock_wait_join_locked(struct open *open, const struct lock_wish *wish,
                           const struct wire_opaque *fh)
{
    struct lock_waiter *waiter = find_locked(open->file, wish);

    if (!waiter)
        waiter = add_locked(open, wish, fh);
    if (!waiter)
        return;
    asked_again(waiter, wish->now_ns);
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

/* Who comes before others, in order. */
struct line {
    const struct lock_waiter *first[LIMIT_LOCK_NOTICES_PER_FILE];
    uint32_t count;
};

static bool comes_after(const struct line *line, const struct lock_waiter *waiter, int64_t now_ns)
{
    const struct lock_wish his = wish_of(waiter, now_ns);

    for (uint32_t i = 0; i < line->count; i++) {
        if (conflicts(line->first[i], &his))
            return true;
    }
    return false;
}

static void tell(struct file *file, struct lock_waiter *waiter, int64_t now_ns, struct list *chosen)
{
    waiter->notice = lock_notice_create(file, waiter);
    waiter->news = waiter->notice ? LOCK_NEWS_TOLD : LOCK_NEWS_FAILED;
    waiter->told_ns = now_ns;
    if (!waiter->notice)
        return; /* no memory: as if it was not reached */
    list_push_back(chosen, &waiter->notice->link);
}

/* Where a search was given up because of those before it, nobody knows; then it has to ask. */
static bool surely_may_have_it(struct file *file, const struct lock_waiter *waiter,
                               struct lock_search *search)
{
    bool first = search->left == LIMIT_LOCK_SEARCH;

    return may_have_it(file, waiter, search) && (first || !search->given_up);
}

static void consider(struct file *file, struct lock_waiter *waiter, struct lock_search *search,
                     struct line *line, struct list *chosen)
{
    int64_t now_ns = search->now_ns;

    if (waiter->news == LOCK_NEWS_TOLD && !claims(file, waiter, true, now_ns))
        waiter->news = waiter->notice ? LOCK_NEWS_FAILED : LOCK_NEWS_LATE;
    if (waiter->fh_len > 0 && waiter->news == LOCK_NEWS_NONE && !waiter->notice &&
        surely_may_have_it(file, waiter, search) && !comes_after(line, waiter, now_ns))
        tell(file, waiter, now_ns, chosen);
    if (claims(file, waiter, true, now_ns))
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
