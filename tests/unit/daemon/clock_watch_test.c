/* SPDX-License-Identifier: Apache-2.0 */
/* A jump of the wall clock is told once, with its size. */
#include "daemon/clock_watch.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"

static char said[512];
static int count;

static void take(void *context, enum log_level level, enum log_part part, const char *json,
                 size_t len)
{
    (void)context, (void)level, (void)part;
    (void)snprintf(said, sizeof(said), "%.*s", (int)len, json);
    count++;
}

static const struct log_watch watch = {.line = take};

/* Whether there was a line, of a jump of so many milliseconds; 0: there was none. */
static void expect(int64_t ms)
{
    char text[64];

    assert_int_equal(count, ms != 0);
    count = 0;
    (void)snprintf(text, sizeof(text), "\"ms\":%lld,", (long long)ms);
    if (ms != 0 && !strstr(said, text))
        fail_msg("%s is not in %s", text, said);
}

static void jumps(void **state)
{
    struct clock_watch clock = {0};
    int64_t boot_ns = NSEC_PER_SEC, wall_ns = 1700000000 * NSEC_PER_SEC;

    (void)state;
    log_set_watch(&watch);
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(0);
    for (int second = 0; second < 10; second++) { /* made faster: 500 ppm is what adjtime() does */
        wall_ns += NSEC_PER_SEC + NSEC_PER_MSEC / 2;
        boot_ns += NSEC_PER_SEC;
        clock_watch_look(&clock, wall_ns, boot_ns);
        expect(0);
    }
    wall_ns += 3600 * NSEC_PER_SEC;
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(3600000);
    assert_non_null(strstr(said, "set forward"));
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(0);
    wall_ns -= 1500 * NSEC_PER_MSEC;
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(-1500);
    assert_non_null(strstr(said, "set back"));
    boot_ns += 60 * NSEC_PER_SEC; /* the machine was suspended: both go on */
    wall_ns += 60 * NSEC_PER_SEC;
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(0);
    wall_ns += 999 * NSEC_PER_MSEC;
    clock_watch_look(&clock, wall_ns, boot_ns);
    expect(0);
    log_set_watch(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jumps),
    };

    return test_group_run(tests);
}
