/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told when the server's disk takes no more.  A limit on the size of files stands in
 * for a disk that is full: it can be set from here, and lifted again.
 */
#include <string.h>
#include <sys/resource.h>

#include "script.h"

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

/* A client that may reclaim after a restart must be on the disk first (RFC 8881 §8.4.2). */
static void client_not_stored(void **state)
{
    struct client_session_wish wish = client_session_wish_default("not stored");
    static struct client_session session;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(file_too_large, lift_limit),
        cmocka_unit_test_teardown(client_not_stored, lift_limit),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
