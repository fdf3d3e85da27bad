/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long calls to clients wait: settings, read by whoever sends or waits, and changed at any time
 * by any thread.  Relaxed: they announce nothing.  Whoever sets them sees to it that one call
 * without an answer and a whole series of back-offs are over before the lease is
 * (callback_waits_sum_ms()): a recall must still have time to succeed.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum {
    CALLBACK_TIMEOUT_MS = 10000,
    CALLBACK_BACKOFF_MS = 1000,
    CALLBACK_BACKOFF_MAX_MS = 20000,
};

struct callback_waits {
    _Atomic uint32_t timeout_ms; /* for the answer to a call */
    /* Before something is asked anew that failed or was answered NFS4ERR_DELAY; doubled each time,
     * up to the other one. */
    _Atomic uint32_t backoff_ms, backoff_max_ms;
};

static inline uint32_t callback_wait_ms(const _Atomic uint32_t *wait)
{
    return atomic_load_explicit(wait, memory_order_relaxed);
}

/* The wait before try `tries` + 1, `tries` (1 and up) having come to nothing. */
static inline uint32_t callback_backoff_ms(const struct callback_waits *waits, uint32_t tries)
{
    uint64_t wait = callback_wait_ms(&waits->backoff_ms);
    uint32_t max = callback_wait_ms(&waits->backoff_max_ms);

    for (uint32_t i = 1; i < tries && wait < max; i++)
        wait *= 2;
    return wait < max ? (uint32_t)wait : max;
}

/* A call that nobody answers, and each back-off once up to the longest. */
static inline uint64_t callback_waits_sum_ms(uint32_t timeout_ms, uint32_t backoff_ms,
                                             uint32_t backoff_max_ms)
{
    uint64_t sum = (uint64_t)timeout_ms + backoff_max_ms;

    for (uint64_t wait = backoff_ms; wait > 0 && wait < backoff_max_ms; wait *= 2)
        sum += wait;
    return sum;
}
