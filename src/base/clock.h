/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that reads a clock.  Leases and timers use the monotonic clock in
 * nanoseconds; file times use the real one.  Tests move time with clock_advance_ns(), and those
 * that look closely stop it before.
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

/* Nanoseconds that have really passed, also while the machine was suspended; tests do not move it.
 * Never 0, never goes back. */
int64_t clock_boot_ns(void);

/* Wall clock for file times (plus the same advance). */
struct timespec clock_realtime(void);

/* Tests only: let `delta_ns` >= 0 pass at once, for every thread. */
void clock_advance_ns(int64_t delta_ns);

/* Tests only: from now on nothing else moves the monotonic clock of this process. */
void clock_stop(void);
