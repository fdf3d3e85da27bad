/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as a stall of the server, and for how long it excuses clients. */
#include "state/stall.h"

#include "base/clock.h"
#include "lib/test.h"

enum {
    SPAN_S = 10
};

static const int64_t span_ns = SPAN_S * NSEC_PER_SEC;

/* Set the last beat to that long ago. */
static void last_beat(struct stall *stall, int64_t ago_ns)
{
    atomic_store(&stall->beat_ns, clock_boot_ns() - ago_ns);
}

static void test_without_a_timer(void **unused)
{
    struct stall stall = {0};

    (void)unused;
    assert_false(stall_within(&stall, clock_now_ns(), span_ns));
    assert_int_equal(stall_beat(&stall, clock_now_ns()), 0);
}

static void test_beats_in_time(void **unused)
{
    struct stall stall = {0};

    (void)unused;
    for (int i = 0; i < 3; i++) {
        last_beat(&stall, NSEC_PER_SEC);
        assert_int_equal(stall_beat(&stall, clock_now_ns()), 0);
        assert_false(stall_within(&stall, clock_now_ns(), span_ns));
    }
}

/* A request may run before the timer does. */
static void test_before_the_beat(void **unused)
{
    struct stall stall = {0};

    (void)unused;
    last_beat(&stall, 30 * NSEC_PER_SEC);
    assert_true(stall_within(&stall, clock_now_ns(), span_ns));
}

static void test_after_the_beat(void **unused)
{
    const int64_t now_ns = clock_now_ns();
    struct stall stall = {0};

    (void)unused;
    last_beat(&stall, 30 * NSEC_PER_SEC);
    assert_true(stall_beat(&stall, now_ns) >= 30 * NSEC_PER_SEC);
    assert_true(stall_within(&stall, now_ns - NSEC_PER_SEC, span_ns)); /* the request came before */
    assert_true(stall_within(&stall, now_ns, span_ns));
    assert_true(stall_within(&stall, now_ns + span_ns, span_ns));
    last_beat(&stall, NSEC_PER_SEC);
    assert_false(stall_within(&stall, now_ns + span_ns + 1, span_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_timer), cmocka_unit_test(test_beats_in_time),
        cmocka_unit_test(test_before_the_beat), cmocka_unit_test(test_after_the_beat)};

    return test_group_run(tests);
}
