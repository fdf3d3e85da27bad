/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of lock owners that wait for byte-range locks of a file: those whose blocking LOCK
 * (READW_LT, WRITEW_LT; RFC 8881 §9.6) was denied.  The server holds no request back: the client
 * retries, and the queue decides who gets the range.
 *
 *     blocking LOCK denied
 *            |
 *            v      range is free, notice sent            no LOCK within RESERVED_S
 *         POLLING ----------------------------> NOTIFIED ---------------------------> LATE
 *          ^  ^                                    | notice not delivered              |
 *          |  |                                    v                                   |
 *          |  +--- LOCK again, denied again -- UNREACHABLE                             |
 *          +------ LOCK again, denied again -------------------------------------------+
 *
 *     any state -- LOCK granted, LOCKU, the open ends, no LOCK for a lease --> out of the queue
 *
 * A waiter reserves its range: others that conflict with it are denied although no lock is in
 * their way.
 *
 * - A NOTIFIED waiter (lock_notice.h) has it reserved for RESERVED_S against other blocking
 *   requests, and against requests that do not block while the waiters' phase lasts.
 * - A POLLING or UNREACHABLE waiter has it reserved in the waiters' phases, as long as its past
 *   retries let expect the next one.  Phases alternate every PHASE_S, beginning with one that is
 *   open to all: a lock that is handed over lies idle until its next owner retries, and two owners
 *   that take and release it quickly would only wait for each other.
 * - While its range is not free, a waiter is still ahead of blocking requests of owners that hold
 *   no lock of this file.  So a crowd of readers does not starve a writer, and an owner that needs
 *   a second lock to go on gets it in the open phase, whatever the first waiter waits for.
 * - A LATE waiter reserves nothing until it retries.
 *
 * All calls with file.lock held.
 */
#pragma once

#include "state/lock/lock_conflict.h"

struct lock_notice;

enum lock_waiter_state {
    LOCK_WAITER_POLLING,     /* not notified since its last request */
    LOCK_WAITER_NOTIFIED,    /* at notified_ns */
    LOCK_WAITER_LATE,        /* notified, and did not come in time */
    LOCK_WAITER_UNREACHABLE, /* the notice could not be delivered */
};

struct lock_waiter {
    struct list file_link, open_link;
    struct owner *owner; /* in use */
    bool write;
    struct lock_range range;
    int64_t since_ns, requested_ns; /* its first and its last request */
    int64_t retry_ns;               /* expected time between its requests */
    enum lock_waiter_state state;
    int64_t notified_ns;
    struct lock_notice *notice; /* on its way, or NULL */
    uint32_t fh_len;            /* 0: it can't be notified */
    uint8_t fh[LIMIT_FH_BYTES]; /* the file as the client knows it */
};

/* The waiter that has precedence over this request, with which no lock conflicts; or NULL. */
const struct lock_waiter *lock_wait_first_locked(struct file *file, const struct lock_wish *wish);

/* The request was denied: join the queue, or keep the place in it.  Does not join at a limit, and
 * without memory.  `fh` identifies the file in notices; if it is empty, the owner can't be
 * notified. */
void lock_wait_join_locked(struct open *open, const struct lock_wish *wish,
                           const struct wire_opaque *fh);

/* The owner no longer waits for locks within `range`.  True: it did. */
bool lock_wait_leave_locked(struct file *file, const struct owner *owner,
                            const struct lock_range *range);

/* The open has ended: remove its waiters. */
void lock_wait_forget_open_locked(struct open *open);

/* Create a notice for each waiter that would get its lock if it retried now, unless it has been
 * notified: the longest waiting, at most LIMIT_LOCK_NOTICES_PER_FILE.  Adds them to `chosen` by
 * lock_notice.link. */
void lock_wait_choose_locked(struct file *file, int64_t now_ns, struct list *chosen);
