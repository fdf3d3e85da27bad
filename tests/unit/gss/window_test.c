/* SPDX-License-Identifier: Apache-2.0 */
/* The window of sequence numbers against a model that remembers all. */
#include "gss/gss_window.h"

#include "lib/test.h"

enum {
    NUMBERS = 8192
};

static struct gss_window window;
static bool seen[NUMBERS];
static int64_t highest;

static int set_up(void **state)
{
    (void)state;
    memset(&window, 0, sizeof(window));
    memset(seen, 0, sizeof(seen));
    highest = -1;
    return 0;
}

static void take(uint32_t seq)
{
    bool fresh = !seen[seq] && seq + (int64_t)LIMIT_GSS_WINDOW > highest;

    assert_int_equal(gss_window_take(&window, seq), fresh);
    seen[seq] |= fresh;
    if (seq > highest)
        highest = seq;
}

static void test_order(void **state)
{
    (void)state;
    for (uint32_t seq = 0; seq < NUMBERS; seq++) {
        take(seq);
        take(seq);
    }
}

/* Both edges: the oldest number that is taken, and the youngest that is not. */
static void test_edges(void **state)
{
    (void)state;
    take(5000);
    assert_true(gss_window_take(&window, 5000 - (LIMIT_GSS_WINDOW - 1)));
    assert_false(gss_window_take(&window, 5000 - LIMIT_GSS_WINDOW));
    assert_false(gss_window_take(&window, 0));
    assert_true(gss_window_take(&window, 5001));
    assert_false(gss_window_take(&window, 5000 - (LIMIT_GSS_WINDOW - 1)));
}

/* One past the window, and far beyond it: all below is forgotten, nothing is taken for seen. */
static void test_jumps(void **state)
{
    (void)state;
    for (uint32_t seq = 0; seq < LIMIT_GSS_WINDOW; seq++)
        take(seq);
    take(LIMIT_GSS_WINDOW);
    take(0);
    take(1);
    take(3 * LIMIT_GSS_WINDOW);
    for (uint32_t seq = 0; seq < 3 * LIMIT_GSS_WINDOW; seq++)
        take(seq);
    assert_true(gss_window_take(&window, 0x7fffffff));
    assert_false(gss_window_take(&window, 0x7fffffff));
    assert_true(gss_window_take(&window, 0x7ffffffe));
    assert_false(gss_window_take(&window, 3 * LIMIT_GSS_WINDOW));
}

static void test_random(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        random = random * 1664525u + 1013904223u;
        take((i / 32 + (random >> 16) % 1500) % NUMBERS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_order, set_up),
        cmocka_unit_test_setup(test_edges, set_up),
        cmocka_unit_test_setup(test_jumps, set_up),
        cmocka_unit_test_setup(test_random, set_up),
    };

    return test_group_run(tests);
}
