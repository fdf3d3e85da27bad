/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots a session should have (RFC 8881 §2.10.6.1): the policy over slot_table.h, which
 * knows how to get there.
 *
 * A client that uses its last slot gets half as many again, up to LIMIT_SLOTS, if it asked for
 * state.slots_initial at least: one that asked for fewer has said how many it can use.  When the
 * budget for replies gets tight every session aims at its share, and one that grew and has not used
 * half of its slots for a lease period aims lower.  After slots were retired a table does not grow
 * for a lease period: until then nothing is under way any more that was sent in one of them.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "state/session/slot_recall.h"
#include "state/session/slot_table.h"

struct session;
struct state;

struct session_demand {
    uint32_t cost;              /* bytes charged to the budget for each slot kept */
    uint32_t initial, ceiling;  /* slots: granted first; the most it can ever get */
    _Atomic uint32_t peak;      /* the most used at once since peak_since_ns */
    _Atomic int64_t review_ns;  /* the next look at all this is due */
    int64_t peak_since_ns;      /* guarded by slot_table.resizing, like those below */
    int64_t lowered_ns;         /* when the target was lowered */
    _Atomic int64_t settled_ns; /* no growth before this */
    struct slot_recall recall;
};

/* Make the table of a new session that asks for `want` slots. */
void session_slots_init(struct session *session, uint32_t want, int64_t now_ns);

/* The session is dead: give its part of the budget back, and the replies.  Its connections may hold
 * on to it for long.  A slot that is in use stays as it is. */
void session_slots_end(struct session *session);

/* The last reference is gone, and session_slots_end() was called. */
void session_slots_fini(struct session *session);

/* The caller holds `slot`, number `id`, for a new request with `highest` as its sa_highest_slotid.
 * Notes the demand, resizes if that is due, and returns what the reply has to tell.  Takes no lock
 * and usually changes nothing that threads share. */
struct slot_grant session_slots_note(struct session *session, struct slot *slot, uint32_t id,
                                     uint32_t highest, int64_t now_ns);

/* Slots that the client is yet to leave: what CB_RECALL_SLOT could ask for.  0: none. */
uint32_t session_slots_excess(const struct session *session);

/* The budget is tight: let the session aim at its share.  With slot_table.resizing. */
void session_slots_press(struct session *session, int64_t now_ns);

/* Count `grown` bytes more (or less) of kept replies. */
void session_reply_bytes_add(struct session *session, int64_t grown);
