/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_window.h"

#include <string.h>

static uint64_t *word_of(struct gss_window *window, uint32_t seq)
{
    return &window->seen[seq % LIMIT_GSS_WINDOW / 64];
}

static uint64_t bit_of(uint32_t seq)
{
    return 1ull << (seq % 64);
}

/* Forget the numbers that the window leaves behind. */
static void advance(struct gss_window *window, uint32_t seq)
{
    uint32_t steps = seq - window->highest;

    if (!window->any || steps >= LIMIT_GSS_WINDOW) {
        memset(window->seen, 0, sizeof(window->seen));
    } else {
        for (uint32_t next = window->highest + 1; next != seq + 1; next++)
            *word_of(window, next) &= ~bit_of(next);
    }
    window->highest = seq;
    window->any = true;
}

bool gss_window_take(struct gss_window *window, uint32_t seq)
{
    if (!window->any || seq > window->highest)
        advance(window, seq);
    else if (window->highest - seq >= LIMIT_GSS_WINDOW || (*word_of(window, seq) & bit_of(seq)))
        return false;
    *word_of(window, seq) |= bit_of(seq);
    return true;
}
