/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the timer does about clients that are silent: client_lease.h has the rules.  None of it with
 * a lock held.
 */
#pragma once

#include <stdint.h>

struct state;

/* From a timer, about once a second: see the list in client_lease.h; unconfirmed records go after
 * one lease.  Holds the table's lock for a few clients at a time, and none while it removes any. */
void client_sweep(struct state *state, int64_t now_ns);

/* From the same timer: while memory for replies is scarce, end the sessions of clients whose lease
 * is over, the longest expired first.  Their other state stays: a client that returns creates a new
 * session. */
void client_end_expired_sessions(struct state *state, int64_t now_ns);

/* From the same timer, after a shortage or shortly before one (state_limits_scarce()): remove
 * clients whose lease is over, the longest expired first. */
void client_evict_expired(struct state *state, int64_t now_ns);
