/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking sessions to leave slots (CB_RECALL_SLOT, RFC 8881 §20.8).  When the budget for replies is
 * tight they are to have fewer, and every SEQUENCE tells its target; one that sends none has to be
 * called.  The call makes its client send SEQUENCEs with a low sa_highest_slotid, and it is these
 * that free slots (slot_table_comply()).  So it may take some calls: up to TRIES, one at a time,
 * and then no more for a lease period.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/state.h"

/* In struct session_demand. */
struct slot_recall {
    _Atomic bool under_way;
    int64_t next_ns; /* not before that; like the one below guarded by slot_table.resizing */
    uint32_t tries;
};

/* Before the first request; there is none at first. */
void slot_recall_hook(struct state *state, const struct slot_recall_hook *hook);

/* The client has answered, or has not.  On any thread. */
void slot_recall_done(struct session *session);

/* Those that the timer comes by and that are to be asked: references. */
struct slot_recall_round {
    struct session *sessions[LIMIT_SLOT_RECALLS_PER_TICK];
    uint32_t count;
};

/* Should it be asked, being idle?  Then it is in the round.  With its slot_table.resizing. */
void slot_recall_consider(struct slot_recall_round *round, struct session *session, int64_t now_ns);

/* Ask them, without a lock. */
void slot_recall_send(struct state *state, struct slot_recall_round *round);
