/* SPDX-License-Identifier: Apache-2.0 */
/* What survives a restart of the server: filehandles; and what does not: sessions and client ids.
 * Here no client may reclaim; see reclaim_test.c for that. */
#include <string.h>

#include "script.h"

static struct client_fh file, dir;

static void use_files(void **state)
{
    struct client_file opened;
    uint32_t written;

    (void)state;
    dir = script_dir("/local");
    opened = make_open(&alice, &dir, "file");
    expect_status(client_file_write(&alice, &opened, 0, UNSTABLE4, "kept", 4, &written), NFS4_OK);
    file = opened.fh;
    begin(&alice, &file);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
}

/* SR-25, SR-11: over a new connection, since the old one is gone. */
static void old_state_is_gone(void)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_session old;
    enum nfsstat4 status;

    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    script_connect(&alice.conn);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4ERR_BADSESSION);
    old = alice.session;
    assert_int_equal(client_session_create(&alice.conn, &wish, &old, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_STALE_CLIENTID);
    assert_int_equal(client_session_destroy_clientid(&alice.conn, &old, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_STALE_CLIENTID);
    client_conn_close(&alice.conn);
}

static void open_anew(void)
{
    struct client_cred cred = script_cred();

    expect_status(client_mount_open(&alice, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL),
                  NFS4_OK);
    expect_status(client_mount_open(&bob, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL),
                  NFS4_OK);
}

static void handles_are_good(void)
{
    struct client_fh again;
    char data[8];
    uint32_t got;
    bool eof;

    expect_status(client_file_read(&alice, &(struct client_file){.fh = file}, 0, data, sizeof(data),
                                   &got, &eof),
                  NFS4_OK);
    assert_int_equal(got, 4);
    assert_true(eof);
    assert_memory_equal(data, "kept", 4);
    again = look(&alice, &dir, "file");
    assert_int_equal(again.len, file.len);
    assert_memory_equal(again.data, file.data, file.len);
}

/* A stateid of the former life is invalid in this one. */
static void old_stateid(const struct stateid4 *stateid)
{
    begin(&alice, &file);
    client_op_read(C, stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
}

static void restarted(void **state)
{
    struct client_file opened;

    (void)state;
    expect_status(client_file_open_rw(&alice, &dir, "file", &opened), NFS4_OK);
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, NULL));
    old_state_is_gone();
    open_anew();
    handles_are_good();
    old_stateid(&opened.stateid);
}

static void crashed(void **state)
{
    (void)state;
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    old_state_is_gone();
    open_anew();
    handles_are_good();
}

/* A file that was removed while the server was down is gone. */
static void removed_meanwhile(void **state)
{
    char path[256];

    (void)state;
    assert_true(test_server_stop(&script_server));
    (void)snprintf(path, sizeof(path), "%s/test0/file", script_server.data);
    assert_int_equal(remove(path), 0);
    assert_true(test_server_start(&script_server, NULL));
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    open_anew();
    begin(&alice, &file);
    run(NFS4ERR_STALE);
    begin(&alice, &dir);
    client_op_lookup(C, "file");
    run(NFS4ERR_NOENT);
}

static int setup(void **state)
{
    static char local[128];
    const char *const options[] = {"--grace", "0", "--export", local, NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_files),
        cmocka_unit_test(restarted),
        cmocka_unit_test(crashed),
        cmocka_unit_test(removed_meanwhile),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
