/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minor version 0, where only the loss of a connection permits a retry, and only the xid identifies
 * it: a request whose reply is lost is retried over another connection, and gets the first reply's
 * bytes.
 */
#include <string.h>

#include "lost_reply/lost.h"

static struct client_fh dir;

static void names(void **state)
{
    lost_run(*state, &lost_names);
}

static void data(void **state)
{
    lost_run(*state, &lost_data);
}

static void owners(void **state)
{
    lost_run(*state, &lost_owners_v40);
}

static void mixed(void **state)
{
    lost_run(*state, &lost_mixed_v40);
}

static void clients(void **state)
{
    lost_run(*state, &lost_clients_v40);
}

static void attributes(void **state)
{
    lost_run(*state, &lost_attributes);
}

/* The connection is cut at a random moment: the request runs once, on the first or the second
 * arrival, and a retry that finds it running waits for its reply. */
static void connection_cut(void **state)
{
    dir = script_dir(*state);
    for (unsigned i = 0; i < 40; i++) {
        struct client_conn conn;
        uint32_t xid = lost_cut(&dir, i);

        script_connect(&conn);
        conn.xid = xid - 1;
        run_on(&conn, NFS4_OK);
        client_conn_close(&conn);
    }
}

/* Twice over one connection, before the first is answered: two replies, one effect. */
static void twice_at_once(void **state)
{
    dir = script_dir(*state);
    for (unsigned i = 0; i < 40; i++) {
        struct client_result first, second;
        struct client_conn one, two;
        char name[16];
        uint32_t xid;

        (void)snprintf(name, sizeof(name), "d%u", i);
        begin(&alice, &dir);
        client_op_create(C, name, NF4DIR, NULL, 0700);
        client_op_getfh(C);
        script_connect(&one);
        script_connect(&two);
        assert_int_equal(client_compound_send(&one, C, &xid), CLIENT_OK);
        assert_int_equal(client_compound_send_again(&two, C, xid), CLIENT_OK);
        assert_int_equal(client_compound_receive(&one, C, xid, &first), CLIENT_OK);
        assert_int_equal(client_compound_receive(&two, C, xid, &second), CLIENT_OK);
        expect_status(first.status, NFS4_OK);
        assert_int_equal(first.body.len, second.body.len);
        assert_memory_equal(first.body.data, second.body.data, first.body.len);
        client_result_free(&first);
        client_result_free(&second);
        client_conn_close(&one);
        client_conn_close(&two);
    }
}

/* With other arguments or another caller, the same xid is a new request. */
static void another_request(void **state)
{
    struct client_conn conn;
    uint32_t xid;

    dir = script_dir(*state);
    begin(&alice, &dir);
    client_op_create(C, "one", NF4DIR, NULL, 0700);
    run(NFS4_OK);
    xid = alice.conn.xid;
    script_connect(&conn);
    begin(&alice, &dir);
    client_op_create(C, "two", NF4DIR, NULL, 0700);
    conn.xid = xid - 1;
    run_on(&conn, NFS4_OK);
    /* The first request is still recognized. */
    begin(&alice, &dir);
    client_op_create(C, "one", NF4DIR, NULL, 0700);
    conn.xid = xid - 1;
    run_on(&conn, NFS4_OK);
    conn.cred = script_stranger();
    conn.xid = xid - 1;
    run_on(&conn, NFS4ERR_EXIST);
    conn.cred = script_cred();
    run_on(&conn, NFS4ERR_EXIST);
    client_conn_close(&conn);
    lost_dir = dir;
    lost_expect_name("one", true);
    lost_expect_name("two", true);
}

/* Requests without changes run again. */
static void nothing_kept(void **state)
{
    static uint8_t first[1024];
    struct client_fh made;
    size_t len;

    dir = script_dir(*state);
    begin(&alice, &dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_NUMLINKS));
    run(NFS4_OK);
    len = R->body.len;
    assert_true(len <= sizeof(first));
    memcpy(first, R->body.data, len);
    lost_dir = dir;
    expect_status(client_file_mkdir(&bob, &lost_dir, "new", &made), NFS4_OK);
    run_again_on(NULL, NFS4_OK);
    assert_int_equal(R->body.len, len);
    assert_memory_not_equal(R->body.data, first, len);
}

/* A reply is cached whole or the request is not begun: an operation whose result would make the
 * reply too long is refused, before its execution if it changes something. */
static void long_replies(void **state)
{
    static uint8_t data[LIMIT_DUPLICATE_REPLY_BYTES + 4096];
    struct client_file file;
    uint32_t written;

    lost_dir = script_dir(*state);
    file = make_open(&alice, &lost_dir, "long");
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, data, sizeof(data), &written),
                  NFS4_OK);

    /* READ first: REMOVE is not executed. */
    begin(&alice, &file.fh);
    client_op_read(C, &file.stateid, 0, sizeof(data));
    client_op_putfh(C, &lost_dir);
    client_op_remove(C, "long");
    run(NFS4ERR_RESOURCE);
    assert_int_equal(R->count, 4);
    lost_expect_name("long", true);

    /* REMOVE first: its reply is cached, and READ returns what fits. */
    begin(&alice, &lost_dir);
    client_op_remove(C, "long");
    client_op_putfh(C, &file.fh);
    client_op_read(C, &file.stateid, 0, sizeof(data));
    lost_send(NFS4_OK);
    assert_true(lost_result(OP_READ)->opread.data.len < LIMIT_DUPLICATE_REPLY_BYTES);
    assert_true(lost_result(OP_READ)->opread.data.len > LIMIT_DUPLICATE_REPLY_BYTES - 1024);
    lost_retry(NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(names),
        ON_BOTH(data),
        ON_BOTH(owners),
        ON_BOTH(mixed),
        ON_BOTH(clients),
        ON_BOTH(connection_cut),
        ON_BOTH(twice_at_once),
        ON_BOTH(another_request),
        ON_BOTH(nothing_kept),
        ON_BOTH(long_replies),
        {"attributes on mem", attributes, NULL, NULL, script_mem}, /* local has none */
    };

    return test_group_run_fixtures(tests, script_setup_v40_default, lost_teardown);
}
