/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path to one client of 4.0: its callbacks, its connection, and its state.
 *
 * Each function decides what to do with the lock held, and does it without: dialling, sending,
 * calling hooks and logging.
 *
 * Locks: dial_path.lock before dial_out.lock.  Neither is held over a call into transport/, over a
 * hook, or while logging.
 *
 * dial_path.c and dial_link.c call each other because a path and its connection are one subject: a
 * callback needs a connection, and a connection that is established or lost moves the callbacks.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "callback/callback_backlog.h"
#include "callback/callback_done.h"
#include "callback/dial_out.h"

struct dial_link;

/* Holders of a reference: dial_out.paths, each link, and each thread that uses it. */
struct dial_path {
    _Atomic uint32_t refs;
    struct dial_out *out;
    uint64_t clientid;
    struct dial_target target;
    struct hnode node;       /* of dial_out.paths */
    struct list active_link; /* of dial_out.active; this and the next two are guarded by
                              * dial_out.lock */
    bool active;
    uint32_t serial;
    _Atomic uint32_t state; /* enum dial_path_state, written under the lock */

    _Atomic uint32_t next_xid;

    pthread_mutex_t lock; /* guards the rest */
    bool closed;
    bool sending;      /* a thread sends from the queue */
    bool probe_wanted; /* send a CB_NULL as soon as there is a connection */
    struct dial_link *link;
    struct list queue; /* calls to be sent, in order */
    struct list sent;  /* sent over the link and not answered yet */
    uint32_t call_count;
    uint32_t attempts;    /* dials since the last reply */
    int64_t last_dial_ns; /* 0: never */
};

/* Returns one reference.  NULL without memory. */
struct dial_path *dial_path_create(struct dial_out *out, uint64_t clientid,
                                   const struct dial_target *target, int64_t last_dial_ns);
struct dial_path *dial_path_get(struct dial_path *path);
void dial_path_put(struct dial_path *path);

/* Probe the path anew, at once if the intervals permit it. */
void dial_path_probe(struct dial_path *path, int64_t now_ns);

bool dial_path_call(struct dial_path *path, struct cb_op *ops, uint32_t op_count,
                    callback_done *done, void *arg, int64_t now_ns);

/* Do what is due. */
void dial_path_tick(struct dial_path *path, int64_t now_ns);

/* The path has left the table: end its calls and its connection. */
void dial_path_close(struct dial_path *path);

/* Count its calls. */
void dial_path_backlog(struct dial_path *path, int64_t now_ns, struct callback_backlog *backlog);

/* Time of the last dial; 0: never dialled. */
int64_t dial_path_last_dial_ns(struct dial_path *path);

bool dial_path_reply(struct dial_link *link, uint32_t xid, const void *body, size_t len);

/* Send the queued calls if the connection is up. */
void dial_path_send(struct dial_path *path);

/* Queue the probe that is wanted, ahead of all calls, if the connection is up. */
void dial_path_probe_queue_locked(struct dial_path *path, int64_t now_ns);

/* The connection was lost: queue the unanswered calls again, and want a new probe if there was
 * one. */
void dial_path_requeue_locked(struct dial_path *path);

/* Does the path need the tick? */
bool dial_path_waits_locked(const struct dial_path *path);

/* Add the path to the list that the tick visits, or remove it. */
void dial_path_active_locked(struct dial_path *path, bool active);
