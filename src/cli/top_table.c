/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/printable.h"

void top_table_init(struct top_table *table, const struct top_column *columns, uint32_t count)
{
    CHECK(count > 0 && count <= TOP_COLUMNS_MAX);
    *table = (struct top_table){.columns = columns, .column_count = count};
}

static void row_fini(struct top_row *row)
{
    free(row->key);
    for (uint32_t i = 0; i < TOP_COLUMNS_MAX; i++)
        free(row->cells[i].text);
}

void top_table_fini(struct top_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        row_fini(&table->rows[i]);
    for (uint32_t i = 0; i < table->note_count; i++)
        free(table->notes[i]);
    free(table->rows);
    *table = (struct top_table){0};
}

struct top_row *top_table_add(struct top_table *table, const char *key)
{
    struct top_row *row;

    if (table->count == table->room) {
        table->room = table->room > 0 ? table->room * 2 : 64;
        table->rows = must_realloc(table->rows, table->room * sizeof(*table->rows));
    }
    row = &table->rows[table->count++];
    *row = (struct top_row){.key = must_strdup(key)};
    for (uint32_t i = 0; i < TOP_COLUMNS_MAX; i++)
        row->cells[i].number = NAN;
    return row;
}

void top_row_text(struct top_row *row, uint32_t column, const char *text)
{
    row->cells[column].text = text ? printable_text(text) : NULL;
}

void top_table_note(struct top_table *table, const char *format, ...)
{
    va_list arguments;
    char *text;

    if (table->note_count == TOP_NOTES_MAX)
        return;
    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    table->notes[table->note_count++] = printable_text(text);
    free(text);
}

/* ---- which, and in which order ---- */

static bool row_has(const struct top_row *row, const char *part)
{
    for (uint32_t i = 0; i < TOP_COLUMNS_MAX; i++) {
        if (row->cells[i].text && strcasestr(row->cells[i].text, part))
            return true;
    }
    return false;
}

void top_table_filter(struct top_table *table, const char *part)
{
    size_t kept = 0;

    if (!*part)
        return;
    for (size_t i = 0; i < table->count; i++) {
        if (row_has(&table->rows[i], part))
            table->rows[kept++] = table->rows[i];
        else
            row_fini(&table->rows[i]);
    }
    table->hidden += table->count - kept;
    table->count = kept;
}

struct order {
    uint32_t column;
    bool is_text, descending;
};

static int compare_numbers(double a, double b, bool descending)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    if (a == b)
        return 0;
    return (a < b) != descending ? -1 : 1;
}

static int compare_texts(const char *a, const char *b, bool descending)
{
    int found;

    if (!a || !b)
        return !a - !b;
    found = strcasecmp(a, b);
    return descending ? -found : found;
}

static int compare_rows(const void *first, const void *second, void *arg)
{
    const struct top_row *a = first, *b = second;
    const struct order *order = arg;
    const struct top_cell *one = &a->cells[order->column], *other = &b->cells[order->column];
    int found = order->is_text ? compare_texts(one->text, other->text, order->descending)
                               : compare_numbers(one->number, other->number, order->descending);

    return found != 0 ? found : strcmp(a->key, b->key);
}

void top_table_sort(struct top_table *table, uint32_t column, bool descending)
{
    struct order order = {.column = column, .descending = descending};

    CHECK(column < table->column_count);
    order.is_text = table->columns[column].kind == TOP_TEXT;
    if (table->count > 1)
        qsort_r(table->rows, table->count, sizeof(*table->rows), compare_rows, &order);
}

/* ---- numbers ---- */

/* With three digits, in steps of `step`. */
static void scaled_print(double number, double step, const char *const *units, size_t count,
                         char text[TOP_CELL_BYTES])
{
    size_t unit = 0;
    int digits;

    while (number >= step - 0.5 && unit + 1 < count) {
        number /= step;
        unit++;
    }
    digits = unit == 0 || number >= 99.95 ? 0 : 1;
    (void)snprintf(text, TOP_CELL_BYTES, "%.*f%s", digits, number, units[unit]);
}

void top_print_count(double number, char text[TOP_CELL_BYTES])
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P"};

    if (isnan(number))
        (void)snprintf(text, TOP_CELL_BYTES, "-");
    else if (number < 99999.5)
        (void)snprintf(text, TOP_CELL_BYTES, "%.0f", number);
    else
        scaled_print(number, 1000, units, 6, text);
}

/* Small rates keep a digit behind the point: 0.3 is not nothing. */
static void rate_print(double number, char text[TOP_CELL_BYTES])
{
    if (number > 0 && number < 9.95)
        (void)snprintf(text, TOP_CELL_BYTES, "%.1f", number);
    else
        top_print_count(number, text);
}

void top_print_bytes(double bytes, char text[TOP_CELL_BYTES])
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};

    if (isnan(bytes))
        (void)snprintf(text, TOP_CELL_BYTES, "-");
    else
        scaled_print(bytes, 1024, units, 6, text);
}

static void long_print(double seconds, char text[TOP_CELL_BYTES])
{
    unsigned long whole = (unsigned long)(seconds + 0.5);

    if (whole < 3600)
        (void)snprintf(text, TOP_CELL_BYTES, "%lum%02lus", whole / 60, whole % 60);
    else if (whole < 86400)
        (void)snprintf(text, TOP_CELL_BYTES, "%luh%02lum", whole / 3600, whole / 60 % 60);
    else
        (void)snprintf(text, TOP_CELL_BYTES, "%lud%02luh", whole / 86400, whole / 3600 % 24);
}

void top_print_seconds(double seconds, char text[TOP_CELL_BYTES])
{
    if (isnan(seconds))
        (void)snprintf(text, TOP_CELL_BYTES, "-");
    else if (isinf(seconds))
        (void)snprintf(text, TOP_CELL_BYTES, ">10 s");
    else if (seconds < 0.0009995)
        (void)snprintf(text, TOP_CELL_BYTES, "%.0f us", seconds * 1e6);
    else if (seconds < 0.9995)
        (void)snprintf(text, TOP_CELL_BYTES, seconds < 0.00995 ? "%.1f ms" : "%.0f ms",
                       seconds * 1e3);
    else if (seconds < 59.95)
        (void)snprintf(text, TOP_CELL_BYTES, "%.1f s", seconds);
    else
        long_print(seconds < 1e12 ? seconds : 1e12, text);
}

const char *top_cell_text(const struct top_cell *cell, enum top_kind kind,
                          char text[TOP_CELL_BYTES])
{
    switch (kind) {
    case TOP_TEXT:
        return cell->text ? cell->text : "-";
    case TOP_COUNT:
        top_print_count(cell->number, text);
        break;
    case TOP_RATE:
        rate_print(cell->number, text);
        break;
    case TOP_SECONDS:
        top_print_seconds(cell->number, text);
        break;
    }
    return text;
}
