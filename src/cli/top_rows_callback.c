/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/top_rows.h"

void top_rows_callbacks(const struct top_rows *rows)
{
    const json_t *path;
    size_t i;

    json_array_foreach(rows->last->items, i, path)
    {
        const char *id = top_rows_text_of(path, "client"),
                   *session = top_rows_text_of(path, "session");
        struct top_row *row = top_table_add(rows->table, id ? id : "");

        top_rows_text(row, 0, path, "client_owner");
        top_rows_text(row, 1, path, "kind");
        top_rows_number(row, 2, path, "waiting");
        if (top_number(path, "waiting") > 0)
            top_rows_number(row, 3, path, "oldest_s");
        top_rows_text(row, 4, path, "state");
        top_row_text(row, 5, session ? session : top_rows_text_of(path, "address"));
        row->is_odd =
            strcmp(top_rows_text_of(path, "state") ? top_rows_text_of(path, "state") : "", "up");
    }
}

void top_rows_recalls(const struct top_rows *rows)
{
    const json_t *recall;
    size_t i;

    json_array_foreach(rows->last->items, i, recall)
    {
        const char *id = top_rows_text_of(recall, "id");
        struct top_row *row = top_table_add(rows->table, id ? id : "");

        top_row_text(row, 0,
                     top_rows_text_of(recall, "path") ? top_rows_text_of(recall, "path")
                                                      : "(removed)");
        top_rows_text(row, 1, recall, "client_owner");
        top_rows_number(row, 2, recall, "recalled_s");
        top_rows_text(row, 3, recall, "type");
        top_rows_number(row, 4, recall, "age_s");
        top_rows_text(row, 5, recall, "state");
    }
}

void top_rows_waits(const struct top_rows *rows)
{
    const json_t *wait;
    size_t i;

    json_array_foreach(rows->last->items, i, wait)
    {
        const char *id = top_rows_text_of(wait, "id");
        struct top_row *row = top_table_add(rows->table, id ? id : "");

        top_rows_text(row, 0, wait, "owner");
        top_rows_text(row, 1, wait, "address");
        top_rows_number(row, 2, wait, "lock_waiters");
        top_rows_number(row, 3, wait, "parked");
        top_rows_text(row, 4, wait, "why");
    }
}
