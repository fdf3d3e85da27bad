/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks sessions to give up slots (CB_RECALL_SLOT, RFC 8881 §20.8).  When the budget for replies is
 * tight they should use fewer, and each SEQUENCE reports the target.  A session that sends none
 * gets a callback.  It makes the client send SEQUENCEs with a low sa_highest_slotid, and these free
 * slots (slot_table_retire_unused()).  So it may take several callbacks: up to TRIES, one at a
 * time, and then none for a lease period.
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
    int64_t next_ns; /* not before then; this and the next are guarded by slot_table.resizing */
    uint32_t tries;
};

/* Before the first request.  Initially there is no hook. */
void slot_recall_hook(struct state *state, const struct slot_recall_hook *hook);

/* The client has replied, or not.  Any thread. */
void slot_recall_done(struct session *session);

/* From the timer: if the budget is tight, lower the targets of all sessions to their share, and
 * send callbacks to idle ones, which would not notice otherwise. */
void slot_recall_tick(struct state *state, int64_t now_ns);
