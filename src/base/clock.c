/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>

#include "base/check.h"

static _Atomic int64_t advanced_ns;
static _Atomic int64_t stopped_ns; /* 0: it runs */

static int64_t monotonic_ns(void)
{
    struct timespec ts;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
    return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec + 1;
}

int64_t clock_now_ns(void)
{
    int64_t now_ns = atomic_load_explicit(&stopped_ns, memory_order_relaxed);

    if (now_ns == 0)
        now_ns = monotonic_ns();
    return now_ns + atomic_load_explicit(&advanced_ns, memory_order_relaxed);
}

int64_t clock_boot_ns(void)
{
    struct timespec ts;

    CHECK(clock_gettime(CLOCK_BOOTTIME, &ts) == 0);
    return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec + 1;
}

struct timespec clock_realtime(void)
{
    int64_t extra = atomic_load_explicit(&advanced_ns, memory_order_relaxed);
    struct timespec ts;

    CHECK(clock_gettime(CLOCK_REALTIME, &ts) == 0);
    ts.tv_sec += extra / NSEC_PER_SEC;
    ts.tv_nsec += extra % NSEC_PER_SEC;
    if (ts.tv_nsec >= NSEC_PER_SEC) {
        ts.tv_sec++;
        ts.tv_nsec -= NSEC_PER_SEC;
    }
    return ts;
}

struct clock_wall clock_wall_coarse(void)
{
    struct timespec wall, monotonic;
    struct clock_wall result;

    CHECK(clock_gettime(CLOCK_MONOTONIC_COARSE, &monotonic) == 0);
    CHECK(clock_gettime(CLOCK_REALTIME_COARSE, &wall) == 0);
    result.now_ns = wall.tv_sec * NSEC_PER_SEC + wall.tv_nsec;
    result.set_ns = result.now_ns - (monotonic.tv_sec * NSEC_PER_SEC + monotonic.tv_nsec);
    return result;
}

void clock_advance_ns(int64_t delta_ns)
{
    CHECK(delta_ns >= 0);
    atomic_fetch_add_explicit(&advanced_ns, delta_ns, memory_order_relaxed);
}

void clock_stop(void)
{
    atomic_store_explicit(&stopped_ns, monotonic_ns(), memory_order_relaxed);
}
