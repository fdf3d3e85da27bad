/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for other threads and processes: for the event itself, never for a time in which it
 * should have happened. On a busy machine a test then takes longer, and gives the same result.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define WAIT_PATIENCE_MS 60000 /* after that it will never come */

/* Real time, independent of base/clock. */
static inline int64_t wait_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void wait_ms(int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* Check every `pause_ms` until `condition` is true; fails the test when that takes too long. */
#define wait_until_every(pause_ms, condition)                                                      \
    do {                                                                                           \
        int64_t wait_end_ms = wait_now_ms() + WAIT_PATIENCE_MS;                                    \
        bool wait_over = (condition);                                                              \
                                                                                                   \
        for (; !wait_over && wait_now_ms() < wait_end_ms; wait_over = (condition))                 \
            wait_ms(pause_ms);                                                                     \
        assert_true(wait_over);                                                                    \
    } while (0)

#define wait_until(condition) wait_until_every(1, condition)
