/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the back channel share: backchannel.c has its life and the tick,
 * backchannel_slots.c the slots, backchannel_send.c the way out, backchannel_reply.c answers,
 * back_link.c what is outstanding on a connection, back_call.c a call, back_route.c the choice of a
 * session.
 *
 * Locks: backchannel.lock, then back_link.lock or backchannels.lock.  None is held over a call into
 * transport/ or state/, a hook or a line of the log.
 *
 * References: a channel lives as long as its session, so whoever works with it has a reference on
 * that: the caller, the list of active ones, and each request that is outstanding on a connection.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/htable.h"
#include "base/list.h"
#include "callback/backchannel.h"
#include "callback/callback.h"
#include "callback/callback_figures.h"
#include "state/session/session.h"
#include "state/session/session_call.h"

/* ---- calls ---- */

/* Holders of a reference: its queue or slot, and whoever works with it. */
struct back_call {
    _Atomic uint32_t refs;
    struct list link;    /* backchannel.queue */
    callback_done *done; /* NULL: was told; under the lock of the channel that has it */
    void *arg;
    bool bound;  /* to its session: no other one takes it */
    bool refers; /* to `after` */
    struct session_call after;
    int64_t deadline_ns;
    uint32_t attempts; /* under the channel's lock */
    uint32_t op_count; /* with CB_SEQUENCE, the first */
    uint32_t ops[LIMIT_CALLBACK_OPS];
    uint32_t len;
    uint8_t body[]; /* what stands behind CB_SEQUENCE */
};

/* One reference.  NULL: it does not fit, or there is no memory for it. */
struct back_call *back_call_create(struct cb_op *ops, uint32_t op_count,
                                   const struct session_call *after);
struct back_call *back_call_get(struct back_call *call);
void back_call_put(struct back_call *call);

/* The operation that figures name. */
static inline uint32_t back_call_op(const struct back_call *call)
{
    return call->ops[call->op_count > 1 ? 1 : 0];
}

/* What is to be told when the lock is back. */
struct back_told {
    callback_done *done;
    void *arg;
};

/* Nobody is told of the call's end any more but by this. */
struct back_told back_call_tell_locked(struct back_call *call);
void back_told(const struct back_told *told, enum callback_outcome outcome,
               const struct cb_reply *reply);

/* Tell all of a list, and drop them. */
void back_calls_end(struct list *calls, enum callback_outcome outcome);

/* ---- slots ---- */

enum back_slot_state {
    BACK_SLOT_FREE,
    BACK_SLOT_READY,   /* to be sent, as soon as there is a connection */
    BACK_SLOT_SENDING, /* somebody does that */
    BACK_SLOT_SENT,    /* outstanding on `link` */
    BACK_SLOT_PAUSED,  /* the client did not want it yet: READY again at retry_ns */
};

struct back_link;
struct backchannel;

/* All under the channel's lock. */
struct back_slot {
    struct backchannel *channel;
    uint32_t id;
    enum back_slot_state state;
    uint32_t seqid; /* of the request in it, or else of its next one */
    struct back_call *call;
    uint8_t *record; /* as it was first sent; NULL: not yet */
    size_t len;
    bool unknown; /* its connection was lost after it was sent: the client may have executed it */
    uint32_t refusals;
    int64_t sent_ns, retry_ns;
    struct back_link *link; /* a reference while SENT */
    uint32_t xid;
    struct hnode pending; /* in link->pending; under its lock */
};

/* ---- channels ---- */

struct backchannel {
    struct backchannels *all;
    struct session *session;
    struct list active_link; /* under backchannels.lock, like the next one */
    bool active;

    pthread_mutex_t lock; /* guards all below */
    bool closed;          /* the session has ended, or the channel is at fault */
    bool sending, wanted; /* somebody sends; he is to look again */
    struct list queue;    /* calls without a slot */
    uint32_t queued;
    uint32_t usable; /* slots below this may be used for new requests: the client's wish */
    uint32_t slot_count;
    struct back_slot slots[];
};

struct backchannels {
    struct callback *callback;
    _Atomic uint32_t next_xid;
    pthread_mutex_t lock; /* guards all below */
    bool stopped;
    struct list active; /* with a reference on the session: those that wait for anything */
    uint32_t active_count;
};

/* That of a session, made if need be; NULL: there is no memory for it. */
struct backchannel *backchannel_of(struct backchannels *all, struct session *session);

/* Queue a call, whose reference goes over.  False: no room, not the session's size, or it is
 * closed. */
bool backchannel_take(struct backchannel *channel, struct back_call *call) MUST_USE;

/* Send whatever can be sent. */
void backchannel_send(struct backchannel *channel);

/* The session is dead, or the client lost count: hand its calls to other sessions. */
void backchannel_close(struct backchannel *channel);

/* With the lock: the tick looks at it as long as something waits. */
void backchannel_active_locked(struct backchannel *channel);

/* ---- slots, with the channel's lock ---- */

/* The next one to be sent, READY: one that was sent before, or a free one that takes the first call
 * of the queue.  NULL: none. */
struct back_slot *back_slot_next_locked(struct backchannel *channel);

/* Would it find one? */
bool back_slot_waits_locked(struct backchannel *channel);

/* csa_highest_slotid: the highest that is in use. */
uint32_t back_slot_highest_locked(const struct backchannel *channel);

/* Not executed: what is sent next may say otherwise how many slots are in use, and who calls. */
void back_slot_drop_record_locked(struct back_slot *slot);

/* Nothing is in it any more; the sequence goes on only if the client `executed` it. */
void back_slot_free_locked(struct back_slot *slot, bool executed);

/* Never sent, or not executed: its call is the first of the queue again. */
void back_slot_unuse_locked(struct back_slot *slot);

/* ---- connections ---- */

/* What is outstanding on one connection.  Holders of a reference: the connection until it is
 * closed, slots, and whoever chooses among connections. */
struct back_link {
    _Atomic uint32_t refs;
    struct connection *conn; /* a reference */
    pthread_mutex_t lock;    /* guards all below */
    bool closed;
    struct htable pending; /* struct back_slot by xid */
};

/* That of a connection which is not closed, made if need be; a reference for the caller.  NULL:
 * there is no memory for it. */
struct back_link *back_link_of(struct connection *conn);
void back_link_put(struct back_link *link);

/* With the channel's lock: a request is outstanding; false if the connection is closed.  Take it
 * back; false if somebody else has: he is about to deal with it. */
bool back_link_add(struct back_link *link, struct back_slot *slot, uint32_t xid);
bool back_link_take(struct back_link *link, struct back_slot *slot);

/* An outstanding request that is the caller's now, with the reference on its session. */
struct back_slot *back_link_pop(struct connection *conn, uint32_t xid);

/* The connection that a slot was sent over is gone.  The slot is the caller's, as above. */
void backchannel_lost(struct back_slot *slot);

/* ---- the choice of a session ---- */

/* Hand a call, with its reference, to the best session of the client.  False: none takes it, and it
 * is still the caller's. */
bool back_route(struct backchannels *all, struct client *client, struct back_call *call) MUST_USE;

/* The same for this session alone. */
bool back_route_session(struct backchannels *all, struct session *session,
                        struct back_call *call) MUST_USE;

/* Connections that can be tried, the one with the newest traffic first. */
struct back_choice {
    uint32_t count;
    struct {
        struct back_link *link; /* a reference; NULL: tried in vain */
        int64_t activity_ns;
    } of[LIMIT_SESSION_CONNECTIONS];
};

void back_choice_make(struct back_choice *choice, struct session *session);
void back_choice_drop(struct back_choice *choice);
