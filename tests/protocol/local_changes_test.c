/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations of files of a local directory, and other processes of the machine: a process that
 * opens such a file waits until the delegation is returned, and finds what its holder wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder.h"
#include "lib/directory.h"
#include "set_range.h"

#define READ OPEN_DELEGATE_READ
#define WRITE OPEN_DELEGATE_WRITE

enum {
    NOBODY = 65534,
    KERNEL_PATIENCE_MS = 40000, /* less than fs.lease-break-time */
};

static struct client_fh dir;
static char name[32]; /* of the test's file, never the same twice */
static char served[128];

static void new_name(void)
{
    static unsigned count;

    (void)snprintf(name, sizeof(name), "local%u", count++);
}

/* The file's path on this machine. */
static const char *path_of(const char *file)
{
    static char path[256];
    char pattern[256];
    glob_t found;

    (void)snprintf(pattern, sizeof(pattern), "%s/*/%s", served, file);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    (void)snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
    globfree(&found);
    return path;
}

/* Another process: opens the file, then reads `want` or writes `put`. Exits with 0, or 1 on a
 * difference. */
static pid_t user(int flags, const char *want, const char *put)
{
    const char *path = path_of(name);
    char got[64] = "";
    pid_t pid = fork();
    int fd;

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    fd = open(path, flags);
    if (fd < 0)
        _exit(1);
    if (want && (read(fd, got, sizeof(got) - 1) < 0 || strcmp(got, want) != 0))
        _exit(1);
    if (put && write(fd, put, strlen(put)) != (ssize_t)strlen(put))
        _exit(1);
    _exit(0);
}

static bool waits(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

/* The process ends before the kernel would break the lease by itself. */
static void ends_well(pid_t pid)
{
    int64_t start = wait_now_ms();
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(wait_now_ms() - start < KERNEL_PATIENCE_MS);
}

static void begin_test(struct holder *holder, uint32_t minor)
{
    struct client_file first;

    dir = script_dir(script_local);
    new_name();
    holder_open(holder, minor);
    if (minor > 0)
        return;
    /* In 4.0 an owner's first open brings no delegation, since the owner is not confirmed yet. */
    first = holder_wanting(holder, &dir, "first", READ);
    expect_status(client_file_close(&holder->mount, &first), NFS4_OK);
}

static void end_test(struct holder *holder, struct client_file *file)
{
    holder_finish(holder, file);
    holder_close(holder);
}

static void expect_data(const struct client_file *file, struct client_mount *mount,
                        const char *want)
{
    char got[64];
    uint32_t len;
    bool eof;

    expect_status(client_file_read(mount, file, 0, got, sizeof(got), &len, &eof), NFS4_OK);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
}

static void put_data(const struct client_file *file, struct client_mount *mount, const char *data)
{
    uint32_t written;

    expect_status(
        client_file_write(mount, file, 0, UNSTABLE4, data, (uint32_t)strlen(data), &written),
        NFS4_OK);
    assert_int_equal(written, strlen(data));
}

/* A local writer waits for a read delegation, a local reader does not. */
static void a_writer_waits(uint32_t minor)
{
    struct holder holder;
    struct client_file file;
    pid_t pid;

    begin_test(&holder, minor);
    file = holder_delegated(&holder, &dir, name, READ);
    ends_well(user(O_RDONLY, "", NULL));
    pid = user(O_WRONLY, NULL, "local");
    (void)holder_wait_recall(&holder, &file);
    assert_true(waits(pid));
    holder_return(&holder, &file);
    ends_well(pid);
    expect_data(&file, &holder.mount, "local");
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

static void a_writer_waits_v41(void **unused)
{
    (void)unused;
    a_writer_waits(1);
}

static void a_writer_waits_v40(void **unused)
{
    (void)unused;
    a_writer_waits(0);
}

/* A local reader continues only when the holder of a write delegation has written its data. */
static void a_reader_sees_written_data(void **unused)
{
    struct holder holder;
    struct client_file file;
    pid_t pid;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_delegated(&holder, &dir, name, WRITE);
    pid = user(O_RDONLY, "dirty", NULL);
    (void)holder_wait_recall(&holder, &file);
    put_data(&file, &holder.mount, "dirty");
    assert_true(waits(pid));
    holder_return(&holder, &file);
    ends_well(pid);
    assert_int_equal(holder_recalls(&holder, &file), 1);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

/* The holder's own operations recall nothing: I/O, more opens, truncation. */
static void the_holder_is_not_in_its_own_way(void **unused)
{
    const struct client_open more = {
        .owner = "more", .access = OPEN4_SHARE_ACCESS_BOTH, .name = name};
    struct client_file file, other;
    struct holder holder;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_delegated(&holder, &dir, name, WRITE);
    put_data(&file, &holder.mount, "mine");
    expect_data(&file, &holder.mount, "mine");
    expect_status(client_file_open(&holder.mount, &dir, &more, &other), NFS4_OK);
    expect_data(&other, &holder.mount, "mine");
    expect_status(client_file_close(&holder.mount, &other), NFS4_OK);
    begin(&holder.mount, &file.fh);
    client_op_setattr(C, client_file_delegation(&file), CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 2});
    run(NFS4_OK);
    expect_data(&file, &holder.mount, "mi");
    assert_int_equal(holder_recalls(&holder, &file), 0);
    end_test(&holder, &file);
    ends_well(user(O_RDONLY, "mi", NULL));
}

/* The holder of a read delegation opens the file for writing, which the kernel's lease would
 * forbid. So the server gives up the lease and recalls the delegation. */
static void the_holder_opens_for_writing(void **unused)
{
    const struct client_open more = {.owner = "more",
                                     .access =
                                         OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                     .name = name};
    struct client_file file, other;
    struct holder holder;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_delegated(&holder, &dir, name, READ);
    expect_status(client_file_open(&holder.mount, &dir, &more, &other), NFS4_OK);
    put_data(&other, &holder.mount, "written");
    (void)holder_wait_recall(&holder, &file);
    ends_well(user(O_RDWR, "written", NULL)); /* it does not block */
    expect_status(client_file_close(&holder.mount, &other), NFS4_OK);
    end_test(&holder, &file);
}

/* Other clients conflict with the delegation, and never with the kernel's lease behind it. */
static void other_clients_are_no_strangers(void **unused)
{
    struct client_file file, other;
    struct holder holder;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_contended(&holder, &dir, name);
    (void)holder_wait_recall(&holder, &file);
    holder_return(&holder, &file);
    expect_status(conflict_insist(&bob, &dir, name, &holder, &other), NFS4_OK);
    put_data(&other, &bob, "bob");
    expect_data(&file, &holder.mount, "bob");
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

/* While a local process has a file open, it is not delegated. */
static void not_while_it_is_in_use(void **unused)
{
    struct holder holder;
    struct client_file file;
    int fd;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_delegated(&holder, &dir, name, WRITE);
    end_test(&holder, &file);
    fd = open(path_of(name), O_RDWR);
    assert_true(fd >= 0);
    holder_open(&holder, 1);
    file = holder_wanting(&holder, &dir, name, READ);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    (void)close(fd);
    file = holder_delegated(&holder, &dir, name, READ);
    end_test(&holder, &file);
}

/* Changes of names and attributes, which the kernel does not report (docs/delegations.md): no
 * process waits, and the delegation stays. */
static void unseen_changes(void **unused)
{
    static const enum open_delegation_type4 types[] = {READ, WRITE};
    char path[256], second[300];
    struct client_file file;
    struct holder holder;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        begin_test(&holder, 1);
        file = holder_delegated(&holder, &dir, name, types[i]);
        (void)snprintf(path, sizeof(path), "%s", path_of(name));
        (void)snprintf(second, sizeof(second), "%s.second", path);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(chown(path, geteuid(), getegid()), 0);
        assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
        assert_int_equal(link(path, second), 0);
        assert_int_equal(rename(second, path), 0); /* two names of one file: nothing happens */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rename(second, path), 0);
        expect_data(&file, &holder.mount, "");
        assert_int_equal(holder_speak(&holder, &holder.mount.conn), 0);
        assert_int_equal(holder.callbacks->count, 0);
        end_test(&holder, &file); /* with DELEGRETURN: the client still had it */
    }
}

/* nfs.local_delegations and nfs.delegations, changed while the server runs. */
static void settings(void **unused)
{
    struct holder holder;
    struct client_file file;

    (void)unused;
    set_setting("nfs.local_delegations", 0);
    begin_test(&holder, 1);
    file = holder_wanting(&holder, &dir, name, WRITE);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);

    set_setting("nfs.local_delegations", 2);
    file = holder_delegated(&holder, &dir, name, WRITE);
    ends_well(user(O_RDWR, "", "unseen")); /* and no recall is sent */
    assert_int_equal(holder_recalls(&holder, &file), 0);
    holder_finish(&holder, &file);

    set_setting("nfs.local_delegations", 1);
    set_setting("nfs.delegations", 1);
    file = holder_wanting(&holder, &dir, name, WRITE);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    file = holder_delegated(&holder, &dir, name, READ);
    holder_finish(&holder, &file);

    set_setting("nfs.delegations", 0);
    file = holder_wanting(&holder, &dir, name, READ);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    set_setting("nfs.delegations", 2);
    holder_close(&holder);
}

/* A client that never answers: its delegation is revoked when its lease has expired, long before
 * the kernel would break its own lease (fs.lease-break-time, 45 s), and the local user goes on. */
static void a_dead_holder_is_not_waited_for(void **unused)
{
    struct holder holder;
    struct client_file file;
    pid_t pid;

    (void)unused;
    begin_test(&holder, 1);
    file = holder_delegated(&holder, &dir, name, WRITE);
    pid = user(O_WRONLY, NULL, "local");
    ends_well(pid);
    assert_true(client_file_return(&holder.mount, &file.fh, client_file_delegation(&file)) !=
                NFS4_OK);
    holder_drop(&holder);
}

static int set_up(void **unused)
{
    int result = script_setup_default(unused);

    (void)snprintf(served, sizeof(served), "%s", script_server.data);
    return result;
}

static int set_up_brief(void **unused)
{
    static char export[192];
    const char *const options[] = {"--lease", "2", "--grace", "0", "--export", export, NULL};

    (void)unused;
    memset(&script_server, 0, sizeof(script_server));
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(served, sizeof(served), "%s", script_server.data);
    (void)snprintf(export, sizeof(export), "/local=local:%s,no_root_squash", served);
    return script_setup(options);
}

/* ---- a server without privileges ---- */

/* It can take leases on its own files, but not on those of other users. */
static void only_its_own(void **unused)
{
    struct holder holder;
    struct client_file file;

    (void)unused;
    dir = script_dir(script_local);
    holder_open(&holder, 1);
    new_name();
    file = holder_delegated(&holder, &dir, name, READ);
    holder_finish(&holder, &file);
    expect_status(client_file_lookup(&holder.mount, script_local, &dir), NFS4_OK);
    file = holder_wanting(&holder, &dir, "theirs", READ);
    assert_null(client_file_delegation(&file));
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    set_setting("nfs.local_delegations", 2);
    file = holder_delegated(&holder, &dir, "theirs", READ);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

static int set_up_plain(void **unused)
{
    static char export[192];
    const char *const options[] = {"--export", export, NULL};

    (void)unused;
    (void)snprintf(export, sizeof(export), "/local=local:%s", served);
    return script_setup(options);
}

/* As the user nobody, in a process of its own, on a directory with a file of root's. */
static int run_plain(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_its_own)};
    char path[sizeof(served) + 8];
    int fd, status;
    pid_t pid;

    if (geteuid() != 0) {
        test_skip_part(TEST_NEEDS_USERS);
        return 0;
    }
    (void)snprintf(served, sizeof(served), "/tmp/mainstay-plain.XXXXXX");
    if (!test_server_hold_program() || !mkdtemp(served))
        return 1;
    (void)snprintf(path, sizeof(path), "%s/theirs", served);
    fd = open(path, O_CREAT | O_RDWR, 0666);
    if (fd < 0 || fchmod(fd, 0666) != 0 || chown(served, NOBODY, NOBODY) != 0)
        return 1;
    (void)close(fd);
    pid = fork();
    if (pid == 0) {
        if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(1);
        memset(&script_server, 0, sizeof(script_server));
        exit(test_group_run_named(tests, ARRAY_SIZE(tests), set_up_plain, script_teardown));
    }
    if (waitpid(pid, &status, 0) != pid)
        return 1;
    return directory_remove(served) != 0 || status != 0;
}

/* A file of this size as a request finds it that looks it up first. */
static void expect_size(uint64_t size)
{
    struct nfs4_attrs attrs;

    assert_true(
        fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &R->reply.arena));
    assert_int_equal(attrs.size, size);
}

static void begin_lookup(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, name);
}

static void end_getattr(uint64_t size)
{
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE, FATTR4_CHANGE, FATTR4_MODE));
    run_on(&alice.conn, NFS4_OK);
    expect_size(size);
}

/* So old that the server knows it by its birth time. */
static bool is_settled(void)
{
    struct timespec now;
    struct statx st;

    assert_int_equal(statx(AT_FDCWD, path_of(name), 0, STATX_BTIME, &st), 0);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    return !(st.stx_mask & STATX_BTIME) || now.tv_sec > st.stx_btime.tv_sec + 1;
}

/* LOOKUP and GETATTR of one request may be answered together, but not what came before it, nor in
 * front of a change that it makes itself. */
static void attributes_are_of_their_request(void **unused)
{
    const struct nfs4_attrs larger = {.size = 5000};
    struct client_file file;

    (void)unused;
    dir = script_dir(script_local);
    new_name();
    file = make_open(&alice, &dir, name);
    wait_until(is_settled());
    for (uint64_t size = 1; size <= 20; size++) {
        assert_int_equal(truncate(path_of(name), (off_t)size), 0);
        begin_lookup();
        end_getattr(size);
        begin_lookup();
        client_op_access(C, ACCESS4_READ);
        end_getattr(size);
    }
    begin_lookup();
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE), &larger);
    end_getattr(5000);
    begin_lookup();
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    client_op_write(C, &file.stateid, 6000, FILE_SYNC4, "data", 4);
    run_on(&alice.conn, NFS4_OK);
    expect_size(5000);
    begin_lookup();
    client_op_write(C, &file.stateid, 7000, FILE_SYNC4, "data", 4);
    end_getattr(7004);
    begin_lookup();
    client_op_access(C, ACCESS4_READ);
    client_op_write(C, &file.stateid, 8000, FILE_SYNC4, "data", 4);
    end_getattr(8004);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_of_their_request),
        cmocka_unit_test(a_writer_waits_v41),
        cmocka_unit_test(a_writer_waits_v40),
        cmocka_unit_test(a_reader_sees_written_data),
        cmocka_unit_test(the_holder_is_not_in_its_own_way),
        cmocka_unit_test(the_holder_opens_for_writing),
        cmocka_unit_test(other_clients_are_no_strangers),
        cmocka_unit_test(not_while_it_is_in_use),
        cmocka_unit_test(unseen_changes),
        cmocka_unit_test(settings),
    };
    const struct CMUnitTest brief[] = {cmocka_unit_test(a_dead_holder_is_not_waited_for)};
    int failed = test_group_run_named(tests, ARRAY_SIZE(tests), set_up, script_teardown);

    failed += test_group_run_named(brief, ARRAY_SIZE(brief), set_up_brief, script_teardown);
    failed += run_plain();
    return test_exit_status(failed);
}
