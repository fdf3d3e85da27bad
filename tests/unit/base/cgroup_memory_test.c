/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of control groups, in both versions, from files as the kernel shows them. */
#include "base/cgroup_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/directory.h"
#include "lib/test.h"

static char top[] = "/tmp/mainstay-cgroup-XXXXXX";

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

static uint64_t limit(const char *groups)
{
    char path[64];

    put("groups", groups);
    (void)snprintf(path, sizeof(path), "%s/groups", top);
    return cgroup_memory_bytes(path, top);
}

static void version_2(void **state)
{
    (void)state;
    put("system.slice/a.service/memory.max", "max\n");
    assert_int_equal(limit("0::/system.slice/a.service\n"), UINT64_MAX);
    put("system.slice/memory.max", "5000000\n");
    assert_int_equal(limit("0::/system.slice/a.service\n"), 5000000);
    put("system.slice/a.service/memory.max", "4000000\n");
    assert_int_equal(limit("0::/system.slice/a.service\n"), 4000000);
    assert_int_equal(limit("0::/other\n"), UINT64_MAX);
    put("memory.max", "3000000\n"); /* of a container, which sees its own group as the root */
    assert_int_equal(limit("0::/\n"), 3000000);
    assert_int_equal(limit("0::/system.slice/a.service\n"), 3000000);
}

static void version_1(void **state)
{
    static const char groups[] = "12:cpu,cpuacct:/x\n11:memory,hugetlb:/user/b\n1:name=systemd:/\n";

    (void)state;
    assert_int_equal(limit(groups), UINT64_MAX);
    put("memory/user/memory.limit_in_bytes", "7000000\n");
    assert_int_equal(limit(groups), 7000000);
    assert_int_equal(limit("12:cpu:/user\n11:memoryless:/user\n"), UINT64_MAX);
}

static void nothing(void **state)
{
    (void)state;
    assert_int_equal(limit(""), UINT64_MAX);
    assert_int_equal(limit("nonsense\n:\n0:\n"), UINT64_MAX);
    assert_int_equal(cgroup_memory_bytes("/nonexistent/cgroup", top), UINT64_MAX);
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
        cmocka_unit_test(nothing),
        cmocka_unit_test(version_1),
        cmocka_unit_test(version_2),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
