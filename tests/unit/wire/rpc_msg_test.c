/* SPDX-License-Identifier: Apache-2.0 */
/* RPC message headers against bytes put together by hand from RFC 5531 §9 and appendix A. */
#include "golden.h"
#include "wire/rpc_msg.h"

/* stamp 99, "abc", uid 1000, gid 100, groups 100 and 27 */
#define SYS_BODY "00000063 " NAME "000003e8 00000064 00000002 00000064 0000001b "
#define CALL "deadbeef 00000000 00000002 000186a3 00000004 00000001 "
#define CALL_SYS CALL "00000001 00000020 " SYS_BODY "00000000 00000000"

static uint8_t bytes[GOLDEN_BYTES_MAX];

static struct xdr decoder(const char *hex, struct arena *arena)
{
    struct xdr x;

    xdr_init_decode(&x, bytes, golden_bytes(hex, bytes, sizeof(bytes)), arena);
    return x;
}

static void test_call(void **state)
{
    struct xdr x = decoder(CALL_SYS, NULL);
    size_t len = xdr_left(&x);
    struct rpc_call_header v;
    uint8_t again[128];

    (void)state;
    assert_true(wire_rpc_call_header(&x, &v));
    EQ(xdr_left(&x), 0);
    EQ(v.xid, 0xdeadbeef);
    EQ(v.rpcvers, 2);
    EQ(v.prog, NFS4_PROGRAM);
    EQ(v.vers, NFS_V4);
    EQ(v.proc, NFSPROC4_COMPOUND);
    EQ(v.cred.flavor, AUTH_SYS);
    EQ(v.cred.body.len, 32);
    EQ(v.verf.flavor, AUTH_NONE);
    EQ(v.verf.body.len, 0);
    xdr_init_encode(&x, again, sizeof(again));
    assert_true(wire_rpc_call_header(&x, &v));
    EQ(xdr_pos(&x), len);
    assert_memory_equal(again, bytes, len);
    for (size_t cut = 0; cut < len; cut++) {
        xdr_init_decode(&x, bytes, cut, NULL);
        assert_false(wire_rpc_call_header(&x, &v));
    }
}

/* The rest of a call of another RPC version has an unknown format. */
static void test_call_version(void **state)
{
    struct xdr x = decoder("00000001 00000000 00000003", NULL);
    struct rpc_call_header v;

    (void)state;
    assert_true(wire_rpc_call_header(&x, &v));
    EQ(v.xid, 1);
    EQ(v.rpcvers, 3);
}

static void test_call_bad(void **state)
{
    char hex[1100] = CALL "00000001 00000194 "; /* credentials of 404 bytes */
    struct rpc_call_header v;
    struct xdr x;

    (void)state;
    for (size_t i = 0, at = strlen(hex); i < 103; i++, at += 9)
        memcpy(hex + at, "00000000 ", 10);
    x = decoder(hex, NULL);
    assert_false(wire_rpc_call_header(&x, &v));
    x = decoder("00000001 00000001 00000002 000186a3 00000004 00000001 00000000 00000000 00000000 "
                "00000000",
                NULL);
    assert_false(wire_rpc_call_header(&x, &v));
}

static void test_authsys(void **state)
{
    struct authsys_parms v;
    struct arena arena;
    struct xdr x;
    uint8_t again[64];
    size_t len;

    (void)state;
    arena_init(&arena, 256);
    x = decoder(SYS_BODY, &arena);
    len = xdr_left(&x);
    assert_true(wire_authsys_parms(&x, &v));
    EQ(v.stamp, 99);
    golden_text(&v.machinename, "abc");
    EQ(v.uid, 1000);
    EQ(v.gid, 100);
    EQ(v.gids_count, 2);
    EQ(v.gids[0], 100);
    EQ(v.gids[1], 27);
    xdr_init_encode(&x, again, sizeof(again));
    assert_true(wire_authsys_parms(&x, &v));
    EQ(xdr_pos(&x), len);
    assert_memory_equal(again, bytes, len);
    for (size_t cut = 0; cut < len; cut++) {
        xdr_init_decode(&x, bytes, cut, &arena);
        assert_false(wire_authsys_parms(&x, &v));
    }
    x = decoder("00000063 00000000 000003e8 00000064 00000011 " /* 17 groups */
                "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
                "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000",
                &arena);
    assert_false(wire_authsys_parms(&x, &v));
    arena_fini(&arena);
}

struct reply_case {
    const char *hex;
    struct rpc_reply_header want;
};

static const struct reply_case replies[] = {
    {"00000007 00000001 00000000 00000000 00000000 00000000",
     {.xid = 7, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS}},
    {"00000007 00000001 00000000 00000000 00000000 00000001",
     {.xid = 7, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_PROG_UNAVAIL}},
    {"00000007 00000001 00000000 00000000 00000000 00000002 00000003 00000004",
     {.xid = 7, .accept_stat = ACCEPT_PROG_MISMATCH, .low = 3, .high = 4}},
    {"00000007 00000001 00000000 00000000 00000000 00000003",
     {.xid = 7, .accept_stat = ACCEPT_PROC_UNAVAIL}},
    {"00000007 00000001 00000000 00000000 00000000 00000004",
     {.xid = 7, .accept_stat = ACCEPT_GARBAGE_ARGS}},
    {"00000007 00000001 00000000 00000000 00000000 00000005",
     {.xid = 7, .accept_stat = ACCEPT_SYSTEM_ERR}},
    {"00000007 00000001 00000001 00000000 00000002 00000002",
     {.xid = 7, .stat = MSG_DENIED, .reject_stat = REJECT_RPC_MISMATCH, .low = 2, .high = 2}},
    {"00000007 00000001 00000001 00000001 00000005",
     {.xid = 7, .stat = MSG_DENIED, .reject_stat = REJECT_AUTH_ERROR, .auth_stat = AUTH_TOOWEAK}},
};

static void check_reply(const struct rpc_reply_header *v, const struct rpc_reply_header *want)
{
    EQ(v->xid, want->xid);
    EQ(v->stat, want->stat);
    if (v->stat == MSG_ACCEPTED) {
        EQ(v->accept_stat, want->accept_stat);
    } else {
        EQ(v->reject_stat, want->reject_stat);
        if (v->reject_stat == REJECT_AUTH_ERROR)
            EQ(v->auth_stat, want->auth_stat);
    }
    EQ(v->low, want->low);
    EQ(v->high, want->high);
}

static void test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
        struct rpc_reply_header v = {0};
        struct xdr x = decoder(replies[i].hex, NULL);
        size_t len = xdr_left(&x);
        uint8_t again[64];

        assert_true(wire_rpc_reply_header(&x, &v));
        EQ(xdr_left(&x), 0);
        check_reply(&v, &replies[i].want);
        xdr_init_encode(&x, again, sizeof(again));
        assert_true(wire_rpc_reply_header(&x, &v));
        EQ(xdr_pos(&x), len);
        assert_memory_equal(again, bytes, len);
        for (size_t cut = 0; cut < len; cut++) {
            xdr_init_decode(&x, bytes, cut, NULL);
            assert_false(wire_rpc_reply_header(&x, &v));
        }
    }
}

static void test_reply_usual(void **state)
{
    struct rpc_reply_header header = {
        .xid = 0x01020304, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS};
    uint8_t encoded[64], put[RPC_ACCEPTED_BYTES];
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, encoded, sizeof(encoded));
    assert_true(wire_rpc_reply_header(&x, &header));
    EQ(xdr_pos(&x), RPC_ACCEPTED_BYTES);
    rpc_success_put(put, header.xid);
    assert_memory_equal(put, encoded, sizeof(put));
}

static void test_replies_bad(void **state)
{
    static const char *const bad[] = {
        "00000007 00000000 00000000 00000000 00000000 00000000", /* a call */
        "00000007 00000001 00000002 00000000 00000000 00000000", /* neither accepted nor denied */
        "00000007 00000001 00000000 00000000 00000000 00000006", /* accept_stat */
        "00000007 00000001 00000001 00000002 00000001",          /* reject_stat */
    };
    struct rpc_reply_header v;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct xdr x = decoder(bad[i], NULL);

        assert_false(wire_rpc_reply_header(&x, &v));
    }
}

static void test_peek(void **state)
{
    enum rpc_msg_type type;
    uint32_t xid;
    size_t len = golden_bytes("00000007 00000001", bytes, sizeof(bytes));

    (void)state;
    assert_true(rpc_msg_peek(bytes, len, &xid, &type));
    EQ(xid, 7);
    EQ(type, RPC_MSG_REPLY);
    assert_false(rpc_msg_peek(bytes, len - 1, &xid, &type));
    golden_bytes("00000007 00000002", bytes, sizeof(bytes));
    assert_false(rpc_msg_peek(bytes, len, &xid, &type));
}

/* RFC 5531 §11; S22-33 */
static void test_record_mark(void **state)
{
    uint8_t mark[4];
    bool last;

    (void)state;
    rpc_record_mark_put(mark, 0x1234, true);
    assert_memory_equal(mark, "\x80\x00\x12\x34", 4);
    EQ(rpc_record_mark_get(mark, &last), 0x1234);
    assert_true(last);
    rpc_record_mark_put(mark, 0x1234, false);
    assert_memory_equal(mark, "\x00\x00\x12\x34", 4);
    EQ(rpc_record_mark_get(mark, &last), 0x1234);
    assert_false(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),        cmocka_unit_test(test_call_version),
        cmocka_unit_test(test_call_bad),    cmocka_unit_test(test_authsys),
        cmocka_unit_test(test_replies),     cmocka_unit_test(test_replies_bad),
        cmocka_unit_test(test_peek),        cmocka_unit_test(test_record_mark),
        cmocka_unit_test(test_reply_usual),
    };

    return test_group_run(tests);
}
