/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that will be read soon, so that several cache lines come at once, and not each when it is
 * needed.  That pays in large tables, most of which are not in the processor's caches.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    PREFETCH_LINE = 64 /* bytes of a cache line; too small a number does no harm */
};

/* These bytes; there need be nothing.  Always inline: gcc takes a function that does nothing else
 * for one without effect, and drops the call. */
__attribute__((always_inline)) static inline void prefetch_bytes(uintptr_t from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PREFETCH_LINE)
        __builtin_prefetch((const void *)(from + at)); /* NOLINT(performance-no-int-to-ptr) */
}
