/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one client is to be told: the events of all its watches in the order of the changes, and
 * whether somebody is telling it.  For the files of notices.
 *
 * Locks: delegation_notifier.lock, below that of a shard; delegation_notices.lock is a leaf below
 * it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_watch.h"

enum {
    WATCH_SHARDS = 64 /* a power of two */
};

/* The watches of some directories. */
struct watch_shard {
    pthread_mutex_t lock;  /* guards the rest */
    struct htable watches; /* struct delegation_watch.by_dir */
};

/* Part of delegation_tables. */
struct delegation_notices {
    struct delegation_notify_hooks hooks;
    struct vfs_change_hook changes;
    struct watch_shard shards[WATCH_SHARDS];
    _Atomic uint64_t bytes;   /* of all events */
    _Atomic uint32_t pending; /* in `ready` and `broken` */
    pthread_mutex_t lock;     /* guards the rest */
    struct list ready;   /* struct delegation_notifier.ready_link, with a reference on the client */
    struct list delayed; /* .delayed_link, the same: some of its watches wait for a time */
    struct list broken;  /* struct delegation_watch.broken_link, with one on the delegation */
};

/* Exists from the client's first watch until the client is freed. */
struct delegation_notifier {
    struct client *client;
    struct list ready_link, delayed_link; /* under delegation_notices.lock */
    pthread_mutex_t lock;                 /* guards the rest */
    struct list watches;                  /* struct delegation_watch.link */
    struct list order;                    /* struct delegation_place.order: the next one first */
    struct delegation_watch *run;         /* whose event was taken last, until it has ended */
    bool busy;
};

void delegation_notices_init(struct delegation_notices *notices);
void delegation_notices_fini(struct delegation_notices *notices);

/* The client's; NULL: it never had a watch, or, to be created, no memory. */
struct delegation_notifier *delegation_notifier_of(struct client *client);
struct delegation_notifier *delegation_notifier_create(struct client *client);

/* Something may be in its order: if nobody tells the client, delegation_notify_run() is to find
 * somebody. */
void delegation_notifier_wake_locked(struct delegation_notifier *notifier);

/* A watch of it has to wait: the tick looks at it. */
void delegation_notifier_delay_locked(struct delegation_notifier *notifier);

/* An event of the watch is lost, or may be: it keeps none from now on, and
 * delegation_notify_run() recalls its delegation.  Nothing if it is broken. */
void delegation_notifier_break_locked(struct delegation_watch *watch, enum delegation_loss why);

/* Its delegation is recalled: the watch is broken, and nobody needs to recall it.  NULL is allowed.
 * With or without file->lock. */
void delegation_notifier_silence(struct delegation_watch *watch);

/* Drop what the watch has queued. */
void delegation_notifier_clear_locked(struct delegation_watch *watch);

/* The directory's attributes have changed: tell so after what is queued now, at once or when the
 * holder wants it. */
void delegation_notifier_attrs_locked(struct delegation_watch *watch);
