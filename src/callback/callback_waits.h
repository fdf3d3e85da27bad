/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timeout and back-off of callbacks.  Settings that any thread may read and change at any time,
 * with relaxed ordering.  Their setter ensures that one unanswered callback and a whole series of
 * back-offs fit into a lease (callback_waits_sum_ms()), so that a recall still has time to succeed.
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
    _Atomic uint32_t timeout_ms; /* for the reply to a callback */
    /* Wait before retrying what failed or was answered NFS4ERR_DELAY; doubled each time, up to the
     * maximum. */
    _Atomic uint32_t backoff_ms, backoff_max_ms;
};

static inline uint32_t callback_wait_ms(const _Atomic uint32_t *wait)
{
    return atomic_load_explicit(wait, memory_order_relaxed);
}

/* The wait before attempt `tries` + 1, after `tries` >= 1 failed attempts. */
static inline uint32_t callback_backoff_ms(const struct callback_waits *waits, uint32_t tries)
{
    uint64_t wait = callback_wait_ms(&waits->backoff_ms);
    uint32_t max = callback_wait_ms(&waits->backoff_max_ms);

    for (uint32_t i = 1; i < tries && wait < max; i++)
        wait *= 2;
    return wait < max ? (uint32_t)wait : max;
}

/* The time that one unanswered callback takes, plus each back-off once, up to the longest. */
static inline uint64_t callback_waits_sum_ms(uint32_t timeout_ms, uint32_t backoff_ms,
                                             uint32_t backoff_max_ms)
{
    uint64_t sum = (uint64_t)timeout_ms + backoff_max_ms;

    for (uint64_t wait = backoff_ms; wait > 0 && wait < backoff_max_ms; wait *= 2)
        sum += wait;
    return sum;
}
