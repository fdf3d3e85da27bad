/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers with RPCSEC_GSS, and SP4_MACH_CRED (RFC 8881 §2.10.8.3): which operations need the
 * machine credential, and what it may do for users.  The calls come with AUTH_SYS; on their way in
 * they become those of Kerberos principals.
 */
#include <string.h>
#include <unistd.h>

#include "gss/gss_principal.h"
#include "lib/test.h"
#include "v41_fixture.h"

/* uids of calls that become calls by RPCSEC_GSS: the principal, and the service in the last digit.
 */
enum {
    GSS_UIDS = 9000,
    MACHINE = 9010, /* uid 0, as the client's root */
    ALICE = 9020,   /* uid 1000 */
    MALLORY = 9030, /* uid 1001 */
    GSS_UIDS_END = 9040,
    SERVICE_NONE = 1,
    INTEGRITY = 2,
    PRIVACY = 3,
};

static const uint32_t uids[] = {0, 0, 1000, 1001};
static struct gss_principal *principals[ARRAY_SIZE(uids)];
static struct v41_call call;
static struct v41_session session;

static void call_comes(struct rpc_call *rpc)
{
    struct rpc_cred *cred = &rpc->cred;
    uint32_t number = (cred->uid - GSS_UIDS) / 10;

    if (cred->uid < GSS_UIDS || cred->uid >= GSS_UIDS_END)
        return;
    cred->flavor = RPC_AUTH_GSS;
    cred->service = (enum rpc_gss_svc_t)(cred->uid % 10);
    cred->uid = cred->gid = uids[number];
    cred->principal = principals[number];
}

static struct gss_principal *principal_make(uint64_t id, const char *name)
{
    const size_t bytes = strlen(name) + 1;
    struct gss_principal *principal = calloc(1, sizeof(*principal) + bytes);

    assert_non_null(principal);
    principal->id = id;
    memcpy(principal->name, name, bytes);
    return principal;
}

static int set_up(void **unused)
{
    static const char *const names[] = {"", "host/web1@LAB.EXAMPLE", "alice@LAB.EXAMPLE",
                                        "mallory@LAB.EXAMPLE"};

    for (size_t i = 0; i < ARRAY_SIZE(principals); i++)
        principals[i] = principal_make(i + 1, names[i]);
    v41_call_comes = call_comes;
    return v41_set_up(unused);
}

static int tear_down(void **unused)
{
    int result = v41_tear_down(unused);

    v41_call_comes = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(principals); i++)
        free(principals[i]);
    return result;
}

static void exchange_args(struct EXCHANGE_ID4args *args)
{
    static const uint32_t allow[] = {OP_CLOSE, OP_COMMIT, OP_WRITE};

    memset(args, 0, sizeof(*args));
    args->eia_clientowner.co_ownerid = (struct wire_opaque){(const uint8_t *)"web1", 4};
    args->eia_state_protect.spa_how = SP4_MACH_CRED;
    for (size_t i = 0; i < ARRAY_SIZE(allow); i++)
        bitmap4_set(&args->eia_state_protect.spa_mach_ops.spo_must_allow, allow[i]);
}

static void protected_client(void)
{
    struct EXCHANGE_ID4resok exchange;
    struct EXCHANGE_ID4args args;

    exchange_args(&args);
    v41_begin(&call);
    call.uid = MACHINE + INTEGRITY;
    wire_EXCHANGE_ID4args(v41_op(&call, OP_EXCHANGE_ID), &args);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(v41_result(&call, OP_EXCHANGE_ID), NFS4_OK);
    assert_true(wire_EXCHANGE_ID4resok(&call.results, &exchange));
    assert_int_equal(exchange.eir_state_protect.spr_how, SP4_MACH_CRED);
    session.clientid = exchange.eir_clientid;
}

static enum nfsstat4 update(uint32_t uid)
{
    struct EXCHANGE_ID4args args;

    exchange_args(&args);
    args.eia_state_protect.spa_how = SP4_NONE;
    args.eia_flags = EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
    v41_begin(&call);
    call.uid = uid;
    wire_EXCHANGE_ID4args(v41_op(&call, OP_EXCHANGE_ID), &args);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

static enum nfsstat4 create_session(uint32_t uid, uint32_t sequence)
{
    struct CREATE_SESSION4args args = {.csa_clientid = session.clientid,
                                       .csa_sequence = sequence,
                                       .csa_fore_chan_attrs = v41_attrs(),
                                       .csa_back_chan_attrs = v41_attrs()};
    enum nfsstat4 status;

    v41_begin(&call);
    call.uid = uid;
    wire_CREATE_SESSION4args(v41_op(&call, OP_CREATE_SESSION), &args);
    v41_roundtrip(v41_fd, &call);
    status = v41_result(&call, OP_CREATE_SESSION);
    if (status == NFS4_OK) {
        assert_true(wire_CREATE_SESSION4resok(&call.results, &session.granted));
        memcpy(session.id, session.granted.csr_sessionid, NFS4_SESSIONID_SIZE);
        session.seqid = 1;
    }
    return status;
}

static void protected_session(void)
{
    protected_client();
    assert_int_equal(create_session(MACHINE + INTEGRITY, 1), NFS4_OK);
}

static enum nfsstat4 bind_conn(int fd, uint32_t uid)
{
    struct BIND_CONN_TO_SESSION4args args = {.bctsa_dir = CDFC4_FORE};

    memcpy(args.bctsa_sessid, session.id, NFS4_SESSIONID_SIZE);
    v41_begin(&call);
    call.uid = uid;
    wire_BIND_CONN_TO_SESSION4args(v41_op(&call, OP_BIND_CONN_TO_SESSION), &args);
    v41_roundtrip(fd, &call);
    return call.status;
}

static enum nfsstat4 destroy_session(uint32_t uid)
{
    v41_begin(&call);
    call.uid = uid;
    xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), session.id, NFS4_SESSIONID_SIZE);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

static enum nfsstat4 destroy_clientid(uint32_t uid)
{
    v41_begin(&call);
    call.uid = uid;
    xdr_put_u64(v41_op(&call, OP_DESTROY_CLIENTID), session.clientid);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

static enum nfsstat4 sequence(int fd, uint32_t uid)
{
    v41_begin_in(&call, &session, false);
    call.uid = uid;
    v41_roundtrip(fd, &call);
    return call.status;
}

/* W18: nobody else makes, binds or ends what is the client's, whatever the flavor. */
static void enforced(void **unused)
{
    static const uint32_t others[] = {0, 1000, ALICE + PRIVACY, MACHINE + SERVICE_NONE};
    int other = v41_connect();

    (void)unused;
    protected_session();
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(create_session(others[i], 2), NFS4ERR_WRONG_CRED);
        assert_int_equal(bind_conn(other, others[i]), NFS4ERR_WRONG_CRED);
        assert_int_equal(destroy_session(others[i]), NFS4ERR_WRONG_CRED);
        assert_int_equal(destroy_clientid(others[i]), NFS4ERR_WRONG_CRED);
    }
    assert_int_equal(update(MACHINE + SERVICE_NONE), NFS4ERR_WRONG_CRED);
    assert_int_equal(update(ALICE + PRIVACY), NFS4ERR_PERM);
    assert_int_equal(sequence(v41_fd, ALICE + SERVICE_NONE), NFS4_OK);
    assert_int_equal(bind_conn(other, MACHINE + PRIVACY), NFS4_OK);
    assert_int_equal(destroy_session(MACHINE + INTEGRITY), NFS4_OK);
    assert_int_equal(destroy_clientid(MACHINE + INTEGRITY), NFS4_OK);
    close(other);
}

/* §2.10.3.1: a connection belongs to the session only when it was bound by the machine. */
static void connections_are_bound(void **unused)
{
    int other = v41_connect();

    (void)unused;
    protected_session();
    assert_int_equal(sequence(v41_fd, 1000), NFS4_OK); /* users may well have AUTH_SYS */
    assert_int_equal(sequence(other, 1000), NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    session.seqid--;
    assert_int_equal(sequence(other, MACHINE + INTEGRITY), NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    session.seqid--;
    assert_int_equal(bind_conn(other, MACHINE + INTEGRITY), NFS4_OK);
    assert_int_equal(sequence(other, ALICE + SERVICE_NONE), NFS4_OK);
    close(other);
}

/* The status of a request by alice in the session's first slot. */
static enum nfsstat4 request(int fd, uint32_t seqid, bool cache)
{
    v41_begin(&call);
    v41_op_sequence(&call, &session, 0, seqid, cache);
    v41_op(&call, OP_PUTROOTFH);
    call.uid = ALICE + INTEGRITY;
    v41_roundtrip(fd, &call);
    return call.status;
}

/* §2.10.6.2: what was executed over a connection that is lost is not executed again over the next
 * one, which the machine has not bound yet; and the retry does not bind it. */
static void retries_over_another_connection(void **unused)
{
    int other = v41_connect();
    uint32_t seqid;

    (void)unused;
    protected_session();
    seqid = session.seqid;
    assert_int_equal(request(v41_fd, seqid, true), NFS4_OK);
    assert_int_equal(request(other, seqid, true), NFS4_OK);
    assert_int_equal(request(other, seqid + 1, true), NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(request(v41_fd, seqid + 1, false), NFS4_OK);
    assert_int_equal(request(other, seqid + 1, false), NFS4ERR_RETRY_UNCACHED_REP);
    assert_int_equal(request(other, seqid + 2, false), NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(request(v41_fd, seqid + 2, false), NFS4_OK);
    close(other);
}

/* W04, §2.10.6.1.3.1: a retry comes from the same principal, with at least the same protection. */
static void false_retries(void **unused)
{
    static const struct {
        uint32_t uid;
        enum nfsstat4 status;
    } again[] = {{ALICE + INTEGRITY, NFS4_OK},
                 {ALICE + PRIVACY, NFS4_OK},
                 {ALICE + SERVICE_NONE, NFS4ERR_SEQ_FALSE_RETRY},
                 {MALLORY + PRIVACY, NFS4ERR_SEQ_FALSE_RETRY},
                 {1000, NFS4ERR_SEQ_FALSE_RETRY}};

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (size_t i = 0; i <= ARRAY_SIZE(again); i++) {
        v41_begin(&call);
        v41_op_sequence(&call, &session, 1, 1, true);
        v41_op(&call, OP_PUTROOTFH);
        call.uid = i == 0 ? ALICE + INTEGRITY : again[i - 1].uid;
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, i == 0 ? NFS4_OK : again[i - 1].status);
    }
}

/* ---- what the machine credential may do ---- */

/* Alice creates a file that is hers alone. */
static struct OPEN4resok alice_opens(uint32_t service, struct nfs_fh4 *fh)
{
    static uint8_t handle[NFS4_FHSIZE];
    struct nfs_argop4 open = {.argop = OP_OPEN};
    struct OPEN4args *args = &open.opopen;
    static struct nfs_resop4 results[4];

    args->share_access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG;
    args->owner.clientid = session.clientid;
    args->owner.owner = (struct wire_opaque){(const uint8_t *)"alice", 5};
    args->openhow.opentype = OPEN4_CREATE;
    args->openhow.how.mode = UNCHECKED4;
    args->openhow.how.createattrs.attrmask.count = 2;
    args->openhow.how.createattrs.attrmask.words[1] = 1u << (FATTR4_MODE - 32);
    args->openhow.how.createattrs.attr_vals =
        (struct wire_opaque){(const uint8_t *)"\0\0\1\200", 4};
    args->claim.claim = CLAIM_NULL;
    args->claim.file = (struct wire_opaque){(const uint8_t *)"hers", 4};
    v41_begin_in(&call, &session, false);
    call.uid = ALICE + service;
    v41_op(&call, OP_PUTROOTFH);
    v41_put(&call, &open);
    v41_op(&call, OP_GETFH);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(results); i++)
        assert_true(wire_nfs_resop4(&call.results, &results[i]));
    *fh = results[3].opgetfh.object;
    memcpy(handle, fh->data, fh->len);
    fh->data = handle;
    return results[2].opopen;
}

static enum nfsstat4 write_as(uint32_t uid, const struct nfs_fh4 *fh,
                              const struct stateid4 *stateid)
{
    struct nfs_argop4 putfh = {.argop = OP_PUTFH, .opputfh.object = *fh};
    struct nfs_argop4 write = {.argop = OP_WRITE,
                               .opwrite = {.stateid = *stateid,
                                           .stable = UNSTABLE4,
                                           .data = {(const uint8_t *)"dirty", 5}}};

    v41_begin_in(&call, &session, false);
    call.uid = uid;
    v41_put(&call, &putfh);
    v41_put(&call, &write);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

static void reclaim_complete(void)
{
    struct nfs_argop4 complete = {.argop = OP_RECLAIM_COMPLETE};

    v41_begin_in(&call, &session, false);
    call.uid = MACHINE + INTEGRITY;
    v41_put(&call, &complete);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

/* W18: alice's ticket has expired, and her pages are dirty.  The machine writes them, because she
 * has opened the file; nobody else does. */
static void writes_for_users(void **unused)
{
    static const struct stateid4 anonymous;
    struct OPEN4resok opened;
    struct nfs_fh4 fh;

    (void)unused;
    protected_session();
    reclaim_complete();
    opened = alice_opens(SERVICE_NONE, &fh);
    assert_int_equal(write_as(ALICE + SERVICE_NONE, &fh, &opened.stateid), NFS4_OK);
    assert_int_equal(write_as(MACHINE + INTEGRITY, &fh, &opened.stateid), NFS4_OK);
    assert_int_equal(write_as(MACHINE + SERVICE_NONE, &fh, &opened.stateid), NFS4ERR_ACCESS);
    assert_int_equal(write_as(MALLORY + PRIVACY, &fh, &opened.stateid), NFS4ERR_ACCESS);
    assert_int_equal(write_as(MACHINE + INTEGRITY, &fh, &anonymous), NFS4ERR_BAD_STATEID);
}

/* ---- in an export that takes other flavors ---- */

static int set_up_private(void **unused)
{
    int result;

    v41_export = "/=mem:,root_squash,sec=krb5p";
    result = set_up(unused);
    v41_export = "/=mem:,root_squash,sec=sys:krb5:krb5i:krb5p";
    return result;
}

static enum nfsstat4 ops_as(uint32_t uid, const struct nfs_fh4 *fh, struct nfs_argop4 *ops,
                            uint32_t count)
{
    struct nfs_argop4 putfh = {.argop = OP_PUTFH, .opputfh.object = *fh};

    v41_begin_in(&call, &session, false);
    call.uid = uid;
    v41_put(&call, &putfh);
    for (uint32_t i = 0; i < count; i++)
        v41_put(&call, &ops[i]);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

/* W18: alice uses krb5p, as the export demands; the machine has krb5i. */
static void overrides_flavors(void **unused)
{
    static const struct stateid4 anonymous;
    struct nfs_argop4 getattr = {.argop = OP_GETATTR}, commit = {.argop = OP_COMMIT};
    struct nfs_argop4 close_op = {.argop = OP_CLOSE}, read = {.argop = OP_READ};
    struct nfs_argop4 savefh = {.argop = OP_SAVEFH}, list[3];
    struct OPEN4resok opened;
    struct nfs_fh4 fh;

    (void)unused;
    protected_session();
    reclaim_complete();
    opened = alice_opens(PRIVACY, &fh);
    close_op.opclose.open_stateid = read.opread.stateid = opened.stateid;
    read.opread.count = 10;
    assert_int_equal(write_as(ALICE + PRIVACY, &fh, &opened.stateid), NFS4_OK);
    assert_int_equal(write_as(ALICE + INTEGRITY, &fh, &opened.stateid), NFS4ERR_WRONGSEC);
    assert_int_equal(write_as(MACHINE + INTEGRITY, &fh, &opened.stateid), NFS4_OK);
    assert_int_equal(write_as(MACHINE + SERVICE_NONE, &fh, &opened.stateid), NFS4ERR_WRONGSEC);
    assert_int_equal(write_as(MALLORY + INTEGRITY, &fh, &opened.stateid), NFS4ERR_WRONGSEC);
    assert_int_equal(write_as(1000, &fh, &opened.stateid), NFS4ERR_WRONGSEC);
    assert_int_equal(write_as(MACHINE + INTEGRITY, &fh, &anonymous), NFS4ERR_BAD_STATEID);
    /* What is not on the list is refused as ever, so that clients look for the right flavor. */
    assert_int_equal(ops_as(MACHINE + INTEGRITY, &fh, &read, 1), NFS4ERR_WRONGSEC);
    list[0] = getattr, list[1] = read;
    assert_int_equal(ops_as(MACHINE + INTEGRITY, &fh, list, 2), NFS4ERR_WRONGSEC);
    /* Nor does it come behind something that is. */
    list[0] = commit, list[1] = getattr, list[2] = read;
    assert_int_equal(ops_as(MACHINE + INTEGRITY, &fh, list, 3), NFS4ERR_ACCESS);
    list[2] = savefh;
    assert_int_equal(ops_as(MACHINE + INTEGRITY, &fh, list, 3), NFS4ERR_ACCESS);
    list[0] = getattr, list[1] = commit, list[2] = close_op;
    assert_int_equal(ops_as(MACHINE + INTEGRITY, &fh, list, 3), NFS4_OK);
}

#define MACH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACH_TEST(enforced),
        MACH_TEST(connections_are_bound),
        MACH_TEST(retries_over_another_connection),
        MACH_TEST(false_retries),
        MACH_TEST(writes_for_users),
        cmocka_unit_test_setup_teardown(overrides_flavors, set_up_private, tear_down),
    };

    v41_export = "/=mem:,root_squash,sec=sys:krb5:krb5i:krb5p";
    return test_group_run(tests);
}
