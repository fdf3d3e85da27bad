/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the times that a holder reports count (RFC 9754 §5). */
#include "state/delegation/delegation_times.h"

#include "lib/test.h"

static const struct timespec granted = {1000, 500}, now = {2000, 500};

static struct delegation_times settled(uint32_t uid, uint32_t owner, bool writes)
{
    const struct vfs_attr attr = {.uid = owner, .atime = granted, .mtime = granted};
    const struct vfs_cred cred = {.uid = uid};

    return delegation_times_settle(&attr, &cred, writes);
}

/* What becomes of this time, as atime and as mtime: the time that counts, or 0. */
static struct timespec vetted(struct delegation_times times, struct timespec time)
{
    struct delegation_report report = {true, true, time, time};

    delegation_times_vet(&times, now, &report);
    assert_int_equal(report.has_atime, report.has_mtime);
    assert_true(delegation_times_equal(report.atime, report.mtime));
    return report.has_mtime ? report.mtime : (struct timespec){0};
}

static void is(struct timespec got, time_t seconds, long nanoseconds)
{
    assert_int_equal(got.tv_sec, seconds);
    assert_int_equal(got.tv_nsec, nanoseconds);
}

static void of_strangers(void **unused)
{
    const struct delegation_times times = settled(7, 8, true);

    (void)unused;
    assert_true(times.held);
    is(vetted(times, (struct timespec){1000, 499}), 0, 0);
    is(vetted(times, (struct timespec){999, 501}), 0, 0);
    is(vetted(times, (struct timespec){1000, 500}), 1000, 500);
    is(vetted(times, (struct timespec){1500, 0}), 1500, 0);
    is(vetted(times, (struct timespec){2000, 500}), 2000, 500);
    is(vetted(times, (struct timespec){2000, 501}), 2000, 500);
    is(vetted(times, (struct timespec){3000, 0}), 2000, 500);
}

/* Of a file that only they use. */
static void of_owners(void **unused)
{
    (void)unused;
    is(vetted(settled(8, 8, true), (struct timespec){-5, 7}), -5, 7);
    is(vetted(settled(0, 8, true), (struct timespec){1, 2}), 1, 2);
    is(vetted(settled(8, 8, true), (struct timespec){2000, 501}), 2000, 500);
    is(vetted(settled(8, 8, false), (struct timespec){1, 2}), 0, 0);
    is(vetted(settled(0, 8, false), (struct timespec){1, 2}), 0, 0);
}

/* One of the two alone. */
static void each_alone(void **unused)
{
    const struct delegation_times times = settled(7, 8, true);
    struct delegation_report report = {.has_mtime = true, .mtime = {1500, 0}};

    (void)unused;
    delegation_times_vet(&times, now, &report);
    assert_true(report.has_mtime && !report.has_atime);
    report = (struct delegation_report){true, true, {1500, 0}, {1, 0}};
    delegation_times_vet(&times, now, &report);
    assert_true(report.has_atime && !report.has_mtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_strangers),
        cmocka_unit_test(of_owners),
        cmocka_unit_test(each_alone),
    };

    return test_group_run(tests);
}
