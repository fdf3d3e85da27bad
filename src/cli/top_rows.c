/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_rows.h"

#include <math.h>

#include "cli/top_rate.h"
#include "cli/value_text.h"

const char *top_rows_text_of(const json_t *item, const char *path)
{
    return json_string_value(value_member(item, path));
}

void top_rows_text(struct top_row *row, uint32_t column, const json_t *item, const char *path)
{
    top_row_text(row, column, top_rows_text_of(item, path));
}

void top_rows_number(struct top_row *row, uint32_t column, const json_t *item, const char *path)
{
    const json_t *value = value_member(item, path);

    if (json_is_number(value))
        row->cells[column].number = json_number_value(value);
}

json_t *top_rows_index(const json_t *items, const char *member)
{
    json_t *index = json_object(), *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        const char *key = top_rows_text_of(item, member);

        if (key)
            (void)json_object_set(index, key, item);
    }
    return index;
}

double top_rows_rate(const struct top_rows *rows, const json_t *old, const json_t *item,
                     const char *member)
{
    if (!rows->before || (!old && rows->before->is_cut))
        return NAN;
    return top_rate(top_number(old, member), top_number(item, member), rows->seconds);
}
