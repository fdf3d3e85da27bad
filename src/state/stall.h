/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detects when the server itself was stalled: stopped by a signal, suspended with its machine, or
 * without a processor.  Its clients could not renew their leases then, and their requests wait in
 * its sockets.  So time before the end of a stall does not count against clients: each has a whole
 * lease from then on before its state may be revoked.
 *
 * A timer beats once a second.  A beat that is more than a second late marks the end of a stall.  A
 * request that runs before it notices that the beat is missing.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stall {
    _Atomic int64_t beat_ns;  /* the last one, by clock_boot_ns(); 0: there is no timer */
    _Atomic int64_t since_ns; /* end of the last stall, by clock_now_ns(); 0: none */
};

/* From one thread.  Returns the length of the stall that ends now, in nanoseconds; 0: none. */
int64_t stall_beat(struct stall *stall, int64_t now_ns);

/* Was the server stalled in the `span_ns` before `now_ns`, or is it overdue for its next beat?
 * Thread safe, without locks; reads the clock. */
bool stall_within(const struct stall *stall, int64_t now_ns, int64_t span_ns);
