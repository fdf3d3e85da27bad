/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered within a request, and what of ACCESS is remembered beyond it.  Some system
 * calls of this program count, to see who asks the kernel.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/sweep.h"
#include "backend/local_fixture.h"
#include "base/clock.h"
#include "lib/wait.h"

enum {
    FILES = 200,
    CROWD_THREADS = 6,
    CROWD_ROUNDS = 2000,
    TICK_NS = 10000000, /* the longest */
    OLD_NS = 250000000, /* as known.c has it, and more */
    OTHER = CONTRACT_OWNER + 1,
    ALL = VFS_MAY_READ | VFS_MAY_MODIFY | VFS_MAY_EXTEND | VFS_MAY_EXECUTE,
};

static const uint32_t team[] = {CONTRACT_TEAM}, two[] = {CONTRACT_TEAM, CONTRACT_TEAM + 1};
static const struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};
static struct local_fs *sweeps; /* while the kernel's answer is on its way */
static _Thread_local unsigned statx_calls, access_calls, open_calls; /* not the sweeper's */

int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
    statx_calls++;
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, st);
}

int faccessat(int dirfd, const char *path, int mode, int flags)
{
    int got = (int)syscall(SYS_faccessat2, dirfd, path, mode, flags), err = errno;

    access_calls++;
    if (sweeps)
        local_sweep(sweeps);
    errno = err;
    return got;
}

int open_by_handle_at(int dirfd, struct file_handle *handle, int flags)
{
    open_calls++;
    return (int)syscall(SYS_open_by_handle_at, dirfd, handle, flags);
}

static struct local_fs *fs_of(const struct local_dir *dir)
{
    return CONTAINER_OF(dir->fs, struct local_fs, base);
}

static bool is_old(const char *path)
{
    struct statx st;

    assert_int_equal(statx(AT_FDCWD, path, 0, STATX_BTIME, &st), 0);
    return clock_wall_coarse().now_ns >
           st.stx_btime.tv_sec * NSEC_PER_SEC + st.stx_btime.tv_nsec + OLD_NS;
}

/* A file that is known, and the root that it is in.  The file belongs to the owner of the
 * contract, if there are owners. */
static struct vfs_object *file_of(struct local_dir *dir, struct vfs_object **root)
{
    struct vfs_object *file;

    if (!fs_of(dir)->known)
        test_skip("this file system has no birth times, or handles that tell nothing");
    assert_ok(dir->fs->ops->root(dir->fs, root));
    file = make(*root, &owner, "file", VFS_REG, 0640);
    wait_until(is_old(local_path(dir, "file")));
    vfs_object_put(file);
    assert_ok(do_lookup(*root, &owner, "file", &file)); /* is known from now on */
    return file;
}

static struct vfs_attr attr_now(struct vfs_object *obj)
{
    struct vfs_attr attr;

    assert_ok(obj->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr));
    return attr;
}

static void look_up(struct vfs_object *root, struct vfs_object *file)
{
    struct vfs_object *found;

    assert_ok(do_lookup(root, &owner, "file", &found));
    assert_ptr_equal(found, file);
    vfs_object_put(found);
}

static void change_behind(const struct local_dir *dir, off_t size)
{
    assert_int_equal(truncate(local_path(dir, "file"), size), 0);
}

static void getattr_takes_what_lookup_met(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct vfs_attr first, second;

    vfs_memo_on();
    statx_calls = 0;
    look_up(root, file);
    first = attr_now(file);
    assert_int_equal(statx_calls, 1);
    second = attr_now(file); /* asks again */
    assert_int_equal(statx_calls, 2);
    assert_int_equal(first.fileid, file->fileid);
    assert_int_equal(first.mode, 0640);
    assert_int_equal(first.change, second.change);
    assert_int_equal(first.mask, second.mask);
    vfs_memo_off();
    vfs_object_put(file);
    vfs_object_put(root);
}

/* How far does a note reach? */
static void nothing_is_remembered_for_long(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root), *other;

    look_up(root, file); /* outside of any request */
    change_behind(dir, 1);
    assert_int_equal(attr_now(file).size, 1);
    vfs_memo_on();
    look_up(root, file);
    change_behind(dir, 2);
    vfs_memo_off(); /* another kind of operation */
    vfs_memo_on();
    assert_int_equal(attr_now(file).size, 2);
    look_up(root, file);
    change_behind(dir, 3);
    vfs_memo_expire();
    assert_int_equal(attr_now(file).size, 3);
    look_up(root, file);
    change_behind(dir, 4);
    vfs_memo_off();
    assert_int_equal(attr_now(file).size, 4);
    vfs_memo_on();
    look_up(root, file);
    change_behind(dir, 5);
    assert_int_equal(attr_now(root).type, VFS_DIR); /* of something else */
    assert_int_equal(attr_now(file).size, 5);
    look_up(root, file);
    change_behind(dir, 6);
    assert_status(do_lookup(root, &owner, "none", &other), VFS_NOENT);
    assert_int_equal(attr_now(file).size, 6);
    vfs_memo_off();
    vfs_object_put(file);
    vfs_object_put(root);
}

/* The size of a file, for a request that had been received at `received_ns`, and whether the kernel
 * was asked. */
static uint64_t size_for(struct vfs_object *file, int64_t received_ns, bool *asked)
{
    struct vfs_attr attr;

    statx_calls = 0;
    vfs_memo_begin(received_ns);
    attr = attr_now(file);
    vfs_memo_end();
    *asked = statx_calls > 0;
    return attr.size;
}

/* A request is not told less than it would have seen itself when it had been received. */
static void requests_that_were_received_share_what_was_met(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    bool asked;

    (void)size_for(file, 100, &asked);
    assert_true(asked);
    change_behind(dir, 1);
    assert_int_equal(size_for(file, 100, &asked), 0);
    assert_false(asked);
    assert_int_equal(size_for(file, 99, &asked), 0);
    assert_false(asked);
    assert_int_equal(size_for(file, 101, &asked), 1);
    assert_true(asked);
    change_behind(dir, 2);
    assert_int_equal(size_for(file, 101, &asked), 1);
    vfs_memo_expire();
    assert_int_equal(size_for(file, 101, &asked), 2);
    change_behind(dir, 3);
    assert_int_equal(attr_now(file).size, 3); /* for no request */
    assert_int_equal(size_for(file, 101, &asked), 3);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Does a READ of the first `len` bytes, for a request that had been received at `received_ns`, say
 * that the file ends there? */
static bool ends_at(struct vfs_object *file, uint32_t len, int64_t received_ns)
{
    char bytes[16];
    struct vfs_read io = {.buf = bytes, .len = len};

    CHECK(len <= sizeof(bytes));
    vfs_memo_begin(received_ns);
    assert_ok(file->fs->ops->read(file, &io));
    assert_false(vfs_memo_is_recent(file, received_ns)); /* it has looked */
    vfs_memo_end();
    assert_int_equal(io.len, len);
    return io.eof;
}

/* READs share the size of a file as other operations share its attributes; and never say that it
 * ends without having looked. */
static void reads_share_the_size(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    bool asked;

    change_behind(dir, 8);
    assert_false(ends_at(file, 4, 100));
    change_behind(dir, 4);
    assert_false(ends_at(file, 4, 100)); /* not when it came */
    assert_false(ends_at(file, 4, 99));
    assert_true(ends_at(file, 4, 101));
    assert_true(ends_at(file, 4, 101)); /* as it has just been met */
    change_behind(dir, 8);
    assert_false(ends_at(file, 4, 101)); /* looks */
    assert_int_equal(size_for(file, 101, &asked), 8);
    assert_true(asked); /* READ met no attributes */
    change_behind(dir, 4);
    assert_false(ends_at(file, 4, 101)); /* of GETATTR */
    vfs_memo_expire();
    assert_true(ends_at(file, 4, 101));
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Nor less than it has seen, nor less than what this server did. */
static void what_was_met_gives_way_to_what_is_newer(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct vfs_attr attr, set = {.mask = VFS_ATTR_SIZE, .size = 5};
    uint32_t applied;
    bool asked;

    (void)size_for(file, 100, &asked);
    assert_ok(dir->fs->ops->setattr(file, &owner, &set, false, &applied));
    assert_int_equal(size_for(file, 100, &asked), 5);
    assert_true(asked);
    change_behind(dir, 6);
    vfs_memo_begin(100);
    assert_int_equal(attr_now(file).size, 5);
    vfs_memo_look();
    assert_int_equal(attr_now(file).size, 6);
    vfs_memo_end();
    change_behind(dir, 7);
    vfs_memo_begin(100);
    assert_ok(dir->fs->ops->getattr(file, VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr));
    assert_int_equal(attr.size, 7);
    vfs_memo_end();
    (void)size_for(file, 100, &asked);
    change_behind(dir, 8);
    vfs_memo_begin(100);
    vfs_memo_on();
    look_up(root, file);
    assert_int_equal(attr_now(file).size, 8);
    vfs_memo_end();
    assert_int_equal(size_for(file, 100, &asked), 8);
    assert_true(asked);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void note_for(struct vfs_object *obj, int64_t received_ns)
{
    vfs_memo_begin(received_ns);
    (void)attr_now(obj);
    vfs_memo_end();
}

/* The kernel, although there is a note. */
static void expect_asked(struct vfs_object *obj)
{
    statx_calls = 0;
    (void)attr_now(obj);
    assert_int_equal(statx_calls, 1);
}

/* What was met of other objects may be older than what the request has seen of one. */
static void a_request_uses_what_was_met_of_one_object(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    uint64_t before;
    bool asked;

    (void)size_for(file, 100, &asked);
    vfs_memo_begin(100);
    before = attr_now(root).change;
    vfs_memo_end();
    change_behind(dir, 1);
    vfs_memo_begin(100);
    statx_calls = 0;
    assert_true(attr_now(root).change == before);
    assert_true(attr_now(root).change == before);
    assert_int_equal(statx_calls, 0);
    assert_int_equal(attr_now(file).size, 1);
    assert_int_equal(statx_calls, 1);
    vfs_memo_end();
    /* What it asks for itself is newer, too. */
    note_for(root, 102);
    vfs_memo_begin(102);
    (void)attr_now(file);
    expect_asked(root);
    vfs_memo_end();
    vfs_object_put(file);
    vfs_object_put(root);
}

/* A change by this server after the LOOKUP of an OPEN, and before its GETATTR. */
static void a_change_voids_what_lookup_met(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct vfs_attr set = {.mask = VFS_ATTR_MODE, .mode = 0604};
    uint32_t applied;

    vfs_memo_on();
    look_up(root, file);
    assert_ok(dir->fs->ops->setattr(file, &owner, &set, false, &applied));
    assert_int_equal(attr_now(file).mode, 0604);
    vfs_memo_off();
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Opens a file that has been looked up, for a request.  Returns what the kernel was asked. */
static unsigned open_found(struct vfs_object *root, struct vfs_object *file,
                           const struct vfs_cred *cred, enum vfs_open_want want,
                           enum vfs_status expected)
{
    vfs_memo_on();
    look_up(root, file);
    access_calls = 0;
    assert_status(file->fs->ops->open(file, cred, want, false), expected);
    if (expected == VFS_OK)
        file->fs->ops->close(file, want);
    vfs_memo_off();
    return access_calls;
}

/* The kernel judges an owner by the owner's bits alone. */
static void owners_open_for_reading_by_what_was_met(void **state)
{
    const struct vfs_cred other = {.uid = OTHER, .gid = OTHER};
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    /* Nobody is never known to be the owner. */
    const bool proves = local_privileged() || geteuid() != LOCAL_OVERFLOW_UID;

    fs_of(dir)->overflow_uid = OTHER + 1;
    assert_ok(dir->fs->ops->open(file, &owner, VFS_WANT_BOTH, false)); /* it has a descriptor */
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    assert_int_equal(open_found(root, file, &owner, VFS_WANT_READ, VFS_OK) == 0, proves);
    assert_true(open_found(root, file, &owner, VFS_WANT_WRITE, VFS_OK) > 0);
    if (local_privileged()) {
        assert_true(open_found(root, file, &other, VFS_WANT_READ, VFS_ACCESS) > 0);
        assert_int_equal(chmod(local_path(dir, "file"), 0044), 0);
        assert_true(open_found(root, file, &owner, VFS_WANT_READ, VFS_ACCESS) > 0);
        assert_true(open_found(root, file, &other, VFS_WANT_READ, VFS_OK) > 0);
        assert_int_equal(chmod(local_path(dir, "file"), 0640), 0);
    }
    /* As if its owner had no number here. */
    fs_of(dir)->overflow_uid = local_privileged() ? CONTRACT_OWNER : (uint32_t)geteuid();
    assert_true(open_found(root, file, &owner, VFS_WANT_READ, VFS_OK) > 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* What the kernel is asked when the owner opens the file, with these two. */
static unsigned open_as_owner(const struct local_dir *dir, struct vfs_object *root,
                              struct vfs_object *file, uint32_t uid, uint32_t overflow_uid)
{
    const struct vfs_cred cred = {.uid = uid, .gid = OTHER};

    assert_int_equal(chown(local_path(dir, "file"), uid, OTHER), 0);
    fs_of(dir)->overflow_uid = overflow_uid;
    return open_found(root, file, &cred, VFS_WANT_READ, VFS_OK);
}

/* Many owners may be shown as this one, whatever the administrator chose and however the kernel
 * shows those of a mount. */
static void nobody_is_no_owner(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file;

    if (!local_privileged())
        test_skip(TEST_NEEDS_CALLERS);
    file = file_of(dir, &root);
    assert_ok(dir->fs->ops->open(file, &owner, VFS_WANT_BOTH, false)); /* it has a descriptor */
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    assert_true(open_as_owner(dir, root, file, OTHER, LOCAL_OVERFLOW_UID) == 0);
    assert_true(open_as_owner(dir, root, file, OTHER, OTHER) > 0);
    assert_true(open_as_owner(dir, root, file, LOCAL_OVERFLOW_UID, OTHER) > 0);
    assert_true(open_as_owner(dir, root, file, LOCAL_OVERFLOW_UID, LOCAL_OVERFLOW_UID) > 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

static uint32_t access_of(struct vfs_object *obj, const struct vfs_cred *cred)
{
    uint32_t granted = 0;

    access_calls = statx_calls = 0;
    assert_ok(obj->fs->ops->access(obj, cred, ALL, &granted));
    return granted;
}

static const uint32_t reads = VFS_MAY_READ, writes = VFS_MAY_MODIFY | VFS_MAY_EXTEND;

/* ACCESS that looks at one object may not be followed by what was met of another one, even if the
 * kernel need not be asked for the answer. */
static void access_looks_too(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    uint32_t granted;

    (void)access_of(file, &owner);
    note_for(root, 100);
    vfs_memo_begin(100);
    assert_ok(dir->fs->ops->access(file, &owner, ALL, &granted));
    expect_asked(root);
    vfs_memo_end();
    vfs_object_put(file);
    vfs_object_put(root);
}

/* One statx() for ACCESS and GETATTR, once the kernel has answered. */
static void access_is_remembered(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct vfs_attr attr;

    do {
        local_sweep(fs_of(dir));
        assert_int_equal(access_of(file, &owner), reads | writes);
        assert_true(access_calls > 0);
        assert_int_equal(access_of(file, &owner), reads | writes);
    } while (access_calls > 0); /* the sweeper came in between */
    assert_int_equal(statx_calls, 1);
    vfs_memo_on();
    assert_int_equal(access_of(file, &owner), reads | writes);
    attr = attr_now(file);
    assert_true(access_calls > 0 || statx_calls == 1);
    assert_int_equal(attr.mode, 0640);
    look_up(root, file);
    assert_int_equal(access_of(file, &owner), reads | writes);
    assert_true(access_calls > 0 || statx_calls == 0);
    vfs_memo_off();
    /* An epoch later the kernel is asked again. */
    local_sweep(fs_of(dir));
    (void)access_of(file, &owner);
    assert_true(access_calls > 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* An answer is as old as the question. */
static void an_answer_that_comes_late_is_old(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);

    sweeps = fs_of(dir);
    assert_int_equal(access_of(file, &owner), reads | writes);
    assert_true(access_calls > 0);
    sweeps = NULL;
    assert_int_equal(access_of(file, &owner), reads | writes);
    assert_true(access_calls > 0);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Before that, the ctime does not tell of everything. */
static void nothing_is_remembered_until_a_change_has_settled(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct statx st;

    assert_int_equal(chmod(local_path(dir, "file"), 0600), 0);
    assert_int_equal(access_of(file, &owner), reads | writes);
    assert_int_equal(access_of(file, &owner), reads | writes);
    assert_int_equal(statx(AT_FDCWD, local_path(dir, "file"), 0, STATX_CTIME, &st), 0);
    assert_true(access_calls > 0 || clock_wall_coarse().now_ns - TICK_NS >
                                        st.stx_ctime.tv_sec * NSEC_PER_SEC + st.stx_ctime.tv_nsec);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Where ctime is coarse, the change attribute of a file that loses one of its names does not go
 * back to it. */
static void a_removed_name_leaves_the_change_attribute(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);
    struct vfs_handle handle = file->handle;
    uint64_t before;

    fs_of(dir)->coarse_ctime = true;
    assert_int_equal(link(local_path(dir, "file"), local_path(dir, "second")), 0);
    before = attr_now(file).change + TICK_NS / 2; /* as if it had been changed in the same tick */
    atomic_store(&local_of(file)->file->change, before << 1);
    vfs_object_put(file);
    assert_ok(do_remove(root, &owner, "second"));
    assert_ok(do_resolve(dir->fs, &handle, &file));
    assert_true(attr_now(file).change > before);
    vfs_object_put(file);
    vfs_object_put(root);
}

static void changes_of_permission_are_seen(void **state)
{
    static const uint32_t modes[] = {0400, 0600, 0000, 0200, 0700, 0640};
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root);

    for (int round = 0; round < 20; round++) {
        uint32_t mode = modes[(unsigned)round % ARRAY_SIZE(modes)], want = 0;

        want |= mode & 0400 ? reads : 0;
        want |= mode & 0200 ? writes : 0;
        want |= mode & 0100 ? VFS_MAY_EXECUTE : 0;
        assert_int_equal(chmod(local_path(dir, "file"), mode), 0);
        vfs_memo_on();
        look_up(root, file);
        assert_int_equal(access_of(file, &owner), want);
        assert_int_equal(access_of(file, &owner), want);
        vfs_memo_off();
        assert_int_equal(access_of(file, &owner), want);
        /* An OPEN that has looked at nothing asks the kernel itself. */
        access_calls = 0;
        if (mode & 0400) {
            assert_ok(dir->fs->ops->open(file, &owner, VFS_WANT_READ, false));
            dir->fs->ops->close(file, VFS_WANT_READ);
            assert_ok(dir->fs->ops->open(file, &owner, VFS_WANT_READ, false));
            dir->fs->ops->close(file, VFS_WANT_READ);
            assert_true(access_calls > 0);
        } else if (!(mode & 0100)) {
            assert_status(dir->fs->ops->open(file, &owner, VFS_WANT_READ, false), VFS_ACCESS);
        }
    }
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Every part of a credential counts. */
static void each_caller_has_its_own_answer(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file;
    const struct vfs_cred callers[] = {
        owner,
        {.uid = OTHER, .gid = OTHER},
        {.uid = OTHER, .gid = OTHER, .gid_count = 1, .gids = team},
        {.uid = OTHER, .gid = CONTRACT_TEAM},
        {.uid = OTHER, .gid = OTHER, .gid_count = 1, .gids = &two[1]},
        {.uid = OTHER, .gid = OTHER, .gid_count = 2, .gids = two},
    };
    const uint32_t want[] = {reads | writes, 0, reads, reads, 0, reads};

    if (!local_privileged())
        test_skip(TEST_NEEDS_CALLERS);
    file = file_of(dir, &root);
    vfs_own_identity();
    assert_int_equal(chown(local_path(dir, "file"), CONTRACT_OWNER, CONTRACT_TEAM), 0);
    for (unsigned i = 0; i < 10 * ARRAY_SIZE(callers); i++) {
        unsigned who = i * 5 % ARRAY_SIZE(callers), next = (i + 1) % ARRAY_SIZE(callers);

        assert_int_equal(access_of(file, &callers[who]), want[who]);
        assert_int_equal(access_of(file, &callers[who]), want[who]);
        assert_int_equal(access_of(file, &callers[next]), want[next]);
    }
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Objects that are only looked up are not opened, where they can be found again by handle. */
static void lookups_take_no_descriptors(void **state)
{
    struct local_dir *dir = *state;
    struct local_fs *fs = fs_of(dir);
    struct vfs_object *root, *first = file_of(dir, &root), *files[FILES];
    uint32_t before, got, written = 0;
    char name[16], byte = 0;
    bool eof;

    vfs_object_put(first);
    for (unsigned i = 0; i < FILES; i++) {
        int fd;

        snprintf(name, sizeof(name), "f%u", i);
        fd = open(local_path(dir, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        byte = (char)i;
        written += (uint32_t)write(fd, &byte, 1);
        close(fd);
    }
    assert_int_equal(written, FILES);
    wait_until(is_old(local_path(dir, name)));
    before = atomic_load(&fs->descriptors);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        vfs_memo_on();
        statx_calls = 0;
        assert_ok(do_lookup(root, &owner, name, &files[i]));
        assert_int_equal(attr_now(files[i]).size, 1);
        assert_true(!fs->by_handle || statx_calls == 2);
        vfs_memo_off();
    }
    assert_int_equal(atomic_load(&fs->descriptors) - before, fs->by_handle ? 0 : FILES);
    for (unsigned i = 0; i < FILES; i++) {
        struct vfs_object *again;

        open_calls = 0;
        assert_ok(do_resolve(dir->fs, &files[i]->handle, &again));
        assert_ptr_equal(again, files[i]);
        assert_int_equal(open_calls, 0);
        assert_ok(do_read(files[i], 0, &byte, 1, &got, &eof));
        assert_int_equal(byte, (char)i);
        assert_int_equal(attr_now(files[i]).size, 1);
        vfs_object_put(again);
        vfs_object_put(files[i]);
    }
    vfs_object_put(root);
}

/* One that was removed before it was ever opened is stale. */
static void removed_before_they_were_opened(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file = file_of(dir, &root), *again;
    struct vfs_handle handle = file->handle;
    struct vfs_attr attr;

    vfs_object_put(file);
    vfs_object_put(root);
    local_dir_reopen(dir); /* it knows nothing any more */
    assert_ok(dir->fs->ops->root(dir->fs, &root));
    assert_ok(do_lookup(root, &owner, "file", &file));
    assert_int_equal(unlink(local_path(dir, "file")), 0);
    if (fs_of(dir)->by_handle)
        assert_status(dir->fs->ops->getattr(file, VFS_ATTR_ALL_GET, &attr), VFS_STALE);
    vfs_object_put(file);
    if (fs_of(dir)->by_handle && do_resolve(dir->fs, &handle, &again) == VFS_OK) {
        assert_status(dir->fs->ops->getattr(again, VFS_ATTR_ALL_GET, &attr), VFS_STALE);
        vfs_object_put(again);
    }
    assert_status(do_find(root, &owner, "file"), VFS_NOENT);
    vfs_object_put(root);
}

/* Threads of several callers, each with its own answer. */
struct crowd {
    struct vfs_object *root, *file;
    _Atomic unsigned next;
};

static void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    unsigned self = atomic_fetch_add(&crowd->next, 1);
    const struct vfs_cred cred = {.uid = CONTRACT_OWNER + self % 2, .gid = OTHER + 1};
    uint32_t want = self % 2 && local_privileged() ? 0 : reads | writes, granted;

    for (int i = 0; i < CROWD_ROUNDS; i++) {
        struct vfs_object *found;
        struct vfs_attr attr;

        vfs_memo_on();
        CHECK(do_lookup(crowd->root, &owner, "file", &found) == VFS_OK && found == crowd->file);
        CHECK(found->fs->ops->access(found, &cred, ALL, &granted) == VFS_OK && granted == want);
        CHECK(found->fs->ops->getattr(found, VFS_ATTR_ALL_GET, &attr) == VFS_OK);
        CHECK(attr.fileid == found->fileid && attr.mode == 0640);
        vfs_memo_off();
        vfs_object_put(found);
        if (i % 16 == 0)
            vfs_memo_expire();
    }
    return NULL;
}

static void many_threads_ask_at_once(void **state)
{
    struct local_dir *dir = *state;
    struct crowd crowd = {.next = 0};
    pthread_t threads[CROWD_THREADS];

    crowd.file = file_of(dir, &crowd.root);
    for (int i = 0; i < CROWD_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowd), 0);
    for (int i = 0; i < CROWD_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    vfs_object_put(crowd.file);
    vfs_object_put(crowd.root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(getattr_takes_what_lookup_met),
        LOCAL_TEST(nothing_is_remembered_for_long),
        LOCAL_TEST(requests_that_were_received_share_what_was_met),
        LOCAL_TEST(reads_share_the_size),
        LOCAL_TEST(what_was_met_gives_way_to_what_is_newer),
        LOCAL_TEST(a_request_uses_what_was_met_of_one_object),
        LOCAL_TEST(access_looks_too),
        LOCAL_TEST(a_change_voids_what_lookup_met),
        LOCAL_TEST(owners_open_for_reading_by_what_was_met),
        LOCAL_TEST(nobody_is_no_owner),
        LOCAL_TEST(access_is_remembered),
        LOCAL_TEST(changes_of_permission_are_seen),
        LOCAL_TEST(each_caller_has_its_own_answer),
        LOCAL_TEST(many_threads_ask_at_once),
        LOCAL_TEST(an_answer_that_comes_late_is_old),
        LOCAL_TEST(nothing_is_remembered_until_a_change_has_settled),
        LOCAL_TEST(a_removed_name_leaves_the_change_attribute),
        LOCAL_TEST(lookups_take_no_descriptors),
        LOCAL_TEST(removed_before_they_were_opened),
    };

    return local_group_run(tests);
}
