/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of `mainstay top`, by ncurses. */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "cli/top_frame.h"

enum {
    TOP_NO_KEY = -1,
    TOP_KEY_RESIZED = 0x200,
    TOP_KEY_GONE, /* the terminal is */
};

/* Take the terminal, with stdin and stdout.  False after telling why on stderr. */
bool top_screen_open(void) MUST_USE;

/* Give it back as it was. */
void top_screen_close(void);

void top_screen_size(int *rows, int *columns);
void top_screen_draw(const struct top_frame *frame);

/* The next key that was typed: a character, an enum top_key, or one of the above.  Does not
 * wait. */
int top_screen_key(void);
