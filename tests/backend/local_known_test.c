/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects whose ID is known without asking the kernel for it.  statx() and name_to_handle_at() of
 * this program count, and let a test do what another program does between them.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/known.h"
#include "backend/local_fixture.h"
#include "base/clock.h"
#include "lib/image.h"
#include "lib/wait.h"

enum {
    FILES = 64,
    ROUNDS = 4,
    OLD_NS = 250000000, /* as known.c has it, and more */
};

static const struct vfs_cred self = {.uid = 0};
static _Thread_local unsigned statx_calls, handle_calls; /* not the sweeper's */
static void (*before_handle)(const struct local_dir *dir);
static const struct local_dir *before_dir;

int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
    statx_calls++;
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, st);
}

int name_to_handle_at(int dirfd, const char *path, struct file_handle *handle, int *mount_id,
                      int flags)
{
    void (*before)(const struct local_dir *) = before_handle;

    handle_calls++;
    before_handle = NULL;
    if (before)
        before(before_dir);
    return (int)syscall(SYS_name_to_handle_at, dirfd, path, handle, mount_id, flags);
}

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void make_behind(const struct local_dir *dir, const char *name)
{
    int fd = open(local_path(dir, name), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    close(fd);
}

static bool is_old(const struct local_dir *dir, const char *name)
{
    struct statx st;
    int64_t born_ns;

    assert_int_equal(statx(AT_FDCWD, local_path(dir, name), 0, STATX_BTIME, &st), 0);
    born_ns = st.stx_btime.tv_sec * NSEC_PER_SEC + st.stx_btime.tv_nsec;
    return clock_wall_coarse().now_ns > born_ns + OLD_NS;
}

/* Are the IDs of this file system remembered at all? */
static bool remembers(const struct local_dir *dir)
{
    return CONTAINER_OF(dir->fs, struct local_fs, base)->known != NULL;
}

/* What the kernel says now. */
static void assert_is(const struct local_dir *dir, const char *name,
                      const struct vfs_handle *handle)
{
    const struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    struct vfs_handle want;
    struct local_id id;

    assert_int_equal(local_identify(fs, AT_FDCWD, local_path(dir, name), &id), 0);
    local_handle_build(fs, &id, &want);
    assert_int_equal(handle->len, want.len);
    assert_memory_equal(handle->data, want.data, want.len);
}

struct listed {
    struct vfs_handle handles[FILES];
    uint32_t count;
};

static bool list_one(void *arg, const struct vfs_dirent *entry)
{
    struct listed *list = arg;
    uint32_t number = (uint32_t)strtoul(entry->name.data + 1, NULL, 10);

    assert_non_null(entry->handle);
    assert_true(number < FILES);
    list->handles[number] = *entry->handle;
    list->count++;
    return true;
}

static void list_all(struct vfs_object *root, struct listed *list)
{
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_ALL_GET, .want_handle = true, .emit = list_one, .arg = list};

    list->count = 0;
    assert_ok(root->fs->ops->readdir(root, &self, &rd));
    assert_true(rd.eof);
    assert_int_equal(list->count, FILES);
}

static const char *file_name(unsigned number)
{
    static char names[2][16];
    static unsigned next;
    char *name = names[next++ % 2];

    snprintf(name, sizeof(names[0]), "f%u", number);
    return name;
}

static void make_files(const struct local_dir *dir, bool wait)
{
    for (unsigned i = 0; i < FILES; i++)
        make_behind(dir, file_name(i));
    if (wait)
        wait_until(is_old(dir, file_name(FILES - 1)));
}

static struct vfs_handle look_up(struct vfs_object *root, const char *name)
{
    struct vfs_object *obj;
    struct vfs_handle handle;

    assert_ok(do_lookup(root, &self, name, &obj));
    handle = obj->handle;
    vfs_object_put(obj);
    return handle;
}

/* The handle of a removed file: what finds an object at all finds one without a name, or one that
 * was never opened and never can be, until the server notices that; and never another file. */
static void assert_gone(const struct local_dir *dir, const struct vfs_handle *handle)
{
    struct vfs_attr attr = {.nlink = 0};
    struct vfs_object *obj;
    enum vfs_status status = do_resolve(dir->fs, handle, &obj);

    if (status == VFS_OK) {
        status = dir->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr);
        vfs_object_put(obj);
        if (status == VFS_OK)
            status = do_resolve(dir->fs, handle, &obj);
    }
    assert_int_equal(attr.nlink, 0);
    assert_status(status, VFS_STALE);
}

static void known_ones_take_one_call(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct listed list;

    if (!remembers(dir))
        test_skip("this file system has no birth times, or handles that tell nothing");
    make_files(dir, true);
    list_all(root, &list);
    statx_calls = handle_calls = 0;
    list_all(root, &list);
    assert_int_equal(handle_calls, 0);
    assert_int_equal(statx_calls, FILES);
    (void)look_up(root, "f0");
    statx_calls = handle_calls = 0;
    for (unsigned i = 0; i < FILES; i++)
        assert_is(dir, file_name(i), &list.handles[i]);
    statx_calls = handle_calls = 0;
    (void)look_up(root, "f0");
    assert_int_equal(handle_calls, 0);
    assert_int_equal(statx_calls, 1);
    assert_status(do_find(root, &self, "none"), VFS_NOENT);
    assert_int_equal(handle_calls, 0);
    vfs_object_put(root);
}

/* ext4 and XFS use the inode of a removed file for the next one. */
static void reused_inodes_are_other_objects(void **state)
{
    static struct listed first, second;
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);

    for (int round = 0; round < ROUNDS; round++) {
        /* The last rounds are quick: nothing is kept. */
        make_files(dir, round < ROUNDS / 2);
        list_all(root, &first);
        for (unsigned i = 0; i < FILES; i++) {
            struct vfs_handle handle = look_up(root, file_name(i));

            assert_memory_equal(&handle.data, &first.handles[i].data, handle.len);
            assert_is(dir, file_name(i), &handle);
            assert_int_equal(unlink(local_path(dir, file_name(i))), 0);
            make_behind(dir, file_name(i));
            handle = look_up(root, file_name(i));
            assert_is(dir, file_name(i), &handle);
            assert_gone(dir, &first.handles[i]);
        }
        list_all(root, &second);
        for (unsigned i = 0; i < FILES; i++) {
            assert_is(dir, file_name(i), &second.handles[i]);
            assert_int_equal(unlink(local_path(dir, file_name(i))), 0);
        }
        for (unsigned i = 0; i < FILES; i++)
            assert_gone(dir, &second.handles[i]);
    }
    vfs_object_put(root);
}

static void swap(const struct local_dir *dir)
{
    assert_int_equal(syscall(SYS_renameat2, AT_FDCWD, local_path(dir, "f0"), AT_FDCWD,
                             local_path(dir, "f1"), RENAME_EXCHANGE),
                     0);
}

/* The name is another file's when the handle is read. */
static void names_may_change_in_between(void **state)
{
    static struct listed list;
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);

    make_files(dir, true);
    before_dir = dir;
    for (int round = 0; round < 2; round++) {
        local_known_drop(CONTAINER_OF(dir->fs, struct local_fs, base)->known);
        before_handle = swap;
        if (round == 0)
            list_all(root, &list);
        else
            (void)look_up(root, "f0");
        assert_null(before_handle);
        swap(dir);
        list_all(root, &list);
        for (unsigned i = 0; i < FILES; i++)
            assert_is(dir, file_name(i), &list.handles[i]);
    }
    before_handle = NULL;
    vfs_object_put(root);
}

/* How many groups failed. */
static int run_on(const char *parent, const char *why_not)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(known_ones_take_one_call),
        LOCAL_TEST(reused_inodes_are_other_objects),
        LOCAL_TEST(names_may_change_in_between),
    };
    int status = TEST_EXIT_SKIPPED;

    local_setting.parent = parent;
    if (parent)
        status = local_group_run(tests);
    else
        test_skip_part(why_not);
    return status != 0 && status != TEST_EXIT_SKIPPED;
}

int main(void)
{
    int failed = run_on("/dev/shm", NULL);

    failed += run_on("/tmp", NULL);
    failed += run_on(image_mount("xfs"), IMAGE_NEEDED("xfs"));
    failed += run_on(image_mount("btrfs"), IMAGE_NEEDED("btrfs"));
    return test_exit_status(failed);
}
