/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back channel of a session: its slots, and the calls that wait for a slot.
 *
 * Locks: back_channel.lock before back_link.lock or back_service.lock.  None of them is held over a
 * call into transport/ or state/, over a hook, or while logging.
 *
 * References: a channel lives as long as its session, so whatever uses the channel holds a
 * reference on the session: the caller, the list of active channels, and each request that is
 * outstanding on a connection.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "callback/back_slot.h"
#include "callback/callback_backlog.h"
#include "callback/callback_room.h"

struct back_call;
struct callback;
struct session;

struct back_channel {
    struct back_service *service;
    struct session *session;
    struct list active_link; /* this and `active` are guarded by back_service.lock */
    bool active;

    pthread_mutex_t lock; /* guards the rest */
    bool closed;          /* the session has ended, or the channel has failed */
    bool sending, wanted; /* a thread is sending; it must check again */
    struct list queue;    /* calls that have no slot yet */
    uint32_t queued;
    uint32_t usable; /* new requests may use the slots below this number; set by the client */
    uint32_t slot_count;
    struct back_slot slots[];
};

struct back_service {
    struct callback *callback;
    _Atomic uint32_t next_xid;
    pthread_mutex_t lock; /* guards the rest */
    bool stopped;
    struct list active; /* channels that wait for something; each holds a reference on its
                         * session */
    uint32_t active_count;
};

/* The back channel of a session, created if there is none.  NULL without memory. */
struct back_channel *back_channel_of(struct back_service *service, struct session *session);

/* The session is being freed: free its back channel. */
void back_channel_destroy(struct back_channel *channel);

/* What a call over the session may contain; `refers`: with room for a referring call. */
struct callback_room back_channel_room(struct session *session, bool refers);

/* Queue a call; takes over the caller's reference.  False when the queue is full, when the call
 * exceeds the session's limits, and when the channel is closed. */
bool back_channel_queue_call(struct back_channel *channel, struct back_call *call) MUST_USE;

/* With the lock held: add the channel to the active list, which the tick visits, if something
 * waits; remove it otherwise. */
void back_channel_active_locked(struct back_channel *channel);

/* Count the calls of the session's back channel, if it has one. */
void back_channel_backlog(const struct session *session, int64_t now_ns,
                          struct callback_backlog *backlog);
