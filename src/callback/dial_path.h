/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path to one client of 4.0: its callbacks, its connection, and what is known about it.
 *
 * A thread that finds something to do decides with the lock and acts without it: dialling, sending,
 * ending calls and logging.
 *
 * Locks: dial_path.lock, then dial_out.lock.  Neither is held over a call into transport/, a hook
 * or a line of the log.
 *
 * dial_path.c and dial_link.c call each other, because a path and its connection are one subject:
 * a call wants a connection, and a connection that comes up or ends moves the calls.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "callback/callback_done.h"
#include "callback/dial_out.h"

struct dial_link;

/* Holders of a reference: dial_out.paths, each link, and who works with it. */
struct dial_path {
    _Atomic uint32_t refs;
    struct dial_out *out;
    uint64_t clientid;
    struct dial_target target;
    struct hnode node;       /* dial_out.paths */
    struct list active_link; /* dial_out.active; guarded by dial_out.lock, like the next two */
    bool active;
    uint32_t serial;
    _Atomic uint32_t state; /* enum dial_path_state, written with the lock */

    _Atomic uint32_t next_xid;

    pthread_mutex_t lock; /* guards all below */
    bool closed;
    bool sending;      /* somebody sends what stands in the queue */
    bool probe_wanted; /* CB_NULL is to be sent once there is a connection */
    struct dial_link *link;
    struct list queue; /* calls to be sent, in order */
    struct list sent;  /* over the link, and not answered yet */
    uint32_t call_count;
    uint32_t attempts;    /* dials since the last answer */
    int64_t last_dial_ns; /* 0: never */
};

/* One reference; NULL: there is no memory for it. */
struct dial_path *dial_path_create(struct dial_out *out, uint64_t clientid,
                                   const struct dial_target *target, int64_t last_dial_ns);
struct dial_path *dial_path_get(struct dial_path *path);
void dial_path_put(struct dial_path *path);

/* A new probe, at once if the intervals allow that. */
void dial_path_probe(struct dial_path *path, int64_t now_ns);

bool dial_path_call(struct dial_path *path, struct cb_op *ops, uint32_t op_count,
                    callback_done *done, void *arg, int64_t now_ns);

/* Whatever is due. */
void dial_path_tick(struct dial_path *path, int64_t now_ns);

/* It is in no table any more: end its calls and its connection. */
void dial_path_close(struct dial_path *path);

/* When it was dialled last; 0: never. */
int64_t dial_path_last_dial_ns(struct dial_path *path);

bool dial_path_reply(struct dial_link *link, uint32_t xid, const void *body, size_t len);

/* Send what stands in the queue, if the path has a connection that is up. */
void dial_path_send(struct dial_path *path);

/* There is a connection: a probe that is wanted goes first. */
void dial_path_probe_queue_locked(struct dial_path *path, int64_t now_ns);

/* What was sent and not answered is sent again over the next connection, a probe made anew. */
void dial_path_calls_back_locked(struct dial_path *path);

/* Is there anything that only time brings? */
bool dial_path_waits_locked(const struct dial_path *path);

/* The tick looks at it, or no more. */
void dial_path_active_locked(struct dial_path *path, bool active);
