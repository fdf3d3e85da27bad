/* SPDX-License-Identifier: Apache-2.0 */
/* access(): what owner, group and others may do by mode. */
#include "backend/contract.h"

#define FILE_BITS (VFS_MAY_READ | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_EXECUTE)
#define DIR_BITS (VFS_MAY_READ | VFS_MAY_LOOKUP | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE)

static uint32_t file_grant(uint32_t rwx)
{
    return (rwx & 4 ? VFS_MAY_READ : 0) | (rwx & 2 ? VFS_MAY_MODIFY | VFS_MAY_EXTEND : 0) |
           (rwx & 1 ? VFS_MAY_EXECUTE : 0);
}

/* Changing entries needs w and x together. */
static uint32_t dir_grant(uint32_t rwx)
{
    return (rwx & 4 ? VFS_MAY_READ : 0) | (rwx & 1 ? VFS_MAY_LOOKUP : 0) |
           ((rwx & 3) == 3 ? VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_DELETE : 0);
}

/* `bits` for owner, group or others, the complement for the other two. */
static uint32_t mode_with(uint32_t bits, uint32_t who)
{
    uint32_t shift = 6 - 3 * who;

    return ((~bits & 7) * 0111 & ~(7u << shift)) | bits << shift;
}

static void file_access_follows_the_mode(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    const struct vfs_cred *creds[] = {&c->owner, &c->member, &c->other};

    for (uint32_t bits = 0; bits < 8; bits++) {
        for (uint32_t who = 0; who < 3; who++) {
            assert_ok(do_chmod(file, &c->owner, mode_with(bits, who)));
            assert_int_equal(do_access(file, creds[who], FILE_BITS), file_grant(bits));
        }
    }
    vfs_object_put(file);
}

static void directory_access_follows_the_mode(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    const struct vfs_cred *creds[] = {&c->owner, &c->member, &c->other};

    for (uint32_t bits = 0; bits < 8; bits++) {
        for (uint32_t who = 0; who < 3; who++) {
            assert_ok(do_chmod(dir, &c->owner, mode_with(bits, who)));
            assert_int_equal(do_access(dir, creds[who], DIR_BITS), dir_grant(bits));
        }
    }
    vfs_object_put(dir);
}

static void access_gives_no_more_than_asked(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0700);

    assert_int_equal(do_access(file, &c->owner, FILE_BITS), FILE_BITS);
    for (uint32_t bit = 1; bit <= VFS_MAY_EXECUTE; bit <<= 1)
        assert_int_equal(do_access(file, &c->owner, bit), bit & FILE_BITS);
    assert_int_equal(do_access(file, &c->owner, 0), 0);
    vfs_object_put(file);
}

static void root_may_all_but_run_a_text(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0);
    struct vfs_object *dir = make(c->root, &c->owner, "dir", VFS_DIR, 0);

    assert_int_equal(do_access(file, &c->super, FILE_BITS), FILE_BITS & ~VFS_MAY_EXECUTE);
    assert_int_equal(do_access(dir, &c->super, DIR_BITS), DIR_BITS);
    assert_ok(do_chmod(file, &c->owner, 0001));
    assert_int_equal(do_access(file, &c->super, FILE_BITS), FILE_BITS);
    vfs_object_put(dir);
    vfs_object_put(file);
}

/* Any of the caller's groups counts: the first or a further one, and the last of many. */
static void further_groups_count(void **state)
{
    struct contract *c = *state;
    uint32_t gids[LIMIT_CALLER_GIDS];
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0040);
    struct vfs_cred cred = c->other;

    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), 0);
    cred.gids = gids;
    while (cred.gid_count < LIMIT_CALLER_GIDS - 1)
        gids[cred.gid_count++] = 5000;
    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), 0);
    gids[cred.gid_count++] = CONTRACT_OWNER;
    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), VFS_MAY_READ);
    gids[0] = CONTRACT_OWNER;
    gids[LIMIT_CALLER_GIDS - 1] = 5000;
    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), VFS_MAY_READ);
    gids[0] = 5000;
    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), 0);
    cred.gid_count = 0;
    cred.gid = CONTRACT_OWNER;
    assert_int_equal(do_access(file, &cred, VFS_MAY_READ), VFS_MAY_READ);
    vfs_object_put(file);
}

static bool ignore_entry(void *arg, const struct vfs_dirent *entry)
{
    uint32_t *count = arg;

    (void)entry;
    (*count)++;
    return true;
}

static void list_needs_r(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    uint32_t count = 0;
    struct vfs_readdir rd = {.emit = ignore_entry, .arg = &count};

    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0644));
    assert_ok(do_chmod(dir, &c->owner, 0773));
    assert_status(c->fs->ops->readdir(dir, &c->other, &rd), VFS_ACCESS);
    assert_int_equal(count, 0);
    assert_ok(c->fs->ops->readdir(dir, &c->super, &rd));
    assert_int_equal(count, 1);
    assert_ok(do_chmod(dir, &c->owner, 0774));
    assert_ok(c->fs->ops->readdir(dir, &c->other, &rd)); /* names, without x */
    assert_int_equal(count, 2);
    vfs_object_put(dir);
}

static bool count_details(void *arg, const struct vfs_dirent *entry)
{
    uint32_t *count = arg;

    *count += (entry->attr != NULL) + (entry->handle != NULL);
    return true;
}

/* Permission to list names does not include their attributes. */
static void attributes_in_a_list_need_x(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    uint32_t count = 0;
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_SIZE, .want_handle = true, .emit = count_details, .arg = &count};

    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0644));
    assert_ok(do_chmod(dir, &c->owner, 0774));
    assert_ok(c->fs->ops->readdir(dir, &c->other, &rd));
    assert_int_equal(count, 0);
    assert_ok(do_chmod(dir, &c->owner, 0775));
    assert_ok(c->fs->ops->readdir(dir, &c->other, &rd));
    assert_int_equal(count, 2);
    vfs_object_put(dir);
}

/* access checks agree with the calls: what a call refuses was predicted, and nothing else. */
static void assert_foretold(enum vfs_status told, enum vfs_status done)
{
    assert_status(told, vfs_refusal(done));
}

static void refusals_of_setattr_are_foretold(void **state)
{
    static const struct vfs_attr wishes[] = {
        {.mask = VFS_ATTR_SIZE, .size = 1},
        {.mask = VFS_ATTR_MODE, .mode = 0644},
        {.mask = VFS_ATTR_MTIME, .mtime = {.tv_sec = 1}},
        {.mask = VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW},
    };
    struct contract *c = *state;
    const struct vfs_cred *creds[] = {&c->owner, &c->member, &c->other, &c->super};
    struct vfs_object *file = make_file(c, "file");
    const struct vfs_ops *ops = c->fs->ops;
    uint32_t applied;

    for (size_t i = 0; i < ARRAY_SIZE(wishes) * ARRAY_SIZE(creds) * 2; i++) {
        const struct vfs_attr *wish = &wishes[i / 2 % ARRAY_SIZE(wishes)];
        const struct vfs_cred *cred = creds[i / 2 / ARRAY_SIZE(wishes)];

        assert_ok(do_chmod(file, &c->owner, i & 1 ? 0620 : 0444));
        assert_foretold(ops->may_setattr(file, cred, wish, false),
                        ops->setattr(file, cred, wish, false, &applied));
    }
    vfs_object_put(file);
}

/* In directories of these modes, with one of the owner's files in each. */
static void refusals_of_names_are_foretold(void **state)
{
    static const uint32_t modes[] = {0755, 0777, 0775, 0766, 01777, 01775, 0555};
    struct contract *c = *state;
    const struct vfs_cred *creds[] = {&c->member, &c->other, &c->super};
    const struct vfs_ops *ops = c->fs->ops;
    const struct vfs_name name = name_of("file");

    for (size_t i = 0; i < ARRAY_SIZE(modes) * ARRAY_SIZE(creds); i++) {
        const struct vfs_cred *cred = creds[i / ARRAY_SIZE(modes)];
        struct vfs_object *dir = make_dir(c, "dir"), *file;

        file = make(dir, &c->owner, "file", VFS_REG, 0644);
        assert_ok(do_chmod(dir, &c->owner, modes[i % ARRAY_SIZE(modes)]));
        assert_foretold(ops->may_link(file, dir, cred), do_link(file, dir, cred, "more"));
        assert_foretold(ops->may_remove(dir, cred, &name), do_remove(dir, cred, "file"));
        assert_ok(do_chmod(dir, &c->owner, 0777));
        (void)do_remove(dir, &c->owner, "file");
        (void)do_remove(dir, &c->owner, "more");
        assert_ok(do_remove(c->root, &c->owner, "dir"));
        vfs_object_put(file);
        vfs_object_put(dir);
    }
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(file_access_follows_the_mode, NEEDS_USERS),
    CONTRACT_TEST(directory_access_follows_the_mode, NEEDS_USERS),
    CONTRACT_TEST(access_gives_no_more_than_asked, NEEDS_NOTHING),
    CONTRACT_TEST(root_may_all_but_run_a_text, NEEDS_USERS),
    CONTRACT_TEST(further_groups_count, NEEDS_USERS),
    CONTRACT_TEST(list_needs_r, NEEDS_USERS),
    CONTRACT_TEST(attributes_in_a_list_need_x, NEEDS_USERS),
    CONTRACT_TEST(refusals_of_setattr_are_foretold, NEEDS_USERS),
    CONTRACT_TEST(refusals_of_names_are_foretold, NEEDS_USERS),
};

CONTRACT_GROUP(permission, tests);
