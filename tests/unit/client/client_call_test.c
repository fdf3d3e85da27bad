/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "client_pair.h"
#include "wire/nfs4_const.h"

static uint32_t send_null(struct client_pair *pair)
{
    uint32_t xid;

    assert_int_equal(client_call_send(&pair->conn, NFS4_PROGRAM, NFS_V4, 0, NULL, 0, &xid),
                     CLIENT_OK);
    return xid;
}

static void take_and_drop(struct client_pair *pair, struct rpc_call_header *header)
{
    struct client_record *record;
    struct wire_opaque args;

    client_pair_take(pair, &record, header, &args);
    free(record);
}

static void call_carries_the_credentials(void **state)
{
    struct client_pair *pair = *state;
    struct client_record *record;
    struct rpc_call_header header;
    struct wire_opaque args;
    struct authsys_parms parms;
    struct arena arena;
    struct xdr x;
    uint32_t xid;

    pair->conn.cred = (struct client_cred){.uid = 7, .gid = 8, .gid_count = 2, .gids = {9, 10}};
    xid = send_null(pair);
    client_pair_take(pair, &record, &header, &args);
    assert_int_equal(header.xid, xid);
    assert_int_equal(header.prog, NFS4_PROGRAM);
    assert_int_equal(header.vers, 4);
    assert_int_equal(header.cred.flavor, AUTH_SYS);
    arena_init(&arena, 256);
    xdr_init_decode(&x, header.cred.body.data, header.cred.body.len, &arena);
    assert_true(wire_authsys_parms(&x, &parms));
    assert_int_equal(parms.uid, 7);
    assert_int_equal(parms.gid, 8);
    assert_int_equal(parms.gids_count, 2);
    assert_int_equal(parms.gids[1], 10);
    arena_fini(&arena);
    free(record);
    pair->conn.cred.none = true;
    send_null(pair);
    take_and_drop(pair, &header);
    assert_int_equal(header.cred.flavor, AUTH_NONE);
}

static void replies_may_come_in_any_order(void **state)
{
    struct client_pair *pair = *state;
    uint32_t xids[3], word = 0;
    struct client_reply reply;

    for (int i = 0; i < 3; i++)
        xids[i] = send_null(pair);
    for (uint32_t i = 3; i-- > 0;)
        client_pair_answer(pair, xids[i], &i, 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(client_call_receive(&pair->conn, xids[i], &reply), CLIENT_OK);
        assert_true(xdr_u32(&reply.results, &word));
        assert_int_equal(word, i);
        client_reply_free(&reply);
    }
    assert_int_equal(pair->conn.stash_count, 0);
}

static void fragments_are_joined(void **state)
{
    struct client_pair *pair = *state;
    struct client_record *record;
    uint8_t data[10];

    for (size_t step = 0; step <= 11; step++) {
        memset(data, (int)step, sizeof(data));
        assert_int_equal(client_conn_send_record(&pair->server, data, sizeof(data), step),
                         CLIENT_OK);
        assert_int_equal(client_conn_receive_record(&pair->conn, &record), CLIENT_OK);
        assert_int_equal(record->len, sizeof(data));
        assert_memory_equal(record->data, data, sizeof(data));
        free(record);
    }
}

static void silence_ends_in_time(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;

    pair->conn.timeout_ms = 50;
    assert_int_equal(client_call_receive(&pair->conn, send_null(pair), &reply), CLIENT_TIMEOUT);
    assert_int_equal(client_conn_wait_close(&pair->conn, 20), CLIENT_TIMEOUT);
}

static void a_closed_connection_is_told(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid = send_null(pair);

    assert_int_equal(client_conn_send_raw(&pair->server, "\x80", 1), CLIENT_OK);
    client_conn_close(&pair->server);
    assert_int_equal(client_call_receive(&pair->conn, xid, &reply), CLIENT_CLOSED);
    assert_int_equal(client_conn_wait_close(&pair->conn, 60000), CLIENT_CLOSED);
}

static void a_rejected_call_keeps_its_header(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    struct rpc_reply_header header = {.xid = send_null(pair), .stat = MSG_ACCEPTED};
    uint8_t bytes[64];
    struct xdr x;

    header.accept_stat = ACCEPT_PROG_MISMATCH;
    header.low = header.high = 4;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(wire_rpc_reply_header(&x, &header));
    assert_int_equal(client_conn_send_record(&pair->server, bytes, xdr_pos(&x), 0), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->conn, header.xid, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.accept_stat, ACCEPT_PROG_MISMATCH);
    assert_int_equal(reply.header.high, 4);
    client_reply_free(&reply);
}

static void targets_are_checked(void **state)
{
    static const char *const bad[] = {"", ":", "127.0.0.1", "127.0.0.1:", ":2049", "[::1]"};
    struct client_conn conn;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(client_conn_open(&conn, bad[i], 100), CLIENT_FAILED);
        client_conn_close(&conn);
    }
}

#define PAIR_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, client_pair_setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(call_carries_the_credentials), PAIR_TEST(replies_may_come_in_any_order),
        PAIR_TEST(fragments_are_joined),         PAIR_TEST(silence_ends_in_time),
        PAIR_TEST(a_closed_connection_is_told),  PAIR_TEST(a_rejected_call_keeps_its_header),
        cmocka_unit_test(targets_are_checked),
    };

    return test_group_run(tests);
}
