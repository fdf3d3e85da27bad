/* SPDX-License-Identifier: Apache-2.0 */
#include "state/stall.h"

#include "base/clock.h"

/* From one beat to the next: one second, and what a busy machine takes longer.  Shorter stalls are
 * within the margin of leases. */
static const int64_t late_ns = 2 * NSEC_PER_SEC;

int64_t stall_beat(struct stall *stall, int64_t now_ns)
{
    int64_t boot_ns = clock_boot_ns();
    int64_t before_ns = atomic_load_explicit(&stall->beat_ns, memory_order_relaxed);
    int64_t gap_ns = before_ns == 0 ? 0 : boot_ns - before_ns;

    if (gap_ns > late_ns)
        atomic_store_explicit(&stall->since_ns, now_ns, memory_order_relaxed);
    /* Pairs with stall_within(): a thread that reads this beat reads the end of the stall, too. */
    atomic_store_explicit(&stall->beat_ns, boot_ns, memory_order_release);
    return gap_ns > late_ns ? gap_ns : 0;
}

bool stall_within(const struct stall *stall, int64_t now_ns, int64_t span_ns)
{
    int64_t beat_ns = atomic_load_explicit(&stall->beat_ns, memory_order_acquire);
    int64_t since_ns = atomic_load_explicit(&stall->since_ns, memory_order_relaxed);

    if (since_ns != 0 && now_ns - since_ns <= span_ns)
        return true;
    return beat_ns != 0 && clock_boot_ns() - beat_ns > late_ns;
}
