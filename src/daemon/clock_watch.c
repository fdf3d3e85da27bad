/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/clock_watch.h"

#include "base/clock.h"
#include "base/log.h"

enum {
    MOMENT_NS = 10000000 /* that reading may take; else a pause would look like a jump */
};

void clock_watch_look(struct clock_watch *watch, int64_t wall_ns, int64_t boot_ns)
{
    const int64_t ahead_ns = wall_ns - boot_ns;
    const int64_t jump_ms = (ahead_ns - watch->ahead_ns) / NSEC_PER_MSEC;

    if (watch->ahead_ns != 0 && (jump_ms >= CLOCK_WATCH_JUMP_MS || jump_ms <= -CLOCK_WATCH_JUMP_MS))
        log_warn(
            "daemon.clock_jump", LOG_I64("ms", jump_ms),
            LOG_STR("note", jump_ms > 0 ? "the clock was set forward" : "the clock was set back"),
            LOG_STR("remedy", "let chrony or systemd-timesyncd keep the time: Kerberos refuses "
                              "clocks that differ by more than 5 minutes, and programs trust "
                              "the times of files"));
    watch->ahead_ns = ahead_ns;
}

void clock_watch_tick(struct clock_watch *watch)
{
    const int64_t before_ns = clock_boot_ns();
    const struct timespec wall = clock_realtime();
    const int64_t boot_ns = clock_boot_ns();

    if (boot_ns - before_ns < MOMENT_NS)
        clock_watch_look(watch, wall.tv_sec * NSEC_PER_SEC + wall.tv_nsec, boot_ns);
}
