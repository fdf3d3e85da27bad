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

/* From the timer: if the budget is tight, let all sessions aim at their share, and call idle ones,
 * which would not hear of it. */
void slot_recall_tick(struct state *state, int64_t now_ns);
