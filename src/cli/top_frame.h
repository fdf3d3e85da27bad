/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `mainstay top` shows at a time, as lines that fit a screen of any size.  Nothing here knows
 * a terminal.
 */
#pragma once

#include "cli/top_control.h"
#include "cli/top_sample.h"
#include "cli/top_summary.h"
#include "cli/top_table.h"

enum top_style {
    TOP_PLAIN,
    TOP_BOLD,
    TOP_TITLE,    /* of a column */
    TOP_SORTED,   /* of the column that rows are sorted by; the view that is shown */
    TOP_SELECTED, /* the row at the cursor */
    TOP_ODD,      /* what does not go well */
    TOP_STALE,    /* what was true when the server was last heard of */
    TOP_ALARM,
    TOP_STYLES,
};

/* A line: `text` in its style, but `[from, to)`, in bytes, in another one. */
struct top_line {
    char *text;
    enum top_style style, mark;
    size_t from, to;
};

struct top_frame {
    struct top_line *lines;
    int count, columns;
};

/* All that a frame is made of. */
struct top_scene {
    const struct top_sample *last; /* the last good one; NULL: there was none yet */
    struct top_summary summary;
    const struct top_table *table; /* ordered and filtered */
    struct top_control *control;   /* its page is set */
    const char *endpoint;
    bool is_lost;     /* the server does not answer any more */
    long lost_status; /* of its last answer; 0: it gave none */
    bool is_plain;    /* for --batch: no keys, no cursor */
};

/* `rows`: 0: as many as it takes.  top_frame_fini() the frame. */
void top_frame_make(struct top_frame *frame, const struct top_scene *scene, int rows, int columns);
void top_frame_fini(struct top_frame *frame);
