/* SPDX-License-Identifier: Apache-2.0 */
/* open and close: permission is checked at open, not afterwards. */
#include "backend/contract.h"

static enum vfs_status try_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                enum vfs_open_want want, bool created)
{
    enum vfs_status status = obj->fs->ops->open(obj, cred, want, created);

    if (status == VFS_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

static void only_files_open(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "x");
    struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0666);
    struct vfs_object *sock = make(c->root, &c->owner, "sock", VFS_SOCK, 0666);

    assert_status(try_open(c->root, &c->owner, VFS_WANT_READ, false), VFS_ISDIR);
    assert_status(try_open(link, &c->owner, VFS_WANT_READ, false), VFS_SYMLINK);
    assert_status(try_open(fifo, &c->owner, VFS_WANT_READ, false), VFS_WRONG_TYPE);
    assert_status(try_open(sock, &c->owner, VFS_WANT_BOTH, false), VFS_WRONG_TYPE);
    vfs_object_put(sock);
    vfs_object_put(fifo);
    vfs_object_put(link);
}

static void opens_stack(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[4];
    uint32_t got;
    bool eof;

    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_BOTH, false));
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    c->fs->ops->close(file, VFS_WANT_READ);
    assert_ok(do_write(file, &c->owner, 0, "abc", 3));
    c->fs->ops->close(file, VFS_WANT_WRITE);
    assert_ok(do_read(file, 0, buf, 4, &got, &eof));
    assert_int_equal(got, 3);
    assert_ok(do_write(file, &c->owner, 3, "d", 1));
    c->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
}

static void open_checks_the_mode(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    const struct vfs_cred *creds[] = {&c->owner, &c->member, &c->other};

    for (uint32_t bits = 0; bits < 8; bits++) {
        for (uint32_t who = 0; who < 3; who++) {
            uint32_t shift = 6 - 3 * who;
            bool r = bits & 4, w = bits & 2, x = bits & 1;

            /* other classes get the complement, so that only the right triple counts */
            assert_ok(do_chmod(file, &c->owner,
                               (0777 & ~(7u << shift) & ((~bits & 7) * 0111)) | bits << shift));
            assert_status(try_open(file, creds[who], VFS_WANT_READ, false),
                          r || x ? VFS_OK : VFS_ACCESS);
            assert_status(try_open(file, creds[who], VFS_WANT_WRITE, false),
                          w ? VFS_OK : VFS_ACCESS);
            assert_status(try_open(file, creds[who], VFS_WANT_BOTH, false),
                          r && w ? VFS_OK : VFS_ACCESS);
            assert_ok(try_open(file, &c->super, VFS_WANT_BOTH, false));
        }
    }
    vfs_object_put(file);
}

/* open(O_CREAT | O_WRONLY, 0400) works for the creator. */
static void maker_passes_its_own_mode(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0400);

    assert_ok(try_open(file, &c->owner, VFS_WANT_BOTH, true));
    assert_status(try_open(file, &c->owner, VFS_WANT_WRITE, false), VFS_ACCESS);
    assert_status(try_open(file, &c->other, VFS_WANT_WRITE, true), VFS_ACCESS);
    vfs_object_put(file);
}

/* Whoever says so has not made it for that. */
static void nobody_else_passes_as_the_maker(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0400);
    struct vfs_object *given = make(c->root, &c->owner, "given", VFS_REG, 0400);
    struct vfs_cred nobody = c->other;

    assert_status(try_open(file, &c->other, VFS_WANT_BOTH, true), VFS_ACCESS);
    assert_ok(try_open(file, &c->owner, VFS_WANT_BOTH, true));
    nobody.uid = UINT32_MAX;
    assert_status(try_open(file, &nobody, VFS_WANT_READ, true), VFS_ACCESS);
    assert_ok(do_chown(given, &c->super, CONTRACT_OTHER, CONTRACT_OTHER));
    assert_status(try_open(given, &c->owner, VFS_WANT_BOTH, true), VFS_ACCESS);
    vfs_object_put(file);
    vfs_object_put(given);
}

static void chmod_does_not_close(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[4];
    uint32_t got;
    bool eof;

    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_BOTH, false));
    assert_ok(do_chmod(file, &c->owner, 0));
    assert_ok(do_write(file, &c->owner, 0, "abc", 3));
    assert_ok(do_read(file, 0, buf, 4, &got, &eof));
    assert_int_equal(got, 3);
    c->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
}

static void remove_does_not_close(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[8];
    uint32_t got;
    bool eof;

    put_bytes(c, file, 0, "abc", 3);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_BOTH, false));
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_int_equal(attr_of(file).nlink, 0);
    assert_ok(do_write(file, &c->owner, 3, "def", 3));
    assert_ok(do_read(file, 0, buf, 8, &got, &eof));
    assert_int_equal(got, 6);
    assert_memory_equal(buf, "abcdef", 6);
    assert_int_equal(attr_of(file).size, 6);
    c->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
    assert_status(do_find(c->root, &c->owner, "file"), VFS_NOENT);
}

static void rename_over_does_not_close(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_object *fresh = make_file(c, "fresh");
    char buf[8];
    uint32_t got;
    bool eof;

    put_bytes(c, file, 0, "old", 3);
    put_bytes(c, fresh, 0, "fresh", 5);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    assert_ok(do_rename(c->root, "fresh", c->root, "file", &c->owner));
    assert_ok(do_read(file, 0, buf, 8, &got, &eof));
    assert_int_equal(got, 3);
    assert_memory_equal(buf, "old", 3);
    c->fs->ops->close(file, VFS_WANT_READ);
    vfs_object_put(fresh);
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(only_files_open, NEEDS_NOTHING),
    CONTRACT_TEST(opens_stack, NEEDS_NOTHING),
    CONTRACT_TEST(open_checks_the_mode, NEEDS_USERS),
    CONTRACT_TEST(maker_passes_its_own_mode, NEEDS_USERS),
    CONTRACT_TEST(nobody_else_passes_as_the_maker, NEEDS_USERS),
    CONTRACT_TEST(chmod_does_not_close, NEEDS_NOTHING),
    CONTRACT_TEST(remove_does_not_close, NEEDS_NOTHING),
    CONTRACT_TEST(rename_over_does_not_close, NEEDS_NOTHING),
};

CONTRACT_GROUP(open, tests);
