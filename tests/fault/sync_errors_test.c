/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failed sync is an error for the requests that waited for it and for no others; the write
 * verifier changes, since unstable writes may be lost; and no result says NFS4_OK for a change that
 * may be lost.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/durable_fixture.h"
#include "lib/wait.h"

enum {
    LARGE = 256 << 10 /* READ replies with a reference to the file from here on */
};

static struct client_fh dir;

static bool there(const char *name)
{
    struct stat st;

    return lstat(durable_path(name), &st) == 0;
}

static bool is_private(const char *name)
{
    struct stat st;

    return lstat(durable_path(name), &st) == 0 && (st.st_mode & 07777) == 0700;
}

static void add_mkdir(const char *name)
{
    client_op_create(C, name, NF4DIR, NULL, 0755);
}

static void mkdir_is(struct client_mount *mount, const struct client_fh *in, const char *name,
                     enum nfsstat4 status)
{
    begin(mount, in);
    add_mkdir(name);
    run_on(&mount->conn, status);
}

/* A request that waits for its reply while others run. */
struct waiting {
    struct client_mount *mount;
    struct client_compound compound;
    uint32_t xid;
};

static struct waiting leave_waiting(struct client_mount *mount)
{
    struct waiting waiting = {.mount = mount, .xid = durable_send(&mount->conn)};

    waiting.compound = *C;
    memset(C, 0, sizeof(*C));
    return waiting;
}

static void waiting_gets(struct waiting *waiting, enum nfsstat4 status)
{
    client_compound_free(C);
    *C = waiting->compound;
    durable_receive(&waiting->mount->conn, waiting->xid, status);
}

static void another_directory_is_not_concerned(void **state)
{
    struct waiting first, second;
    struct client_fh other;

    (void)state;
    dir = durable_dir("sync");
    other = look(&bob, &dir, "other");
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    disk_watch_hold(watch, DISK_SYNCS);
    begin(&alice, &dir);
    add_mkdir("new");
    first = leave_waiting(&alice);
    begin(&bob, &other);
    add_mkdir("new");
    second = leave_waiting(&bob);
    durable_held(2);
    disk_watch_let_go(watch);
    waiting_gets(&first, NFS4ERR_IO);
    waiting_gets(&second, NFS4_OK);
    mkdir_is(&alice, &dir, "next", NFS4_OK);
}

/* Bob's request arrives when the failing sync has begun, and is not part of it. */
static void later_requests_are_not_concerned(void **state)
{
    struct waiting first, second;

    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    disk_watch_hold(watch, DISK_SYNCS);
    begin(&alice, &dir);
    add_mkdir("first");
    first = leave_waiting(&alice);
    durable_held(1);
    begin(&bob, &dir);
    add_mkdir("second");
    second = leave_waiting(&bob);
    wait_until(there("second"));
    disk_watch_let_go(watch);
    waiting_gets(&first, NFS4ERR_IO);
    waiting_gets(&second, NFS4_OK);
}

static uint64_t verifier_of(const struct client_fh *file)
{
    uint64_t verifier;

    begin(&alice, file);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    memcpy(&verifier, result(OP_COMMIT)->opcommit.writeverf, sizeof(verifier));
    return verifier;
}

/* RFC 8881 §18.3.3 */
static void the_write_verifier_moves(void **state)
{
    struct client_fh file;
    uint64_t before;

    (void)state;
    dir = durable_dir("sync");
    file = look(&alice, &dir, "file");
    before = verifier_of(&file);
    assert_true(verifier_of(&file) == before);
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    mkdir_is(&alice, &dir, "new", NFS4ERR_IO);
    assert_true(verifier_of(&file) != before);
}

/* Does the server have that file open for writing? */
static bool is_held(const char *path)
{
    char name[64], target[512];
    struct dirent *entry;
    bool held = false;
    DIR *fds;

    (void)snprintf(name, sizeof(name), "/proc/%d/fd", script_server.pid);
    fds = opendir(name);
    assert_non_null(fds);
    while (!held && (entry = readdir(fds))) {
        ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
        struct stat link;

        if (len <= 0 || fstatat(dirfd(fds), entry->d_name, &link, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        target[len] = '\0';
        held = strcmp(target, path) == 0 && (link.st_mode & S_IWUSR);
    }
    closedir(fds);
    return held;
}

static void write_and_let_go(const char *name)
{
    struct client_file file = make_open(&alice, &dir, name);
    uint32_t written;

    expect_status(client_file_write(&alice, &file, 0, UNSTABLE4, "x", 1, &written), NFS4_OK);
    assert_true(is_held(durable_path(name)));
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    wait_until(!is_held(durable_path(name)));
}

/* No process has the file open when its data are lost, and the kernel may forget the error with the
 * inode: the error record of the file system remains. */
static void an_unnoticed_error_moves_the_verifier(void **state)
{
    struct client_fh written, other;
    uint64_t before, after;

    (void)state;
    dir = durable_dir("sync");
    other = look(&alice, &dir, "file");
    before = verifier_of(&other);
    write_and_let_go("written");
    written = look(&alice, &dir, "written");
    assert_int_equal(disk_watch_count(watch, DISK_SYNCFS, NULL), 0);
    disk_watch_fail(watch, DISK_SYNCFS, "sync", 1);
    after = verifier_of(&written);
    assert_true(after != before);
    /* The verifier changes once, and no other request waits for that. */
    assert_true(verifier_of(&written) == after);
    assert_true(verifier_of(&other) == after);
    assert_int_equal(disk_watch_count(watch, DISK_SYNCFS, NULL), 1);
}

/* The write was to be stable and is not; the next one is. */
static void a_stable_write_has_the_error(void **state)
{
    static const struct {
        enum stable_how4 stable;
        enum disk_call call;
    } kinds[] = {{FILE_SYNC4, DISK_FSYNC}, {DATA_SYNC4, DISK_FDATASYNC}};
    struct client_file file;
    uint32_t written;

    (void)state;
    dir = durable_dir("sync");
    file = make_open(&alice, &dir, "written");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        disk_watch_fail(watch, kinds[i].call, durable_note("written"), 1);
        expect_status(client_file_write(&alice, &file, 0, kinds[i].stable, "x", 1, &written),
                      NFS4ERR_IO);
        expect_status(client_file_write(&alice, &file, 0, kinds[i].stable, "x", 1, &written),
                      NFS4_OK);
    }
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* The operations behind it have been done, but their results are not returned. */
static void the_first_change_has_the_error(void **state)
{
    uint32_t head;

    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    begin(&alice, &dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_MODE));
    head = C->count;
    add_mkdir("first");
    client_op_getfh(C);
    client_op_putfh(C, &dir);
    add_mkdir("second");
    run(NFS4ERR_IO);
    assert_int_equal(R->count, head + 1);
    assert_int_equal(R->ops[head].resop, OP_CREATE);
    assert_int_equal(R->ops[head - 1].status, NFS4_OK);
    assert_true(there("first") && there("second"));
    /* A retry gets the same. */
    replay_on(NULL);
}

/* SETATTR4res has its bitmap with an error, too; the buffers that READ attached behind it are
 * released. */
static void setattr_before_a_read_has_the_error(void **state)
{
    struct client_fh file;
    int fd;

    (void)state;
    dir = durable_dir("sync");
    fd = open(durable_path("file"), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, LARGE), 0);
    close(fd);
    file = look(&alice, &dir, "file");
    for (int i = 0; i < 3; i++) { /* the last one finds it in the page cache */
        if (i == 2)
            disk_watch_fail(watch, DISK_FSYNC, durable_note("file"), 1);
        client_result_free(R);
        client_compound_free(C);
        client_mount_begin_uncached(&alice, C);
        client_op_putfh(C, &file);
        client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                          &(struct nfs4_attrs){.mode = 0640});
        client_op_read(C, &client_stateid_anonymous, 0, LARGE);
        run(i == 2 ? NFS4ERR_IO : NFS4_OK);
    }
    assert_int_equal(R->ops[R->count - 1].resop, OP_SETATTR);
}

/* Is the file not open on the server? */
static void nobody_has(const char *name)
{
    const struct client_open alone = {
        .owner = "alone",
        .access = OPEN4_SHARE_ACCESS_READ | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .deny = OPEN4_SHARE_DENY_BOTH,
        .name = name,
    };
    struct client_file file;

    expect_status(client_file_open(&bob, &dir, &alone, &file), NFS4_OK);
    expect_status(client_file_close(&bob, &file), NFS4_OK);
}

/* The client got no stateid, so it has no open. In 4.0 the owner's sequence goes on, and the file,
 * which exists, can be opened. */
static void an_open_has_the_error(void **state)
{
    struct client_open open = {
        .owner = "sync errors",
        .access = OPEN4_SHARE_ACCESS_BOTH | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .name = "new",
        .create = true,
        .how = UNCHECKED4,
        .mode = 0644,
    };
    struct client_file file;

    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    begin(&alice, &dir);
    script_op_open(&alice, &open);
    client_op_getfh(C);
    run(NFS4ERR_IO);
    assert_int_equal(R->ops[R->count - 1].resop, OP_OPEN);
    replay_on(NULL);
    assert_true(there("new"));
    nobody_has("new");
    expect_status(client_file_open(&alice, &dir, &open, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* The same for a truncation that may be lost. */
static void an_open_that_truncates_has_the_error(void **state)
{
    static const uint8_t zero[8];
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access =
                       OPEN4_SHARE_ACCESS_BOTH | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
                   .share_deny = OPEN4_SHARE_DENY_BOTH,
                   .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}};
    struct client_file file;

    (void)state;
    dir = durable_dir("sync");
    op.opopen.openhow.opentype = OPEN4_CREATE;
    op.opopen.openhow.how.createattrs = (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {zero, 8}};
    disk_watch_fail(watch, DISK_FSYNC, durable_note("file"), 1);
    begin(&alice, &dir);
    script_op_as(&alice, "truncating", &op);
    run(NFS4ERR_IO);
    nobody_has("file");
    expect_status(client_file_open_rw(&alice, &dir, "file", &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* Changes made before an operation on state are synced before it runs: otherwise the server would
 * count the state, and the client would not. */
static void an_open_behind_the_error_does_not_run(void **state)
{
    struct client_open open = {
        .owner = "sync errors behind",
        .access = OPEN4_SHARE_ACCESS_READ | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .name = "file",
    };
    struct client_file file;

    (void)state;
    dir = durable_dir("sync");
    disk_watch_fail(watch, DISK_FSYNC, durable_note(""), 1);
    begin(&alice, &dir);
    add_mkdir("new");
    client_op_putfh(C, &dir);
    script_op_open(&alice, &open);
    client_op_getfh(C);
    run(NFS4ERR_IO);
    assert_int_equal(R->ops[R->count - 1].resop, OP_CREATE);
    nobody_has("file");
    expect_status(client_file_open(&alice, &dir, &open, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void chmod_later(struct client_mount *mount, const char *name, struct waiting *waiting)
{
    begin(mount, &dir);
    client_op_lookup(C, name);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0700});
    *waiting = leave_waiting(mount);
    wait_until(is_private(name));
}

/* Alice's sync is held while bob and carol arrive; their requests may share the next one. */
static bool share_a_failing_round(struct client_mount *carol)
{
    struct waiting first, second, third;
    bool shared;

    dir = durable_dir("sync");
    disk_watch_hold(watch, DISK_SYNCS);
    chmod_later(&alice, "empty", &first);
    durable_held(1);
    disk_watch_fail(watch, DISK_SYNCFS, "sync", 1);
    chmod_later(&bob, "sub", &second);
    chmod_later(carol, "other", &third);
    wait_ms(1); /* so that both wait for it, most likely */
    disk_watch_let_go(watch);
    waiting_gets(&first, NFS4_OK);
    wait_until(durable_answered(&bob.conn) && durable_answered(&carol->conn));
    shared = disk_watch_count(watch, DISK_SYNCFS, NULL) > 0;
    waiting_gets(&second, shared ? NFS4ERR_IO : NFS4_OK);
    waiting_gets(&third, shared ? NFS4ERR_IO : NFS4_OK);
    return shared;
}

/* One sync covers several objects: all requests that waited for it get the error. */
static void on_btrfs_all_of_a_round_are_concerned(void **state)
{
    struct client_mount carol;

    (void)state;
    durable_mount(&carol);
    wait_until(share_a_failing_round(&carol));
    mkdir_is(&bob, &dir, "next", NFS4_OK);
    client_mount_close(&carol);
}

int main(void)
{
    const struct CMUnitTest on_ext4[] = {
        cmocka_unit_test(another_directory_is_not_concerned),
        cmocka_unit_test(later_requests_are_not_concerned),
        cmocka_unit_test(the_write_verifier_moves),
        cmocka_unit_test(an_unnoticed_error_moves_the_verifier),
        cmocka_unit_test(a_stable_write_has_the_error),
        cmocka_unit_test(the_first_change_has_the_error),
        cmocka_unit_test(setattr_before_a_read_has_the_error),
        cmocka_unit_test(an_open_has_the_error),
        cmocka_unit_test(an_open_that_truncates_has_the_error),
        cmocka_unit_test(an_open_behind_the_error_does_not_run),
    };
    const struct CMUnitTest on_btrfs[] = {
        cmocka_unit_test(on_btrfs_all_of_a_round_are_concerned),
    };
    int failed = test_group_run_fixtures(on_ext4, durable_setup_ext4, script_teardown);

    return failed + test_group_run_fixtures(on_btrfs, durable_setup_btrfs, script_teardown);
}
