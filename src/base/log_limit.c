/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_limit.h"

#include "base/clock.h"

bool log_limit_take(struct log_limit *limit, int64_t now_ns, uint32_t per_s)
{
    uint64_t second = (uint64_t)(now_ns / NSEC_PER_SEC) << 32;
    uint64_t window = atomic_load_explicit(&limit->window, memory_order_relaxed);
    uint64_t next;

    do {
        /* A request that waited comes with the clock of its arrival: no way back. */
        next = window >= second ? window + 1 : second + 1;
        if ((uint32_t)next > per_s) {
            atomic_fetch_add_explicit(&limit->left_out, 1, memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&limit->window, &window, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

uint64_t log_limit_left_out(struct log_limit *limit)
{
    return atomic_exchange_explicit(&limit->left_out, 0, memory_order_relaxed);
}
