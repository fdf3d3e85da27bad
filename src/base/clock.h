/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that reads a clock.  Leases and timers use the monotonic clock in nanoseconds;
 * file times use the wall clock.  Tests advance time with clock_advance_ns(), and may stop the
 * clock first for exact results.
 *
 * Thread safe.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL
#define NSEC_PER_MSEC 1000000LL

/* Monotonic nanoseconds plus whatever tests have added; never 0, never goes back. */
int64_t clock_now_ns(void);

/* Nanoseconds that have really passed, including time while the machine was suspended; not affected
 * by tests.  Never 0, never goes back. */
int64_t clock_boot_ns(void);

/* Wall clock for file times (plus the same advance). */
struct timespec clock_realtime(void);

/* What file systems take their times from, at the resolution of the clock tick: it costs a few
 * nanoseconds and reads no hardware.  Not affected by tests.  `set_ns` is the distance of the wall
 * clock from the monotonic one; it changes only when somebody sets the clock (or, upwards, while
 * the machine sleeps), and is exact to a tick. */
struct clock_wall {
    int64_t now_ns;
    int64_t set_ns;
};
struct clock_wall clock_wall_coarse(void);

/* Tests only: advance the clock by `delta_ns` >= 0, for all threads. */
void clock_advance_ns(int64_t delta_ns);

/* Tests only: from now on only clock_advance_ns() moves the monotonic clock of this process. */
void clock_stop(void);
