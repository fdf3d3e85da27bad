/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for byte-range locks of a file (READW_LT, WRITEW_LT; RFC 8881 §9.6): a queue that gives
 * the longest waiter the first claim.  A claim keeps from others what conflicts with it:
 *
 * - Who was told that his range is free (lock_notice.h) has CLAIM_S to come and take it, before all
 *   others who would wait; before those who would not half of the time, as below.
 * - Who can't be told asks again and again.  His claim stands half of the time, in turns, the first
 *   of which is everybody's (a lock that is handed over lies idle until its next owner asks, and
 *   two who come and go quickly would only wait), as long as his habits let expect that he asks.
 *   While his range is not free, others who would wait as well, and who hold nothing in this file,
 *   stay behind him.  So a crowd of readers does not starve a writer, and an owner who cannot go on
 *   without a second lock gets that in the other half, whatever the first waits for.
 *
 * All calls with the file's lock.
 */
#pragma once

#include "state/lock/lock_conflict.h"

struct lock_notice;

enum lock_news {
    LOCK_NEWS_NONE,   /* not told since he asked last */
    LOCK_NEWS_TOLD,   /* he was, at told_ns */
    LOCK_NEWS_LATE,   /* and did not come in time: no claim until he asks again */
    LOCK_NEWS_FAILED, /* he could not be told: he has to ask */
};

/* Entries are forgotten when their open ends, when they get the lock, give it up, or have not asked
 * for a lease time. */
struct lock_waiter {
    struct list file_link, open_link;
    struct owner *owner; /* a use */
    bool write;
    struct lock_range range;
    int64_t since_ns, asked_ns;
    int64_t patience_ns; /* how long after asked_ns his claim stands */
    enum lock_news news;
    int64_t told_ns;
    struct lock_notice *notice; /* under way to him, or NULL */
    uint32_t fh_len;            /* 0: he is not told */
    uint8_t fh[LIMIT_FH_BYTES]; /* the file, as he knows it */
};

/* Who goes before the one with this wish, which no lock is in the way of; or NULL. */
const struct lock_waiter *lock_wait_first_locked(struct file *file, const struct lock_wish *wish);

/* The wish was denied: join the queue, or keep the place in it.  At a limit that is left out.  `fh`
 * names the file in what he is told; empty: he can't be. */
void lock_wait_join_locked(struct open *open, const struct lock_wish *wish,
                           const struct wire_opaque *fh);

/* The owner waits no more for what lies within `range`.  True: it did. */
bool lock_wait_leave_locked(struct file *file, const struct owner *owner,
                            const struct lock_range *range);

/* The open ends. */
void lock_wait_forget_open_locked(struct open *open);

/* Make a notice for each who would get the lock if he asked now, but for those who know: the
 * longest waiters, LIMIT_LOCK_NOTICES_PER_FILE at the most.  They are in `chosen` by
 * lock_notice.link. */
void lock_wait_choose_locked(struct file *file, int64_t now_ns, struct list *chosen);
