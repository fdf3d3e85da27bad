/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `mainstay top`: rates of what is new since the sample before, or was only not in it. */
#include "cli/top_view.h"

#include <math.h>

#include "lib/test.h"

static struct top_sample before, last;
static struct top_table table;

static json_t *session(const char *id, int requests)
{
    return json_pack("{s:s, s:s, s:i}", "id", id, "client", "c", "requests", requests);
}

static int set_up(void **state)
{
    (void)state;
    before = (struct top_sample){.place.view = TOP_SESSIONS, .is_good = true, .read_s = 10};
    last = (struct top_sample){.place.view = TOP_SESSIONS, .is_good = true, .read_s = 12};
    before.items = json_pack("[o]", session("a", 100));
    last.items = json_pack("[o, o]", session("a", 300), session("b", 1000));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(before.items);
    json_decref(last.items);
    json_decref(before.more);
    json_decref(last.more);
    top_table_fini(&table);
    return 0;
}

static double rate_of(size_t row, const char *column)
{
    assert_true(row < table.count);
    return table.rows[row].cells[top_view_column(last.place.view, column)].number;
}

static void fill(void)
{
    top_table_fini(&table);
    top_view_fill(&table, &before, &last);
}

/* A session that was made since has had all its requests since. */
static void new_session(void **state)
{
    (void)state;
    fill();
    assert_true(rate_of(0, "requests_s") == 100);
    assert_true(rate_of(1, "requests_s") == 500);
}

static void session_left_out_before(void **state)
{
    (void)state;
    before.is_cut = true;
    fill();
    assert_true(rate_of(0, "requests_s") == 100);
    assert_true(isnan(rate_of(1, "requests_s")));
}

/* Its sessions that were left out before add nothing. */
static void client_of_both(void **state)
{
    (void)state;
    before.place.view = last.place.view = TOP_CLIENTS;
    before.more = before.items;
    last.more = last.items;
    before.items = json_pack("[{s:s}]", "id", "c");
    last.items = json_pack("[{s:s}]", "id", "c");
    fill();
    assert_true(rate_of(0, "requests_s") == 600);
    before.is_cut = true;
    fill();
    assert_true(rate_of(0, "requests_s") == 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_session),
        TEST(session_left_out_before),
        TEST(client_of_both),
    };

    return test_group_run(tests);
}
