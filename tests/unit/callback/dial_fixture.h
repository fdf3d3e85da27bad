/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial_out with a real transport, for tests that act as the clients which it calls. The clock moves
 * only by clock_advance_ns().
 */
#pragma once

#include <stdatomic.h>

#include "callback/dial_out.h"
#include "lib/callback_peer.h"
#include "transport/transport.h"

struct dial_fixture {
    struct transport *transport;
    struct dial_out *out;
};

/* NULL: defaults. */
void dial_fixture_start(struct dial_fixture *f, const struct dial_out_config *config);
void dial_fixture_stop(struct dial_fixture *f);

/* Let time pass, and tick once. */
void dial_fixture_pass_ms(struct dial_fixture *f, int64_t ms);

struct dial_out_stats dial_fixture_stats(struct dial_fixture *f);

/* ---- callbacks ---- */

/* What the hook of a callback was told. */
struct told {
    _Atomic unsigned count;
    _Atomic int outcome;
    _Atomic uint32_t status;
    _Atomic uint32_t words; /* size of CB_GETATTR's values */
};

void told_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg);

/* Send one CB_RECALL; false as dial_out_call() returns. */
bool recall_send(struct dial_fixture *f, uint64_t clientid, struct told *told);

/* Make the path and bring it up over a new connection, which is returned. */
int path_up(struct dial_fixture *f, uint64_t clientid, int listener,
            const struct dial_target *target);

void wait_state(struct dial_fixture *f, uint64_t clientid, enum dial_path_state state);
void wait_told(struct told *told, enum callback_outcome outcome);
