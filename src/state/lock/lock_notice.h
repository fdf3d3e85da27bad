/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling those who wait for byte-range locks (lock_wait.h) that they may have them now
 * (CB_NOTIFY_LOCK, RFC 8881 §20.11): state/ chooses who is told, what calls clients tells him.
 *
 * Whatever frees a range of a file with waiters calls lock_notice_send() afterwards.  A file with
 * waiters is looked at by the timer, too: some of it nobody calls for, as the end of a lease, or
 * somebody who was told and does not come.  Nothing depends on a notice: clients ask anyway.
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

/* What is told to whom.  Belongs to whoever sends it, until lock_notice_done(). */
struct lock_notice {
    struct list link;           /* his */
    struct client *client;      /* a reference */
    struct file *file;          /* a reference */
    struct lock_waiter *waiter; /* NULL: he waits no more; under file->lock */
    uint32_t fh_len, owner_len;
    uint8_t fh[LIMIT_FH_BYTES];
    uint8_t owner[]; /* the lock owner's name */
};

/* Send it, without waiting.  lock_notice_done() follows, once, and may come before this is back.
 * False: there is no way to him, and the notice is still the caller's. */
struct lock_notice_hook {
    bool (*tell)(struct lock_notice *notice, void *context);
    void *context;
};

/* state.lock_notices */
struct lock_notices {
    struct lock_notice_hook hook; /* NULL: nobody is told */
    pthread_mutex_t lock;         /* guards the rest, and file.watch_link of those on the list */
    struct list watched;          /* struct file by watch_link, a reference each */
    uint32_t watched_count;
};

struct lock_notices *lock_notices_create(void);
void lock_notices_destroy(struct lock_notices *notices);

/* Before the first request. */
void lock_notice_hook(struct state *state, const struct lock_notice_hook *hook);

/* May who opens a file now be told, as OPEN4_RESULT_MAY_NOTIFY_LOCK says?  4.0 has no such call. */
bool lock_notice_possible(const struct client *client);

/* Tell who may have locks of the file now.  Without its lock. */
void lock_notice_send(struct state *state, struct file *file);

/* The notice was sent, and his client has (or has not) taken it.  On any thread, with no lock. */
void lock_notice_done(struct lock_notice *notice, bool heard);

/* From the timer. */
void lock_notice_tick(struct state *state);

/* For lock_wait.c: somebody waits who can be told; a notice for him. */
void lock_notice_watch_locked(struct state *state, struct file *file);
struct lock_notice *lock_notice_create(struct file *file, struct lock_waiter *waiter);
