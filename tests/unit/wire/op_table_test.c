/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations: which minor version has which (RFC 7530 §16, 8881 §18, 7862 §15). */
#include <stdbool.h>

#include "lib/test.h"
#include "wire/op_table.h"

static void test_ranges(void **state)
{
    (void)state;
    for (uint32_t op = OP_ACCESS; op <= OP_REMOVEXATTR; op++) {
        const struct op_info *info = op_info(op);

        assert_non_null(info);
        assert_true(info->minor_first <= info->minor_last && info->minor_last <= 2);
        assert_int_equal(info->minor_first,
                         op >= OP_ALLOCATE ? 2 : (op >= OP_BACKCHANNEL_CTL ? 1 : 0));
    }
    assert_null(op_info(0));
    assert_null(op_info(2));
    assert_null(op_info(OP_REMOVEXATTR + 1));
    assert_null(op_info(OP_ILLEGAL));
    assert_null(op_info(UINT32_MAX));
}

/* Mandatory not to implement after 4.0, RFC 8881 §2.4 and §18. */
static void test_only_in_minor_0(void **state)
{
    static const uint32_t ops[] = {OP_OPEN_CONFIRM, OP_RENEW, OP_SETCLIENTID,
                                   OP_SETCLIENTID_CONFIRM, OP_RELEASE_LOCKOWNER};

    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        assert_int_equal(op_info(ops[i])->minor_last, 0);
}

/* Operations that may be alone without SEQUENCE, RFC 8881 §2.10.2.1. */
static void test_session_free(void **state)
{
    (void)state;
    for (uint32_t op = OP_ACCESS; op <= OP_REMOVEXATTR; op++) {
        bool want = op == OP_EXCHANGE_ID || op == OP_CREATE_SESSION || op == OP_DESTROY_SESSION ||
                    op == OP_DESTROY_CLIENTID || op == OP_BIND_CONN_TO_SESSION;

        assert_int_equal((op_info(op)->flags & OP_SESSION_FREE) != 0, want);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(op_info(OP_SEQUENCE)->name, "SEQUENCE");
    assert_string_equal(op_info(OP_GET_DIR_DELEGATION)->name, "GET_DIR_DELEGATION");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_only_in_minor_0),
        cmocka_unit_test(test_session_free),
        cmocka_unit_test(test_names),
    };

    return test_group_run(tests);
}
