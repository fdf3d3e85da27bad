/* SPDX-License-Identifier: Apache-2.0 */
/* What minor version 0 keeps for a server beside its struct state: server.v40. */
#pragma once

#include <stdint.h>

#include "base/log_limit.h"

struct duplicate_cache;
struct state;

struct v40 {
    struct duplicate_cache *duplicates;
    struct log_limit replays; /* lines about retries */
};

/* Never fails; with what `state` has for minor version 0 alone. */
struct v40 *v40_create(struct state *state);

/* No call runs any more.  NULL is allowed. */
void v40_destroy(struct v40 *v40);

/* About once a second, with no lock held; `now_ns` is clock_now_ns(). */
void v40_tick(struct v40 *v40, struct state *state, int64_t now_ns);
