/* SPDX-License-Identifier: Apache-2.0 */
/* What one event loop has done, and whether it turns, for users. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct transport;

struct loop_stats {
    uint64_t requests;    /* records that it has begun to execute as calls, since the start */
    uint32_t connections; /* that it has now */
    uint32_t turns_due;   /* connections that waited for their turn when the timer last asked */
    int64_t lag_ns;       /* that its last answer to the timer took, or has taken by now */
};

/* The `n`-th loop.  False: there are no more.  Any thread, without locks. */
bool loop_stats_read(const struct transport *transport, unsigned n,
                     struct loop_stats *stats) MUST_USE;
