/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notices to one client: a queue of the events of all its watches, in the order of the changes,
 * from which callback/ takes what it sends.
 *
 *     idle --something may go out: hooks.ready()--> busy --delegation_notify_rest()--> idle
 *
 * While the client is busy, events collect and coalesce; so there is one CB_COMPOUND of notices
 * under way at a time, and no timer but the second's tick for attributes that may wait.
 *
 * An event of one directory after one of another is sent after it.  After the last event of a
 * directory before one of another, or before the end of the queue, comes CHANGE_DIR_ATTRS if the
 * holder subscribed to it, with the change attribute as of that event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "state/delegation/delegation_event.h"
#include "wire/xdr.h"

struct client;
struct delegation;
struct delegation_watch;
struct state;

/* Functions of callback/. */
struct delegation_notify_hooks {
    /* The client has become busy: take what there is, and call delegation_notify_rest() when all of
     * it is done.  Called without locks.  The callee puts the reference on the client. */
    void (*ready)(struct client *client, void *context);
    /* Has the client a back channel with room for any notice without attributes? */
    bool (*possible)(struct client *client, void *context);
    void *context;
};

/* Before the first request.  Without hooks nothing can be subscribed to. */
void delegation_notify_hook(struct state *state, const struct delegation_notify_hooks *hooks);
bool delegation_notify_possible(const struct state *state, struct client *client);

/* One event, taken from the queue.  Names point into it. */
struct delegation_notice {
    struct delegation *delegation;  /* a reference; its watch is not NULL */
    struct delegation_event *event; /* a reference; NULL: CHANGE_DIR_ATTRS */
    enum notify_type4 type;
    struct wire_opaque name;     /* RENAME: the old one; CHANGE_DIR_ATTRS: empty */
    struct wire_opaque new_name; /* RENAME only */
    uint64_t cookie, new_cookie; /* of these two */
    bool has_cookie;             /* ADD, RENAME: the cookie of the new entry is to be told */
    bool replaced;               /* ADD, RENAME: the new name had another entry */
    uint64_t replaced_cookie;
    bool has_prev; /* it has this predecessor; with a cookie and without: none */
    struct wire_opaque prev;
    uint64_t prev_cookie;
    bool last;              /* the new entry is the last one; false: its place is not known */
    struct vfs_object *obj; /* whose attributes go along, a reference; NULL: none */
    struct bitmap4 attrs;   /* which of them */
    bool has_change;        /* CHANGE_DIR_ATTRS: `change` is the change attribute to tell;
                                      * otherwise it is not to be told */
    uint64_t change;
    bool alone;     /* CHANGE_DIR_ATTRS: not as a result of changed entries */
    bool all_told;  /* and no change of entries is queued behind it */
    bool unchecked; /* the directory's mode or the like has changed since the notice before */
    uint64_t seen;  /* by its watch */
};

/* The client is busy: the first notice of its queue, taken off it.  False: nothing may go out now.
 * Calls the backend, for `obj`: without locks. */
bool delegation_notify_take(struct client *client, struct delegation_notice *notice) MUST_USE;
void delegation_notice_fini(struct delegation_notice *notice);

/* Is its holder to be told nothing more?  It has been returned or revoked, or its watch is broken:
 * what has been taken for it is not to be sent. */
bool delegation_notify_over(struct delegation *delegation);

/* The client has accepted `count` notices of the delegation. */
void delegation_notify_told(struct delegation *delegation, uint32_t count);

/* A notice of the delegation is lost, or may be: its watch is broken, and it is recalled.  Nothing
 * if it is broken, or has ended.  Without locks. */
void delegation_notify_lost(struct delegation *delegation);
/* The same of all that the client holds. */
void delegation_notify_lost_all(struct client *client);

/* Nothing is under way any more.  True: the client is idle.  False: there is more, and it stays
 * busy. */
bool delegation_notify_rest(struct client *client) MUST_USE;

/* Events may have been queued: call the hook for clients that have become busy, and recall what is
 * broken.  At the end of a request that made a change (delegation_end()); without locks. */
void delegation_notify_run(struct state *state);

/* From the state's timer, about once a second: attributes that were delayed. */
void delegation_notify_tick(struct state *state, int64_t now_ns);
