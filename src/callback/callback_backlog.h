/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks that have not ended, for users. */
#pragma once

#include <stdint.h>

struct callback_backlog {
    uint32_t waiting;  /* taken, and neither answered nor given up */
    int64_t oldest_ns; /* how long the oldest of them that was sent has been without an answer; 0:
                        * none was */
};

static inline void callback_backlog_add(struct callback_backlog *backlog, uint32_t waiting,
                                        int64_t oldest_ns)
{
    backlog->waiting += waiting;
    if (oldest_ns > backlog->oldest_ns)
        backlog->oldest_ns = oldest_ns;
}
