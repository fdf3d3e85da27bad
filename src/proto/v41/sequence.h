/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEQUENCE: the gate of every COMPOUND in a session (RFC 8881 §2.10.6.1, §18.46).
 */
#pragma once

#include "proto/v41/compound41.h"

enum v41_gate {
    V41_GATE_EXECUTE,  /* the result of SEQUENCE is in `out`; the slot is ours */
    V41_GATE_REPLAY,   /* `out` holds the whole kept reply instead */
    V41_GATE_UNCACHED, /* a retry of what was not kept: SEQUENCE is in `out`, no more may run */
    V41_GATE_REFUSED,  /* *status says why; neither slot nor lease has moved */
};

/* Decode and process SEQUENCE, whose number and status word stand in `out` already. */
enum v41_gate v41_sequence(struct v41_compound *x, enum nfsstat4 *status);

/* SEQUENCE behind the first operation: always an error. */
enum nfsstat4 v41_sequence_late(struct v41_compound *x);

/* The compound is complete in `out`: give the slot back with its reply. */
void v41_sequence_done(struct v41_compound *x);
