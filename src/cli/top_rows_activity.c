/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/top_rate.h"
#include "cli/top_rows.h"
#include "cli/top_summary.h"

static void operation_add(const struct top_rows *rows, const json_t *operation)
{
    const json_t *old = top_operation(rows->before, operation);
    struct top_histogram times = {.bound_count = 0};
    const char *name = top_rows_text_of(operation, "name");
    char version[8], key[64];
    struct top_row *row;

    (void)snprintf(version, sizeof(version), "4.%.0f", top_number(operation, "minor"));
    (void)snprintf(key, sizeof(key), "%.40s %s", name ? name : "?", version);
    row = top_table_add(rows->table, key);
    top_row_text(row, 0, name);
    top_row_text(row, 1, version);
    top_rows_number(row, 6, operation, "count");
    top_rows_number(row, 7, operation, "errors");
    if (!rows->before)
        return;
    top_histogram_add(&times, old, operation);
    row->cells[2].number =
        top_rate(top_number(old, "count"), top_number(operation, "count"), rows->seconds);
    row->cells[3].number =
        top_rate(top_number(old, "errors"), top_number(operation, "errors"), rows->seconds);
    row->cells[4].number = top_histogram_quantile(&times, 0.5);
    row->cells[5].number = top_histogram_quantile(&times, 0.99);
    row->is_odd = row->cells[3].number > 0 && row->cells[3].number >= row->cells[2].number / 10;
}

void top_rows_operations(const struct top_rows *rows)
{
    const json_t *operation;
    size_t i;

    json_array_foreach(json_object_get(rows->last->activity, "operations"), i, operation)
        operation_add(rows, operation);
}

static void loop_add(const struct top_rows *rows, size_t i, const json_t *loop, const json_t *old)
{
    struct top_row *row;
    char key[32];

    (void)snprintf(key, sizeof(key), "%08zu", i);
    row = top_table_add(rows->table, key);
    top_rows_number(row, 0, loop, "number");
    top_rows_number(row, 1, loop, "connections");
    if (old)
        row->cells[2].number =
            top_rate(top_number(old, "requests"), top_number(loop, "requests"), rows->seconds);
    top_rows_number(row, 3, loop, "lag_s");
    top_rows_number(row, 4, loop, "turns_due");
    top_rows_number(row, 5, loop, "requests");
}

void top_rows_loops(const struct top_rows *rows)
{
    const json_t *was = rows->before ? json_object_get(rows->before->activity, "loops") : NULL;
    const json_t *loop;
    size_t i;

    json_array_foreach(json_object_get(rows->last->activity, "loops"), i, loop)
        loop_add(rows, i, loop, json_array_get(was, i));
}
