/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation that RFC 8881 defines is known, and in minor version 2 those of RFC 7862 and RFC
 * 8276, too: unsupported ones decode their arguments and return NOTSUPP, undefined numbers return
 * ILLEGAL.
 */
#include "script.h"
#include "wire/op_table.h"

/* Numbers, and the status of each with all-zero arguments behind PUTROOTFH. */
static const struct {
    uint32_t op;
    enum nfsstat4 status;
} unsupported[] = {
    {OP_DELEGPURGE, NFS4ERR_NOTSUPP},
    {OP_OPEN_CONFIRM, NFS4ERR_NOTSUPP},
    {OP_RENEW, NFS4ERR_NOTSUPP},
    {OP_SETCLIENTID, NFS4ERR_NOTSUPP},
    {OP_SETCLIENTID_CONFIRM, NFS4ERR_NOTSUPP},
    {OP_RELEASE_LOCKOWNER, NFS4ERR_NOTSUPP},
    {OP_GETDEVICEINFO, NFS4ERR_NOTSUPP},
    {OP_GETDEVICELIST, NFS4ERR_NOTSUPP},
    {OP_LAYOUTCOMMIT, NFS4ERR_NOTSUPP},
    {OP_LAYOUTGET, NFS4ERR_NOTSUPP},
    {OP_LAYOUTRETURN, NFS4ERR_NOTSUPP},
    {OP_SET_SSV, NFS4ERR_INVAL},
};

/* All others of minor version 2 are supported. */
static const uint32_t unsupported_two[] = {
    OP_COPY_NOTIFY,
    OP_LAYOUTERROR,
    OP_LAYOUTSTATS,
};

static uint32_t last_op(void)
{
    return script_minor < 2 ? OP_RECLAIM_COMPLETE : OP_REMOVEXATTR;
}

static void says(uint32_t op, enum nfsstat4 status)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    script_op_zeroed(op);
    if (client_compound_call(&alice.conn, C, R) != CLIENT_OK)
        fail_msg("operation %u: no answer", op);
    if (R->status != status || R->count != 3 || R->ops[2].resop != op)
        fail_msg("operation %u: %s", op, status_name(R->status));
}

static void say_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
        says(unsupported[i].op, unsupported[i].status);
    for (size_t i = 0; script_minor == 2 && i < ARRAY_SIZE(unsupported_two); i++)
        says(unsupported_two[i], NFS4ERR_NOTSUPP);
}

/* An operation cut off behind its number: one with arguments is BADXDR, none is ILLEGAL. Operations
 * that minor version 1 or 2 (RFC 7862 §14.2) removed return NOTSUPP. */
static void known(void **state)
{
    (void)state;
    for (uint32_t number = OP_ACCESS; number <= last_op(); number++) {
        begin(&alice, NULL);
        client_compound_add_words(C, &number, 1);
        if (client_compound_call(&alice.conn, C, R) != CLIENT_OK)
            fail_msg("operation %u: no answer", number);
        if (R->status == NFS4ERR_OP_ILLEGAL || R->count != 2 || R->ops[1].resop != number)
            fail_msg("operation %u: %s", number, status_name(R->status));
        if (op_info(number)->minor_last < script_minor)
            expect_status(R->status, NFS4ERR_NOTSUPP);
        else if (number != OP_GETFH && number != OP_LOOKUPP && number != OP_PUTROOTFH &&
                 number != OP_PUTPUBFH && number != OP_READLINK && number != OP_RESTOREFH &&
                 number != OP_SAVEFH)
            expect_status(R->status, NFS4ERR_BADXDR);
    }
}

/* Operations of minor version 2 are undefined in 1. */
static void undefined(void **state)
{
    static const uint32_t numbers[] = {0, 1, 2, 76, 1000, OP_ILLEGAL, UINT32_MAX};

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(numbers) + OP_REMOVEXATTR - last_op(); i++) {
        uint32_t number = i < ARRAY_SIZE(numbers)
                              ? numbers[i]
                              : last_op() + 1 + i - (uint32_t)ARRAY_SIZE(numbers);

        begin(&alice, NULL);
        client_compound_add_words(C, &number, 1);
        client_op_putrootfh(C);
        run(NFS4ERR_OP_ILLEGAL);
        assert_int_equal(R->count, 2);
        assert_int_equal(R->ops[1].resop, OP_ILLEGAL);
    }
}

/* SR-08: no delegation was granted, so none can be returned. */
static void no_delegation(void **state)
{
    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN});
    run(NFS4ERR_BAD_STATEID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(say_so),
        cmocka_unit_test(known),
        cmocka_unit_test(undefined),
        cmocka_unit_test(no_delegation),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
