/* SPDX-License-Identifier: Apache-2.0 */
/* The target of an epoll event, embedded in each object that has a descriptor in a loop's epoll
 * set. */
#pragma once

#include <stdint.h>

struct loop;

struct source {
    /* Handles `events` of the descriptor.  Runs on the thread that owns the loop; can lose it. */
    void (*event)(struct loop *loop, struct source *source, uint32_t events);
};
