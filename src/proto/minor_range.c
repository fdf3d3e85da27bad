/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/minor_range.h"

#include <stdio.h>

void minor_range_text(struct minor_range range, char text[MINOR_RANGE_TEXT_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t minor = range.min; minor <= range.max && used < MINOR_RANGE_TEXT_BYTES; minor++)
        used += (size_t)snprintf(text + used, MINOR_RANGE_TEXT_BYTES - used, "%s4.%u",
                                 used ? ", " : "", minor);
}
