/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How views get their rows (top_view.h): a function for each view, and what these have in common.
 */
#pragma once

#include "cli/top_sample.h"
#include "cli/top_table.h"

struct top_rows {
    struct top_table *table;
    const struct top_sample *before, *last; /* before: NULL if it is of another place */
    double seconds;                         /* between the two */
};

/* The text at this path of the item, or NULL. */
const char *top_rows_text_of(const json_t *item, const char *path);

/* Set a cell to what stands at this path of the item; nothing if there is none. */
void top_rows_text(struct top_row *row, uint32_t column, const json_t *item, const char *path);
void top_rows_number(struct top_row *row, uint32_t column, const json_t *item, const char *path);

/* The items by a member that each of them has; those that lack it are left out.  To be released. */
json_t *top_rows_index(const json_t *items, const char *member);

/* Of a counter of an item that may be new since, if the list before did not leave it out; else
 * NAN.  `old`: the item in the list before, or NULL. */
double top_rows_rate(const struct top_rows *rows, const json_t *old, const json_t *item,
                     const char *member);

/* From what /activity says, which is the same for all views. */
void top_rows_operations(const struct top_rows *rows);
void top_rows_loops(const struct top_rows *rows);

/* From the list of the view. */
void top_rows_clients(const struct top_rows *rows);
void top_rows_sessions(const struct top_rows *rows);
void top_rows_callbacks(const struct top_rows *rows);
void top_rows_recalls(const struct top_rows *rows);
void top_rows_waits(const struct top_rows *rows);

/* From one client or session. */
void top_rows_client(const struct top_rows *rows);
void top_rows_session(const struct top_rows *rows);
