/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sequence numbers a context has seen (RFC 2203 §5.3.3.1): the highest, and which of the
 * LIMIT_GSS_WINDOW up to it.  All zero: none.  The caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

struct gss_window {
    uint32_t highest;
    bool any;
    uint64_t seen[LIMIT_GSS_WINDOW / 64]; /* of number n the bit n % LIMIT_GSS_WINDOW */
};

/* Note a number.  False: it was seen before, or is below the window. */
bool gss_window_take(struct gss_window *window, uint32_t seq) MUST_USE;
