/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the way out share: dial_out.c has the table of paths and their rate,
 * dial_path.c what happens on one path, dial_link.c its connection, dial_news.c what is known about
 * it, dial_call.c a call.  Who finds something to be done decides with the lock and acts without
 * it: dialling, sending, ending calls and logging.
 *
 * Locks: dial_path.lock, then dial_out.lock.  Neither is held over a call into transport/, a hook
 * or a line of the log.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/htable.h"
#include "base/list.h"
#include "base/log_limit.h"
#include "callback/callback_figures.h"
#include "callback/dial_out.h"

/* ---- calls ---- */

/* Holders of a reference: its path while it waits there, and whoever is sending it. */
struct dial_call {
    _Atomic uint32_t refs;
    struct list link; /* path.queue or path.sent */
    uint32_t xid;
    uint32_t attempts; /* guarded by path->lock, like the next one */
    int64_t sent_ns;   /* the last of them */
    int64_t deadline_ns;
    callback_done *done; /* NULL: a probe, CB_NULL */
    void *arg;
    uint32_t op_count;
    uint32_t ops[LIMIT_CALLBACK_OPS];
    size_t len;
    uint8_t record[];
};

/* One reference.  NULL: it does not fit, or there is no memory for it. */
struct dial_call *dial_call_create(const struct dial_target *target, uint32_t xid,
                                   struct cb_op *ops, uint32_t op_count);
struct dial_call *dial_probe_create(const struct dial_target *target, uint32_t xid);
void dial_call_put(struct dial_call *call);

/* Tell its outcome and drop the path's reference. */
void dial_call_end(struct dial_call *call, enum callback_outcome outcome,
                   const struct cb_reply *reply);

/* The same for a whole list. */
void dial_calls_end(struct list *calls, enum callback_outcome outcome);

/* For figures: it is sent once more; that came to nothing.  Probes count for nothing. */
void dial_call_tried(const struct dial_out *out, struct dial_call *call, int64_t now_ns);
void dial_call_failed(const struct dial_out *out, const struct dial_call *call);

/* What the bytes behind xid and message type say; *reply when it is CALLBACK_ANSWERED. */
enum cb_answer dial_call_answer(const struct dial_call *call, const void *body, size_t len,
                                struct arena *arena, struct cb_reply *reply);

/* ---- paths ---- */

/* One attempt at a connection.  Holders: the connection until its `closed` hook, and whoever
 * dials. */
struct dial_link {
    _Atomic uint32_t refs;
    struct dial_path *path; /* a reference */
    /* Guarded by path->lock. */
    struct connection *conn; /* a reference, or NULL: not known yet, or closed */
    int64_t begun_ns;
    bool up;       /* connected */
    bool lost;     /* it takes nothing any more */
    bool answered; /* somebody is there who knows the program */
    bool late;     /* it did not come up in time */
};

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

/* ---- the connection of a path ---- */

/* What transport/ tells of its connections; the argument is a struct dial_link. */
extern const struct dial_hooks dial_link_hooks;

/* Dial if there is a reason, no connection yet, and the intervals allow it. */
void dial_link_make(struct dial_path *path, int64_t now_ns);

/* Has it been dialled in vain so often that only a new reason begins anew? */
bool dial_link_rests_locked(const struct dial_path *path);

/* A reference on the connection, so that it can be ended without the lock; NULL: there is none, or
 * the one who dials has not come back with it yet. */
struct connection *dial_link_conn_locked(struct dial_link *link);
void dial_conn_end(struct connection *conn); /* NULL is fine */

/* ---- what is known about a path ---- */

/* A change that is still to be told. */
struct dial_news {
    enum dial_path_state state; /* DIAL_PATH_NONE: there are none */
    const char *why;
    int error;
};

void dial_news_state_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                            int error, struct dial_news *news);

/* It does not answer: look again, a few times. */
void dial_news_down_locked(struct dial_path *path, const char *why, int error,
                           struct dial_news *news);

void dial_news_tell(struct dial_path *path, const struct dial_news *news);

/* ---- all of them ---- */

enum dial_out_counter {
#define X(name, help) DIAL_OUT_COUNTER_##name,
    DIAL_OUT_COUNTERS(X)
#undef X
    DIAL_OUT_COUNTER_COUNT
};

struct dial_out {
    struct dial_out_config config; /* no zeros */
    _Atomic uint32_t timeout_ms;   /* the config's, or what was set later; relaxed */
    _Atomic bool own_address;      /* clients are dialled where they come from only */
    struct transport *transport;
    struct counter_set *counters;
    struct callback_figures *figures; /* NULL: nobody wants them */
    struct log_limit log_limit;

    pthread_mutex_t lock; /* guards all below */
    bool stopped;
    struct htable paths; /* by clientid */
    struct list active;  /* paths that want the tick */
    uint32_t active_count;
    int64_t rate_second; /* in which `rate_used` dials were begun */
    uint32_t rate_used;
};

static inline int64_t dial_out_timeout_ns(const struct dial_out *out)
{
    return atomic_load_explicit(&out->timeout_ms, memory_order_relaxed) * NSEC_PER_MSEC;
}

/* With path->lock held: the tick looks at it, or no more. */
void dial_out_active_locked(struct dial_path *path, bool active);

/* May one more be dialled in this second?  Those that try again get half of it, so that they don't
 * keep out who is new.  With a path's lock held or without. */
bool dial_out_rate_take(struct dial_out *out, bool again, int64_t now_ns);

static inline void dial_out_count(struct dial_out *out, enum dial_out_counter counter)
{
    counter_add(out->counters, counter, 1);
}
