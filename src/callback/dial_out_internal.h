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

struct callback_figures;
struct transport;

enum dial_out_counter {
#define X(name, help) DIAL_OUT_COUNTER_##name,
    DIAL_OUT_COUNTERS(X)
#undef X
    DIAL_OUT_COUNTER_COUNT
};

struct dial_out {
    struct dial_out_config config; /* no zeros */
    _Atomic uint32_t timeout_ms;   /* the config's, or what was set later; relaxed */
    _Atomic bool own_address;      /* clients are dialled where they come from only */
    struct transport *transport;
    struct counter_set *counters;
    struct callback_figures *figures; /* NULL: nobody wants them */
    struct log_limit log_limit;

    pthread_mutex_t lock; /* guards all below */
    bool stopped;
    struct htable paths; /* by clientid */
    struct list active;  /* paths that want the tick */
    uint32_t active_count;
    int64_t rate_second; /* in which `rate_used` dials were begun */
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
