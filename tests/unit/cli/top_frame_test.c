/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of `mainstay top`: no line is longer than the screen and no frame higher, whatever its
 * size and whatever clients call themselves. */
#include "cli/top_frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/printable.h"
#include "cli/top_view.h"
#include "lib/test.h"

static struct top_sample sample;
static struct top_control control;
static struct top_table table;
static struct top_frame frame;

static struct top_scene scene(void)
{
    struct top_scene made = {.last = &sample,
                             .summary = top_summary_make(NULL, &sample),
                             .table = &table,
                             .control = &control,
                             .endpoint = "unix:/run/a\033socket"};

    made.summary.operations = 1234567;
    made.summary.p99_s = INFINITY;
    return made;
}

static void rows_add(int count)
{
    for (int i = 0; i < count; i++) {
        char key[16], name[200];
        struct top_row *row;

        (void)snprintf(key, sizeof(key), "%04d", i);
        (void)snprintf(name, sizeof(name), "\346\227\245\346\234\254 row %d e\314\201 %0*d", i,
                       i * 3, 0);
        row = top_table_add(&table, key);
        for (uint32_t n = 0; n < table.column_count; n++) {
            if (table.columns[n].kind == TOP_TEXT)
                top_row_text(row, n, name);
            else
                row->cells[n].number = i * 1e4;
        }
    }
}

static void view_make(enum top_view_id view, int rows)
{
    top_control_init(&control, view < TOP_LISTS ? view : TOP_CLIENTS, 1);
    control.places[0].view = view;
    top_table_fini(&table);
    top_table_init(&table, top_views[view].columns, top_views[view].column_count);
    for (int i = 0; i < TOP_NOTES_MAX; i++)
        top_table_note(&table, "note %d of some length, so that it does not fit everywhere", i);
    rows_add(rows);
    top_control_apply(&control, &table);
}

static int set_up(void **state)
{
    (void)state;
    sample = (struct top_sample){.is_good = true};
    sample.activity = json_pack("{s:s, s:s, s:{s:i}, s:{s:f, s:f}}", "phase", "serving", "time",
                                "2026-01-02T03:04:05.678Z", "counts", "clients", 12345, "memory",
                                "used_bytes", 1e9, "budget_bytes", 2e9);
    sample.server = json_pack("{s:s, s:f, s:{s:b, s:f}}", "version", "1.2.3", "uptime_s", 100.0,
                              "grace", "active", 1, "ends_in_s", 30.0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    top_frame_fini(&frame);
    top_table_fini(&table);
    json_decref(sample.activity);
    json_decref(sample.server);
    return 0;
}

static void make(const struct top_scene *of, int rows, int columns)
{
    top_frame_fini(&frame);
    top_frame_make(&frame, of, rows, columns);
}

/* NULL: no line has it. */
static const struct top_line *line_with(const char *text)
{
    for (int i = 0; i < frame.count; i++) {
        if (strstr(frame.lines[i].text, text))
            return &frame.lines[i];
    }
    return NULL;
}

static void expect_fits(int rows, int columns)
{
    assert_int_equal(frame.count, rows);
    for (int i = 0; i < frame.count; i++) {
        const struct top_line *line = &frame.lines[i];

        if (printable_columns(line->text) > (size_t)columns)
            fail_msg("%d columns have '%s'", columns, line->text);
        assert_true(line->from <= line->to && line->to <= strlen(line->text));
        assert_null(strchr(line->text, '\033'));
    }
}

static void all_sizes(void **state)
{
    (void)state;
    (void)json_object_set_new(sample.server, "version", json_string("1\033[2J"));
    for (unsigned view = 0; view < TOP_VIEW_COUNT; view++) {
        struct top_scene of;

        sample.place.view = (enum top_view_id)view;
        view_make((enum top_view_id)view, 30);
        of = scene();
        for (int rows = 1; rows <= 45; rows += rows < 16 ? 1 : 9) {
            for (int columns = 1; columns <= 200; columns += columns < 20 ? 1 : 13) {
                make(&of, rows, columns);
                expect_fits(rows, columns);
            }
        }
    }
}

/* At the size of an ordinary terminal. */
static void ordinary(void **state)
{
    struct top_scene of;

    (void)state;
    sample.place.view = TOP_CLIENTS;
    view_make(TOP_CLIENTS, 3);
    of = scene();
    make(&of, 24, 80);
    assert_non_null(line_with("mainstayd 1.2.3  up 1m40s  serving  GRACE 30.0 s  03:04:05"));
    assert_non_null(line_with("op/s 1.2M  p50 -  p99 >10 s"));
    assert_non_null(line_with("clients 12345  "));
    assert_non_null(line_with("REQ/Sv"));
    assert_non_null(line_with("q quit"));
    assert_int_equal(line_with("1 Operations")->mark, TOP_SORTED);
    assert_string_equal(line_with("1 Operations")->text + line_with("1 Operations")->from,
                        "2 Clients  3 Sessions  4 Callbacks  5 Recalls  6 Waits  7 Loops");
}

/* A small one keeps what matters most. */
static void small(void **state)
{
    struct top_scene of;

    (void)state;
    sample.place.view = TOP_CLIENTS;
    view_make(TOP_CLIENTS, 3);
    top_table_fini(&table);
    top_table_init(&table, top_views[TOP_CLIENTS].columns, top_views[TOP_CLIENTS].column_count);
    rows_add(3);
    of = scene();
    make(&of, 10, 40);
    assert_non_null(line_with("mainstayd"));
    assert_non_null(line_with("op/s"));
    assert_non_null(line_with("2 Clients"));
    assert_null(line_with("1 Operations"));
    assert_non_null(line_with("OWNER"));
    assert_null(line_with("CALLBACKS"));
    assert_non_null(line_with("row 2"));
}

/* The cursor is always on the screen. */
static void scrolls(void **state)
{
    struct top_scene of;

    (void)state;
    sample.place.view = TOP_LOOPS;
    view_make(TOP_LOOPS, 100);
    of = scene();
    for (size_t row = 0; row < 100; row++) {
        int selected = 0;

        control.row = row;
        make(&of, 20, 80);
        for (int i = 0; i < frame.count; i++)
            selected += frame.lines[i].style == TOP_SELECTED;
        assert_int_equal(selected, 1);
    }
}

static void lost(void **state)
{
    struct top_scene of;

    (void)state;
    sample.place.view = TOP_LOOPS;
    view_make(TOP_LOOPS, 2);
    of = scene();
    of.is_lost = true;
    make(&of, 24, 80);
    assert_non_null(line_with("OLD VALUES"));
    assert_int_equal(frame.lines[23].style, TOP_ALARM);
    assert_string_equal(frame.lines[23].text, "server not reachable, retrying");
    of.lost_status = 401;
    make(&of, 24, 80);
    assert_non_null(line_with("the server refuses the request (401), retrying"));
}

static void nothing(void **state)
{
    struct top_scene of;

    (void)state;
    sample.place.view = TOP_RECALLS;
    view_make(TOP_RECALLS, 0);
    of = scene();
    make(&of, 24, 80);
    assert_non_null(line_with("no delegation is recalled"));
    sample.place.view = TOP_LOOPS; /* the answer is still of another view */
    make(&of, 24, 80);
    assert_non_null(line_with("asking the server"));
    of.last = NULL;
    make(&of, 24, 80);
    assert_non_null(line_with("asking the server"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_sizes), TEST(ordinary), TEST(small), TEST(scrolls), TEST(lost), TEST(nothing),
    };

    return test_group_run(tests);
}
