/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names whose files are replaced by rename() while they are looked up: there is always one of them.
 * This program's openat() replaces the file just after it was opened by that name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local_fixture.h"

static const struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};
static _Thread_local struct local_dir *replaced_in; /* NULL: nothing is replaced */
static _Thread_local unsigned replacements, replacements_left;

/* The name has another file then, and the one that was opened has no name. */
static void replace(struct local_dir *dir)
{
    int fd = open(local_path(dir, "fresh"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(rename(local_path(dir, "fresh"), local_path(dir, "file")), 0);
    replacements++;
}

int openat(int dirfd, const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list more;
    int fd;

    va_start(more, flags);
    if (flags & O_CREAT)
        mode = va_arg(more, mode_t);
    va_end(more);
    fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
    if (replaced_in && replacements_left > 0 && strcmp(path, "file") == 0) {
        replacements_left--;
        replace(replaced_in);
    }
    return fd;
}

/* LOOKUP of the name, with as many replacements meanwhile. */
static enum vfs_status look_up_replaced(struct local_dir *dir, unsigned times)
{
    struct vfs_object *root, *found;
    struct vfs_attr attr;
    enum vfs_status status;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    replacements = 0;
    replacements_left = times;
    replaced_in = dir;
    status = do_lookup(root, &owner, "file", &found);
    replaced_in = NULL;
    if (status == VFS_OK) {
        assert_ok(found->fs->ops->getattr(found, VFS_ATTR_ALL_GET, &attr));
        assert_int_equal(attr.nlink, 1);
        vfs_object_put(found);
    }
    vfs_object_put(root);
    return status;
}

static void a_name_that_is_replaced_is_always_there(void **state)
{
    struct local_dir *dir = *state;

    replace(dir);
    assert_int_equal(look_up_replaced(dir, 1), VFS_OK);
    if (replacements == 0)
        test_skip("files are not opened to look them up here");
    assert_int_equal(replacements, 1);
    replace(dir);
    assert_int_equal(look_up_replaced(dir, 5), VFS_OK);
    assert_int_equal(replacements, 5);
}

/* However fast it is replaced, LOOKUP ends. */
static void looking_up_ends(void **state)
{
    struct local_dir *dir = *state;

    replace(dir);
    (void)look_up_replaced(dir, 1000000);
    assert_true(replacements < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(a_name_that_is_replaced_is_always_there),
        LOCAL_TEST(looking_up_ends),
    };

    return local_group_run(tests);
}
