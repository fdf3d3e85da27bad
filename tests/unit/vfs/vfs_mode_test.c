/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX permission rules, over all modes where that is cheap. */
#include "base/check.h"
#include "lib/test.h"
#include "vfs/vfs_mode.h"

static const struct vfs_cred root = {.uid = 0, .gid = 0};
static const struct vfs_cred owner = {
    .uid = 10, .gid = 20, .gid_count = 2, .gids = (const uint32_t[]){21, 22}};
static const struct vfs_cred member = {
    .uid = 11, .gid = 99, .gid_count = 1, .gids = (const uint32_t[]){20}};
static const struct vfs_cred other = {.uid = 12, .gid = 99};

static struct vfs_attr object(enum vfs_type type, uint32_t mode)
{
    return (struct vfs_attr){.type = type, .mode = mode, .uid = 10, .gid = 20};
}

static void groups_are_first_or_further(void **state)
{
    uint32_t gids[LIMIT_CALLER_GIDS];
    struct vfs_cred full = {.uid = 1, .gid = 2, .gid_count = LIMIT_CALLER_GIDS, .gids = gids};

    (void)state;
    for (uint32_t i = 0; i < LIMIT_CALLER_GIDS; i++)
        gids[i] = 100 + i;
    assert_true(vfs_cred_in_group(&full, 2));
    assert_true(vfs_cred_in_group(&full, 100));
    assert_true(vfs_cred_in_group(&full, 100 + LIMIT_CALLER_GIDS - 1));
    assert_false(vfs_cred_in_group(&full, 100 + LIMIT_CALLER_GIDS));
    full.gid_count = 1;
    assert_false(vfs_cred_in_group(&full, 101));
}

/* The most specific triple decides, even when it grants less. */
static void one_triple_decides(void **state)
{
    (void)state;
    for (uint32_t mode = 0; mode < 01000; mode++) {
        struct vfs_attr file = object(VFS_REG, mode);

        assert_int_equal(vfs_mode_rwx(&file, &owner), mode >> 6);
        assert_int_equal(vfs_mode_rwx(&file, &member), mode >> 3 & 7);
        assert_int_equal(vfs_mode_rwx(&file, &other), mode & 7);
    }
}

static void root_lacks_only_x(void **state)
{
    (void)state;
    for (uint32_t mode = 0; mode < 01000; mode++) {
        struct vfs_attr file = object(VFS_REG, mode), dir = object(VFS_DIR, mode);
        struct vfs_attr attrdir = object(VFS_ATTRDIR, mode), attr = object(VFS_NAMEDATTR, mode);

        assert_int_equal(vfs_mode_rwx(&file, &root), mode & 0111 ? 7 : 6);
        assert_int_equal(vfs_mode_rwx(&dir, &root), 7);
        assert_int_equal(vfs_mode_rwx(&attrdir, &root), 7);
        assert_int_equal(vfs_mode_rwx(&attr, &root), mode & 0111 ? 7 : 6);
    }
}

static void access_bits_of_files(void **state)
{
    struct vfs_attr file = object(VFS_REG, 0421);

    (void)state;
    assert_int_equal(vfs_mode_access(&file, &owner, 0x3f), VFS_MAY_READ);
    assert_int_equal(vfs_mode_access(&file, &member, 0x3f), VFS_MAY_MODIFY | VFS_MAY_EXTEND);
    assert_int_equal(vfs_mode_access(&file, &other, 0x3f), VFS_MAY_EXECUTE);
    assert_int_equal(vfs_mode_access(&file, &member, VFS_MAY_EXTEND), VFS_MAY_EXTEND);
    assert_int_equal(vfs_mode_access(&file, &member, 0), 0);
}

static void access_bits_of_directories(void **state)
{
    struct vfs_attr dir = object(VFS_DIR, 0321);
    const uint32_t change = VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE;

    (void)state;
    assert_int_equal(vfs_mode_access(&dir, &owner, 0x3f), change | VFS_MAY_LOOKUP);
    assert_int_equal(vfs_mode_access(&dir, &member, 0x3f), 0); /* w without x */
    assert_int_equal(vfs_mode_access(&dir, &other, 0x3f), VFS_MAY_LOOKUP);
    assert_int_equal(vfs_mode_access(&dir, &root, 0x3f), change | VFS_MAY_LOOKUP | VFS_MAY_READ);
    assert_int_equal(vfs_mode_access(&dir, &root, VFS_MAY_EXECUTE), 0);
    dir.type = VFS_ATTRDIR;
    assert_int_equal(vfs_mode_access(&dir, &owner, 0x3f), change | VFS_MAY_LOOKUP);
}

static void delete_needs_w_and_x(void **state)
{
    struct vfs_attr victim = object(VFS_REG, 0);

    (void)state;
    for (uint32_t bits = 0; bits < 8; bits++) {
        struct vfs_attr dir = object(VFS_DIR, bits);

        assert_int_equal(vfs_mode_may_delete(&dir, &victim, &other),
                         (bits & 3) == 3 ? VFS_OK : VFS_ACCESS);
        assert_int_equal(vfs_mode_may_delete(&dir, &victim, &root), VFS_OK);
    }
}

static void sticky_asks_for_an_owner(void **state)
{
    struct vfs_attr dir = object(VFS_DIR, 01777), victim = object(VFS_REG, 0666);

    (void)state;
    victim.uid = member.uid;
    assert_int_equal(vfs_mode_may_delete(&dir, &victim, &other), VFS_PERM);
    assert_int_equal(vfs_mode_may_delete(&dir, &victim, &member), VFS_OK);
    assert_int_equal(vfs_mode_may_delete(&dir, &victim, &owner), VFS_OK);
    assert_int_equal(vfs_mode_may_delete(&dir, &victim, &root), VFS_OK);
    dir.mode = 01775;
    assert_int_equal(vfs_mode_may_delete(&dir, &victim, &other), VFS_ACCESS);
}

/* setattr of `set` on a file of `mode`; stores the mode afterwards if requested. */
static enum vfs_status try_set(enum vfs_type type, uint32_t mode, const struct vfs_cred *cred,
                               struct vfs_attr set, bool opened, uint32_t *after)
{
    struct vfs_attr cur = object(type, mode);
    uint32_t ignored;

    return vfs_mode_may_setattr(&cur, cred, &set, opened, after ? after : &ignored);
}

static void only_owners_set_modes(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 0777};
    uint32_t after;

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0, &owner, set, false, &after), VFS_OK);
    assert_int_equal(after, 0777);
    assert_int_equal(try_set(VFS_REG, 0, &root, set, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0777, &member, set, false, NULL), VFS_PERM);
    assert_int_equal(try_set(VFS_REG, 0777, &other, set, false, NULL), VFS_PERM);
}

static void size_asks_for_w(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_SIZE};

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0020, &member, set, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0757, &member, set, false, NULL), VFS_ACCESS);
    assert_int_equal(try_set(VFS_REG, 0577, &owner, set, false, NULL), VFS_ACCESS);
    assert_int_equal(try_set(VFS_REG, 0577, &owner, set, true, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0, &root, set, false, NULL), VFS_OK);
}

static void only_root_gives_away(void **state)
{
    struct vfs_attr away = {.mask = VFS_ATTR_UID, .uid = 12};
    struct vfs_attr same = {.mask = VFS_ATTR_UID, .uid = 10};

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0777, &root, away, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0777, &owner, away, false, NULL), VFS_PERM);
    assert_int_equal(try_set(VFS_REG, 0777, &other, away, false, NULL), VFS_PERM);
    assert_int_equal(try_set(VFS_REG, 0777, &owner, same, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0777, &other, same, false, NULL), VFS_PERM);
}

static void groups_go_to_own_groups(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_GID, .gid = 22};

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0777, &owner, set, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0777, &member, set, false, NULL), VFS_PERM);
    set.gid = 23;
    assert_int_equal(try_set(VFS_REG, 0777, &owner, set, false, NULL), VFS_PERM);
    assert_int_equal(try_set(VFS_REG, 0777, &root, set, false, NULL), VFS_OK);
    set.gid = 20; /* unchanged: the owner's groups do not matter */
    assert_int_equal(try_set(VFS_REG, 0777, &owner, set, false, NULL), VFS_OK);
    assert_int_equal(try_set(VFS_REG, 0777, &other, set, false, NULL), VFS_PERM);
}

static void only_owners_set_times_but_now(void **state)
{
    const uint32_t given[] = {VFS_ATTR_ATIME, VFS_ATTR_MTIME, VFS_ATTR_BTIME};
    const uint32_t now[] = {VFS_ATTR_ATIME_NOW, VFS_ATTR_MTIME_NOW};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
        struct vfs_attr set = {.mask = given[i]};

        assert_int_equal(try_set(VFS_REG, 0, &owner, set, false, NULL), VFS_OK);
        assert_int_equal(try_set(VFS_REG, 0777, &other, set, false, NULL), VFS_PERM);
        assert_int_equal(try_set(VFS_REG, 0, &root, set, false, NULL), VFS_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(now); i++) {
        struct vfs_attr set = {.mask = now[i]};

        assert_int_equal(try_set(VFS_REG, 0, &owner, set, false, NULL), VFS_OK);
        assert_int_equal(try_set(VFS_REG, 0002, &other, set, false, NULL), VFS_OK);
        assert_int_equal(try_set(VFS_REG, 0775, &other, set, false, NULL), VFS_ACCESS);
    }
}

static void suid_and_sgid_do_not_survive(void **state)
{
    struct vfs_attr chown = {.mask = VFS_ATTR_UID, .uid = 12};
    struct vfs_attr cut = {.mask = VFS_ATTR_SIZE};
    struct vfs_attr both = {.mask = VFS_ATTR_UID | VFS_ATTR_MODE, .uid = 12, .mode = 06755};
    uint32_t after;

    (void)state;
    assert_int_equal(try_set(VFS_REG, 06755, &root, chown, false, &after), VFS_OK);
    assert_int_equal(after, 0755);
    assert_int_equal(try_set(VFS_REG, 06745, &root, chown, false, &after), VFS_OK);
    assert_int_equal(after, 02745); /* sgid without group x has another meaning */
    assert_int_equal(try_set(VFS_DIR, 06755, &root, chown, false, &after), VFS_OK);
    assert_int_equal(after, 06755);
    assert_int_equal(try_set(VFS_REG, 06777, &other, cut, false, &after), VFS_OK);
    assert_int_equal(after, 0777);
    assert_int_equal(try_set(VFS_REG, 06777, &root, cut, false, &after), VFS_OK);
    assert_int_equal(after, 06777);
    assert_int_equal(try_set(VFS_REG, 0755, &root, both, false, &after), VFS_OK);
    assert_int_equal(after, 06755);
}

static void sgid_of_a_foreign_group_is_refused(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 02755};
    struct vfs_cred outsider = {.uid = 10, .gid = 99};
    uint32_t after;

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0755, &outsider, set, false, &after), VFS_OK);
    assert_int_equal(after, 0755);
    assert_int_equal(try_set(VFS_REG, 0755, &owner, set, false, &after), VFS_OK);
    assert_int_equal(after, 02755);
    assert_int_equal(try_set(VFS_REG, 0755, &root, set, false, &after), VFS_OK);
    assert_int_equal(after, 02755);
}

/* The file's new group counts. */
static void sgid_looks_at_the_new_group(void **state)
{
    struct vfs_attr cur = {.type = VFS_REG, .mode = 0755, .uid = 10, .gid = 77};
    struct vfs_attr set = {.mask = VFS_ATTR_MODE | VFS_ATTR_GID, .mode = 02755, .gid = 21};
    uint32_t after;

    (void)state;
    assert_int_equal(vfs_mode_may_setattr(&cur, &owner, &set, false, &after), VFS_OK);
    assert_int_equal(after, 02755);
}

static void only_permission_bits_are_modes(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 0107644};
    uint32_t after;

    (void)state;
    assert_int_equal(try_set(VFS_REG, 0, &owner, set, false, &after), VFS_OK);
    assert_int_equal(after, 07644);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_first_or_further),
        cmocka_unit_test(one_triple_decides),
        cmocka_unit_test(root_lacks_only_x),
        cmocka_unit_test(access_bits_of_files),
        cmocka_unit_test(access_bits_of_directories),
        cmocka_unit_test(delete_needs_w_and_x),
        cmocka_unit_test(sticky_asks_for_an_owner),
        cmocka_unit_test(only_owners_set_modes),
        cmocka_unit_test(size_asks_for_w),
        cmocka_unit_test(only_root_gives_away),
        cmocka_unit_test(groups_go_to_own_groups),
        cmocka_unit_test(only_owners_set_times_but_now),
        cmocka_unit_test(suid_and_sgid_do_not_survive),
        cmocka_unit_test(sgid_of_a_foreign_group_is_refused),
        cmocka_unit_test(sgid_looks_at_the_new_group),
        cmocka_unit_test(only_permission_bits_are_modes),
    };

    return test_group_run(tests);
}
