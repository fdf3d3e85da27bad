/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `mainstay top`: their order, the filter, and numbers as people read them. */
#include "cli/top_table.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"

static const struct top_column columns[] = {
    {"name", "NAME", TOP_TEXT, 4, 0},
    {"count", "COUNT", TOP_COUNT, 5, 0},
};

static void row_add(struct top_table *table, const char *key, const char *name, double count)
{
    struct top_row *row = top_table_add(table, key);

    top_row_text(row, 0, name);
    row->cells[1].number = count;
}

static void table_make(struct top_table *table)
{
    top_table_init(table, columns, ARRAY_SIZE(columns));
    row_add(table, "3", "beta", 7);
    row_add(table, "1", "Alpha", 7);
    row_add(table, "4", NULL, NAN);
    row_add(table, "2", "gamma", 100);
}

static void expect_keys(const struct top_table *table, const char *keys)
{
    assert_int_equal(table->count, strlen(keys));
    for (size_t i = 0; i < table->count; i++)
        assert_int_equal(table->rows[i].key[0], keys[i]);
}

/* What is not known comes last; what is equal keeps an order. */
static void order(void **state)
{
    struct top_table table;

    (void)state;
    table_make(&table);
    top_table_sort(&table, 1, true);
    expect_keys(&table, "2134");
    top_table_sort(&table, 1, false);
    expect_keys(&table, "1324");
    top_table_sort(&table, 0, false);
    expect_keys(&table, "1324");
    top_table_sort(&table, 0, true);
    expect_keys(&table, "2314");
    top_table_fini(&table);
}

static void filter(void **state)
{
    struct top_table table;

    (void)state;
    table_make(&table);
    top_table_filter(&table, "");
    expect_keys(&table, "3142");
    top_table_filter(&table, "A");
    expect_keys(&table, "312");
    assert_int_equal(table.hidden, 1);
    top_table_filter(&table, "ALP");
    expect_keys(&table, "1");
    assert_int_equal(table.hidden, 3);
    top_table_filter(&table, "none");
    expect_keys(&table, "");
    assert_int_equal(table.hidden, 4);
    top_table_fini(&table);
}

/* What clients choose does not control the terminal. */
static void safe(void **state)
{
    struct top_table table;
    char text[TOP_CELL_BYTES];

    (void)state;
    top_table_init(&table, columns, ARRAY_SIZE(columns));
    row_add(&table, "1", "\033[2Jx\r\n", 1);
    top_table_note(&table, "owner %s", "\033]0;title\007");
    assert_string_equal(top_cell_text(&table.rows[0].cells[0], TOP_TEXT, text),
                        "\\x1b[2Jx\\x0d\\x0a");
    assert_string_equal(table.notes[0], "owner \\x1b]0;title\\x07");
    top_table_fini(&table);
}

static void notes_end(void **state)
{
    struct top_table table;

    (void)state;
    top_table_init(&table, columns, ARRAY_SIZE(columns));
    for (int i = 0; i < TOP_NOTES_MAX + 3; i++)
        top_table_note(&table, "%d", i);
    assert_int_equal(table.note_count, TOP_NOTES_MAX);
    top_table_fini(&table);
}

static void numbers(void **state)
{
    static const struct {
        enum top_kind kind;
        double number;
        const char *text;
    } rows[] = {
        {TOP_COUNT, NAN, "-"},
        {TOP_COUNT, 0, "0"},
        {TOP_COUNT, 99999, "99999"},
        {TOP_COUNT, 100000, "100k"},
        {TOP_COUNT, 1234567, "1.2M"},
        {TOP_COUNT, 999999999999, "1.0T"},
        {TOP_RATE, 0, "0"},
        {TOP_RATE, 0.25, "0.2"},
        {TOP_RATE, 9.94, "9.9"},
        {TOP_RATE, 9.96, "10"},
        {TOP_SECONDS, NAN, "-"},
        {TOP_SECONDS, 0.000012, "12 us"},
        {TOP_SECONDS, 0.00125, "1.2 ms"},
        {TOP_SECONDS, 0.0999, "100 ms"},
        {TOP_SECONDS, 9.96, "10.0 s"},
        {TOP_SECONDS, 61, "1m01s"},
        {TOP_SECONDS, 7260, "2h01m"},
        {TOP_SECONDS, 180000, "2d02h"},
        {TOP_SECONDS, INFINITY, ">10 s"},
        {TOP_SECONDS, 1e300, "11574074d01h"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct top_cell cell = {.number = rows[i].number};
        char text[TOP_CELL_BYTES];

        assert_string_equal(top_cell_text(&cell, rows[i].kind, text), rows[i].text);
    }
}

static void bytes(void **state)
{
    char text[TOP_CELL_BYTES];

    (void)state;
    top_print_bytes(1023, text);
    assert_string_equal(text, "1023 B");
    top_print_bytes(1536, text);
    assert_string_equal(text, "1.5 KiB");
    top_print_bytes(NAN, text);
    assert_string_equal(text, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),     cmocka_unit_test(filter),  cmocka_unit_test(safe),
        cmocka_unit_test(notes_end), cmocka_unit_test(numbers), cmocka_unit_test(bytes),
    };

    return test_group_run(tests);
}
