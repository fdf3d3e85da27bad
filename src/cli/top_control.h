/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user of `mainstay top` has chosen: the view, its order, the filter, the row, the
 * interval.  Keys change it, whoever sends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/top_place.h"
#include "cli/top_table.h"

enum {
    TOP_DEPTH = 3, /* a list, one of its clients, one of that one's sessions */
    TOP_FILTER_BYTES = 64,
    TOP_KEY_BYTES = 96, /* of a row */
};

#define TOP_INTERVAL_MIN_S 0.2
#define TOP_INTERVAL_MAX_S 60.0

/* Keys that are no characters. */
enum top_key {
    TOP_KEY_ENTER = 0x100,
    TOP_KEY_ESCAPE,
    TOP_KEY_BACKSPACE,
    TOP_KEY_TAB,
    TOP_KEY_BACK_TAB,
    TOP_KEY_UP,
    TOP_KEY_DOWN,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
};

struct top_order {
    uint32_t column;
    bool descending;
};

struct top_control {
    struct top_place places[TOP_DEPTH];
    uint32_t depth; /* of the place that is shown */
    struct top_order orders[TOP_VIEW_COUNT];
    char filter[TOP_FILTER_BYTES];
    bool is_typing; /* the filter */
    /* The row at the cursor: it follows its key, if that is still there. */
    char key[TOP_KEY_BYTES];
    size_t row;
    size_t page; /* rows on the screen, as the last frame had them */
    bool is_paused, wants_help, wants_end;
    double interval_s;
};

void top_control_init(struct top_control *control, enum top_view_id view, double interval_s);

static inline const struct top_place *top_control_place(const struct top_control *control)
{
    return &control->places[control->depth];
}

/* `key`: a character or an enum top_key; `table` is what is on the screen.  True: there is another
 * place to ask the server about. */
bool top_control_key(struct top_control *control, int key, const struct top_table *table);

/* Put the table into the order and under the filter that were chosen, and find the cursor in it. */
void top_control_apply(struct top_control *control, struct top_table *table);
