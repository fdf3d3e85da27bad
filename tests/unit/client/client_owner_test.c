/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "client/client_id.h"
#include "client/client_owner.h"
#include "client_pair.h"

static struct client_owner opener, locker;

static int setup(void **state)
{
    client_owner_init(&opener, 0x1234, "opener");
    client_owner_init(&locker, 0x1234, "locker");
    return client_pair_setup(state);
}

static void begin(struct client_compound *c)
{
    client_compound_begin(c, client_text("tag"), 0);
}

/* The only operation of the next call. */
static uint32_t take(struct client_pair *pair, struct nfs_argop4 *op)
{
    struct client_record *record;
    struct rpc_call_header header;
    struct wire_opaque args, tag = {0};
    struct xdr x;

    client_pair_take(pair, &record, &header, &args);
    xdr_init_decode(&x, args.data, args.len, NULL);
    assert_true(xdr_opaque(&x, &tag, 16));
    assert_int_equal(tag.len, 3);
    assert_int_equal(xdr_get_u32(&x), 0); /* minor version */
    assert_int_equal(xdr_get_u32(&x), 1);
    assert_true(wire_nfs_argop4(&x, op));
    assert_int_equal(xdr_left(&x), 0);
    free(record);
    return header.xid;
}

static void answer(struct client_pair *pair, uint32_t xid, uint32_t op, enum nfsstat4 status)
{
    const uint32_t words[] = {status, 0, 1, op, status};

    client_pair_answer(pair, xid, words, ARRAY_SIZE(words));
}

/* Call `c`, whose operation fails with `status`, and free it. */
static void call(struct client_pair *pair, struct client_compound *c, struct nfs_argop4 *op,
                 enum nfsstat4 status)
{
    struct client_result r;
    uint32_t xid;

    assert_int_equal(client_compound_send(&pair->conn, c, &xid), CLIENT_OK);
    assert_int_equal(take(pair, op), xid);
    answer(pair, xid, op->argop, status);
    assert_int_equal(client_compound_receive(&pair->conn, c, xid, &r), CLIENT_OK);
    assert_int_equal(r.minor, 0);
    client_result_free(&r);
    client_compound_free(c);
}

static void seqid_follows_the_servers(void **state)
{
    static const struct {
        enum nfsstat4 status;
        uint32_t next;
    } replies[] = {
        {NFS4ERR_NOENT, 2},       {NFS4ERR_BAD_STATEID, 2}, {NFS4ERR_STALE_STATEID, 2},
        {NFS4ERR_BAD_SEQID, 2},   {NFS4ERR_BADXDR, 2},      {NFS4ERR_STALE_CLIENTID, 2},
        {NFS4ERR_RESOURCE, 2},    {NFS4ERR_MOVED, 2},       {NFS4ERR_NOFILEHANDLE, 2},
        {NFS4ERR_OLD_STATEID, 3}, {NFS4ERR_DELAY, 4},       {NFS4ERR_GRACE, 5},
    };
    struct client_compound c;
    struct nfs_argop4 op;

    for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
        uint32_t seqid = opener.seqid;

        begin(&c);
        client_owner_open(&c, &opener, &(struct client_open){.access = 1, .name = "file"});
        call(*state, &c, &op, replies[i].status);
        assert_int_equal(op.argop, OP_OPEN);
        assert_int_equal(op.opopen.seqid, seqid);
        assert_true(op.opopen.owner.clientid == 0x1234);
        assert_int_equal(opener.seqid, replies[i].next);
    }
}

static void after_the_last_seqid_comes_one(void **state)
{
    struct client_compound c;
    struct nfs_argop4 op;

    opener.seqid = UINT32_MAX;
    begin(&c);
    client_owner_close(&c, &opener, &client_stateid_anonymous);
    call(*state, &c, &op, NFS4ERR_EXPIRED);
    assert_int_equal(op.opclose.seqid, UINT32_MAX);
    assert_int_equal(opener.seqid, 1);
}

/* A retry has the same seqid, and its reply does not advance the owner again. */
static void a_retry_has_the_same_seqid(void **state)
{
    struct client_pair *pair = *state;
    struct client_compound c;
    struct client_result r;
    struct nfs_argop4 op;
    uint32_t xid;

    begin(&c);
    client_owner_unlock(&c, &locker, &client_stateid_anonymous,
                        &(struct client_lock){.type = READ_LT, .length = 1});
    assert_int_equal(client_compound_send(&pair->conn, &c, &xid), CLIENT_OK);
    assert_int_equal(take(pair, &op), xid);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_compound_send_again(&pair->conn, &c, xid), CLIENT_OK);
        assert_int_equal(take(pair, &op), xid);
        assert_int_equal(op.oplocku.seqid, 1);
        answer(pair, xid, OP_LOCKU, NFS4ERR_LOCK_RANGE);
        assert_int_equal(client_compound_receive(&pair->conn, &c, xid, &r), CLIENT_OK);
        client_result_free(&r);
        assert_int_equal(locker.seqid, 2);
    }
    client_compound_free(&c);
}

static void first_lock_moves_both_owners(void **state)
{
    const struct client_lock lock = {.type = WRITE_LT, .reclaim = true, .offset = 3, .length = 4};
    struct client_compound c;
    struct nfs_argop4 op;

    opener.seqid = 7;
    begin(&c);
    client_owner_lock_first(&c, &opener, &client_stateid_anonymous, &locker, &lock);
    call(*state, &c, &op, NFS4ERR_NO_GRACE);
    assert_true(op.oplock.reclaim && op.oplock.locker.new_lock_owner);
    assert_int_equal(op.oplock.locker.open_owner.open_seqid, 7);
    assert_int_equal(op.oplock.locker.open_owner.lock_seqid, 1);
    assert_int_equal(opener.seqid, 8);
    assert_int_equal(locker.seqid, 2);
}

static void client_id_says_where_to_call_back(void **state)
{
    struct client_id_wish wish = client_id_wish_default("somebody");
    struct client_compound c;
    struct nfs_argop4 op;
    const struct SETCLIENTID4args *args = &op.opsetclientid;

    wish.address = "127.0.0.1.8.1";
    wish.callback_ident = 5;
    begin(&c);
    client_id_op_set(&c, &wish);
    call(*state, &c, &op, NFS4ERR_INVAL);
    assert_int_equal(op.argop, OP_SETCLIENTID);
    assert_memory_equal(args->client.verifier, wish.verifier, NFS4_VERIFIER_SIZE);
    assert_int_equal(args->client.id.len, strlen("somebody"));
    assert_int_equal(args->callback.cb_program, CLIENT_CALLBACK_PROGRAM);
    assert_int_equal(args->callback.cb_location.na_r_netid.len, strlen("tcp"));
    assert_int_equal(args->callback.cb_location.na_r_addr.len, strlen("127.0.0.1.8.1"));
    assert_int_equal(args->callback_ident, 5);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(seqid_follows_the_servers),         PAIR_TEST(after_the_last_seqid_comes_one),
        PAIR_TEST(a_retry_has_the_same_seqid),        PAIR_TEST(first_lock_moves_both_owners),
        PAIR_TEST(client_id_says_where_to_call_back),
    };

    return test_group_run(tests);
}
