/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "client_pair.h"
#include "wire/nfs4_const.h"

static struct client_callbacks callbacks;

static int setup(void **state)
{
    memset(&callbacks, 0, sizeof(callbacks));
    if (client_pair_setup(state) != 0)
        return -1;
    ((struct client_pair *)*state)->conn.callbacks = &callbacks;
    return 0;
}

/* CB_SEQUENCE and CB_RECALL, from the server's end. */
static uint32_t send_recall(struct client_pair *pair)
{
    struct CB_SEQUENCE4args sequence = {.csa_sequenceid = 5, .csa_slotid = 1};
    struct CB_RECALL4args recall = {.stateid = {3, "recalled"}};
    struct wire_opaque tag = {(const uint8_t *)"tag", 3};
    uint8_t args[256];
    uint32_t xid;
    struct xdr x;

    memset(sequence.csa_sessionid, 0xab, NFS4_SESSIONID_SIZE);
    xdr_init_encode(&x, args, sizeof(args));
    xdr_opaque(&x, &tag, 16);
    xdr_put_u32(&x, 1);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 2);
    xdr_put_u32(&x, OP_CB_SEQUENCE);
    wire_CB_SEQUENCE4args(&x, &sequence);
    xdr_put_u32(&x, OP_CB_RECALL);
    wire_CB_RECALL4args(&x, &recall);
    assert_false(x.failed);
    assert_int_equal(client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND,
                                      args, xdr_pos(&x), &xid),
                     CLIENT_OK);
    return xid;
}

/* The reply's words from the compound's status on. */
static void expect_statuses(struct client_pair *pair, uint32_t xid, enum nfsstat4 status,
                            uint32_t count)
{
    struct client_reply reply;
    struct wire_opaque tag = {(const uint8_t *)"", 0};

    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_OK);
    assert_int_equal(xdr_get_u32(&reply.results), status);
    assert_true(xdr_opaque(&reply.results, &tag, 16));
    assert_int_equal(tag.len, 3);
    assert_int_equal(xdr_get_u32(&reply.results), count);
    assert_int_equal(xdr_get_u32(&reply.results), OP_CB_SEQUENCE);
    client_reply_free(&reply);
}

static void null_is_answered(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid;

    assert_int_equal(
        client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_NULL, NULL, 0, &xid),
        CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_OK);
    assert_int_equal(xdr_left(&reply.results), 0);
    assert_int_equal(callbacks.null_count, 1);
    client_reply_free(&reply);
}

static void recall_is_kept_and_answered(void **state)
{
    struct client_pair *pair = *state;
    uint32_t xid = send_recall(pair);
    const struct client_callback *cb = &callbacks.kept[0];

    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4_OK, 2);
    assert_int_equal(callbacks.count, 1);
    assert_true(cb->has_sequence);
    assert_int_equal(cb->sequence.csa_sequenceid, 5);
    assert_int_equal(cb->minor_version, 1);
    assert_int_equal(cb->op_count, 2);
    assert_int_equal(cb->ops[1], OP_CB_RECALL);
    assert_int_equal(cb->recalled.seqid, 3);
    assert_string_equal((const char *)cb->recalled.other, "recalled");
}

static void the_test_chooses_the_answer(void **state)
{
    struct client_pair *pair = *state;

    callbacks.op_status = NFS4ERR_DELAY;
    uint32_t xid = send_recall(pair);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4ERR_DELAY, 2);
    callbacks.sequence_status = NFS4ERR_BADSESSION;
    xid = send_recall(pair);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4ERR_BADSESSION, 1);
}

static void an_answer_can_be_held_back(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid = send_recall(pair);

    callbacks.hold = true;
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    pair->server.timeout_ms = 50;
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_TIMEOUT);
    assert_int_equal(callbacks.count, 1);
}

/* A call that comes while a reply is awaited is answered on the way. */
static void a_call_between_replies_is_answered(void **state)
{
    struct client_pair *pair = *state;
    struct client_record *record;
    struct rpc_call_header header;
    struct wire_opaque args;
    uint32_t fore, back;
    struct client_reply reply;

    assert_int_equal(client_call_send(&pair->conn, NFS4_PROGRAM, NFS_V4, 0, NULL, 0, &fore),
                     CLIENT_OK);
    client_pair_take(pair, &record, &header, &args);
    free(record);
    back = send_recall(pair);
    client_pair_answer(pair, fore, NULL, 0);
    assert_int_equal(client_call_receive(&pair->conn, fore, &reply), CLIENT_OK);
    client_reply_free(&reply);
    expect_statuses(pair, back, NFS4_OK, 2);
}

static void without_callbacks_calls_are_refused(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid = send_recall(pair);

    pair->conn.callbacks = NULL;
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.accept_stat, ACCEPT_PROG_UNAVAIL);
    client_reply_free(&reply);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(null_is_answered),
        PAIR_TEST(recall_is_kept_and_answered),
        PAIR_TEST(the_test_chooses_the_answer),
        PAIR_TEST(an_answer_can_be_held_back),
        PAIR_TEST(a_call_between_replies_is_answered),
        PAIR_TEST(without_callbacks_calls_are_refused),
    };

    return test_group_run(tests);
}
