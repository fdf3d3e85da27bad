/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many slots a session should have (RFC 8881 §2.10.6.1): the policy; slot_table.h is the
 * mechanism.
 *
 * A client that uses its last slot gets half as many again, up to LIMIT_SLOTS, provided that it
 * asked for at least state.slots_initial; one that asked for fewer has said how many it can use.
 * When the budget for replies is tight, each session's target is its share; a session that grew and
 * has not used half of its slots for a lease period gets a lower target.  After slots were retired
 * a table does not grow for a lease period: by then no request sent in these slots can be under way
 * any more.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "state/session/slot_recall.h"
#include "state/session/slot_table.h"

struct session;
struct state;

struct session_demand {
    uint32_t cost;              /* bytes charged to the budget per slot that is used */
    _Atomic uint32_t charged;   /* slots, from the first on; beyond LIMIT_SLOTS: it has ended */
    uint32_t initial, ceiling;  /* number of slots granted first, and the most it can get */
    _Atomic uint32_t peak;      /* the most slots in use at once since peak_since_ns */
    _Atomic int64_t review_ns;  /* time of the next review */
    int64_t peak_since_ns;      /* this and the rest are guarded by slot_table.resizing */
    int64_t lowered_ns;         /* when the target was last lowered */
    _Atomic int64_t settled_ns; /* no growth before then */
    struct slot_recall recall;
};

/* Set how many slots a new session gets, 1 to LIMIT_SLOTS, if it wants as many and the budget has
 * them. */
void session_slots_usual(struct state *state, uint32_t count);

/* Initialize the slot table of a new session that asks for `want` slots. */
void session_slots_init(struct session *session, uint32_t want, int64_t now_ns);

/* The session is dead: release its part of the budget and its replies, since connections may keep
 * the session for long.  A slot in use is left as it is. */
void session_slots_end(struct session *session);

/* The last reference is gone; session_slots_end() was called before. */
void session_slots_fini(struct session *session);

/* When the session last had a new request, or was created; up to a second too early. */
int64_t session_slots_activity_ns(const struct session *session);

/* The caller owns `slot`, number `id`, for a new request with sa_highest_slotid `highest`.  Records
 * the demand, resizes if that is due, and returns what the reply must report.  Takes no lock, and
 * usually writes nothing that threads share. */
struct slot_grant session_slots_note(struct session *session, struct slot *slot, uint32_t id,
                                     uint32_t highest, int64_t now_ns);

/* A request is about to use slot `id`, which is below slot_table_kept(): charge the slots up to it
 * that were never used.  False: the budget is used up, and the request must wait.  Takes no
 * lock, and usually only reads. */
bool session_slots_use(struct session *session, uint32_t id);

/* How many slots the client should still give up; for CB_RECALL_SLOT.  0: none. */
uint32_t session_slots_excess(const struct session *session);

/* The budget is tight: lower the session's target to its share.  With slots.resizing
 * held. */
void session_slots_shrink(struct session *session, int64_t now_ns);

/* Add `grown` bytes (may be negative) to the memory of cached replies. */
void session_reply_bytes_add(struct session *session, int64_t grown);
