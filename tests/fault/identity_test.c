/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write has its caller's identity: where the kernel's decision depends on the writer, the result
 * is as if the caller had written on the server itself, for whichever user the thread acted before.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script.h"

enum {
    OWNER = 1000,
    STRANGER = 2000,
    NEIGHBOURS = 3,
    ROUNDS = 60,
    COMMITS = 20,
    DISK_MIB = 24,
    RESERVE_PERCENT = 20,
    CHUNK = 64 << 10,
    FULL_ROUNDS = 1000,
};

static char disk_image[96], disk_dir[96];
static bool disk_mounted;

static void as(struct client_mount *mount, uint32_t id)
{
    mount->conn.cred = (struct client_cred){.uid = id, .gid = id};
}

static const char *data_path(const char *name)
{
    static char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", script_server.data, name);
    return path;
}

static void make_local(const char *name, uint32_t id, mode_t mode)
{
    int fd = open(data_path(name), O_CREAT | O_EXCL | O_WRONLY, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    assert_int_equal(fchown(fd, id, id), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static mode_t local_mode(const char *name)
{
    struct stat st;

    assert_int_equal(stat(data_path(name), &st), 0);
    return st.st_mode & 07777;
}

static struct client_fh handle_of(const char *export, const char *name)
{
    struct client_fh dir, file;

    expect_status(client_file_lookup(&alice, export, &dir), NFS4_OK);
    file = look(&alice, &dir, name);
    return file;
}

static void need_root(void)
{
    if (geteuid() != 0)
        test_skip(TEST_NEEDS_CALLERS);
}

static bool run_quietly(const char *program, const char *const *argv)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(program, (char *const *)argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* A small ext4 with a fifth of its blocks reserved for root, in a mount namespace that ends with
 * this program and its server. */
static bool disk_mount(void)
{
    const char *mkfs[] = {"mkfs.ext4", "-q", "-F", "-m", "20", disk_image, NULL};
    const char *mount_it[] = {"mount", "-o", "loop", disk_image, disk_dir, NULL};
    int fd = open(disk_image, O_CREAT | O_WRONLY, 0600);

    if (fd < 0 || ftruncate(fd, DISK_MIB << 20) != 0 || close(fd) != 0)
        return false;
    return mkdir(disk_dir, 0755) == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           run_quietly("mkfs.ext4", mkfs) && run_quietly("mount", mount_it);
}

static int setup(void **state)
{
    static char local[160], read_only[160], disk[160];
    const char *options[] = {"--export", local, "--export", read_only, "--threads",
                             "2",        NULL,  NULL,       NULL};
    unsigned n = 6;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(read_only, sizeof(read_only), "/ro=local:%s,ro", script_server.data);
    (void)snprintf(disk_image, sizeof(disk_image), "%s/disk.img", script_server.dir);
    (void)snprintf(disk_dir, sizeof(disk_dir), "%s/disk", script_server.dir);
    (void)snprintf(disk, sizeof(disk), "/disk=local:%s,no_root_squash", disk_dir);
    disk_mounted = geteuid() == 0 && disk_mount();
    if (disk_mounted) {
        options[n++] = "--export";
        options[n++] = disk;
    }
    return script_setup(options);
}

static int teardown(void **state)
{
    if (script_server.pid > 0 && disk_mounted) {
        const char *unmount[] = {"umount", "-l", disk_dir, NULL};

        disk_mounted = !run_quietly("umount", unmount);
    }
    return script_teardown(state);
}

/* Calls of root on the server's threads, over a connection each, beside the stranger's calls. */
struct neighbour {
    struct client_mount mount;
    struct client_fh other;
    pthread_t thread;
};

static _Atomic bool neighbours_end;

static void *neighbour_run(void *arg)
{
    struct neighbour *neighbour = arg;
    void *failed = NULL;

    while (!neighbours_end && !failed) {
        struct client_compound c = {0};
        struct client_result r = {0};

        client_mount_begin(&neighbour->mount, &c);
        client_op_putfh(&c, &neighbour->other);
        client_op_write(&c, &client_stateid_anonymous, 0, UNSTABLE4, "mine", 4);
        client_op_commit(&c, 0, 0);
        if (client_mount_call(&neighbour->mount, &c, &r) != NFS4_OK)
            failed = arg;
        client_result_free(&r);
    }
    client_mount_close(&neighbour->mount);
    return failed;
}

/* Must be called from one thread: the client builds its default owner in static memory. */
static void neighbour_start(struct neighbour *neighbour, const struct client_fh *other)
{
    const struct client_cred root = {.uid = 0};

    neighbour->other = *other;
    expect_status(
        client_mount_open(&neighbour->mount, script_server.target, SCRIPT_TIMEOUT_MS, &root, NULL),
        NFS4_OK);
    assert_int_equal(pthread_create(&neighbour->thread, NULL, neighbour_run, neighbour), 0);
}

/* [PUTFH other, COMMIT, PUTFH f, WRITE] from a user who may write f but does not own it. */
static void write_behind_commit(const struct client_fh *other, const struct client_fh *file)
{
    as(&alice, STRANGER);
    begin(&alice, other);
    client_op_commit(C, 0, 0);
    client_op_putfh(C, file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "evil", 4);
    run(NFS4_OK);
    as(&alice, 0);
}

static void a_strangers_write_takes_suid_away(void **state)
{
    struct client_fh other, file;
    static struct neighbour neighbours[NEIGHBOURS];

    (void)state;
    need_root();
    as(&alice, 0);
    make_local("other", 0, 0666);
    make_local("suid", OWNER, 04777);
    other = handle_of("/local", "other");
    file = handle_of("/local", "suid");
    write_behind_commit(&other, &file);
    assert_int_equal(local_mode("suid"), 0777);
    neighbours_end = false;
    for (int i = 0; i < NEIGHBOURS; i++)
        neighbour_start(&neighbours[i], &other);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(chmod(data_path("suid"), 06777), 0);
        write_behind_commit(&other, &file);
        assert_int_equal(local_mode("suid"), 0777);
    }
    neighbours_end = true;
    for (int i = 0; i < NEIGHBOURS; i++) {
        void *failed;

        pthread_join(neighbours[i].thread, &failed);
        assert_null(failed);
    }
}

/* `echo text > file` by the owner of a file of mode 2644, who is in the file's group. */
static void setgid_alone_survives_its_owner(void **state)
{
    struct client_open how = {.owner = "setgid",
                              .access = OPEN4_SHARE_ACCESS_WRITE,
                              .name = "setgid",
                              .create = true,
                              .how = UNCHECKED4,
                              .mode = 0644};
    struct client_file opened;
    struct client_fh dir;
    uint32_t written;

    (void)state;
    need_root();
    as(&alice, 0);
    make_local("setgid", OWNER, 0644);
    as(&alice, OWNER);
    expect_status(client_file_lookup(&alice, "/local", &dir), NFS4_OK);
    opened.fh = look(&alice, &dir, "setgid");
    expect_status(client_file_setattr(&alice, &opened.fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 02644}),
                  NFS4_OK);
    expect_status(client_file_open(&alice, &dir, &how, &opened), NFS4_OK);
    begin(&alice, &opened.fh);
    client_op_setattr(C, &opened.stateid, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 0});
    run(NFS4_OK);
    assert_int_equal(local_mode("setgid"), 02644);
    expect_status(client_file_write(&alice, &opened, 0, FILE_SYNC4, "text", 4, &written), NFS4_OK);
    assert_int_equal(local_mode("setgid"), 02644);
    expect_status(client_file_close(&alice, &opened), NFS4_OK);
    as(&alice, 0);
}

static bool copy_file(const char *from, const char *to)
{
    const char *argv[] = {"cp", from, to, NULL};

    return run_quietly("cp", argv);
}

static void commit_in_the_way_of(const char *export, const char *program)
{
    const char *argv[] = {program, NULL};
    struct client_fh file;

    as(&alice, 0);
    file = handle_of(export, "program");
    as(&alice, 54321);
    for (int i = 0; i < COMMITS; i++) {
        begin(&alice, &file);
        client_op_commit(C, 0, 0);
        run(NFS4_OK);
        assert_true(run_quietly(program, argv));
    }
    as(&alice, 0);
}

/* COMMIT needs no right, so it must not disturb others: no "text file busy". */
static void a_commit_lets_programs_run(void **state)
{
    char program[160];

    (void)state;
    need_root();
    (void)snprintf(program, sizeof(program), "%s", data_path("program"));
    assert_true(copy_file("/bin/true", program));
    assert_int_equal(chmod(program, 0711), 0);
    commit_in_the_way_of("/ro", program);
    commit_in_the_way_of("/local", program);
}

static uint64_t disk_free(void)
{
    struct statvfs st;

    assert_int_equal(statvfs(disk_dir, &st), 0);
    return (uint64_t)st.f_bfree * st.f_frsize;
}

/* Write until there is no more room; the blocks reserved for root stay free. */
static void roots_reserve_stays_roots(void **state)
{
    static char chunk[CHUNK];
    struct client_fh other, file;
    struct client_file opened;
    struct client_fh dir;
    enum nfsstat4 status = NFS4_OK;

    (void)state;
    need_root();
    if (!disk_mounted)
        test_skip("cannot mount an ext4 image here");
    assert_int_equal(chmod(disk_dir, 01777), 0);
    as(&alice, 0);
    expect_status(client_file_lookup(&alice, "/disk", &dir), NFS4_OK);
    other = make_file(&alice, &dir, "other");
    as(&alice, STRANGER);
    expect_status(client_file_create(&alice, &dir, "greedy", &opened), NFS4_OK);
    file = opened.fh;
    memset(chunk, 'x', sizeof(chunk));
    for (unsigned i = 0; i < FULL_ROUNDS && status == NFS4_OK; i++) {
        as(&alice, 0);
        begin(&alice, &other);
        client_op_access(C, ACCESS4_MODIFY);
        run(NFS4_OK);
        as(&alice, STRANGER);
        begin(&alice, &file);
        client_op_write(C, &opened.stateid, (uint64_t)i * CHUNK, FILE_SYNC4, chunk, CHUNK);
        assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        status = R->status;
    }
    expect_status(status, NFS4ERR_NOSPC);
    assert_true(disk_free() >= (uint64_t)DISK_MIB * RESERVE_PERCENT / 100 * 900 * 1024);
    expect_status(client_file_close(&alice, &opened), NFS4_OK);
    as(&alice, 0);
    /* Root itself may use them. */
    begin(&alice, &other);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, chunk, CHUNK);
    run(NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_strangers_write_takes_suid_away),
        cmocka_unit_test(setgid_alone_survives_its_owner),
        cmocka_unit_test(a_commit_lets_programs_run),
        cmocka_unit_test(roots_reserve_stays_roots),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
