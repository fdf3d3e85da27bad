/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot of a back channel: the request that occupies it, and its sequence ID.  Guarded by the
 * channel's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/htable.h"
#include "callback/cb_gss.h"

struct back_call;
struct back_channel;
struct back_link;

enum back_slot_state {
    BACK_SLOT_FREE,
    BACK_SLOT_READY,   /* to be sent as soon as there is a connection */
    BACK_SLOT_SENDING, /* owned by the thread that sends the request or handles its reply */
    BACK_SLOT_SENT,    /* outstanding on `link` */
    BACK_SLOT_PAUSED,  /* the client asked us to retry later: READY again at retry_ns */
};

struct back_slot {
    struct back_channel *channel;
    uint32_t id;
    enum back_slot_state state;
    uint32_t seqid; /* of the current request, or else of the next one */
    struct back_call *call;
    uint8_t *record; /* as it was first sent; NULL: not sent yet */
    size_t len;
    bool unknown; /* the connection was lost after sending: the client may have executed the
                   * request */
    uint32_t refusals;
    int64_t sent_ns, retry_ns;
    struct back_link *link; /* a reference while SENT */
    struct cb_gss gss;      /* how it was sealed, while SENT */
    uint32_t xid;
    struct hnode pending; /* of link->pending; guarded by its lock */
};

/* The next slot to be sent, in state READY: one whose request was sent before, or a free slot,
 * which then takes the first call of the queue.  NULL: none. */
struct back_slot *back_slot_next_locked(struct back_channel *channel);

/* Would back_slot_next_locked() return a slot? */
bool back_slot_waits_locked(struct back_channel *channel);

/* csa_highest_slotid: the highest slot in use. */
uint32_t back_slot_highest_locked(const struct back_channel *channel);

/* The request was not executed: encode it anew, because the highest slot or the credentials may
 * have changed since. */
void back_slot_drop_record_locked(struct back_slot *slot);

/* Empty the slot.  Its sequence ID advances only if the client `executed` the request. */
void back_slot_free_locked(struct back_slot *slot, bool executed);

/* The request was never sent, or not executed: return its call to the head of the queue. */
void back_slot_requeue_locked(struct back_slot *slot);
