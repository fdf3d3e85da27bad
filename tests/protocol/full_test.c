/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told when the server's disk is full. A limit on file sizes stands in for a full
 * disk: the test can set and lift it.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "copying.h"
#include "lib/wait.h"

static int setup(void **state)
{
    static char local[128];
    const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash", "--export", local, "--lease", "1", NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(prlimit(script_server.pid, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(prlimit(script_server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static int lift_limit(void **state)
{
    (void)state;
    limit_files(RLIM_INFINITY);
    return 0;
}

static void file_too_large(void **state)
{
    struct client_fh dir = script_dir(script_local);
    struct client_file file = make_open(&alice, &dir, "file");
    const uint64_t large = 64u << 20;

    (void)state;
    limit_files(1u << 20);
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, large, UNSTABLE4, "x", 1);
    run(NFS4ERR_FBIG);
    begin(&alice, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = large});
    run(NFS4ERR_FBIG);
    limit_files(RLIM_INFINITY);
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, large, UNSTABLE4, "x", 1);
    run(NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void op_write_same(const struct client_file *file, uint64_t offset)
{
    const struct app_data_block4 adb = {.adb_offset = offset,
                                        .adb_block_size = 4096,
                                        .adb_block_count = 1,
                                        .adb_reloff_blocknum = UINT64_MAX,
                                        .adb_pattern = client_text("x")};

    client_compound_add(C, &(struct nfs_argop4){.argop = OP_WRITE_SAME,
                                                .opwrite_same = {file->stateid, UNSTABLE4, adb}});
}

/* Every operation of 4.2 that makes a file longer, beyond the limit and up to it. */
static void file_too_large_v42(void **state)
{
    const uint64_t limit = 1u << 20;
    struct client_mount carol;
    struct client_file from, to;
    struct client_fh dir;
    struct copying copying;

    (void)state;
    script_mount_v42(&carol);
    expect_status(client_file_lookup(&carol, script_local, &dir), NFS4_OK);
    from = make_open(&carol, &dir, "from");
    to = make_open(&carol, &dir, "to");
    begin(&carol, &from.fh);
    client_op_write(C, &from.stateid, 0, UNSTABLE4, "0123456789", 10);
    run(NFS4_OK);
    limit_files(limit);
    begin(&carol, &to.fh);
    client_op_allocate(C, &to.stateid, limit, 1);
    run(NFS4ERR_FBIG);
    begin(&carol, &to.fh);
    client_op_allocate(C, &to.stateid, 0, limit + 1);
    run(NFS4ERR_FBIG);
    begin(&carol, &to.fh);
    op_write_same(&to, limit);
    run(NFS4ERR_FBIG);
    copying = copying_all(&from, &to);
    copying.to_offset = limit;
    copying_run(&carol, &copying, NFS4ERR_FBIG);
    assert_int_equal(copying_size(&carol, &to.fh), 0);
    copying.to_offset = limit - 4;
    assert_int_equal(copying_run(&carol, &copying, NFS4_OK), 4);
    assert_int_equal(copying_size(&carol, &to.fh), limit);
    begin(&carol, &to.fh);
    op_write_same(&to, limit - 4096);
    run(NFS4_OK);
    limit_files(RLIM_INFINITY);
    begin(&carol, &to.fh);
    op_write_same(&to, limit);
    run(NFS4_OK);
    expect_status(client_file_close(&carol, &from), NFS4_OK);
    expect_status(client_file_close(&carol, &to), NFS4_OK);
    client_mount_close(&carol);
}

/* Has the server taken the signal? */
static bool is_taken(int sig)
{
    unsigned long long pending = ~0ull;
    char path[64], line[256];
    FILE *status;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", script_server.pid);
    status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status))
        (void)sscanf(line, "ShdPnd: %llx", &pending);
    (void)fclose(status);
    return (pending >> (sig - 1) & 1) == 0;
}

/* No line can be logged, and the server goes on. The main thread answers SIGUSR1; the other threads
 * block the signal that such a write raises. */
static void log_full(void **state)
{
    struct client_fh dir = script_dir(script_mem);

    (void)state;
    limit_files(1);
    for (int i = 0; i < 2; i++) { /* it takes the second when it has answered the first */
        assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
        wait_until(is_taken(SIGUSR1));
    }
    (void)make_file(&alice, &dir, "file");
}

/* A client that is allowed to reclaim after a restart must first be recorded on disk (RFC 8881
 * §8.4.2). */
static void client_not_stored(void **state)
{
    struct client_session_wish wish = client_session_wish_default("not stored");
    static struct client_session session;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    if (script_minor == 0)
        return; /* in 4.0 it is the first open that waits for the disk */
    script_connect(&conn);
    assert_int_equal(client_session_exchange_id(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    limit_files(1);
    assert_int_equal(client_session_reclaim_complete(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_DELAY);
    limit_files(RLIM_INFINITY);
    assert_int_equal(client_session_reclaim_complete(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_close(&conn, &session, &status), CLIENT_OK);
    client_conn_close(&conn);
}

static void op_lockt(void)
{
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCKT,
                                                .oplockt = {.locktype = WRITE_LT,
                                                            .length = 1,
                                                            .owner = {client_mount_clientid(&alice),
                                                                      client_text("prober")}}});
}

/* Nor is state taken from a client with an expired lease before that is on disk (RFC 8881 §8.4.3):
 * otherwise it could reclaim the state after a restart. */
static void loss_not_stored(void **state)
{
    struct client_open how = {.owner = "alice", .access = OPEN4_SHARE_ACCESS_WRITE, .name = "file"};
    struct client_file of_bob, of_alice;
    struct client_fh dir = script_dir(script_mem);

    (void)state;
    of_bob = make_open(&bob, &dir, "file");
    expect_status(client_file_open(&alice, &dir, &how, &of_alice), NFS4_OK);
    begin(&bob, &of_bob.fh);
    script_op_lock_new(&bob, &of_bob, "bob", WRITE_LT, 0, 10);
    run(NFS4_OK);
    script_outlast_leases(&alice, &dir);
    limit_files(1);
    begin(&alice, &of_alice.fh);
    op_lockt();
    run(NFS4ERR_DELAY);
    begin(&alice, &of_alice.fh);
    script_op_lock_new(&alice, &of_alice, "alice", WRITE_LT, 0, 10);
    run(NFS4ERR_DELAY);
    limit_files(RLIM_INFINITY);
    begin(&alice, &of_alice.fh);
    op_lockt();
    run(NFS4_OK);
    begin(&bob, &of_bob.fh);
    script_op_close(&bob, &of_bob);
    run(NFS4ERR_EXPIRED);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(file_too_large, lift_limit),
        cmocka_unit_test_teardown(file_too_large_v42, lift_limit),
        cmocka_unit_test_teardown(log_full, lift_limit),
        cmocka_unit_test_teardown(client_not_stored, lift_limit),
        cmocka_unit_test_teardown(loss_not_stored, lift_limit),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
