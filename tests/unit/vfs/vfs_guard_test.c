/* SPDX-License-Identifier: Apache-2.0 */
/* What an ACL permits, and what uid 0 and the owner may do besides. */
#include "lib/test.h"
#include "vfs/vfs_guard.h"
#include "vfs/vfs_mode.h"

enum {
    R = VFS_ACE_READ_DATA,
    W = VFS_ACE_WRITE_DATA,
    A = VFS_ACE_APPEND_DATA,
    X = VFS_ACE_EXECUTE,
    STICKY = 01000,
};

static const struct vfs_cred root = {.uid = 0, .gid = 0};
static const struct vfs_cred owner = {
    .uid = 10, .gid = 20, .gid_count = 1, .gids = (const uint32_t[]){21}};
static const struct vfs_cred other = {.uid = 12, .gid = 99};

/* An object of uid 10 whose ACL has one or two entries, for everyone. */
struct guarded {
    struct vfs_attr attr;
    struct vfs_ace aces[2];
    struct vfs_acl acl;
};

static struct vfs_guard guard(struct guarded *g, enum vfs_type type, uint32_t allow, uint32_t deny)
{
    *g = (struct guarded){
        .attr = {.type = type, .uid = 10, .gid = 20},
        .aces = {{.who = VFS_ACE_EVERYONE, .mask = deny, .deny = true},
                 {.who = VFS_ACE_EVERYONE, .mask = allow}},
        .acl = {.count = 2},
    };
    g->acl.aces = g->aces;
    return (struct vfs_guard){.attr = &g->attr, .acl = &g->acl};
}

static struct vfs_guard by_mode(struct guarded *g, enum vfs_type type, uint32_t mode)
{
    *g = (struct guarded){.attr = {.type = type, .mode = mode, .uid = 10, .gid = 20}};
    return (struct vfs_guard){.attr = &g->attr};
}

static void without_an_acl_the_mode_counts(void **state)
{
    struct guarded g, dir;

    (void)state;
    for (uint32_t mode = 0; mode < 01000; mode++) {
        struct vfs_guard obj = by_mode(&g, VFS_REG, mode);

        assert_int_equal(vfs_guard_rwx(obj, &other), vfs_mode_rwx(&g.attr, &other));
        assert_int_equal(vfs_guard_access(obj, &other, 0x3f),
                         vfs_mode_access(&g.attr, &other, 0x3f));
        assert_int_equal(vfs_guard_may(obj, &other, R), (mode & 4) != 0);
        assert_int_equal(vfs_guard_may(obj, &other, A), (mode & 2) != 0);
        assert_int_equal(vfs_guard_may(obj, &other, X), (mode & 1) != 0);
        assert_true(vfs_guard_may_read_acl(obj, &other));
        assert_int_equal(vfs_guard_may_delete(by_mode(&dir, VFS_DIR, mode), obj, &other),
                         (mode & 3) == 3 ? VFS_OK : VFS_ACCESS);
    }
}

/* Writing a file takes both rights, since append-only access is not supported. */
static void files(void **state)
{
    static const struct {
        uint32_t allow, access, rwx;
    } cases[] = {
        {0, 0, 0},
        {R, VFS_MAY_READ, 4},
        {X, VFS_MAY_EXECUTE, 1},
        {W, 0, 0},
        {A, 0, 0},
        {W | A, VFS_MAY_MODIFY | VFS_MAY_EXTEND, 2},
        {R | W | A | X, VFS_MAY_READ | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_EXECUTE, 7},
    };
    struct guarded g;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_guard obj = guard(&g, VFS_REG, cases[i].allow, 0);

        assert_int_equal(vfs_guard_access(obj, &other, 0x3f), cases[i].access);
        assert_int_equal(vfs_guard_rwx(obj, &other), cases[i].rwx);
    }
}

static void directories(void **state)
{
    const uint32_t all = VFS_MAY_LOOKUP | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE;
    static const uint32_t child = VFS_ACE_DELETE_CHILD;
    const struct {
        uint32_t allow, deny, access;
    } cases[] = {
        {R, 0, VFS_MAY_READ},
        {X, 0, VFS_MAY_LOOKUP},
        {W | A | child, 0, 0}, /* changes need the right to search */
        {X | W, 0, all},
        {X | A, 0, VFS_MAY_LOOKUP | VFS_MAY_EXTEND},
        {X | W, child, VFS_MAY_LOOKUP | VFS_MAY_EXTEND},
        {X | child, 0, VFS_MAY_LOOKUP | VFS_MAY_DELETE},
        {X | child | W, 0, all},
    };
    struct guarded g;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(
            vfs_guard_access(guard(&g, VFS_DIR, cases[i].allow, cases[i].deny), &other, 0x3f),
            cases[i].access);
}

static void root_executes_only_executable_files(void **state)
{
    struct guarded g;

    (void)state;
    assert_int_equal(vfs_guard_rwx(guard(&g, VFS_REG, 0, R | W | A | X), &root), 6);
    assert_int_equal(vfs_guard_rwx(guard(&g, VFS_REG, X, 0), &root), 7);
    assert_int_equal(vfs_guard_rwx(guard(&g, VFS_DIR, 0, X), &root), 7);
    assert_true(
        vfs_guard_may(guard(&g, VFS_REG, 0, VFS_ACE_RIGHTS), &root, VFS_ACE_RIGHTS & ~(uint32_t)X));
}

/* The owner must be able to repair it. */
static void owners_keep_the_acl(void **state)
{
    const uint32_t always = VFS_ACE_READ_ACL | VFS_ACE_WRITE_ACL;
    const uint32_t unless = VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_OWNER;
    struct guarded g;

    (void)state;
    assert_true(vfs_guard_may(guard(&g, VFS_REG, 0, VFS_ACE_RIGHTS), &owner, always));
    assert_true(vfs_guard_may(guard(&g, VFS_REG, 0, 0), &owner, always | unless));
    assert_false(vfs_guard_may(guard(&g, VFS_REG, 0, unless), &owner, VFS_ACE_WRITE_OWNER));
    assert_false(vfs_guard_may(guard(&g, VFS_REG, 0, unless), &owner, VFS_ACE_WRITE_ATTRIBUTES));
    assert_false(vfs_guard_may(guard(&g, VFS_REG, 0, 0), &owner, R));
    assert_false(vfs_guard_may_read_acl(guard(&g, VFS_REG, R, 0), &other));
    assert_true(vfs_guard_may_read_acl(guard(&g, VFS_REG, VFS_ACE_READ_ACL, 0), &other));
}

static void attributes_are_read_unless_denied(void **state)
{
    struct guarded g;

    (void)state;
    assert_int_equal(vfs_guard_access(guard(&g, VFS_REG, 0, 0), &other, VFS_MAY_READ_ATTR),
                     VFS_MAY_READ_ATTR);
    assert_int_equal(
        vfs_guard_access(guard(&g, VFS_REG, 0, VFS_ACE_READ_ATTRIBUTES), &other, VFS_MAY_READ_ATTR),
        0);
    assert_int_equal(
        vfs_guard_access(guard(&g, VFS_REG, 0, VFS_ACE_READ_ATTRIBUTES), &root, VFS_MAY_READ_ATTR),
        VFS_MAY_READ_ATTR);
}

/* RFC 8881 §6.2.1.3.2 */
static void deleting_asks_both(void **state)
{
    enum {
        CHILD = VFS_ACE_DELETE_CHILD,
        SELF = VFS_ACE_DELETE,
    };
    static const struct {
        uint32_t dir_allow, dir_deny, allow, deny, sticky;
        enum vfs_status status;
    } cases[] = {
        {X, 0, 0, 0, 0, VFS_ACCESS},
        {X | W, 0, 0, 0, 0, VFS_OK},
        {W, 0, 0, 0, 0, VFS_ACCESS},
        {X | A, 0, 0, 0, 0, VFS_ACCESS},
        {X | CHILD, 0, 0, 0, 0, VFS_OK},
        {X | CHILD, 0, 0, SELF, 0, VFS_OK}, /* either is enough, even if the other denies */
        {X, CHILD, SELF, 0, 0, VFS_OK},
        {X | W, CHILD, 0, 0, 0, VFS_ACCESS},
        {X | W, 0, 0, SELF, 0, VFS_ACCESS},
        {CHILD, 0, SELF, 0, 0, VFS_ACCESS},
        {X | W, 0, 0, 0, STICKY, VFS_PERM},
        {X | W | CHILD, 0, 0, 0, STICKY, VFS_OK},
    };
    struct guarded dir, victim;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct vfs_guard from = guard(&dir, VFS_DIR, cases[i].dir_allow, cases[i].dir_deny);
        struct vfs_guard it = guard(&victim, VFS_REG, cases[i].allow, cases[i].deny);

        dir.attr.mode = cases[i].sticky;
        if (vfs_guard_may_delete(from, it, &other) != cases[i].status)
            fail_msg("case %zu", i);
        assert_int_equal(vfs_guard_may_delete(from, it, &root), VFS_OK);
    }
}

static enum vfs_status try_set(const struct vfs_cred *cred, uint32_t allow, uint32_t deny,
                               struct vfs_attr set, uint32_t *after)
{
    struct guarded g;
    struct vfs_guard obj = guard(&g, VFS_REG, allow, deny);

    g.attr.mode = 04755;
    return vfs_guard_may_setattr(obj, cred, &set, false, after);
}

static void setting_attributes(void **state)
{
    enum {
        ATTRS = VFS_ACE_WRITE_ATTRIBUTES,
        ACL = VFS_ACE_WRITE_ACL,
        OWNER = VFS_ACE_WRITE_OWNER,
    };
    const struct {
        const struct vfs_cred *cred;
        struct vfs_attr set;
        uint32_t allow, deny;
        enum vfs_status status;
    } cases[] = {
        {&other, {.mask = VFS_ATTR_SIZE}, W | A, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_SIZE}, W, 0, VFS_ACCESS},
        {&owner, {.mask = VFS_ATTR_SIZE}, 0, 0, VFS_ACCESS},
        {&root, {.mask = VFS_ATTR_SIZE}, 0, W, VFS_OK},
        {&other, {.mask = VFS_ATTR_MODE}, 0, 0, VFS_PERM},
        {&other, {.mask = VFS_ATTR_MODE}, ACL, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_ACL}, 0, 0, VFS_PERM},
        {&other, {.mask = VFS_ATTR_ACL}, ACL, 0, VFS_OK},
        {&owner, {.mask = VFS_ATTR_ACL}, 0, ACL, VFS_OK},
        {&other, {.mask = VFS_ATTR_MTIME}, W, 0, VFS_PERM},
        {&other, {.mask = VFS_ATTR_MTIME}, ATTRS, 0, VFS_OK},
        {&owner, {.mask = VFS_ATTR_MTIME}, 0, 0, VFS_OK},
        {&owner, {.mask = VFS_ATTR_MTIME}, 0, ATTRS, VFS_PERM},
        {&other, {.mask = VFS_ATTR_MTIME_NOW}, 0, 0, VFS_ACCESS},
        {&other, {.mask = VFS_ATTR_MTIME_NOW}, W, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_MTIME_NOW}, ATTRS, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_UID, .uid = 12}, 0, 0, VFS_PERM},
        {&other, {.mask = VFS_ATTR_UID, .uid = 12}, OWNER, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_UID, .uid = 13}, OWNER, 0, VFS_PERM},
        {&other, {.mask = VFS_ATTR_GID, .gid = 99}, OWNER, 0, VFS_OK},
        {&other, {.mask = VFS_ATTR_GID, .gid = 98}, OWNER, 0, VFS_PERM},
        {&owner, {.mask = VFS_ATTR_UID, .uid = 12}, 0, 0, VFS_PERM},
        {&owner, {.mask = VFS_ATTR_GID, .gid = 21}, 0, 0, VFS_OK},
        {&owner, {.mask = VFS_ATTR_GID, .gid = 21}, 0, OWNER, VFS_PERM},
        {&root, {.mask = VFS_ATTR_UID, .uid = 13}, 0, OWNER, VFS_OK},
    };
    uint32_t after;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (try_set(cases[i].cred, cases[i].allow, cases[i].deny, cases[i].set, &after) !=
            cases[i].status)
            fail_msg("case %zu", i);
    }
}

/* A user that may write the mode, and perhaps the data, must not gain the owner's identity. */
static void only_owners_give_suid(void **state)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 06755};
    uint32_t after;

    (void)state;
    assert_int_equal(try_set(&other, VFS_ACE_WRITE_ACL, 0, set, &after), VFS_OK);
    assert_int_equal(after, 0755);
    assert_int_equal(try_set(&owner, 0, 0, set, &after), VFS_OK);
    assert_int_equal(after, 06755);
    set = (struct vfs_attr){.mask = VFS_ATTR_UID, .uid = 12};
    assert_int_equal(try_set(&other, VFS_ACE_WRITE_OWNER, 0, set, &after), VFS_OK);
    assert_int_equal(after, 0755);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_acl_the_mode_counts),
        cmocka_unit_test(files),
        cmocka_unit_test(directories),
        cmocka_unit_test(root_executes_only_executable_files),
        cmocka_unit_test(owners_keep_the_acl),
        cmocka_unit_test(attributes_are_read_unless_denied),
        cmocka_unit_test(deleting_asks_both),
        cmocka_unit_test(setting_attributes),
        cmocka_unit_test(only_owners_give_suid),
    };

    return test_group_run(tests);
}
