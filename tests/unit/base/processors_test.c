/* SPDX-License-Identifier: Apache-2.0 */
/* CPU quotas of control groups, in both versions, from files as the kernel shows them; affinity. */
#include "base/processors.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/directory.h"
#include "lib/test.h"

static char top[] = "/tmp/mainstay-processors-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", top, name);
    for (char *slash = strchr(path + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static uint64_t quota(const char *groups)
{
    char path[64];

    put("groups", groups);
    (void)snprintf(path, sizeof(path), "%s/groups", top);
    return processors_quota(path, top);
}

static void version_2(void **state)
{
    (void)state;
    put("a.slice/b.service/cpu.max", "max 100000\n");
    assert_int_equal(quota("0::/a.slice/b.service\n"), UINT64_MAX);
    put("a.slice/cpu.max", "350000 100000\n");
    assert_int_equal(quota("0::/a.slice/b.service\n"), 3500);
    put("a.slice/b.service/cpu.max", "25000 50000\n");
    assert_int_equal(quota("0::/a.slice/b.service\n"), 500);
    put("a.slice/b.service/cpu.max", "99999999999999999999 0\n");
    assert_int_equal(quota("0::/a.slice/b.service\n"), 3500);
    put("a.slice/b.service/cpu.max", "");
    assert_int_equal(quota("0::/a.slice/b.service\n"), 3500);
    assert_int_equal(quota("0::/other\n"), UINT64_MAX);
}

static void version_1(void **state)
{
    static const char groups[] = "11:memory:/x\n4:cpu,cpuacct:/user/b\n1:name=systemd:/\n";

    (void)state;
    assert_int_equal(quota(groups), UINT64_MAX);
    put("cpu/user/cpu.cfs_quota_us", "-1\n");
    put("cpu/user/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota(groups), UINT64_MAX);
    put("cpu/user/cpu.cfs_quota_us", "150000\n");
    assert_int_equal(quota(groups), 1500);
    assert_int_equal(quota("4:cpuset,cpuacct:/user/b\n"), UINT64_MAX);
    put("cpu/user/cpu.cfs_period_us", "0\n");
    assert_int_equal(quota(groups), UINT64_MAX);
}

static void affinity(void **state)
{
    cpu_set_t all, one;
    int cpu = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_in_range(processors_available(), 1, CPU_COUNT(&all));
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(processors_available(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return directory_remove(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1),
        cmocka_unit_test(version_2),
        cmocka_unit_test(affinity),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
