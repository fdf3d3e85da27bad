/* SPDX-License-Identifier: Apache-2.0 */
/* What an epoll event of a loop points to: embedded in whatever has a descriptor in the set. */
#pragma once

#include <stdint.h>

struct loop;

struct source {
    /* The descriptor has `events`.  On the thread that owns the loop, which can lose it here. */
    void (*event)(struct loop *loop, struct source *source, uint32_t events);
};
