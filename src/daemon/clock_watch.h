/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps of the wall clock, by which files get their times, and Kerberos and certificates stop to
 * work.  The time that has really passed does not jump.  For the main thread.
 */
#pragma once

#include <stdint.h>

struct clock_watch {
    int64_t ahead_ns; /* the wall clock's lead over the time since the boot; 0: not looked yet */
};

/* Read both clocks and compare them, once a second. */
void clock_watch_tick(struct clock_watch *watch);

/* Compare what was read at one moment: a jump of CLOCK_WATCH_JUMP_MS or more since the last time
 * is logged, once.  A clock that is made faster or slower gains less. */
void clock_watch_look(struct clock_watch *watch, int64_t wall_ns, int64_t boot_ns);

enum {
    CLOCK_WATCH_JUMP_MS = 1000
};
