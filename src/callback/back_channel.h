/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back channel of a session: its slots, and the calls that wait for one.
 *
 * Locks: back_channel.lock, then back_link.lock or backchannels.lock.  None is held over a call
 * into transport/ or state/, a hook or a line of the log.
 *
 * References: a channel lives as long as its session, so whoever works with it has a reference on
 * that: the caller, the list of active ones, and each request that is outstanding on a connection.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "callback/back_slot.h"

struct back_call;
struct callback;
struct session;

struct back_channel {
    struct backchannels *all;
    struct session *session;
    struct list active_link; /* under backchannels.lock, like the next one */
    bool active;

    pthread_mutex_t lock; /* guards all below */
    bool closed;          /* the session has ended, or the channel is at fault */
    bool sending, wanted; /* a thread is sending; it has to look again */
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
struct back_channel *back_channel_of(struct backchannels *all, struct session *session);

/* The session is freed, and with it this. */
void back_channel_destroy(struct back_channel *channel);

/* Queue a call, whose reference goes over.  False: no room, not the session's size, or it is
 * closed. */
bool back_channel_take(struct back_channel *channel, struct back_call *call) MUST_USE;

/* With the lock: the tick looks at it as long as something waits. */
void back_channel_active_locked(struct back_channel *channel);
