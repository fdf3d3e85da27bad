/* SPDX-License-Identifier: Apache-2.0 */
/* Every status has a name of its own, and no number of errno or nfsstat4. */
#include <string.h>

#include "lib/test.h"
#include "vfs/vfs.h"

static void names_are_distinct(void **state)
{
    (void)state;
    for (int a = VFS_PERM; a <= VFS_SERVERFAULT; a++) {
        const char *name = vfs_status_name((enum vfs_status)a);

        assert_true(strlen(name) > 1);
        for (int b = VFS_PERM; b < a; b++)
            assert_string_not_equal(name, vfs_status_name((enum vfs_status)b));
    }
}

static void names_fit(void **state)
{
    (void)state;
    assert_string_equal(vfs_status_name(VFS_OK), "OK");
    assert_string_equal(vfs_status_name(VFS_PERM), "PERM");
    assert_string_equal(vfs_status_name(VFS_NOTEMPTY), "NOTEMPTY");
    assert_string_equal(vfs_status_name(VFS_WRONG_TYPE), "WRONG_TYPE");
    assert_string_equal(vfs_status_name(VFS_SERVERFAULT), "SERVERFAULT");
}

static void foreign_numbers_have_none(void **state)
{
    (void)state;
    assert_string_equal(vfs_status_name((enum vfs_status)13), "?");
    assert_string_equal(vfs_status_name((enum vfs_status)(VFS_SERVERFAULT + 1)), "?");
    assert_string_equal(vfs_status_name((enum vfs_status)(VFS_PERM - 1)), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_distinct),
        cmocka_unit_test(names_fit),
        cmocka_unit_test(foreign_numbers_have_none),
    };

    return test_group_run(tests);
}
