/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <time.h>
#include <unistd.h>

#include "bench/load/process.h"

static void burn(int64_t ns)
{
    struct timespec ts;
    int64_t begin = -1, now;

    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
        now = ts.tv_sec * 1000000000LL + ts.tv_nsec;
        if (begin < 0)
            begin = now;
    } while (now - begin < ns);
}

static void cpu_time_grows(void **state)
{
    int64_t before, after;
    uint64_t user, system;

    (void)state;
    assert_true(process_cpu_ns(getpid(), &before));
    burn(30000000);
    assert_true(process_cpu_ns(getpid(), &after));
    assert_in_range(after - before, 30000000, 300000000);
    assert_true(process_cpu_split_us(getpid(), &user, &system));
    assert_true((int64_t)(user + system) * 1000 <= after + 100000000);
}

static void memory_is_ours(void **state)
{
    uint64_t bytes;
    unsigned threads;

    (void)state;
    assert_true(process_memory(getpid(), &bytes, &threads));
    assert_true(bytes > 100000);
    assert_int_equal(threads, 1);
}

static void no_process_no_figures(void **state)
{
    int64_t ns;
    uint64_t bytes, system;
    unsigned threads;
    pid_t none = 0x3ffffff; /* above any pid_max */

    (void)state;
    assert_false(process_cpu_ns(none, &ns));
    assert_false(process_memory(none, &bytes, &threads));
    assert_false(process_cpu_split_us(none, &bytes, &system));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_time_grows),
        cmocka_unit_test(memory_is_ours),
        cmocka_unit_test(no_process_no_figures),
    };

    return test_group_run(tests);
}
