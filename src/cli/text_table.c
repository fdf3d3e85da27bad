/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text_table.h"

#include <stdlib.h>

#include "base/check.h"
#include "cli/printable.h"

struct text_table {
    const char *const *titles;
    uint32_t columns;
    size_t rows, room;
    char **cells; /* row by row */
    size_t widths[TEXT_TABLE_COLUMNS_MAX];
    size_t most[TEXT_TABLE_COLUMNS_MAX]; /* 0: any */
    bool is_right[TEXT_TABLE_COLUMNS_MAX];
};

struct text_table *text_table_create(const char *const *titles, uint32_t columns)
{
    struct text_table *table = must_calloc(1, sizeof(*table));

    CHECK(columns > 0 && columns <= TEXT_TABLE_COLUMNS_MAX);
    table->titles = titles;
    table->columns = columns;
    return table;
}

void text_table_destroy(struct text_table *table)
{
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void text_table_align_right(struct text_table *table, uint32_t column)
{
    CHECK(column < table->columns);
    table->is_right[column] = true;
}

void text_table_shorten(struct text_table *table, uint32_t column, size_t most)
{
    CHECK(column < table->columns);
    table->most[column] = most;
}

static void widen(struct text_table *table, uint32_t column, const char *text)
{
    size_t width = printable_columns(text);

    if (width > table->widths[column])
        table->widths[column] = width;
}

void text_table_add(struct text_table *table, const char *const *cells)
{
    char **row;

    if (table->rows == table->room) {
        table->room = table->room > 0 ? table->room * 2 : 16;
        table->cells =
            must_realloc(table->cells, table->room * table->columns * sizeof(*table->cells));
    }
    row = &table->cells[table->rows++ * table->columns];
    for (uint32_t i = 0; i < table->columns; i++) {
        row[i] = printable_text(cells[i] && *cells[i] ? cells[i] : "-");
        if (table->most[i] > 0)
            printable_shorten(row[i], table->most[i]);
        widen(table, i, row[i]);
    }
}

static size_t width_with_title(const struct text_table *table, uint32_t column)
{
    size_t title = printable_columns(table->titles[column]);

    return title > table->widths[column] ? title : table->widths[column];
}

static void column_narrow(struct text_table *table, uint32_t column, size_t most)
{
    table->widths[column] = 0;
    for (size_t i = 0; i < table->rows; i++) {
        char *cell = table->cells[i * table->columns + column];

        printable_shorten(cell, most);
        widen(table, column, cell);
    }
}

void text_table_fit(struct text_table *table, size_t width, size_t least)
{
    size_t all = 2 * ((size_t)table->columns - 1);

    for (uint32_t i = 0; i < table->columns; i++)
        all += width_with_title(table, i);
    for (uint32_t i = 0; i < table->columns && all > width; i++) {
        size_t before = table->widths[i], most = before - (all - width);

        if (table->most[i] == 0 || before <= least)
            continue;
        column_narrow(table, i, before > all - width + least ? most : least);
        all -= before - table->widths[i];
    }
}

static void row_print(const struct text_table *table, const char *const *row, FILE *out, int indent)
{
    size_t pending = (size_t)indent; /* spaces that are printed if more follows */

    for (uint32_t i = 0; i < table->columns; i++) {
        size_t fill = table->widths[i] - printable_columns(row[i]);

        pending += table->is_right[i] ? fill : 0;
        (void)fprintf(out, "%*s%s", (int)pending, "", row[i]);
        pending = 2 + (table->is_right[i] ? 0 : fill);
    }
    (void)fputc('\n', out);
}

void text_table_print(const struct text_table *table, FILE *out, int indent, bool has_titles)
{
    struct text_table shown = *table; /* the widths with the titles */

    if (has_titles) {
        for (uint32_t i = 0; i < table->columns; i++)
            widen(&shown, i, table->titles[i]);
        row_print(&shown, table->titles, out, indent);
    }
    for (size_t i = 0; i < table->rows; i++)
        row_print(&shown, (const char *const *)&table->cells[i * table->columns], out, indent);
}
