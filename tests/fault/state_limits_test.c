/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client state is bounded, for each client and for all together: a client at its limit is refused
 * only what is beyond it, and others go on until the common limit is reached.
 */
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/log_lines.h"
#include "protocol/script.h"
#include "protocol/set_range.h"
#include "stranger.h"

static struct client_fh dir;

static int setup(void **state)
{
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--set",
                                          "nfs.delegations=0", NULL};

    (void)state;
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

static uint64_t figure(const char *key)
{
    return stranger_stat("daemon.limits", key);
}

/* ---- opens and their owners ---- */

static struct client_file files[4];

static struct client_open open_of(const char *name, const char *owner)
{
    return (struct client_open){.name = name,
                                .owner = owner,
                                .access = OPEN4_SHARE_ACCESS_BOTH,
                                .create = true,
                                .how = UNCHECKED4,
                                .mode = 0644};
}

static enum nfsstat4 try_open(struct client_mount *mount, int i, const char *owner)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    const struct client_open how = open_of(names[i], owner);

    return client_file_open(mount, &dir, &how, &files[i]);
}

static void close_it(struct client_mount *mount, int i)
{
    expect_status(client_file_close(mount, &files[i]), NFS4_OK);
}

static void opens(void **unused)
{
    uint64_t now = figure("opens");

    (void)unused;
    set_setting("nfs.max_opens_per_client", 1);
    expect_status(try_open(&alice, 0, "owner"), NFS4_OK);
    expect_status(try_open(&alice, 1, "owner"), NFS4ERR_DELAY);
    expect_status(try_open(&bob, 2, "owner"), NFS4_OK);
    assert_true(figure("refused_opens_per_client") > 0);
    set_setting("nfs.max_opens_per_client", 262144);
    assert_int_equal(figure("opens"), now + 2);

    set_setting("nfs.max_opens", (uint32_t)now + 3);
    expect_status(try_open(&alice, 1, "owner"), NFS4_OK);
    expect_status(try_open(&bob, 3, "owner"), NFS4ERR_DELAY);
    assert_true(figure("refused_opens") > 0);
    close_it(&alice, 0);
    expect_status(try_open(&bob, 3, "owner"), NFS4_OK);
    close_it(&alice, 1);
    close_it(&bob, 2);
    close_it(&bob, 3);
    set_setting("nfs.max_opens", 1048576);
    wait_until_every(10, log_find_with("state.limit", "limit", "opens").count > 0);
}

static void owners(void **unused)
{
    uint64_t now;

    (void)unused;
    expect_status(try_open(&alice, 0, "first"), NFS4_OK);
    set_setting("nfs.max_owners_per_client", 1);
    expect_status(try_open(&alice, 1, "second"), NFS4ERR_DELAY);
    expect_status(try_open(&alice, 1, "first"), NFS4_OK);
    assert_true(figure("refused_owners_per_client") > 0);
    set_setting("nfs.max_owners_per_client", 65536);

    now = figure("owners");
    set_setting("nfs.max_owners", (uint32_t)now);
    expect_status(try_open(&bob, 2, "third"), NFS4ERR_DELAY);
    expect_status(try_open(&alice, 2, "first"), NFS4_OK);
    assert_true(figure("refused_owners") > 0);
    set_setting("nfs.max_owners", 1048576);
    for (int i = 0; i < 3; i++)
        close_it(&alice, i);
}

/* ---- locks ---- */

static void lock(struct client_mount *mount, int i, const char *owner, uint64_t offset,
                 enum nfs_lock_type4 type, enum nfsstat4 status)
{
    begin(mount, &files[i].fh);
    script_op_lock_new(mount, &files[i], owner, type, offset, 1);
    run(status);
}

/* A request may split a lock, so there must be room for two. */
static void locks(void **unused)
{
    uint64_t now = figure("locks");

    (void)unused;
    expect_status(try_open(&alice, 0, "owner"), NFS4_OK);
    expect_status(try_open(&bob, 1, "owner"), NFS4_OK);
    set_setting("nfs.max_locks_per_client", 2);
    lock(&alice, 0, "a", 0, WRITE_LT, NFS4_OK);
    lock(&alice, 0, "a", 10, WRITE_LT, NFS4ERR_DELAY);
    lock(&bob, 1, "b", 0, WRITE_LT, NFS4_OK);
    assert_int_equal(figure("refused_locks_per_client"), 1);
    assert_int_equal(figure("locks"), now + 2);
    set_setting("nfs.max_locks_per_client", 1048576);

    set_setting("nfs.max_locks", (uint32_t)now + 4);
    lock(&alice, 0, "a", 10, WRITE_LT, NFS4_OK);
    lock(&bob, 1, "b", 10, WRITE_LT, NFS4ERR_DELAY);
    assert_int_equal(figure("refused_locks"), 1);
    set_setting("nfs.max_locks", 4194304);
    close_it(&alice, 0);
    close_it(&bob, 1);
    assert_int_equal(figure("locks"), now);
}

static void lock_states(void **unused)
{
    uint64_t now = figure("lock_states");

    (void)unused;
    expect_status(try_open(&alice, 0, "owner"), NFS4_OK);
    expect_status(try_open(&bob, 1, "owner"), NFS4_OK);
    set_setting("nfs.max_lock_states_per_client", 1);
    lock(&alice, 0, "a", 0, WRITE_LT, NFS4_OK);
    lock(&alice, 0, "another", 10, WRITE_LT, NFS4ERR_DELAY);
    lock(&bob, 1, "b", 0, WRITE_LT, NFS4_OK);
    assert_int_equal(figure("refused_lock_states_per_client"), 1);
    set_setting("nfs.max_lock_states_per_client", 262144);

    set_setting("nfs.max_lock_states", (uint32_t)now + 2);
    lock(&bob, 1, "another", 10, WRITE_LT, NFS4ERR_DELAY);
    lock(&bob, 1, "b", 10, WRITE_LT, NFS4_OK);
    assert_int_equal(figure("refused_lock_states"), 1);
    set_setting("nfs.max_lock_states", 1048576);
    close_it(&alice, 0);
    close_it(&bob, 1);
    assert_int_equal(figure("lock_states"), now);
}

/* Waiters beyond the limit get the same answer, but no place in the queue. */
static void lock_waiters(void **unused)
{
    (void)unused;
    expect_status(try_open(&alice, 0, "owner"), NFS4_OK);
    lock(&alice, 0, "holder", 0, WRITE_LT, NFS4_OK);
    set_setting("nfs.max_lock_waiters_per_client", 1);
    lock(&alice, 0, "first", 0, WRITEW_LT, NFS4ERR_DENIED);
    lock(&alice, 0, "second", 0, WRITEW_LT, NFS4ERR_DENIED);
    assert_int_equal(figure("lock_waiters"), 1);
    assert_int_equal(figure("refused_lock_waiters_per_client"), 1);
    set_setting("nfs.max_lock_waiters_per_client", 4096);

    set_setting("nfs.max_lock_waiters", 1);
    lock(&alice, 0, "second", 0, WRITEW_LT, NFS4ERR_DENIED);
    assert_int_equal(figure("lock_waiters"), 1);
    assert_int_equal(figure("refused_lock_waiters"), 1);
    set_setting("nfs.max_lock_waiters", 65536);
    close_it(&alice, 0);
    assert_int_equal(figure("lock_waiters"), 0);
}

/* ---- clients and sessions ---- */

/* A connection from some address of this machine. */
static void connect_from(struct client_conn *conn, const char *source)
{
    client_conn_adopt(conn, stranger_connect(source), SCRIPT_TIMEOUT_MS);
    assert_true(conn->fd >= 0);
    conn->cred = script_cred();
}

static enum nfsstat4 new_client(struct client_conn *conn, struct client_session *session)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status;

    assert_int_equal(client_session_open(conn, &wish, session, &status), CLIENT_OK);
    return status;
}

static enum nfsstat4 new_record(struct client_conn *conn)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    static struct client_session session;
    enum nfsstat4 status;

    assert_int_equal(client_session_exchange_id(conn, &wish, &session, &status), CLIENT_OK);
    return status;
}

/* An address's unconfirmed records are replaced first, by one another and by confirmed ones;
 * records in use stay, and another address has its own limit. */
static void clients_of_an_address(void **unused)
{
    const uint32_t most = 4;
    static struct client_session sessions[5];
    struct client_conn here, there;
    uint64_t now = figure("clients");

    (void)unused;
    connect_from(&here, "127.0.0.5");
    connect_from(&there, "127.0.0.6");
    set_setting("nfs.max_clients_per_address", most);
    for (int i = 0; i < 50; i++)
        expect_status(new_record(&here), NFS4_OK);
    assert_int_equal(figure("clients"), now + most);
    for (uint32_t i = 0; i < most; i++)
        expect_status(new_client(&here, &sessions[i]), NFS4_OK);
    expect_status(new_client(&here, &sessions[most]), NFS4ERR_DELAY);
    assert_int_equal(figure("refused_clients_per_address"), 1);
    assert_int_equal(figure("clients"), now + most);
    expect_status(new_client(&there, &sessions[most]), NFS4_OK);
    for (uint32_t i = 0; i < most; i++) {
        enum nfsstat4 status;

        assert_int_equal(client_session_renew(&here, &sessions[i], 0, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
    }
    set_setting("nfs.max_clients_per_address", 16384);
    client_conn_close(&here);
    client_conn_close(&there);
}

static void clients(void **unused)
{
    static struct client_session session;
    struct client_conn conn;

    (void)unused;
    connect_from(&conn, "127.0.0.7");
    set_setting("nfs.max_clients", (uint32_t)figure("clients"));
    expect_status(new_client(&conn, &session), NFS4ERR_DELAY);
    assert_int_equal(figure("refused_clients"), 1);
    set_setting("nfs.max_clients", 65536);
    expect_status(new_client(&conn, &session), NFS4_OK);
    client_conn_close(&conn);
}

static void sessions(void **unused)
{
    static struct client_session session, more;
    struct client_session_wish wish = client_session_wish_default("of several sessions");
    struct client_conn conn;
    enum nfsstat4 status;

    (void)unused;
    connect_from(&conn, "127.0.0.8");
    assert_int_equal(client_session_open(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    set_setting("nfs.max_sessions_per_client", 1);
    more = session;
    assert_int_equal(client_session_create(&conn, &wish, &more, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_NOSPC);
    assert_int_equal(figure("refused_sessions_per_client"), 1);
    set_setting("nfs.max_sessions_per_client", 64);

    set_setting("nfs.max_sessions", (uint32_t)figure("sessions"));
    expect_status(new_client(&conn, &more), NFS4ERR_NOSPC);
    assert_int_equal(figure("refused_sessions"), 1);
    set_setting("nfs.max_sessions", 65536);
    expect_status(new_client(&conn, &more), NFS4_OK);
    client_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens),        cmocka_unit_test(owners),
        cmocka_unit_test(locks),        cmocka_unit_test(lock_states),
        cmocka_unit_test(lock_waiters), cmocka_unit_test(clients_of_an_address),
        cmocka_unit_test(clients),      cmocka_unit_test(sessions),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
