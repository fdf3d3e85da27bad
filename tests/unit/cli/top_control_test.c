/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of `mainstay top`, and what they change. */
#include "cli/top_control.h"

#include <stdio.h>
#include <string.h>

#include "cli/top_view.h"
#include "lib/test.h"

static struct top_control control;
static struct top_table table;
static int rows_each; /* that have the same key */

/* Rows 0 to 9 of the view that is shown; the texts count down. */
static void fill(void)
{
    const struct top_view *view = &top_views[top_control_place(&control)->view];

    top_table_fini(&table);
    top_table_init(&table, view->columns, view->column_count);
    for (int i = 0; i < 10; i++) {
        char key[16], name[32];
        struct top_row *row;

        (void)snprintf(key, sizeof(key), "%d", i / rows_each);
        (void)snprintf(name, sizeof(name), "name %d", 9 - i);
        row = top_table_add(&table, key);
        top_row_text(row, 0, name);
        row->cells[view->sorted_by].number = i;
    }
    top_control_apply(&control, &table);
}

static int set_up(void **state)
{
    (void)state;
    rows_each = 1;
    top_control_init(&control, TOP_CLIENTS, 1);
    control.page = 4;
    fill();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    top_table_fini(&table);
    return 0;
}

static bool press(int key)
{
    bool moved = top_control_key(&control, key, &table);

    fill();
    return moved;
}

static void type(const char *text)
{
    while (*text)
        (void)press(*text++);
}

static const char *cursor(void)
{
    return table.rows[control.row].key;
}

static void views(void **state)
{
    (void)state;
    assert_true(press('7'));
    assert_int_equal(top_control_place(&control)->view, TOP_LOOPS);
    assert_true(press(TOP_KEY_TAB));
    assert_int_equal(top_control_place(&control)->view, TOP_OPERATIONS);
    assert_true(press(TOP_KEY_BACK_TAB));
    assert_int_equal(top_control_place(&control)->view, TOP_LOOPS);
    assert_false(press('8'));
    assert_int_equal(top_control_place(&control)->view, TOP_LOOPS);
    assert_int_equal(top_view_find("waits"), TOP_WAITS);
    assert_int_equal(top_view_find("client"), TOP_LISTS); /* Enter alone leads there */
}

static void order(void **state)
{
    const struct top_order *order = &control.orders[TOP_CLIENTS];

    (void)state;
    assert_string_equal(cursor(), "9"); /* the greatest first */
    (void)press('r');
    assert_string_equal(cursor(), "0");
    for (uint32_t i = 0; i < top_views[TOP_CLIENTS].column_count; i++)
        (void)press('>');
    assert_int_equal(order->column, top_views[TOP_CLIENTS].sorted_by);
    assert_true(order->descending);
    while (order->column != 0)
        (void)press(TOP_KEY_LEFT);
    assert_false(order->descending); /* a text: from the first letter on */
    assert_string_equal(cursor(), "9");
    (void)press('3');
    (void)press('2');
    assert_int_equal(order->column, 0); /* each view keeps its order */
}

/* The cursor stays with its row, except at the first one. */
static void cursor_follows(void **state)
{
    (void)state;
    (void)press(TOP_KEY_DOWN);
    assert_string_equal(cursor(), "8");
    (void)press('r');
    assert_string_equal(cursor(), "8");
    assert_int_equal(control.row, 8);
    (void)press(TOP_KEY_HOME);
    (void)press('r');
    assert_string_equal(cursor(), "9");
    assert_int_equal(control.row, 0);
}

static void cursor_stays_in(void **state)
{
    (void)state;
    (void)press(TOP_KEY_UP);
    assert_int_equal(control.row, 0);
    (void)press(TOP_KEY_PAGE_DOWN);
    assert_int_equal(control.row, 4);
    (void)press(TOP_KEY_PAGE_DOWN);
    (void)press(TOP_KEY_PAGE_DOWN);
    assert_int_equal(control.row, 9);
    (void)press(TOP_KEY_PAGE_UP);
    assert_int_equal(control.row, 5);
    (void)press(TOP_KEY_END);
    (void)press(TOP_KEY_DOWN);
    assert_int_equal(control.row, 9);
    type("/name 3");
    assert_int_equal(control.row, 0);
}

/* A client may wait for several things, and have several sessions: its rows lead to the same. */
static void cursor_passes_equal_keys(void **state)
{
    (void)state;
    rows_each = 3;
    fill();
    for (size_t row = 1; row < 10; row++) {
        (void)press(TOP_KEY_DOWN);
        assert_int_equal(control.row, row);
    }
    for (size_t row = 9; row > 0; row--) {
        (void)press(TOP_KEY_UP);
        assert_int_equal(control.row, row - 1);
    }
}

static void filter(void **state)
{
    (void)state;
    type("/name 3q");
    assert_true(control.is_typing && !control.wants_end);
    assert_int_equal(table.count, 0);
    (void)press(TOP_KEY_DOWN); /* in an empty table */
    (void)press(TOP_KEY_ENTER);
    assert_false(control.is_typing);
    assert_false(press(TOP_KEY_ENTER)); /* there is no row */
    assert_false(press(TOP_KEY_ESCAPE));
    assert_int_equal(table.count, 10);
    type("/3x");
    (void)press(TOP_KEY_BACKSPACE);
    assert_int_equal(table.count, 1);
    (void)press(TOP_KEY_ESCAPE);
    assert_false(control.is_typing);
    assert_int_equal(table.count, 10);
}

static void filter_ends(void **state)
{
    (void)state;
    (void)press('/');
    for (int i = 0; i < 2 * TOP_FILTER_BYTES; i++)
        (void)press('x');
    assert_int_equal(strlen(control.filter), TOP_FILTER_BYTES - 1);
    for (int i = 0; i < 2 * TOP_FILTER_BYTES; i++)
        (void)press(TOP_KEY_BACKSPACE);
    assert_string_equal(control.filter, "");
}

/* To a client, to its session, and back. */
static void down_and_back(void **state)
{
    (void)state;
    (void)press(TOP_KEY_DOWN);
    assert_true(press(TOP_KEY_ENTER));
    assert_int_equal(top_control_place(&control)->view, TOP_CLIENT);
    assert_string_equal(top_control_place(&control)->id, "8");
    assert_true(press(TOP_KEY_ENTER));
    assert_int_equal(top_control_place(&control)->view, TOP_SESSION);
    assert_false(press(TOP_KEY_ENTER));
    assert_true(press(TOP_KEY_ESCAPE));
    assert_true(press(TOP_KEY_ESCAPE));
    assert_int_equal(top_control_place(&control)->view, TOP_CLIENTS);
    assert_false(press(TOP_KEY_ESCAPE));
    (void)press('1');
    assert_false(press(TOP_KEY_ENTER)); /* an operation has nothing below */
}

static void interval(void **state)
{
    (void)state;
    (void)press('+');
    assert_true(control.interval_s == 2);
    for (int i = 0; i < 20; i++)
        (void)press('+');
    assert_true(control.interval_s <= TOP_INTERVAL_MAX_S);
    for (int i = 0; i < 40; i++)
        (void)press('-');
    assert_true(control.interval_s >= TOP_INTERVAL_MIN_S && control.interval_s < 0.5);
}

static void flags(void **state)
{
    (void)state;
    (void)press('p');
    assert_true(control.is_paused);
    (void)press(' ');
    assert_false(control.is_paused);
    (void)press('?');
    assert_true(control.wants_help);
    (void)press('5');
    assert_false(control.wants_help);
    assert_int_equal(top_control_place(&control)->view, TOP_CLIENTS); /* it only left the help */
    (void)press('q');
    assert_true(control.wants_end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(views),
        TEST(order),
        TEST(cursor_follows),
        TEST(cursor_stays_in),
        TEST(cursor_passes_equal_keys),
        TEST(filter),
        TEST(filter_ends),
        TEST(down_and_back),
        TEST(interval),
        TEST(flags),
    };

    return test_group_run(tests);
}
