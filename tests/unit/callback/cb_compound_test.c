/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_NULL and CB_COMPOUND compared with bytes put together by hand from RFC 5531 and RFC 7531, and
 * both ways to read a reply: right ones, and every detectable error (S22-21, S22-33).
 */
#include "callback/cb_compound.h"

#include <stdlib.h>

#include "unit/wire/golden.h"
#include "wire/rpc_msg.h"

/* xid 66, CALL, RPC 2, program 0x40000000, version 1, then the procedure */
#define CALL_HEAD "00000042 00000000 00000002 40000000 00000001 "
#define NO_CRED "00000000 00000000 "
#define NO_VERF "00000000 00000000 "
/* stamp 0, "mainstay", uid 7, gid 8, no more groups */
#define SYS_CRED "00000001 0000001c 00000000 00000008 6d61696e 73746179 00000007 00000008 00000000 "
/* no tag, minor version 0, ident */
#define HEAD_40 "00000000 00000000 12345678 "
/* tag "abc", minor version 1, no ident */
#define HEAD_41 NAME "00000001 00000000 "
/* MSG_ACCEPTED, verifier, SUCCESS */
#define ACCEPTED "00000000 00000000 00000000 00000000 "

static const uint8_t other[NFS4_OTHER_SIZE] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5,
                                               0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab};
static const uint8_t fh_bytes[] = {1, 2, 3, 4, 5};

static struct cb_op op_recall(void)
{
    struct cb_op op = {.op = OP_CB_RECALL};

    op.recall.stateid.seqid = 7;
    memcpy(op.recall.stateid.other, other, sizeof(other));
    op.recall.truncate = true;
    op.recall.fh = (struct nfs_fh4){fh_bytes, sizeof(fh_bytes)};
    return op;
}

static struct cb_op op_getattr(void)
{
    struct cb_op op = {.op = OP_CB_GETATTR};

    op.getattr.fh = (struct nfs_fh4){fh_bytes, sizeof(fh_bytes)};
    op.getattr.attr_request = (struct bitmap4){.count = 2, .words = {0x18, 0x2}};
    return op;
}

static struct cb_op op_sequence(void)
{
    struct cb_op op = {.op = OP_CB_SEQUENCE};

    for (unsigned i = 0; i < NFS4_SESSIONID_SIZE; i++)
        op.sequence.csa_sessionid[i] = (uint8_t)(0x10 + i);
    op.sequence.csa_sequenceid = 1;
    op.sequence.csa_slotid = 2;
    op.sequence.csa_highest_slotid = 3;
    op.sequence.csa_cachethis = true;
    return op;
}

/* ---- calls ---- */

static void expect_bytes(const uint8_t *bytes, size_t len, const char *hex)
{
    uint8_t want[GOLDEN_BYTES_MAX];

    EQ(len, golden_bytes(hex, want, sizeof(want)));
    assert_memory_equal(bytes, want, len);
}

/* The exact bytes; one byte less of room fails. */
static void expect_call(struct cb_compound *call, const char *hex)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    struct xdr x;
    size_t len;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(cb_compound_encode(&x, call));
    len = xdr_pos(&x);
    expect_bytes(bytes, len, hex);
    for (size_t room = 0; room < len; room += 4) {
        uint8_t *tight = malloc(room + 1);

        xdr_init_encode(&x, tight, room);
        assert_false(cb_compound_encode(&x, call));
        free(tight);
    }
}

static void null_call(void **state)
{
    uint8_t bytes[64];
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(cb_null_encode(&x, 0x42, 0x40000000));
    expect_bytes(bytes, xdr_pos(&x), CALL_HEAD "00000000 " NO_CRED NO_VERF);
}

/* S22-05: minor version 0 and the ident of SETCLIENTID, no CB_SEQUENCE; AUTH_SYS. */
static void recall_call_of_40(void **state)
{
    struct cb_op op = op_recall();
    struct cb_compound call = {.xid = 0x42,
                               .program = 0x40000000,
                               .cred = {.flavor = AUTH_SYS, .uid = 7, .gid = 8},
                               .callback_ident = 0x12345678,
                               .ops = &op,
                               .op_count = 1};

    (void)state;
    expect_call(&call, CALL_HEAD "00000001 " SYS_CRED NO_VERF HEAD_40 "00000001 00000004 " STATEID
                                 "00000001 " FH);
}

static void getattr_call_of_40(void **state)
{
    struct cb_op op = op_getattr();
    struct cb_compound call = {.xid = 0x42,
                               .program = 0x40000000,
                               .cred = {.flavor = AUTH_SYS, .uid = 7, .gid = 8},
                               .callback_ident = 0x12345678,
                               .ops = &op,
                               .op_count = 1};

    (void)state;
    expect_call(&call,
                CALL_HEAD "00000001 " SYS_CRED NO_VERF HEAD_40 "00000001 00000003 " FH BITMAP);
}

/* No detail of 4.0 is in it: S22-21. */
static void sequence_and_recall_of_41(void **state)
{
    struct cb_op ops[] = {op_sequence(), op_recall()};
    struct cb_compound call = {.xid = 0x42,
                               .program = 0x40000000,
                               .cred = {.flavor = AUTH_NONE},
                               .tag = {(const uint8_t *)"abc", 3},
                               .minor_version = 1,
                               .ops = ops,
                               .op_count = 2};

    (void)state;
    expect_call(&call, CALL_HEAD "00000001 " NO_CRED NO_VERF HEAD_41 "00000002 0000000b " SESSIONID
                                 "00000001 00000002 00000003 00000001 00000000 00000004 " STATEID
                                 "00000001 " FH);
}

/* S22-09, S22-32: all operations of RFC 8881, CB_NOTIFY among them; each is sent through a row of
 * the table and its codec. */
static void every_operation(void **state)
{
    uint8_t bytes[256];

    (void)state;
    for (uint32_t number = OP_CB_GETATTR; number <= OP_CB_NOTIFY_DEVICEID; number++) {
        struct cb_op op = {.op = number};
        struct xdr x;

        if (number == OP_CB_LAYOUTRECALL) {
            op.layoutrecall.clora_type = LAYOUT4_NFSV4_1_FILES;
            op.layoutrecall.clora_recall.lor_recalltype = LAYOUTRECALL4_ALL;
        }
        xdr_init_encode(&x, bytes, sizeof(bytes));
        if (!cb_op_put(&x, &op))
            fail_msg("operation %u", number);
        EQ(bytes[3], number);
    }
}

static void no_such_operation(void **state)
{
    struct cb_op op = {.op = OP_CB_ILLEGAL};
    struct cb_compound call = {.ops = &op, .op_count = 1};
    uint8_t bytes[256];
    struct xdr x;

    (void)state;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_false(cb_compound_encode(&x, &call));
}

/* ---- replies ---- */

static enum cb_answer answer_of(const char *hex, const uint32_t *sent, uint32_t sent_count,
                                struct arena *arena, struct cb_reply *reply, size_t *len)
{
    static uint8_t bytes[GOLDEN_BYTES_MAX];

    *len = golden_bytes(hex, bytes, sizeof(bytes));
    memset(reply, 0xff, sizeof(*reply));
    return cb_compound_answer(bytes, *len, sent, sent_count, arena, reply);
}

/* An answer with that many results; malformed if any byte is missing or added. */
static void expect_answer(const char *hex, const uint32_t *sent, uint32_t sent_count,
                          uint32_t status, uint32_t results, struct arena *arena,
                          struct cb_reply *reply)
{
    uint8_t bytes[GOLDEN_BYTES_MAX];
    size_t len = golden_bytes(hex, bytes, sizeof(bytes));
    struct cb_reply cut_reply;

    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);

        memcpy(copy, bytes, cut);
        EQ(cb_compound_answer(copy, cut, sent, sent_count, arena, &cut_reply), CB_MALFORMED);
        free(copy);
    }
    memset(bytes + len, 0, 4);
    EQ(cb_compound_answer(bytes, len + 4, sent, sent_count, arena, &cut_reply), CB_MALFORMED);
    EQ(answer_of(hex, sent, sent_count, arena, reply, &len), CB_ANSWERED);
    EQ(reply->status, status);
    EQ(reply->result_count, results);
}

static const uint32_t sent_recall[] = {OP_CB_RECALL};
static const uint32_t sent_getattr[] = {OP_CB_GETATTR};
static const uint32_t sent_both[] = {OP_CB_SEQUENCE, OP_CB_RECALL};

static void recall_reply(void **state)
{
    struct cb_reply reply;

    expect_answer(ACCEPTED "00000000 00000000 00000001 00000004 00000000", sent_recall, 1, NFS4_OK,
                  1, *state, &reply);
    EQ(reply.results[0].op, OP_CB_RECALL);
    expect_answer(ACCEPTED "00002711 " NAME "00000001 00000004 00002711", sent_recall, 1,
                  NFS4ERR_BADHANDLE, 1, *state, &reply);
    EQ(reply.results[0].status, NFS4ERR_BADHANDLE);
}

static void getattr_reply(void **state)
{
    struct cb_reply reply;

    expect_answer(ACCEPTED "00000000 00000000 00000001 00000003 00000000 " FATTR, sent_getattr, 1,
                  NFS4_OK, 1, *state, &reply);
    golden_fattr(&reply.results[0].getattr.obj_attributes);
}

static void sequence_reply(void **state)
{
    struct cb_reply reply;

    expect_answer(ACCEPTED "00002711 00000000 00000002 0000000b 00000000 " SESSIONID
                           "00000001 00000002 00000003 00000004 00000004 00002711",
                  sent_both, 2, NFS4ERR_BADHANDLE, 2, *state, &reply);
    golden_fixed(reply.results[0].sequence.csr_sessionid, 0x10, 16);
    EQ(reply.results[0].sequence.csr_target_highest_slotid, 4);
    /* It ends with the first error. */
    expect_answer(ACCEPTED "00002742 00000000 00000001 0000000b 00002742", sent_both, 2, 10050, 1,
                  *state, &reply);
}

/* A compound refused as a whole, and an operation that the client does not know (RFC 7530
 * §18.3). */
static void refused_replies(void **state)
{
    struct cb_reply reply;

    expect_answer(ACCEPTED "00002725 00000000 00000000", sent_recall, 1,
                  NFS4ERR_MINOR_VERS_MISMATCH, 0, *state, &reply);
    expect_answer(ACCEPTED "0000273c 00000000 00000001 0000273c 0000273c", sent_recall, 1,
                  NFS4ERR_OP_ILLEGAL, 1, *state, &reply);
    EQ(reply.results[0].op, OP_CB_ILLEGAL);
}

static const char *const nonsense[] = {
    "",
    /* neither accepted nor denied */
    "00000002 00000000 00000000 00000000 00000000 00000000 00000001 00000004 00000000",
    /* a verifier of 404 bytes */
    "00000000 00000000 00000194 00000000",
    /* accept status 6 */
    "00000000 00000000 00000000 00000006",
    /* another operation */
    ACCEPTED "00000000 00000000 00000001 00000003 00000000 " FATTR,
    /* more results than operations, or none although the status is OK */
    ACCEPTED "00000000 00000000 00000002 00000004 00000000 00000004 00000000",
    ACCEPTED "00000000 00000000 00000000",
    ACCEPTED "00000000 00000000 ffffffff",
    /* the last result's status differs from the compound's */
    ACCEPTED "00000000 00000000 00000001 00000004 00002711",
    ACCEPTED "00002711 00000000 00000001 00000004 00000000",
    /* an illegal operation that succeeded */
    ACCEPTED "00000000 00000000 00000001 0000273c 00000000",
    /* a tag of 1025 bytes; one longer than the reply */
    ACCEPTED "00000000 00000401 00000001 00000004 00000000",
    ACCEPTED "00000000 00000010 61626364",
};

static void nonsense_replies(void **state)
{
    struct cb_reply reply;
    size_t len;

    for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
        if (answer_of(nonsense[i], sent_recall, 1, *state, &reply, &len) != CB_MALFORMED)
            fail_msg("an answer: %s", nonsense[i]);
    }
    /* A result after one with an error is malformed. */
    EQ(answer_of(ACCEPTED "00002711 00000000 00000002 0000000b 00002711 00000004 00002711",
                 sent_both, 2, *state, &reply, &len),
       CB_MALFORMED);
}

static const char *const refusals[] = {
    "00000000 00000000 00000000 00000001",                   /* PROG_UNAVAIL */
    "00000000 00000000 00000000 00000002 00000001 00000004", /* PROG_MISMATCH */
    "00000000 00000000 00000000 00000003",                   /* PROC_UNAVAIL */
    "00000000 00000000 00000000 00000004",                   /* GARBAGE_ARGS */
    "00000000 00000000 00000000 00000005",                   /* SYSTEM_ERR */
    "00000001 00000000 00000002 00000002",                   /* RPC_MISMATCH */
    "00000001 00000001 00000005",                            /* AUTH_TOOWEAK */
};

static void rpc_refusals(void **state)
{
    uint8_t bytes[64];
    struct cb_reply reply;
    size_t len;

    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        EQ(answer_of(refusals[i], sent_recall, 1, *state, &reply, &len), CB_REFUSED);
        len = golden_bytes(refusals[i], bytes, sizeof(bytes));
        EQ(cb_null_answer(bytes, len), CB_REFUSED);
    }
}

static void null_reply(void **state)
{
    uint8_t bytes[64] = {0};
    size_t len = golden_bytes(ACCEPTED, bytes, sizeof(bytes));

    (void)state;
    EQ(cb_null_answer(bytes, len), CB_ANSWERED);
    EQ(cb_null_answer(bytes, len + 4), CB_MALFORMED);
    for (size_t cut = 0; cut < len; cut++)
        EQ(cb_null_answer(bytes, cut), CB_MALFORMED);
}

static int setup(void **state)
{
    static struct arena arena;

    arena_init(&arena, 4096);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_call),          cmocka_unit_test(recall_call_of_40),
        cmocka_unit_test(getattr_call_of_40), cmocka_unit_test(sequence_and_recall_of_41),
        cmocka_unit_test(every_operation),    cmocka_unit_test(no_such_operation),
        cmocka_unit_test(recall_reply),       cmocka_unit_test(getattr_reply),
        cmocka_unit_test(sequence_reply),     cmocka_unit_test(refused_replies),
        cmocka_unit_test(nonsense_replies),   cmocka_unit_test(rpc_refusals),
        cmocka_unit_test(null_reply),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
