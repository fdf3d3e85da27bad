/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idle descriptors are closed, used ones are not, and callers do not notice. The test runs the
 * sweeper by hand, beside its own thread.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/local/sweep.h"
#include "backend/local_fixture.h"

enum {
    SWEEPS = 5,
    LONG_SWEEPS = 70, /* after so many an unused object leaves the cache */
};

static const struct vfs_cred self = {.uid = 0};

static struct local_fs *local_fs(struct local_dir *dir)
{
    return CONTAINER_OF(dir->fs, struct local_fs, base);
}

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void sweep(struct local_dir *dir, int times)
{
    vfs_own_identity();
    while (times-- > 0)
        local_sweep(local_fs(dir));
}

static bool is_path_only(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    assert_true(flags >= 0);
    return flags & O_PATH;
}

static void a_created_file_lets_go(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct local_object *obj = local_of(file);
    char buf[4];
    uint32_t got;
    bool eof;

    assert_false(is_path_only(obj->path_fd));
    assert_ok(dir->fs->ops->open(file, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(file, &self, 0, "abc", 3));
    sweep(dir, SWEEPS);
    assert_false(is_path_only(obj->path_fd)); /* open */
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    sweep(dir, SWEEPS);
    assert_true(is_path_only(obj->path_fd));
    for (int i = 0; i < 3; i++)
        assert_int_equal(obj->fds[i], -1);
    assert_int_equal(attr_of(file).size, 3);
    assert_ok(do_chmod(file, &self, 0600));
    assert_ok(do_read(file, 0, buf, 4, &got, &eof));
    assert_int_equal(got, 3);
    assert_ok(do_write(file, &self, 3, "d", 1));
    assert_int_equal(attr_of(file).size, 4);
    sweep(dir, SWEEPS);
    assert_int_equal(obj->fds[O_RDWR], -1);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void an_answer_by_descriptor_stays(void **state)
{
    static char data[256 << 10];
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_read io = {.len = sizeof(data), .fd_ok = true, .buf = data};

    memset(data, 'x', sizeof(data));
    assert_ok(do_write(file, &self, 0, data, sizeof(data)));
    assert_ok(dir->fs->ops->read(file, &io));
    assert_true(io.fd >= 0);
    assert_int_equal(io.len, sizeof(data));
    assert_true(io.eof);
    sweep(dir, SWEEPS);
    memset(data, 0, sizeof(data));
    assert_int_equal(pread(io.fd, data, sizeof(data), 0), sizeof(data));
    assert_int_equal(data[sizeof(data) - 1], 'x');
    dir->fs->ops->read_done(file, io.fd);
    /* A part at the end of the file, and one too short for a descriptor. */
    io = (struct vfs_read){.offset = 100 << 10, .len = sizeof(data), .fd_ok = true, .buf = data};
    assert_ok(dir->fs->ops->read(file, &io));
    assert_true(io.fd >= 0);
    assert_int_equal(io.len, sizeof(data) - (100 << 10));
    assert_true(io.eof);
    dir->fs->ops->read_done(file, io.fd);
    io = (struct vfs_read){.offset = 250 << 10, .len = sizeof(data), .fd_ok = true, .buf = data};
    assert_ok(dir->fs->ops->read(file, &io));
    assert_int_equal(io.fd, -1);
    assert_int_equal(io.len, 6 << 10);
    assert_true(io.eof);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void unused_objects_leave(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *found;
    struct vfs_object *held = make(root, &self, "held", VFS_REG, 0644);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_handle handle = file->handle;
    uint64_t fileid = file->fileid;

    vfs_object_put(file);
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 3);
    sweep(dir, LONG_SWEEPS);
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 2); /* root and held */
    assert_ok(do_resolve(dir->fs, &handle, &found));
    assert_int_equal(found->fileid, fileid);
    vfs_object_put(found);
    assert_ok(do_lookup(root, &self, "held", &found));
    assert_ptr_equal(found, held);
    vfs_object_put(found);
    vfs_object_put(held);
    vfs_object_put(root);
}

/* A file that a local user removes is freed when the server does not have it open. */
static void a_removed_file_is_let_go(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *open = make(root, &self, "open", VFS_REG, 0644);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    char text[4];
    uint32_t got;
    bool eof;

    vfs_object_put(file);
    assert_ok(dir->fs->ops->open(open, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(open, &self, 0, "abc", 3));
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 3);
    assert_int_equal(unlink(local_path(dir, "file")), 0);
    assert_int_equal(unlink(local_path(dir, "open")), 0);
    sweep(dir, SWEEPS);
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 2);
    assert_ok(do_read(open, 0, text, 4, &got, &eof));
    assert_int_equal(got, 3);
    dir->fs->ops->close(open, VFS_WANT_BOTH);
    vfs_object_put(open);
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 1);
    vfs_object_put(root);
}

/* Also one whose handle clients go on using. */
static void a_removed_file_in_use_is_let_go(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *file = make(root, &self, "file", VFS_REG, 0644),
                      *found;
    struct vfs_handle handle;

    handle = file->handle;
    vfs_object_put(file);
    assert_int_equal(unlink(local_path(dir, "file")), 0);
    for (int i = 0; i < SWEEPS; i++) {
        if (dir->fs->ops->resolve(dir->fs, &handle, &found) == VFS_OK)
            vfs_object_put(found);
        sweep(dir, 1);
    }
    assert_status(dir->fs->ops->resolve(dir->fs, &handle, &found), VFS_STALE);
    assert_int_equal(atomic_load(&local_fs(dir)->descriptors), 1);
    vfs_object_put(root);
}

static bool take_one(void *arg, const struct vfs_dirent *entry)
{
    uint64_t *cookie = arg;

    if (*cookie)
        return false;
    *cookie = entry->cookie;
    return true;
}

/* The shared file position is lost with the descriptor. */
static void a_listing_goes_on(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    uint32_t seen = 0;
    uint64_t cookie = 0;
    bool eof = false;

    for (int i = 0; i < 20; i++) {
        char name[] = {(char)('a' + i), 0};

        assert_ok(do_make(root, &self, name, VFS_REG, 0644));
    }
    while (!eof) {
        uint64_t next = 0;
        struct vfs_readdir rd = {.cookie = cookie, .emit = take_one, .arg = &next};

        assert_ok(dir->fs->ops->readdir(root, &self, &rd));
        seen += next != 0;
        cookie = next;
        eof = rd.eof;
        sweep(dir, SWEEPS);
    }
    assert_int_equal(seen, 20);
    vfs_object_put(root);
}

/* Set or clear a flag of FS_IOC_SETFLAGS; false: not supported here, or not permitted. */
static bool set_flag(const char *path, int flag, bool on)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int flags = 0;
    bool ok;

    assert_true(fd >= 0);
    ok = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
    flags = on ? flags | flag : flags & ~flag;
    ok = ok && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    close(fd);
    return ok;
}

/* Existing opens go on; a new open is checked against the file's present state. */
static void a_new_open_sees_the_present_file(void **state)
{
    static const int flags[] = {FS_APPEND_FL, FS_IMMUTABLE_FL};
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &self, "file", VFS_REG, 0644);
    const struct vfs_ops *ops = dir->fs->ops;

    if (!set_flag(local_path(dir, "file"), FS_APPEND_FL, true)) {
        vfs_object_put(file);
        vfs_object_put(root);
        test_skip("cannot make a file append-only");
    }
    assert_true(set_flag(local_path(dir, "file"), FS_APPEND_FL, false));
    assert_ok(ops->open(file, &self, VFS_WANT_BOTH, true));
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        assert_true(set_flag(local_path(dir, "file"), flags[i], true));
        assert_status(ops->open(file, &self, VFS_WANT_WRITE, false), VFS_PERM);
        assert_ok(ops->open(file, &self, VFS_WANT_READ, false));
        ops->close(file, VFS_WANT_READ);
        assert_true(set_flag(local_path(dir, "file"), flags[i], false));
    }
    assert_ok(do_write(file, &self, 0, "abc", 3));
    assert_ok(ops->open(file, &self, VFS_WANT_WRITE, false));
    ops->close(file, VFS_WANT_WRITE);
    ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
    vfs_object_put(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(a_created_file_lets_go),
        LOCAL_TEST(an_answer_by_descriptor_stays),
        LOCAL_TEST(unused_objects_leave),
        LOCAL_TEST(a_removed_file_is_let_go),
        LOCAL_TEST(a_removed_file_in_use_is_let_go),
        LOCAL_TEST(a_listing_goes_on),
        LOCAL_TEST(a_new_open_sees_the_present_file),
    };

    return local_group_run(tests);
}
