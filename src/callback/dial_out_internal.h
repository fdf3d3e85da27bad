/* SPDX-License-Identifier: Apache-2.0 */
/* All paths, as the files below dial_out.c see them. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/htable.h"
#include "base/list.h"
#include "base/log_limit.h"
#include "callback/dial_out.h"

struct callback_counters;
struct transport;

enum dial_out_counter {
#define X(name, help) DIAL_OUT_COUNTER_##name,
    DIAL_OUT_COUNTERS(X)
#undef X
    DIAL_OUT_COUNTER_COUNT
};

struct dial_out {
    struct dial_out_config config; /* zeros replaced by defaults */
    _Atomic uint32_t timeout_ms;   /* from the config, or as set later; relaxed */
    _Atomic bool own_address;      /* dial clients only at the address that they come from */
    struct transport *transport;
    struct counter_set *counters;
    struct callback_counters *callback_counters; /* NULL: not counted */
    struct log_limit log_limit;

    pthread_mutex_t lock; /* guards the rest */
    bool stopped;
    struct htable paths; /* by clientid */
    struct list active;  /* paths that the tick visits */
    uint32_t active_count;
    int64_t rate_second; /* the second in which `rate_used` dials began */
    uint32_t rate_used;
};

static inline int64_t dial_out_timeout_ns(const struct dial_out *out)
{
    return atomic_load_explicit(&out->timeout_ms, memory_order_relaxed) * NSEC_PER_MSEC;
}

static inline void dial_out_count(struct dial_out *out, enum dial_out_counter counter)
{
    counter_add(out->counters, counter, 1);
}
