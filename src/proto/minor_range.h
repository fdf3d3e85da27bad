/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which minor versions of NFSv4 a server answers: from min to max, both included.  A range is one
 * word, so a thread that reads server.minors while it is changed sees the old range or the new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
#ifdef MAINSTAY_V40
    MINOR_BUILT_FIRST = 0,
#else
    MINOR_BUILT_FIRST = 1, /* v40/ is left out */
#endif
    MINOR_BUILT_LAST = 2,
    MINOR_RANGE_TEXT_BYTES = 32
};

struct minor_range {
    uint16_t min, max;
};

/* All that this build has. */
#define MINOR_RANGE_BUILT ((struct minor_range){MINOR_BUILT_FIRST, MINOR_BUILT_LAST})

static inline bool minor_range_has(struct minor_range range, uint32_t minor)
{
    return minor >= range.min && minor <= range.max;
}

/* "4.0, 4.1, 4.2", for people. */
void minor_range_text(struct minor_range range, char text[MINOR_RANGE_TEXT_BYTES]);
