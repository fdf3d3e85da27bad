/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_op.h"
#include "client/client_session.h"
#include "client_pair.h"
#include "wire/nfs4_const.h"

static struct client_session session;

static int setup(void **state)
{
    memset(&session, 0, sizeof(session));
    session.slot_count = 4;
    session.slots[2].seqid = 7;
    memset(session.sessionid, 0x11, sizeof(session.sessionid));
    return client_pair_setup(state);
}

/* COMPOUND4res with an OK SEQUENCE for slot 2, seqid 7, and PUTROOTFH with `status`. */
static void answer(struct client_pair *pair, uint32_t xid, enum nfsstat4 status)
{
    uint32_t words[32] = {status, 0, 2, OP_SEQUENCE, NFS4_OK};
    size_t n = 5 + 4;

    memset(&words[5], 0x11, NFS4_SESSIONID_SIZE);
    words[n++] = 7;
    words[n++] = 2;
    words[n++] = 3;
    words[n++] = 3;
    words[n++] = SEQ4_STATUS_CB_PATH_DOWN;
    words[n++] = OP_PUTROOTFH;
    words[n++] = status;
    client_pair_answer(pair, xid, words, n);
}

static void sequence_takes_and_advances_the_slot(void **state)
{
    struct client_pair *pair = *state;
    struct client_compound c;
    struct client_result r;
    struct client_record *record;
    struct rpc_call_header header;
    struct wire_opaque args;
    struct nfs_argop4 op;
    struct xdr x;
    uint32_t xid;

    client_compound_begin_slot(&c, &session, 2, true);
    client_op_putrootfh(&c);
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid), CLIENT_OK);
    client_pair_take(pair, &record, &header, &args);
    assert_int_equal(header.proc, NFSPROC4_COMPOUND);
    xdr_init_decode(&x, args.data, args.len, NULL);
    assert_int_equal(xdr_get_u32(&x), 0); /* tag */
    assert_int_equal(xdr_get_u32(&x), 1); /* minor version */
    assert_int_equal(xdr_get_u32(&x), 2); /* operations */
    assert_true(wire_nfs_argop4(&x, &op));
    assert_int_equal(op.argop, OP_SEQUENCE);
    assert_int_equal(op.opsequence.sa_sequenceid, 7);
    assert_int_equal(op.opsequence.sa_slotid, 2);
    assert_true(op.opsequence.sa_cachethis);
    free(record);
    answer(pair, xid, NFS4ERR_DELAY);
    assert_int_equal(client_compound_receive(&pair->conn, &c, xid, &r), CLIENT_OK);
    assert_int_equal(r.status, NFS4ERR_DELAY);
    assert_int_equal(r.decoded, 2);
    assert_int_equal(session.slots[2].seqid, 8);
    assert_int_equal(session.status_flags, SEQ4_STATUS_CB_PATH_DOWN);
    client_result_free(&r);
    client_compound_free(&c);
}

static void a_retry_is_the_same_bytes(void **state)
{
    struct client_pair *pair = *state;
    struct client_compound c;
    struct client_record *first, *second;
    struct rpc_call_header header;
    struct wire_opaque a, b;
    uint32_t xid[2];

    client_compound_begin_slot(&c, &session, 2, true);
    client_op_remove(&c, "victim");
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid[0]), CLIENT_OK);
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid[1]), CLIENT_OK);
    client_pair_take(pair, &first, &header, &a);
    client_pair_take(pair, &second, &header, &b);
    assert_int_not_equal(xid[0], xid[1]);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    free(first);
    free(second);
    client_compound_free(&c);
}

static void a_compound_grows_as_needed(void **state)
{
    uint8_t *data = must_calloc(1, 1 << 20);
    struct client_compound c;
    struct nfs_argop4 op;
    struct xdr x;

    (void)state;
    memset(data, 0x77, 1 << 20);
    client_compound_begin_plain(&c);
    for (int i = 0; i < 500; i++)
        client_op_lookup(&c, "some name");
    client_op_write(&c, &client_stateid_anonymous, 1, UNSTABLE4, data, 1 << 20);
    xdr_init_decode(&x, c.buffer, xdr_pos(&c.x), NULL);
    xdr_get_u32(&x);
    xdr_get_u32(&x);
    assert_int_equal(xdr_get_u32(&x), 501);
    for (int i = 0; i < 501; i++)
        assert_true(wire_nfs_argop4(&x, &op));
    assert_int_equal(op.argop, OP_WRITE);
    assert_int_equal(op.opwrite.data.len, 1 << 20);
    assert_memory_equal(op.opwrite.data.data, data, 1 << 20);
    assert_int_equal(xdr_left(&x), 0);
    client_compound_free(&c);
    free(data);
}

static void a_broken_reply_is_malformed(void **state)
{
    struct client_pair *pair = *state;
    const uint32_t short_words[] = {NFS4_OK, 0, 1, OP_GETFH, NFS4_OK, 64};
    const uint32_t long_words[] = {NFS4_OK, 0, 1, OP_PUTROOTFH, NFS4_OK, 0};
    struct client_compound c;
    struct client_result r;
    uint32_t xid;

    client_compound_begin_plain(&c);
    client_op_getfh(&c);
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid), CLIENT_OK);
    client_pair_answer(pair, xid, short_words, ARRAY_SIZE(short_words));
    assert_int_equal(client_compound_receive(&pair->conn, &c, xid, &r), CLIENT_MALFORMED);
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid), CLIENT_OK);
    client_pair_answer(pair, xid, long_words, ARRAY_SIZE(long_words));
    assert_int_equal(client_compound_receive(&pair->conn, &c, xid, &r), CLIENT_MALFORMED);
    client_compound_free(&c);
}

/* Replies in any order, and the compound again under the next seqid. */
static void any_reply_and_another_seqid(void **state)
{
    struct client_pair *pair = *state;
    struct client_compound c;
    struct client_result r;
    uint32_t first, second;

    session.highest_in_use = 3;
    client_compound_begin_slot(&c, &session, 2, true);
    client_op_putrootfh(&c);
    assert_int_equal(client_compound_send(&pair->conn, &c, &first), CLIENT_OK);
    client_compound_set_seqid(&c, 9);
    assert_int_equal(client_compound_send(&pair->conn, &c, &second), CLIENT_OK);
    for (uint32_t seqid = 7; seqid <= 9; seqid += 2) {
        struct client_record *record;
        struct rpc_call_header header;
        struct wire_opaque args;
        struct nfs_argop4 op;
        struct xdr x;

        client_pair_take(pair, &record, &header, &args);
        xdr_init_decode(&x, args.data, args.len, NULL);
        for (int i = 0; i < 3; i++)
            xdr_get_u32(&x); /* tag, minor version, number of operations */
        assert_true(wire_nfs_argop4(&x, &op));
        assert_int_equal(op.opsequence.sa_sequenceid, seqid);
        assert_int_equal(op.opsequence.sa_highest_slotid, 3);
        free(record);
    }
    answer(pair, second, NFS4_OK);
    answer(pair, first, NFS4_OK);
    assert_int_equal(client_result_receive_any(&pair->conn, &r), CLIENT_OK);
    assert_int_equal(r.reply.header.xid, second);
    client_result_free(&r);
    assert_int_equal(client_result_receive_any(&pair->conn, &r), CLIENT_OK);
    assert_int_equal(r.reply.header.xid, first);
    client_result_free(&r);
    client_compound_free(&c);
}

static void invalid_xdr_is_not_sent(void **state)
{
    struct client_pair *pair = *state;
    struct nfs_argop4 op = {.argop = 1000};
    struct client_compound c;
    uint32_t xid;

    client_compound_begin_plain(&c);
    client_op_putrootfh(&c);
    client_compound_add(&c, &op);
    client_op_getfh(&c);
    errno = 0;
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid), CLIENT_FAILED);
    assert_int_equal(errno, EINVAL);
    client_compound_free(&c);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(sequence_takes_and_advances_the_slot), PAIR_TEST(a_retry_is_the_same_bytes),
        cmocka_unit_test(a_compound_grows_as_needed),    PAIR_TEST(a_broken_reply_is_malformed),
        PAIR_TEST(any_reply_and_another_seqid),          PAIR_TEST(invalid_xdr_is_not_sent),
    };

    return test_group_run(tests);
}
