/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for byte-range locks of a file (READW_LT, WRITEW_LT; RFC 8881 §9.6).  Nobody is told
 * when a range is free, so waiters ask again and again; a queue gives the longest waiter the first
 * claim, half of the time (in turns, the first of which is everybody's: a lock that is handed over
 * lies idle until its next owner asks, and two who come and go quickly would only wait):
 *
 * - When his range is free, nobody else gets a lock that conflicts with it until he has asked, or
 *   longer has not asked than his habits let expect.
 * - As long as it is not free, others who would wait as well, and who hold nothing in this file,
 * stay
 *   behind him.  So a crowd of readers does not starve a writer, and an owner who cannot go on
 *   without a second lock gets that in the other half, whatever the first waits for.
 *
 * All calls with the file's lock.  What happens when a range becomes free is for whoever tells
 * waiters one day: the queue has all that a callback needs.
 */
#pragma once

#include "state/lock/lock_conflict.h"

/* Entries are forgotten when their open ends, when they get the lock, give it up, or have not asked
 * for a lease time. */
struct lock_waiter {
    struct list file_link, open_link;
    struct owner *owner; /* a use */
    bool write;
    struct lock_range range;
    int64_t since_ns, asked_ns;
    int64_t patience_ns; /* how long after asked_ns his claim stands */
};

/* Who goes before the one with this wish, which no lock is in the way of; or NULL. */
const struct lock_waiter *lock_wait_first_locked(struct file *file, const struct lock_wish *wish);

/* The wish was denied: join the queue, or keep the place in it.  At a limit that is left out. */
void lock_wait_join_locked(struct open *open, const struct lock_wish *wish);

/* The owner waits no more for what lies within `range`. */
void lock_wait_leave_locked(struct file *file, const struct owner *owner,
                            const struct lock_range *range);

/* The open ends. */
void lock_wait_forget_open_locked(struct open *open);
