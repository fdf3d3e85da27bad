/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for holes while another program changes the file, between two system calls: what never
 * was a hole must not be told or copied as one.  lseek() and fstat() of this program let a test do
 * what the other program does.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "vfs/vfs_copy.h"
#include "vfs/vfs_read_plus.h"

enum {
    SIZE = 1 << 20,
    HEAD = 64 << 10, /* data in front of the hole */
    HEAD_ROOM = 16,  /* in a reply */
    REPLY_BYTES = SIZE + 64,
};

static const struct vfs_cred self = {.uid = 0};
static int other = -1; /* the other program's descriptor */

/* What it does around the next SEEK_DATA. */
static void (*before)(void), (*after)(void);
static bool fstat_fails;
static uint32_t holes_asked; /* calls with SEEK_HOLE */

off_t lseek(int fd, off_t offset, int whence)
{
    off_t found;
    int err;

    holes_asked += whence == SEEK_HOLE;
    if (whence == SEEK_DATA && before)
        before();
    found = syscall(SYS_lseek, fd, offset, whence);
    err = errno;
    if (whence == SEEK_DATA && after)
        after();
    if (whence == SEEK_DATA)
        before = after = NULL;
    errno = err;
    return found;
}

int fstat(int fd, struct stat *st)
{
    if (!fstat_fails)
        return (int)syscall(SYS_fstat, fd, st);
    errno = EIO;
    return -1;
}

static void empty(void)
{
    assert_int_equal(ftruncate(other, 0), 0);
}

static void fill(void)
{
    static char bytes[SIZE];

    memset(bytes, 'y', sizeof(bytes));
    assert_int_equal(pwrite(other, bytes, sizeof(bytes), 0), SIZE);
}

static void fail_fstat(void)
{
    fstat_fails = true;
}

struct file {
    struct vfs_object *root, *obj;
};

/* HEAD bytes of data, and a hole up to the end. */
static void file_make(const struct local_dir *dir, struct file *file)
{
    char data[HEAD];

    memset(data, 'x', sizeof(data));
    assert_ok(dir->fs->ops->root(dir->fs, &file->root));
    file->obj = make(file->root, &self, "file", VFS_REG, 0644);
    assert_ok(dir->fs->ops->open(file->obj, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(file->obj, &self, 0, data, sizeof(data)));
    assert_ok(do_truncate(file->obj, &self, SIZE));
    other = open(local_path(dir, "file"), O_RDWR | O_CLOEXEC);
    assert_true(other >= 0);
}

static void file_drop(const struct local_dir *dir, const struct file *file)
{
    before = after = NULL;
    fstat_fails = false;
    close(other);
    dir->fs->ops->close(file->obj, VFS_WANT_BOTH);
    vfs_object_put(file->obj);
    vfs_object_put(file->root);
}

static void read_plus(const struct file *file, uint32_t len, struct vfs_read_plus *io)
{
    static uint8_t reply[REPLY_BYTES];

    *io = (struct vfs_read_plus){
        .len = len, .hole_room = HEAD_ROOM, .data_room = HEAD_ROOM, .buf = reply};
    vfs_read_plus_begin(io);
    assert_ok(file->obj->fs->ops->read_plus(file->obj, io));
}

/* The file is written anew, and never has a zero after that. */
static void no_hole_is_told_of_a_file_that_is_written_anew(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_read_plus io;
    struct file file;

    file_make(dir, &file);
    read_plus(&file, SIZE, &io);
    assert_int_equal(io.count, 2);
    assert_true(io.parts[1].hole);
    before = empty;
    after = fill;
    read_plus(&file, SIZE, &io);
    assert_null(after);
    for (uint32_t i = 0; i < io.count; i++)
        assert_false(io.parts[i].hole);
    file_drop(dir, &file);
}

static void no_hole_is_told_of_a_file_that_is_cut(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_read_plus io;
    struct file file;

    file_make(dir, &file);
    read_plus(&file, SIZE, &io);
    before = empty;
    read_plus(&file, SIZE, &io);
    assert_null(before);
    assert_int_equal(vfs_read_plus_len(&io), HEAD);
    assert_true(io.eof);
    file_drop(dir, &file);
}

/* Is it the end of the file, behind a hole?  If that cannot be found out, no. */
static void an_error_is_no_end_of_the_file(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_read_plus io;
    struct file file;

    file_make(dir, &file);
    assert_ok(do_write(file.obj, &self, SIZE, "behind", 6));
    read_plus(&file, SIZE, &io);
    assert_false(io.eof);
    after = fail_fstat;
    read_plus(&file, SIZE, &io);
    assert_true(fstat_fails);
    assert_false(io.eof);
    file_drop(dir, &file);
}

static void expect_first(struct vfs_object *obj, char want)
{
    uint32_t len;
    char byte;
    bool eof;

    assert_ok(do_read(obj, 0, &byte, 1, &len, &eof));
    assert_int_equal(len, 1);
    assert_int_equal(byte, want);
}

/* A copy of the hole, which finds that the file is cut, and perhaps written anew. */
static void copy_while(const struct local_dir *dir, bool by_hand, bool written)
{
    struct vfs_object *to;
    struct file file;
    uint64_t copied;

    file_make(dir, &file);
    to = make(file.root, &self, "to", VFS_REG, 0644);
    assert_ok(dir->fs->ops->open(to, &self, VFS_WANT_BOTH, true));
    before = empty;
    after = written ? fill : NULL;
    if (by_hand)
        assert_ok(vfs_copy_by_hand(file.obj, HEAD, to, 0, SIZE - HEAD, &self, &copied));
    else
        assert_ok(vfs_copy(file.obj, HEAD, to, 0, SIZE - HEAD, &self, &copied));
    assert_null(before);
    assert_int_equal(copied, written ? SIZE - HEAD : 0);
    assert_int_equal(attr_of(to).size, copied);
    if (written)
        expect_first(to, 'y');
    dir->fs->ops->close(to, VFS_WANT_BOTH);
    vfs_object_put(to);
    assert_ok(do_remove(file.root, &self, "to"));
    assert_ok(do_remove(file.root, &self, "file"));
    file_drop(dir, &file);
}

static void a_copy_ends_where_its_source_does(void **state)
{
    copy_while(*state, false, false);
    copy_while(*state, true, false);
}

static void a_copy_has_what_was_written_anew(void **state)
{
    copy_while(*state, false, true);
    copy_while(*state, true, true);
}

/* The file system may have to look at each page until it finds the end of the data. */
static void a_long_copy_asks_once_where_its_data_end(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *to;
    struct file file;
    uint64_t copied;

    file_make(dir, &file);
    assert_ok(dir->fs->ops->commit(file.obj, &self, 0, 0)); /* its blocks do not change any more */
    to = make(file.root, &self, "to", VFS_REG, 0644);
    holes_asked = 0;
    for (uint32_t at = 0; at < HEAD; at += HEAD / 4) {
        assert_ok(dir->fs->ops->copy(file.obj, at, to, at, HEAD / 4, &self, &copied));
        assert_int_equal(copied, HEAD / 4);
    }
    assert_int_equal(holes_asked, 1);
    /* The hole has become data, and the old knowledge does not matter. */
    fill();
    assert_ok(dir->fs->ops->copy(file.obj, 0, to, 0, SIZE, &self, &copied));
    assert_int_equal(copied, SIZE);
    assert_int_equal(attr_of(to).size, SIZE);
    vfs_object_put(to);
    file_drop(dir, &file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(no_hole_is_told_of_a_file_that_is_written_anew),
        LOCAL_TEST(no_hole_is_told_of_a_file_that_is_cut),
        LOCAL_TEST(an_error_is_no_end_of_the_file),
        LOCAL_TEST(a_copy_ends_where_its_source_does),
        LOCAL_TEST(a_copy_has_what_was_written_anew),
        LOCAL_TEST(a_long_copy_asks_once_where_its_data_end),
    };

    return local_group_run(tests);
}
