/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the holder of a delegated directory has subscribed to (GET_DIR_DELEGATION, RFC 8881 §18.39),
 * and what it has not been told yet.
 *
 *            an event                       taken to be sent
 *     quiet ----------> queued (in order, coalesced) ------> quiet
 *       |                  |
 *       +------------------+---> broken: an event is lost, or may be
 *
 * Nothing is lost silently: a watch that cannot keep an event is broken.  Its queue is dropped, it
 * keeps no more, and its delegation is recalled (delegation_notify_run()), and revoked a lease
 * later.  It breaks if its queue has LIMIT_WATCH_EVENTS events or LIMIT_WATCH_BYTES, or less when
 * all queues together have nearly LIMIT_NOTIFY_BYTES, without memory, if the backend can't tell
 * what has changed, and if the client can't be told; and with every recall, whatever its reason.
 * Changes of the types that it subscribed to don't wait for its recall.
 *
 * Locks: watch_shard.lock guards which watches a directory has.  It is taken by the backend's hook
 * with locks of a directory held, and under file.lock.  Below it is delegation_notifier.lock, which
 * guards the queues of one client.
 */
#pragma once

#include <pthread.h>

#include "state/delegation/delegation_event.h"
#include "vfs/vfs_identity.h"

struct delegation;
struct delegation_notifier;
struct state;

/* Why an event is lost. */
enum delegation_loss {
    DELEGATION_LOSS_OVERFLOW,    /* too many events, or too much memory for them */
    DELEGATION_LOSS_MEMORY,      /* there is none */
    DELEGATION_LOSS_UNKNOWN,     /* the backend can't tell what has changed */
    DELEGATION_LOSS_UNDELIVERED, /* the client may not have got it */
};

/* What a client has subscribed to. */
struct delegation_subscription {
    uint32_t types;            /* 1 << notify_type4 each; 0: none, so no notices are sent */
    struct bitmap4 child, dir; /* attributes of children and of the directory */
    int64_t child_delay_ns, dir_delay_ns; /* notices of attributes alone may wait that long */
    bool ordered;      /* with ADD and RENAME: tell the place of the entry among the others */
    bool named_owners; /* it gets owners as names */
};

/* delegation.watch; NULL: it is recalled at any change. */
struct delegation_watch {
    struct delegation *delegation;        /* it is part of this */
    struct delegation_notifier *notifier; /* its client's */
    struct delegation_subscription wants; /* constant */
    struct vfs_cred cred; /* who asked: whose view of attributes is told; its groups are `gids` */

    /* Under the shard's lock. */
    struct hnode by_dir;
    bool listed;

    /* Under notifier.lock. */
    struct list link; /* of notifier.watches */
    struct delegation_queue queue;
    struct delegation_place attrs; /* of the directory itself: CHANGE_DIR_ATTRS, without an event */
    bool attrs_alone;              /* the one to be told is not a result of the events before it */
    bool attrs_changed;            /* to be told at the end of its run of events */
    int64_t attrs_due_ns;          /* `attrs` waits until then; 0: it does not */
    bool unchecked;                /* its mode has changed: may the holder still list it? */
    uint64_t told_change;          /* `after` of the event that was taken last; 0: not known */
    uint64_t seen;                 /* changes of the directory, told or not */
    bool broken;
    enum delegation_loss why; /* it is broken */
    struct list broken_link;  /* of those to be recalled, with a reference on the delegation */

    uint32_t gids[]; /* constant */
};

/* A watch for a new delegation; not in effect.  NULL without memory, and if the directory has
 * LIMIT_WATCHES_PER_DIRECTORY. */
struct delegation_watch *delegation_watch_create(struct delegation *delegation,
                                                 const struct delegation_subscription *wants,
                                                 const struct vfs_cred *cred) MUST_USE;

/* NULL is allowed.  It has ended, or never begun. */
void delegation_watch_destroy(struct delegation_watch *watch);

/* Events are queued from now on: before the delegation can be found, with or without file->lock. */
void delegation_watch_begin(struct delegation_watch *watch);

/* No more, and none of those queued is sent.  NULL is allowed; may be called twice.  With or
 * without file->lock. */
void delegation_watch_end(struct delegation_watch *watch);

/* Receive the changes of directories (vfs_change.h), from before the first request until the state
 * is destroyed. */
void delegation_watch_start(struct state *state);
void delegation_watch_stop(void);

/* A copy for users; all 0: there is none. */
struct delegation_watch_view {
    uint32_t types;
    uint32_t queued, bytes; /* not told yet */
};

void delegation_watch_view(const struct delegation *delegation, struct delegation_watch_view *view);
