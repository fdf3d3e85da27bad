/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The minor versions of NFSv4 that a server serves: from min to max, inclusive.  A range is one
 * word, so a thread that reads server.minors during a change sees either the old or the new range.
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

/* All versions that this build supports. */
#define MINOR_RANGE_BUILT ((struct minor_range){MINOR_BUILT_FIRST, MINOR_BUILT_LAST})

static inline bool minor_range_has(struct minor_range range, uint32_t minor)
{
    return minor >= range.min && minor <= range.max;
}

/* "4.0, 4.1, 4.2" */
void minor_range_text(struct minor_range range, char text[MINOR_RANGE_TEXT_BYTES]);
