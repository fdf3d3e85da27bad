/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot of a back channel: which request stands in it, and under which sequence id.  All of it is
 * under the channel's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htable.h"

struct back_call;
struct back_channel;
struct back_link;

enum back_slot_state {
    BACK_SLOT_FREE,
    BACK_SLOT_READY,   /* to be sent, as soon as there is a connection */
    BACK_SLOT_SENDING, /* a thread does that */
    BACK_SLOT_SENT,    /* outstanding on `link` */
    BACK_SLOT_PAUSED,  /* the client did not want it yet: READY again at retry_ns */
};

struct back_slot {
    struct back_channel *channel;
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

/* The next one to be sent, READY: one that was sent before, or a free one that takes the first call
 * of the queue.  NULL: none. */
struct back_slot *back_slot_next_locked(struct back_channel *channel);

/* Would it find one? */
bool back_slot_waits_locked(struct back_channel *channel);

/* csa_highest_slotid: the highest that is in use. */
uint32_t back_slot_highest_locked(const struct back_channel *channel);

/* Not executed: what is sent next may say otherwise how many slots are in use, and who calls. */
void back_slot_drop_record_locked(struct back_slot *slot);

/* Nothing is in it any more; the sequence goes on only if the client `executed` it. */
void back_slot_free_locked(struct back_slot *slot, bool executed);

/* Never sent, or not executed: its call is the first of the queue again. */
void back_slot_unuse_locked(struct back_slot *slot);
