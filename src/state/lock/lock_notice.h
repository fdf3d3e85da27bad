/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices to waiters (lock_wait.h) that their byte-range lock is free (CB_NOTIFY_LOCK, RFC 8881
 * §20.11).  state/ chooses the waiters; callback/ sends the notices.
 *
 * A notice, and the list of files that have waiters to notify.  lock_notice_send.h chooses the
 * waiters and hands the notices over.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "state/client/client.h"

struct file;
struct lock_waiter;
struct state;

/* A notice to one waiter.  Owned by its sender until lock_notice_done(). */
struct lock_notice {
    struct list link;           /* the sender's */
    struct client *client;      /* a reference */
    struct file *file;          /* a reference */
    struct lock_waiter *waiter; /* NULL: it no longer waits; under file->lock */
    uint32_t fh_len, owner_len;
    uint8_t fh[LIMIT_FH_BYTES];
    uint8_t owner[]; /* the lock owner's name */
};

/* Send it without blocking.  lock_notice_done() must follow, once, possibly before tell() returns.
 * False: the client cannot be called, and the caller keeps the notice. */
struct lock_notice_hook {
    bool (*tell)(struct lock_notice *notice, void *context);
    void *context;
};

/* state.lock_notices */
struct lock_notices {
    struct lock_notice_hook hook; /* NULL: no notices */
    pthread_mutex_t lock;         /* guards the rest, and file.watch_link of listed files */
    struct list watched;          /* struct file.watch_link, a reference each */
    uint32_t watched_count;
};

struct lock_notices *lock_notices_create(void);
void lock_notices_destroy(struct lock_notices *notices);

/* Install the hook, before the first request. */
void lock_notice_hook(struct state *state, const struct lock_notice_hook *hook);

/* Can the client be notified (OPEN4_RESULT_MAY_NOTIFY_LOCK)?  4.0 has no such callback. */
bool lock_notice_possible(const struct client *client);

/* The client has (`heard`) accepted the notice, or not.  Any thread, without locks. */
void lock_notice_done(struct lock_notice *notice, bool heard);

/* ---- for the files of locks ---- */

/* The file has a waiter that can be notified: the timer looks at it.  With file.lock. */
void lock_notice_watch_locked(struct state *state, struct file *file);

/* The next file on the list of those, off it and with its reference; or NULL. */
struct file *lock_notices_pop(struct lock_notices *notices);

/* A notice for that waiter, or NULL without memory.  With file.lock. */
struct lock_notice *lock_notice_create(struct file *file, struct lock_waiter *waiter);
