/* SPDX-License-Identifier: Apache-2.0 */
/* The views of `mainstay top`: their columns, and the rows that samples make. */
#pragma once

#include "cli/top_sample.h"
#include "cli/top_table.h"

struct top_view {
    const char *name;  /* of --view and of JSON */
    const char *title; /* on the screen */
    const char *empty; /* what is said when there are no rows */
    struct top_column columns[TOP_COLUMNS_MAX];
    uint32_t column_count;
    uint32_t sorted_by; /* at first */
    bool descending;
    enum top_view_id below; /* that Enter leads to, with the key of the row; TOP_VIEW_COUNT: none */
};

extern const struct top_view top_views[TOP_VIEW_COUNT];

/* TOP_LISTS: there is none of this name. */
enum top_view_id top_view_find(const char *name);

/* column_count: there is none of this name. */
uint32_t top_view_column(enum top_view_id view, const char *name);

/* The rows of `last`, in no order.  `before` is an earlier sample of the same run of the server,
 * perhaps of another place, or NULL.  top_table_fini() the table. */
void top_view_fill(struct top_table *table, const struct top_sample *before,
                   const struct top_sample *last);
