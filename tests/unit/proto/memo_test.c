/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a COMPOUND may remember from one operation to the next, and until when it may use what
 * others met (vfs_memo.h), for each operation that there is.
 */
#include <string.h>

#include "lib/test.h"
#include "proto/reply.h"

enum {
    MET_NS = 100,
    LAST_OP = OP_REMOVEXATTR
};

static const enum nfs_opnum4 blind[] = {OP_SEQUENCE,  OP_PUTFH,  OP_PUTROOTFH, OP_PUTPUBFH,
                                        OP_RESTOREFH, OP_OPEN,   OP_READ,      OP_GETFH,
                                        OP_GETATTR,   OP_ACCESS, OP_SAVEFH,    OP_REMOVE};
static const enum nfs_opnum4 remembering[] = {OP_LOOKUP,  OP_LOOKUPP, OP_GETFH,
                                              OP_GETATTR, OP_ACCESS,  OP_SAVEFH};

static bool is_one_of(uint32_t op, const enum nfs_opnum4 *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ops[i] == op)
            return true;
    }
    return false;
}

static bool may_use(void)
{
    return vfs_memo_is_recent(&blind, MET_NS);
}

static void begin_op(enum nfs_opnum4 op)
{
    uint8_t space[256];
    struct xdr out;
    struct compound c = {.out = &out, .op_count = 2};
    struct reply reply = {.limit = space + sizeof(space)};

    xdr_init_encode(&out, space, sizeof(space));
    (void)reply_op_begin(&reply, &c, op);
}

static void each_operation(void **unused)
{
    (void)unused;
    for (uint32_t op = OP_ACCESS; op <= LAST_OP; op++) {
        struct vfs_memo_mark mark;

        vfs_memo_begin(MET_NS);
        assert_true(may_use());
        begin_op(OP_GETATTR);
        mark = vfs_memo_mark();
        begin_op((enum nfs_opnum4)op);
        assert_int_equal(may_use(), is_one_of(op, blind, ARRAY_SIZE(blind)));
        assert_int_equal(vfs_memo_is_good(&mark),
                         is_one_of(op, remembering, ARRAY_SIZE(remembering)));
        vfs_memo_end();
    }
}

static void what_has_looked_stays_so(void **unused)
{
    (void)unused;
    vfs_memo_begin(MET_NS);
    begin_op(OP_READDIR);
    begin_op(OP_GETATTR);
    assert_false(may_use());
    begin_op(OP_PUTFH);
    assert_false(may_use());
    vfs_memo_end();
    assert_false(may_use());
    vfs_memo_begin(MET_NS + 1);
    assert_false(may_use()); /* it has come later */
    vfs_memo_begin(MET_NS - 1);
    assert_true(may_use());
    vfs_memo_end();
}

static void one_object_only(void **unused)
{
    int one, other;

    (void)unused;
    vfs_memo_begin(MET_NS);
    vfs_memo_use(&one);
    assert_true(vfs_memo_is_recent(&one, MET_NS));
    assert_false(vfs_memo_is_recent(&other, MET_NS));
    vfs_memo_begin(MET_NS);
    assert_true(vfs_memo_is_recent(&other, MET_NS));
    vfs_memo_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation),
        cmocka_unit_test(what_has_looked_stays_so),
        cmocka_unit_test(one_object_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
