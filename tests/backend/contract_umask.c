/* SPDX-License-Identifier: Apache-2.0 */
/* create() with a umask (RFC 8275 §5). */
#include "backend/contract.h"
#include "vfs/vfs_acl.h"

static struct vfs_object *make_masked(struct vfs_object *dir, const struct vfs_cred *cred,
                                      const char *name, enum vfs_type type,
                                      enum vfs_create_mode how)
{
    const struct vfs_attr attr = {
        .mask = VFS_ATTR_MODE | VFS_ATTR_UMASK, .mode = 0666, .umask = 027};
    struct vfs_create create = {.type = type, .mode = how, .attr = &attr, .verifier = 7};
    struct vfs_object *made;

    assert_ok(do_create(dir, cred, name, &create, &made));
    assert_true(create.created);
    assert_true(create.attrs_applied & VFS_ATTR_MODE);
    return made;
}

static void taken_from_the_mode(void **state)
{
    static const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_SOCK, VFS_FIFO};
    static const char *const names[] = {"reg", "dir", "sock", "fifo"};
    struct contract *c = *state;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *made =
            make_masked(c->root, &c->owner, names[i], types[i], VFS_CREATE_GUARDED);

        assert_int_equal(attr_of(made).mode, 0640);
        vfs_object_put(made);
    }
}

static void taken_by_each_kind_of_create(void **state)
{
    static const enum vfs_create_mode how[] = {VFS_CREATE_UNCHECKED, VFS_CREATE_GUARDED,
                                               VFS_CREATE_EXCLUSIVE};
    static const char *const names[] = {"unchecked", "guarded", "exclusive"};
    struct contract *c = *state;

    for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
        struct vfs_object *made = make_masked(c->root, &c->owner, names[i], VFS_REG, how[i]);

        assert_int_equal(attr_of(made).mode, 0640);
        vfs_object_put(made);
    }
}

/* A directory whose ACL says what its entries inherit. */
static struct vfs_object *make_generous(struct contract *c, uint8_t flags)
{
    struct vfs_ace ace = {.who = VFS_ACE_EVERYONE, .flags = flags, .mask = VFS_ACE_RIGHTS};
    struct vfs_acl acl = {.count = 1, .aces = &ace};
    const struct vfs_attr set = {.mask = VFS_ATTR_ACL, .acl = &acl};
    struct vfs_object *dir = make_dir(c, "generous");
    uint32_t applied;

    assert_ok(dir->fs->ops->setattr(dir, &c->owner, &set, false, &applied));
    return dir;
}

static void an_inherited_acl_counts_instead(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_generous(c, VFS_ACE_FILE_INHERIT);
    struct vfs_object *file = make_masked(dir, &c->owner, "file", VFS_REG, VFS_CREATE_GUARDED);
    struct vfs_object *sub = make_masked(dir, &c->owner, "sub", VFS_SOCK, VFS_CREATE_GUARDED);

    assert_int_equal(attr_of(file).mode, 0666);
    vfs_object_put(sub);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void an_acl_that_is_not_inherited_does_not(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_generous(c, 0);
    struct vfs_object *file = make_masked(dir, &c->owner, "file", VFS_REG, VFS_CREATE_GUARDED);

    assert_int_equal(attr_of(file).mode, 0640);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(taken_from_the_mode, NEEDS_NOTHING),
    CONTRACT_TEST(taken_by_each_kind_of_create, NEEDS_NOTHING),
    CONTRACT_TEST(an_inherited_acl_counts_instead, NEEDS_ACL),
    CONTRACT_TEST(an_acl_that_is_not_inherited_does_not, NEEDS_ACL),
};

CONTRACT_GROUP(umask, tests);
