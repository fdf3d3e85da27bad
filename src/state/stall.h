/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times at which the server itself stood still: stopped by a signal, suspended with its machine,
 * without a processor.  Its clients could not renew their leases then, and what they have sent
 * waits in its sockets.  So no time of before counts against them: each has a whole lease to speak
 * from the end of the stall, before anybody takes what it holds.
 *
 * A timer beats once a second.  A beat that is late by more than a second is the end of a stall; a
 * request that is run before it sees that none has come.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stall {
    _Atomic int64_t beat_ns;  /* the last one, by clock_boot_ns(); 0: there is no timer */
    _Atomic int64_t since_ns; /* the end of the last stall, by clock_now_ns(); 0: there was none */
};

/* From one thread.  How long a stall was that ends now, in nanoseconds; 0: there was none. */
int64_t stall_beat(struct stall *stall, int64_t now_ns);

/* Has the server stood still in the `span_ns` before `now_ns`, or does it before its next beat?
 * Thread safe, without a lock; reads the clock. */
bool stall_within(const struct stall *stall, int64_t now_ns, int64_t span_ns);
