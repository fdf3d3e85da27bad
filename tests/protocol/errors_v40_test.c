/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors common to nearly all operations of minor version 0, tested on each: no room for a result,
 * no filehandle, an invalid client id. RFC 7530 §13.2.
 */
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "wire/op_table.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declared name can't stand in parentheses. */
#define FOR_EACH_OP(op) for (uint32_t op = OP_ACCESS; op <= OP_RELEASE_LOCKOWNER; (op)++)

static struct client_fh dir;
static struct client_file file;
static struct stateid4 lock;

/* Call the compound; its last result must be that of `op`, with `status`. */
static void expect_last(uint32_t op, enum nfsstat4 status)
{
    client_result_free(R);
    if (client_compound_call(&alice.conn, C, R) != CLIENT_OK)
        fail_msg("%s: no answer", op_info(op)->name);
    if (R->decoded == 0 || R->decoded != R->count || R->ops[R->count - 1].resop != op)
        fail_msg("%s: %u results", op_info(op)->name, R->count);
    if (R->status != status || R->ops[R->count - 1].status != status)
        fail_msg("%s: %s instead of %s", op_info(op)->name, status_name(R->status),
                 status_name(status));
}

/* READs take all the room except that for an error; the operation behind them needs more, since
 * another follows it. */
static void reply_too_big(void **state)
{
    const uint32_t len = LIMIT_READ_BYTES;
    struct client_file big = make_open(&alice, &dir, "big");
    char *data = calloc(1, len);
    uint32_t written;

    (void)state;
    assert_non_null(data);
    expect_status(client_file_write(&alice, &big, 0, UNSTABLE4, data, len, &written), NFS4_OK);
    assert_int_equal(written, len);
    free(data);
    FOR_EACH_OP(op)
    {
        begin(&alice, &big.fh);
        client_op_read(C, &big.stateid, 0, len);
        client_op_read(C, &big.stateid, 0, len);
        script_op_zeroed(op);
        client_op(C, OP_GETFH);
        expect_last(op, NFS4ERR_RESOURCE);
    }
    expect_status(client_file_close(&alice, &big), NFS4_OK);
}

/* Operations with state, otherwise as valid as they can be without a filehandle. */
static bool add_with_state(uint32_t op)
{
    const struct client_lock range = {.type = READ_LT, .length = 1};
    struct client_owner *locker = client_mount_owner(&alice, "locker");

    switch (op) {
    case OP_CLOSE:
        client_owner_close(C, file.owner, &file.stateid);
        return true;
    case OP_OPEN:
        client_owner_open(C, file.owner,
                          &(struct client_open){.access = OPEN4_SHARE_ACCESS_BOTH, .name = "file"});
        return true;
    case OP_OPEN_CONFIRM:
        client_owner_open_confirm(C, file.owner, &file.stateid);
        return true;
    case OP_OPEN_DOWNGRADE:
        client_owner_open_downgrade(C, file.owner, &file.stateid, OPEN4_SHARE_ACCESS_BOTH, 0);
        return true;
    case OP_LOCK:
        client_owner_lock(C, locker, &lock, &range);
        return true;
    case OP_LOCKU:
        client_owner_unlock(C, locker, &lock, &range);
        return true;
    case OP_LOCKT:
        client_owner_lock_test(C, locker, &range);
        return true;
    case OP_WRITE:
        client_op_write(C, &file.stateid, 0, UNSTABLE4, "x", 1);
        return true;
    default:
        return false;
    }
}

/* Operations on the current filehandle. */
static void no_filehandle(void **state)
{
    static const uint32_t needs[] = {
        OP_ACCESS,  OP_CLOSE,    OP_COMMIT,   OP_CREATE,       OP_GETATTR,        OP_GETFH,
        OP_LINK,    OP_LOCK,     OP_LOCKT,    OP_LOCKU,        OP_LOOKUP,         OP_LOOKUPP,
        OP_NVERIFY, OP_OPEN,     OP_OPENATTR, OP_OPEN_CONFIRM, OP_OPEN_DOWNGRADE, OP_READ,
        OP_READDIR, OP_READLINK, OP_REMOVE,   OP_RENAME,       OP_SAVEFH,         OP_SECINFO,
        OP_SETATTR, OP_VERIFY,   OP_WRITE,    OP_DELEGRETURN,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
        begin(&alice, NULL);
        if (!add_with_state(needs[i]))
            script_op_zeroed(needs[i]);
        expect_last(needs[i], NFS4ERR_NOFILEHANDLE);
    }
    /* The failed requests did not count in the owners' sequences. */
    expect_status(client_file_open_rw(&alice, &dir, "file", &file), NFS4_OK);
}

/* Operations on the saved filehandle, which return different errors. */
static void nothing_saved(void **state)
{
    static const uint32_t needs[] = {OP_RENAME, OP_LINK};

    (void)state;
    begin(&alice, &dir);
    client_op(C, OP_RESTOREFH);
    run(NFS4ERR_RESTOREFH);
    for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
        begin(&alice, &dir);
        if (needs[i] == OP_RENAME)
            client_op_rename(C, "file", "new");
        else
            client_op_link(C, "new");
        expect_last(needs[i], NFS4ERR_NOFILEHANDLE);
    }
}

/* A client id that was never given out. */
static void stale_client_id(void **state)
{
    const uint64_t stale = alice.id.clientid ^ 0xffffffff00000000;
    const struct state_owner4 owner = {stale, client_text("stale")};
    struct nfs_argop4 ops[] = {
        {.argop = OP_RENEW, .oprenew = {stale}},
        {.argop = OP_SETCLIENTID_CONFIRM, .opsetclientid_confirm = {.clientid = stale}},
        {.argop = OP_OPEN,
         .opopen = {.seqid = 1,
                    .share_access = OPEN4_SHARE_ACCESS_READ,
                    .owner = owner,
                    .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}},
        {.argop = OP_LOCKT, .oplockt = {.locktype = READ_LT, .length = 1, .owner = owner}},
        {.argop = OP_RELEASE_LOCKOWNER, .oprelease_lockowner = {owner}},
        {.argop = OP_DELEGPURGE, .opdelegpurge = {stale}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin(&alice, ops[i].argop == OP_LOCKT ? &file.fh : &dir);
        client_compound_add(C, &ops[i]);
        expect_last(ops[i].argop, NFS4ERR_STALE_CLIENTID);
    }
}

static void refused(struct nfs_argop4 *op, const struct client_fh *fh, enum nfsstat4 status)
{
    begin(&alice, fh);
    if (op->argop == OP_OPEN)
        script_op_as(&alice, "file", op);
    else if (op->argop == OP_LOCK)
        script_op_as(&alice, "locker", op);
    else
        client_compound_add(C, op);
    expect_last(op->argop, status);
}

/* No delegation has been granted, so none can be returned or claimed. */
static void no_delegations(void **state)
{
    struct nfs_argop4 purge = {.argop = OP_DELEGPURGE, .opdelegpurge = {alice.id.clientid}},
                      give_back = {.argop = OP_DELEGRETURN, .opdelegreturn = {file.stateid}},
                      cur = {.argop = OP_OPEN, .opopen = {.share_access = 1}}, prev = cur;

    (void)state;
    refused(&purge, NULL, NFS4ERR_NOTSUPP);
    refused(&give_back, &file.fh, NFS4ERR_BAD_STATEID);
    give_back.opdelegreturn.deleg_stateid.other[0] ^= 1;
    refused(&give_back, &file.fh, NFS4ERR_STALE_STATEID);
    cur.opopen.claim = (struct open_claim4){
        .claim = CLAIM_DELEGATE_CUR,
        .delegate_cur_info = {.delegate_stateid = file.stateid, .file = client_text("file")}};
    refused(&cur, &dir, NFS4ERR_BAD_STATEID);
    prev.opopen.claim = (struct open_claim4){.claim = CLAIM_DELEGATE_PREV,
                                             .file_delegate_prev = client_text("file")};
    refused(&prev, &dir, NFS4ERR_NOTSUPP);
}

static void bad_arguments(void **state)
{
    struct nfs_argop4 access = {.argop = OP_ACCESS, .opaccess = {0x10000}};
    struct nfs_argop4 reclaim = {.argop = OP_LOCK,
                                 .oplock = {.locktype = WRITE_LT,
                                            .reclaim = true,
                                            .length = 10,
                                            .locker = {.lock_owner = {.lock_stateid = lock}}}};

    (void)state;
    refused(&access, &file.fh, NFS4ERR_INVAL);
    refused(&reclaim, &file.fh, NFS4ERR_NO_GRACE);
}

/* The only operation that accepts the stateid of an unconfirmed open. */
static void confirming(void **state)
{
    struct client_owner owner;
    struct stateid4 stateid, old;

    (void)state;
    client_owner_init(&owner, alice.id.clientid, "to be confirmed");
    begin(&alice, &dir);
    client_owner_open(C, &owner, &(struct client_open){.access = 1, .name = "file"});
    run(NFS4_OK);
    assert_true(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_CONFIRM);
    stateid = old = result(OP_OPEN)->opopen.stateid;
    old.seqid--;
    begin(&alice, &file.fh);
    client_op_read(C, &stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&alice, &file.fh);
    client_owner_open_confirm(C, &owner, &old);
    run(NFS4ERR_OLD_STATEID);
    begin(&alice, &file.fh);
    client_owner_open_confirm(C, &owner, &stateid);
    run(NFS4_OK);
    stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
    begin(&alice, &file.fh);
    client_op_read(C, &stateid, 0, 1);
    client_owner_close(C, &owner, &stateid);
    run(NFS4_OK);
}

/* OPEN_CONFIRM by another client does not confirm. */
static void confirmed_by_a_stranger(void **state)
{
    struct client_id_wish wish = client_id_wish_default("not the stranger's");
    struct client_id id;
    enum nfsstat4 status;

    (void)state;
    assert_int_equal(client_id_set(&alice.conn, &wish, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    alice.conn.cred = script_stranger();
    assert_int_equal(client_id_confirm(&alice.conn, &id, &status), CLIENT_OK);
    alice.conn.cred = script_cred();
    expect_status(status, NFS4ERR_CLID_INUSE);
    assert_int_equal(client_id_confirm(&alice.conn, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static int setup(void **state)
{
    if (script_setup_v40_default(state) != 0)
        return -1;
    dir = script_dir(script_mem);
    file = make_open(&alice, &dir, "file");
    begin(&alice, &file.fh);
    script_op_lock_new(&alice, &file, "locker", WRITE_LT, 0, 10);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_too_big),  cmocka_unit_test(no_filehandle),
        cmocka_unit_test(nothing_saved),  cmocka_unit_test(stale_client_id),
        cmocka_unit_test(no_delegations), cmocka_unit_test(bad_arguments),
        cmocka_unit_test(confirming),     cmocka_unit_test(confirmed_by_a_stranger),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
