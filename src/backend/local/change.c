/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change attribute is ctime in nanoseconds.  Before Linux 6.13, ctime advances only with the
 * clock tick, so a floor in memory makes the attribute advance with each change of ours.  A change
 * by another process within one tick of a report goes unnoticed there.  When a file is met again,
 * after a restart or after it left the cache, the previous floor is not known.  It was less than a
 * tick above ctime, so a whole tick is added: the attribute never goes back.
 */
#include "backend/local/change.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "base/clock.h"

static const uint64_t tick_ns = 10000000; /* the longest tick, with CONFIG_HZ=100 */

bool local_ctime_is_coarse(void)
{
    unsigned major, minor;
    struct utsname name;

    if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return true;
    return major < 6 || (major == 6 && minor < 13);
}

static uint64_t now_ns(void)
{
    struct timespec now = clock_realtime();

    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t local_change_unknown(const struct local_fs *fs, uint64_t ctime_ns)
{
    if (!fs->coarse_ctime || ctime_ns == 0)
        return ctime_ns;
    /* A recent file may still be changed at this ctime; then the floor counts up from here. */
    if (now_ns() < ctime_ns + 2 * tick_ns)
        return ctime_ns;
    return ctime_ns + tick_ns;
}

uint64_t local_change(const struct local_fs *fs, struct local_node *node, uint64_t ctime_ns)
{
    uint64_t old = atomic_load_explicit(&node->change, memory_order_relaxed);
    uint64_t next;

    do {
        uint64_t last = old >> 1;

        if (last == 0)
            ctime_ns = local_change_unknown(fs, ctime_ns);
        next = ctime_ns > last ? ctime_ns : last + (old & 1);
        if (old == next << 1)
            break;
    } while (!atomic_compare_exchange_weak_explicit(&node->change, &old, next << 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    return next;
}

void local_change_mark(struct local_node *node)
{
    atomic_fetch_or_explicit(&node->change, 1, memory_order_relaxed);
}

/* A ctime that is recent now, or later, is beyond a report that is not; to another one a tick is
 * added. */
bool local_change_outlives(const struct local_fs *fs, const struct local_node *node)
{
    uint64_t last = atomic_load_explicit(&node->change, memory_order_relaxed) >> 1;

    return !fs->coarse_ctime || last == 0 || now_ns() >= last + 2 * tick_ns;
}
