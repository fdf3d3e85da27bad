/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors common to nearly all operations of minor versions 1 and 2, tested on each: outside a
 * session, no room for a result, a retry without a cached reply, no filehandle.
 */
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "wire/op_table.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declared name can't stand in parentheses. */
#define FOR_EACH_OP(op) for (uint32_t op = OP_ACCESS; op <= last_op(); (op)++)

static uint32_t last_op(void)
{
    return script_minor < 2 ? OP_RECLAIM_COMPLETE : OP_REMOVEXATTR;
}

/* Operations that 4.1 or 4.2 removed return NOTSUPP, whatever else is wrong (RFC 8881 §15.2). */
static bool removed(uint32_t op)
{
    return op_info(op)->minor_last < script_minor;
}

/* Call the compound; its last result must be that of `op`, with `status`. */
static void expect_last(struct client_conn *conn, uint32_t op, enum nfsstat4 status)
{
    client_result_free(R);
    if (client_compound_call(conn, C, R) != CLIENT_OK)
        fail_msg("%s: no answer", op_info(op)->name);
    if (R->decoded == 0 || R->decoded != R->count || R->ops[R->count - 1].resop != op)
        fail_msg("%s: %u results", op_info(op)->name, R->count);
    if (R->status != status || R->ops[R->count - 1].status != status)
        fail_msg("%s: %s instead of %s", op_info(op)->name, status_name(R->status),
                 status_name(status));
}

/* P-04: an operation that needs a session returns OP_NOT_IN_SESSION. */
static void outside_a_session(void **state)
{
    (void)state;
    FOR_EACH_OP(op)
    {
        if (op == OP_SEQUENCE || op_info(op)->flags & OP_SESSION_FREE)
            continue;
        client_compound_free(C);
        client_compound_begin(C, client_text(""), script_minor);
        script_op_zeroed(op);
        expect_last(&alice.conn, op, removed(op) ? NFS4ERR_NOTSUPP : NFS4ERR_OP_NOT_IN_SESSION);
    }
}

/* A READ takes all the room except that for an error; the operation behind it needs more, since
 * another follows it. `cached` and `other` are two sizes that the session granted. */
static void fill_reply(struct client_mount *mount, bool cache, enum nfsstat4 too_big)
{
    struct client_fh dir = script_dir(script_mem);
    struct client_file file = make_open(&alice, &dir, "file");
    const size_t len = 65536;
    char *data = calloc(1, len);
    uint32_t written;

    assert_non_null(data);
    expect_status(client_file_write(&alice, &file, 0, UNSTABLE4, data, (uint32_t)len, &written),
                  NFS4_OK);
    free(data);
    FOR_EACH_OP(op)
    {
        client_compound_free(C);
        client_compound_begin_slot(C, &mount->session, 0, cache);
        client_op_putfh(C, &file.fh);
        client_op_read(C, &client_stateid_anonymous, 0, (uint32_t)len);
        script_op_zeroed(op);
        client_op(C, OP_GETFH);
        expect_last(&mount->conn, op, removed(op) ? NFS4ERR_NOTSUPP : too_big);
    }
}

static void open_small(struct client_mount *mount)
{
    struct client_cred cred = script_cred();
    struct client_session_wish wish = client_session_wish_default(NULL);

    wish.minor = script_minor;
    wish.fore.ca_maxresponsesize = 4096;
    wish.fore.ca_maxresponsesize_cached = 2048;
    expect_status(client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
                  NFS4_OK);
}

/* P-13: no room for the result. */
static void reply_too_big(void **state)
{
    struct client_mount small;

    (void)state;
    open_small(&small);
    fill_reply(&small, false, NFS4ERR_REP_TOO_BIG);
    fill_reply(&small, true, NFS4ERR_REP_TOO_BIG_TO_CACHE);
    client_mount_close(&small);
}

/* SEQUENCE itself: a tag that leaves no room for its result. */
static void tag_too_big(void **state)
{
    static uint8_t tag[1024];
    const struct {
        bool cache;
        enum nfsstat4 status;
    } cases[] = {{false, NFS4ERR_REP_TOO_BIG}, {true, NFS4ERR_REP_TOO_BIG_TO_CACHE}};
    struct client_cred cred = script_cred();
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount small;

    (void)state;
    memset(tag, 't', sizeof(tag));
    wish.minor = script_minor;
    wish.fore.ca_maxresponsesize = 1024;
    wish.fore.ca_maxresponsesize_cached = 1024;
    expect_status(client_mount_open(&small, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
                  NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct nfs_argop4 op = {.argop = OP_SEQUENCE,
                                .opsequence = {.sa_sequenceid = small.session.slots[0].seqid,
                                               .sa_cachethis = cases[i].cache}};

        memcpy(op.opsequence.sa_sessionid, small.session.sessionid, NFS4_SESSIONID_SIZE);
        client_compound_free(C);
        client_compound_begin(C, (struct wire_opaque){tag, sizeof(tag)}, script_minor);
        client_compound_add(C, &op);
        expect_last(&small.conn, OP_SEQUENCE, cases[i].status);
    }
    client_mount_close(&small);
}

/* W13: no reply was cached, so SEQUENCE succeeds and the operation behind it has the error. */
static void retried_uncached(void **state)
{
    (void)state;
    FOR_EACH_OP(op)
    {
        const uint32_t seqid = alice.session.slots[1].seqid;

        client_compound_free(C);
        client_compound_begin_slot(C, &alice.session, 1, false);
        script_op_zeroed(op);
        client_result_free(R);
        assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        expect_last(&alice.conn, op,
                    removed(op)         ? NFS4ERR_NOTSUPP
                    : op == OP_SEQUENCE ? NFS4ERR_SEQUENCE_POS
                                        : NFS4ERR_RETRY_UNCACHED_REP);
        alice.session.slots[1].seqid = seqid + 1;
    }
}

/* Operations on the current filehandle, and on the saved one. */
static void no_filehandle(void **state)
{
    static const uint32_t needs[] = {
        OP_ACCESS,      OP_CLOSE,          OP_COMMIT,    OP_CREATE,
        OP_DELEGRETURN, OP_GETATTR,        OP_GETFH,     OP_LINK,
        OP_LOCK,        OP_LOCKT,          OP_LOCKU,     OP_LOOKUP,
        OP_LOOKUPP,     OP_NVERIFY,        OP_OPEN,      OP_READ,
        OP_READDIR,     OP_OPEN_DOWNGRADE, OP_READLINK,  OP_REMOVE,
        OP_RENAME,      OP_SAVEFH,         OP_RESTOREFH, OP_SECINFO,
        OP_SETATTR,     OP_VERIFY,         OP_WRITE,     OP_SECINFO_NO_NAME,
        OP_OPENATTR,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
        begin(&alice, NULL);
        script_op_zeroed(needs[i]);
        expect_last(&alice.conn, needs[i], NFS4ERR_NOFILEHANDLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_a_session), cmocka_unit_test(reply_too_big),
        cmocka_unit_test(tag_too_big),       cmocka_unit_test(retried_uncached),
        cmocka_unit_test(no_filehandle),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
