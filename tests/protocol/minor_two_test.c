/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minor version 2 beside 1: which sessions belong to which, what clients of both share, and what
 * only 2 has (RFC 7862, RFC 9754). Alice and bob use 4.1, carol 4.2.
 */
#include <string.h>

#include "holder.h"

static struct client_mount carol;
static struct client_fh dir;

static int start(void **state)
{
    if (script_setup_default(state) != 0)
        return -1;
    script_mount_v42(&carol);
    return 0;
}

static int stop(void **state)
{
    client_mount_close(&carol);
    return script_teardown(state);
}

static void op_session(uint32_t number, const struct client_session *session)
{
    struct nfs_argop4 op = {.argop = number};

    switch (number) {
    case OP_SEQUENCE:
        memcpy(op.opsequence.sa_sessionid, session->sessionid, NFS4_SESSIONID_SIZE);
        op.opsequence.sa_sequenceid = session->slots[0].seqid;
        break;
    case OP_BIND_CONN_TO_SESSION:
        memcpy(op.opbind_conn_to_session.bctsa_sessid, session->sessionid, NFS4_SESSIONID_SIZE);
        op.opbind_conn_to_session.bctsa_dir = CDFC4_FORE;
        break;
    default:
        memcpy(op.opdestroy_session.dsa_sessionid, session->sessionid, NFS4_SESSIONID_SIZE);
    }
    client_compound_add(C, &op);
}

/* RFC 8881 §2.7, rule 13: ids returned in one minor version are unknown in another. The session is
 * not affected. */
static void unknown_in(struct client_mount *mount, uint32_t minor)
{
    static const uint32_t ops[] = {OP_SEQUENCE, OP_BIND_CONN_TO_SESSION, OP_DESTROY_SESSION};

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin_bare(mount, minor);
        op_session(ops[i], &mount->session);
        run_on(&mount->conn, NFS4ERR_BADSESSION);
    }
    begin(mount, &dir);
    run_on(&mount->conn, NFS4_OK);
}

static void sessions_have_a_minor_version(void **state)
{
    dir = script_dir(*state);
    unknown_in(&alice, 2);
    unknown_in(&carol, 1);
}

/* A session of `minor` for the mount's client ID. */
static void one_more(struct client_mount *mount, uint32_t minor, struct client_mount *more)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status;

    memset(more, 0, sizeof(*more));
    more->conn.fd = -1;
    script_connect(&more->conn);
    more->conn.cred = script_cred();
    wish.minor = minor;
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN; /* no callbacks */
    more->session.clientid = mount->session.clientid;
    more->session.create_seqid = mount->session.create_seqid;
    more->session.minor = minor;
    assert_int_equal(client_session_create(&more->conn, &wish, &more->session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    mount->session.create_seqid = more->session.create_seqid;
}

static void session_end(struct client_mount *mount)
{
    begin_bare(mount, mount->session.minor);
    op_session(OP_DESTROY_SESSION, &mount->session);
    run_on(&mount->conn, NFS4_OK);
    client_conn_close(&mount->conn);
}

/* A client ID belongs to no minor version: its sessions may be of both, and state opened in one is
 * valid in the other. */
static void client_has_both(void **state)
{
    static const char word[] = "word";
    struct client_file file;
    struct client_mount more;
    uint32_t written;

    dir = script_dir(*state);
    for (uint32_t minor = 1; minor <= 2; minor++) {
        struct client_mount *mount = minor == 1 ? &carol : &alice;

        one_more(mount, minor, &more);
        file = make_open(mount, &dir, minor == 1 ? "of carol" : "of alice");
        expect_status(client_file_write(&more, &file, 0, UNSTABLE4, word, sizeof(word), &written),
                      NFS4_OK);
        unknown_in(&more, 3 - minor);
        unknown_in(mount, minor);
        session_end(&more);
        expect_status(client_file_close(mount, &file), NFS4_OK);
    }
}

/* The same owner string and verifier in the other minor version: the same client. */
static void owners_are_common_to_both(void **state)
{
    struct client_session_wish wish = client_session_wish_default("of both");
    struct client_session sessions[2] = {{.minor = 0}};
    enum nfsstat4 status;

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        wish.minor = 1 + i;
        assert_int_equal(client_session_exchange_id(&alice.conn, &wish, &sessions[i], &status),
                         CLIENT_OK);
        expect_status(status, NFS4_OK);
        if (i == 1)
            break;
        assert_int_equal(client_session_create(&alice.conn, &wish, &sessions[i], &status),
                         CLIENT_OK);
        expect_status(status, NFS4_OK);
    }
    assert_true(sessions[0].clientid == sessions[1].clientid);
}

/* S22-02: callbacks have the minor version of the session that carries them. */
static void callbacks_have_the_minor_version(void **state)
{
    dir = script_dir(*state);
    for (uint32_t minor = 1; minor <= 2; minor++) {
        const char *name = minor == 1 ? "of 4.1" : "of 4.2";
        struct client_file file, other;
        struct holder holder;
        uint32_t recall;

        holder_open(&holder, minor);
        file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
        expect_status(conflict_open(&bob, &dir, name, &other), NFS4ERR_DELAY);
        recall = holder_wait_recall(&holder, &file);
        assert_int_equal(client_callback_at(holder.callbacks, recall)->minor_version, minor);
        holder_return(&holder, &file);
        expect_status(conflict_open(&bob, &dir, name, &other), NFS4_OK);
        holder_close(&holder);
        expect_status(client_file_close(&bob, &other), NFS4_OK);
    }
}

static struct open_arguments4 arguments_of(struct client_mount *mount)
{
    return attrs_of(mount, &dir, CLIENT_BITS(FATTR4_OPEN_ARGUMENTS)).open_arguments;
}

/* OPEN with one argument changed; true when the server accepts that argument, whatever the
 * result. */
static bool taken(struct nfs_argop4 *op)
{
    op->opopen.owner = (struct state_owner4){carol.session.clientid, client_text("opener")};
    begin(&carol, &dir);
    client_compound_add(C, op);
    assert_int_equal(client_compound_call(&carol.conn, C, R), CLIENT_OK);
    return R->status != NFS4ERR_INVAL && R->status != NFS4ERR_NOTSUPP;
}

static struct nfs_argop4 usual(void)
{
    return (struct nfs_argop4){
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_READ,
                   .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}};
}

/* open_arguments states what OPEN supports, and OPEN supports it: every value of every argument. */
static void open_arguments(void **state)
{
    struct open_arguments4 says;
    struct nfs_argop4 op;

    dir = script_dir(*state);
    make_file(&carol, &dir, "file");
    says = arguments_of(&carol);
    assert_int_equal(says.oa_share_access.words[0], 0xe);
    assert_int_equal(says.oa_share_deny.words[0], 0xf);
    assert_int_equal(says.oa_share_access_want.words[0], 0x320038);
    assert_int_equal(says.oa_open_claim.words[0], 0x37); /* except the claims for reclaim */
    assert_int_equal(says.oa_create_mode.words[0], 0xf);
    for (uint32_t access = 0; access < 8; access++) {
        op = usual();
        op.opopen.share_access = access;
        assert_int_equal(taken(&op), bitmap4_isset(&says.oa_share_access, access));
    }
    for (uint32_t deny = 0; deny < 8; deny++) {
        op = usual();
        op.opopen.share_deny = deny;
        assert_int_equal(taken(&op), bitmap4_isset(&says.oa_share_deny, deny));
    }
    for (uint32_t want = OPEN_ARGS_SHARE_ACCESS_WANT_ANY_DELEG; want < 256; want++) {
        op = usual();
        op.opopen.share_access |= want << 8;
        assert_int_equal(taken(&op), want <= OPEN_ARGS_SHARE_ACCESS_WANT_CANCEL &&
                                         bitmap4_isset(&says.oa_share_access_want, want));
    }
    for (uint32_t claim = CLAIM_NULL; claim <= CLAIM_DELEG_PREV_FH; claim++) {
        op = usual();
        op.opopen.claim = (struct open_claim4){.claim = claim};
        if (claim == CLAIM_NULL)
            op.opopen.claim.file = client_text("file");
        else if (claim == CLAIM_DELEGATE_CUR)
            op.opopen.claim.delegate_cur_info.file = client_text("file");
        else if (claim == CLAIM_DELEGATE_PREV)
            op.opopen.claim.file_delegate_prev = client_text("file");
        assert_int_equal(taken(&op), bitmap4_isset(&says.oa_open_claim, claim));
    }
    for (uint32_t mode = UNCHECKED4; mode <= EXCLUSIVE4_1; mode++) {
        op = usual();
        op.opopen.openhow = (struct openflag4){.opentype = OPEN4_CREATE, .how = {.mode = mode}};
        assert_int_equal(taken(&op), bitmap4_isset(&says.oa_create_mode, mode));
    }
}

/* Hints that the server ignores do no harm: the reply states the outcome (RFC 9754 §4, §5). */
static void hints(void **state)
{
    static const uint32_t hints[] = {OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL,
                                     OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED,
                                     OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS,
                                     OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION};
    struct nfs_argop4 op;

    dir = script_dir(*state);
    make_file(&carol, &dir, "file");
    for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
        op = usual();
        op.opopen.share_access |= hints[i];
        assert_true(taken(&op));
        expect_status(R->status, NFS4_OK);
        assert_false(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_NO_OPEN_STATEID);
    }
    op = usual();
    op.opopen.share_access |= 0x80000000u;
    assert_false(taken(&op));
}

/* 4.1 has open_arguments, too, without the wishes of RFC 9754; it is read-only. */
static void open_arguments_in_minor_one(void **state)
{
    struct open_arguments4 in_1, in_2;
    const struct nfs4_attrs attrs = {.open_arguments = {.oa_share_deny = {.count = 0}}};

    dir = script_dir(*state);
    in_1 = arguments_of(&alice);
    in_2 = arguments_of(&carol);
    assert_int_equal(in_1.oa_share_access_want.words[0], 0x20038);
    in_2.oa_share_access_want = in_1.oa_share_access_want;
    assert_memory_equal(&in_1, &in_2, sizeof(in_1));
    begin(&carol, &dir);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_OPEN_ARGUMENTS), &attrs);
    run_on(&carol.conn, NFS4ERR_INVAL);
}

/* The other attributes of 4.2 and its extensions: not returned, and not settable. */
static void other_attributes(void **state)
{
    static const uint32_t others[] = {FATTR4_SEC_LABEL};
    const struct nfs4_attrs attrs = {.clone_blksize = 1};

    dir = script_dir(*state);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        begin(&carol, &dir);
        client_op_getattr(C, CLIENT_BITS(others[i]));
        run_on(&carol.conn, NFS4_OK);
        assert_false(
            bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask, others[i]));
        begin(&carol, &dir);
        client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(others[i]), &attrs);
        run_on(&carol.conn, NFS4ERR_ATTRNOTSUPP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(sessions_have_a_minor_version),
        ON_BOTH(client_has_both),
        cmocka_unit_test(owners_are_common_to_both),
        ON_BOTH(callbacks_have_the_minor_version),
        ON_BOTH(open_arguments),
        ON_BOTH(hints),
        ON_BOTH(open_arguments_in_minor_one),
        ON_BOTH(other_attributes),
    };

    return test_group_run_fixtures(tests, start, stop);
}
