/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sr_status_flags (RFC 8881 §18.46.3) as clients of the running server see them.  S20-17, S20-18,
 * SR-24; docs/status-flags.md has the table.
 */
#include <string.h>

#include "lib/wait.h"
#include "script.h"

#define DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

static int setup(void **state)
{
    static const char *const options[] = {"--lease", "1", "--export", "/mem=mem:,no_root_squash",
                                          NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static uint32_t speak(struct client_conn *conn, struct client_session *session)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(conn, session, 0, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    return session->status_flags;
}

/* The server needs a moment to notice that a connection is gone. */
static void wait_flags(struct client_conn *conn, struct client_session *session, uint32_t flags)
{
    wait_until_every(10, speak(conn, session) == flags);
}

static void mount_open(struct client_mount *mount, const struct client_session_wish *wish)
{
    struct client_cred cred = script_cred();

    expect_status(client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, wish),
                  NFS4_OK);
}

static void bind(struct client_conn *conn, const struct client_session *session,
                 enum channel_dir_from_client4 dir)
{
    enum channel_dir_from_server4 got;
    enum nfsstat4 status;

    assert_int_equal(client_session_bind(conn, session, dir, &got, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* And the server has noticed that it is gone. */
static void conn_abort(struct client_conn *conn)
{
    unsigned before = test_server_sockets(&script_server);

    client_conn_abort(conn);
    wait_until(test_server_sockets(&script_server) < before);
}

/* S22A-06, W08, P-08: set when the last back connection is gone, clear when there is one again. */
static void callback_path(void **state)
{
    struct client_mount mount;
    struct client_conn fore, back;

    (void)state;
    mount_open(&mount, NULL);
    script_connect(&fore);
    script_connect(&back);
    assert_int_equal(speak(&fore, &mount.session), 0);
    bind(&back, &mount.session, CDFC4_BACK);
    conn_abort(&mount.conn);
    assert_int_equal(speak(&fore, &mount.session), 0); /* one is left */
    client_conn_close(&back);
    wait_flags(&fore, &mount.session, DOWN);
    bind(&fore, &mount.session, CDFC4_FORE_OR_BOTH);
    assert_int_equal(speak(&fore, &mount.session), 0);
    client_conn_close(&fore);
    script_connect(&mount.conn);
    bind(&mount.conn, &mount.session, CDFC4_BACK_OR_BOTH);
    assert_int_equal(speak(&mount.conn, &mount.session), 0);
    client_mount_close(&mount);
}

/* Two sessions of one client: CB_PATH_DOWN covers both. */
static void callback_path_of_two_sessions(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount first, second = {.trouble = CLIENT_OK};
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    mount_open(&first, &wish);
    script_connect(&second.conn);
    second.session = first.session;
    assert_int_equal(client_session_create(&second.conn, &wish, &second.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    script_connect(&conn);
    client_conn_abort(&second.conn);
    wait_flags(&conn, &second.session, SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    assert_int_equal(speak(&conn, &first.session), 0);
    client_conn_abort(&first.conn);
    wait_flags(&conn, &first.session, DOWN);
    assert_int_equal(speak(&conn, &second.session), DOWN);
    bind(&conn, &first.session, CDFC4_FORE_OR_BOTH);
    assert_int_equal(speak(&conn, &first.session), 0);
    assert_int_equal(speak(&conn, &second.session), SEQ4_STATUS_CB_PATH_DOWN_SESSION);
    assert_int_equal(client_session_destroy(&conn, &second.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_close(&conn, &first.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* A session without a back channel is told nothing about one. */
static void no_callback_path(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount mount;

    (void)state;
    wish.flags = 0;
    mount_open(&mount, &wish);
    conn_abort(&mount.conn);
    script_connect(&mount.conn);
    for (int i = 0; i < 3; i++)
        assert_int_equal(speak(&mount.conn, &mount.session), 0);
    client_mount_close(&mount);
}

/* P-11, §8.4.3: the lease expired, but no other client needed the state. */
static void silent_and_back(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct client_mount mount;
    struct client_file file;

    (void)state;
    mount_open(&mount, NULL);
    file = make_open(&mount, &dir, "kept");
    script_outlast_leases(&bob, &dir);
    assert_int_equal(speak(&mount.conn, &mount.session), 0);
    expect_status(client_file_close(&mount, &file), NFS4_OK);
    client_mount_close(&mount);
}

static enum nfsstat4 open_denying(struct client_mount *mount, const struct client_fh *dir,
                                  const char *owner, struct client_file *file)
{
    const struct client_open how = {.owner = owner,
                                    .access = OPEN4_SHARE_ACCESS_BOTH,
                                    .deny = OPEN4_SHARE_DENY_BOTH,
                                    .name = "wanted",
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};

    return client_file_open(mount, dir, &how, file);
}

/* L-04, S20-18, SR-18, SR-19: another client needed the state. The silent client is told, and
 * acknowledges. */
static void silent_and_lost(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct nfs_argop4 test = {.argop = OP_TEST_STATEID}, release = {.argop = OP_FREE_STATEID};
    struct client_session_wish wishes[2];
    struct client_mount silent, other;
    struct client_file lost, got;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        wishes[i] = client_session_wish_default(NULL);
        wishes[i].flags = 0; /* otherwise a delegation would have to be recalled first */
        mount_open(i ? &other : &silent, &wishes[i]);
    }
    expect_status(open_denying(&silent, &dir, "silent", &lost), NFS4_OK);
    expect_status(open_denying(&other, &dir, "other", &got), NFS4ERR_SHARE_DENIED);
    script_outlast_leases(&other, &dir);
    expect_status(open_denying(&other, &dir, "other", &got), NFS4_OK);
    assert_int_equal(speak(&silent.conn, &silent.session), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    expect_status(client_file_close(&silent, &lost), NFS4ERR_EXPIRED);
    test.optest_stateid.ts_stateids = &lost.stateid;
    test.optest_stateid.ts_stateids_count = 1;
    release.opfree_stateid.fsa_stateid = lost.stateid;
    begin(&silent, NULL);
    client_compound_add(C, &test);
    client_compound_add(C, &release);
    client_compound_add(C, &test);
    run_on(&silent.conn, NFS4_OK);
    assert_int_equal(R->ops[1].optest_stateid.tsr_status_codes[0], NFS4ERR_EXPIRED);
    assert_int_equal(R->ops[3].optest_stateid.tsr_status_codes[0], NFS4ERR_BAD_STATEID);
    assert_int_equal(speak(&silent.conn, &silent.session), 0);
    expect_status(open_denying(&silent, &dir, "silent", &lost), NFS4ERR_SHARE_DENIED);
    expect_status(client_file_close(&other, &got), NFS4_OK);
    client_mount_close(&other);
    client_mount_close(&silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callback_path),    cmocka_unit_test(callback_path_of_two_sessions),
        cmocka_unit_test(no_callback_path), cmocka_unit_test(silent_and_back),
        cmocka_unit_test(silent_and_lost),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
