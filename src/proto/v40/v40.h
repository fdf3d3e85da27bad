/* SPDX-License-Identifier: Apache-2.0 */
/* What minor version 0 keeps for a server beside its struct state: server.v40. */
#pragma once

#include <stdint.h>

struct duplicate_cache;

struct v40 {
    struct duplicate_cache *duplicates;
};

/* Never fails. */
struct v40 *v40_create(void);

/* No call runs any more.  NULL is allowed. */
void v40_destroy(struct v40 *v40);

/* About once a second, with no lock held; `now_ns` is clock_now_ns(). */
void v40_tick(struct v40 *v40, int64_t now_ns);
