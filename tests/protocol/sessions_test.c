/* SPDX-License-Identifier: Apache-2.0 */
/* What SEQUENCE and the operations around sessions accept and refuse. */
#include <string.h>

#include "script.h"

/* A compound without SEQUENCE, on alice's connection. */
static void begin_plain(void)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
}

/* SEQUENCE as alice would send it on slot 0, for the test to alter and append. */
static struct nfs_argop4 sequence(void)
{
    struct nfs_argop4 op = {.argop = OP_SEQUENCE};

    memcpy(op.opsequence.sa_sessionid, alice.session.sessionid, NFS4_SESSIONID_SIZE);
    op.opsequence.sa_sequenceid = alice.session.slots[0].seqid;
    return op;
}

/* P-04, S20-01, S20-D2: other operations are refused without SEQUENCE. */
static void not_in_session(void **state)
{
    struct client_fh dir = script_dir("/mem");

    (void)state;
    begin_plain();
    client_op_putfh(C, &dir);
    client_op_create(C, "x", NF4DIR, NULL, 0700);
    run(NFS4ERR_OP_NOT_IN_SESSION);
    assert_int_equal(R->count, 1);
    begin_plain();
    client_compound_add_words(C, (uint32_t[]){2}, 1);
    run(NFS4ERR_OP_ILLEGAL);
    begin(&alice, &dir);
    client_op_lookup(C, "x");
    run(NFS4ERR_NOENT);
}

static void sequence_twice(void **state)
{
    struct nfs_argop4 op = sequence();

    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_compound_add(C, &op);
    run(NFS4ERR_SEQUENCE_POS);
    assert_int_equal(R->count, 3);
}

/* W09: operations that need no SEQUENCE must be alone without one; with SEQUENCE they need not
 * be. */
static void not_only_op(void **state)
{
    struct nfs_argop4 ops[5] = {
        {.argop = OP_EXCHANGE_ID},          {.argop = OP_CREATE_SESSION},
        {.argop = OP_DESTROY_SESSION},      {.argop = OP_DESTROY_CLIENTID},
        {.argop = OP_BIND_CONN_TO_SESSION},
    };

    (void)state;
    ops[4].opbind_conn_to_session.bctsa_dir = CDFC4_FORE;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin_plain();
        client_compound_add(C, &ops[i]);
        client_op_putrootfh(C);
        run(NFS4ERR_NOT_ONLY_OP);
    }
    begin_plain();
    client_compound_add(C, &ops[4]);
    run(NFS4ERR_BADSESSION);
    begin_plain();
    client_compound_add(C, &ops[2]);
    run(NFS4ERR_BADSESSION);
    begin_plain();
    client_compound_add(C, &ops[3]);
    run(NFS4ERR_STALE_CLIENTID);
}

/* S20-05, P-07, W01: the slots stay as they were. */
static void bad_slots(void **state)
{
    static const uint32_t slots[] = {1u << 31, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i <= ARRAY_SIZE(slots); i++) {
        struct nfs_argop4 op = sequence();
        uint32_t slot = i < ARRAY_SIZE(slots) ? slots[i] : alice.session.slot_count;

        op.opsequence.sa_slotid = slot;
        begin_plain();
        client_compound_add(C, &op);
        run(NFS4ERR_BADSLOT);
        op.opsequence.sa_slotid = 0;
        op.opsequence.sa_highest_slotid = slot;
        begin_plain();
        client_compound_add(C, &op);
        run(NFS4ERR_BAD_HIGH_SLOT);
    }
    begin(&alice, NULL);
    run(NFS4_OK);
}

static void bad_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < NFS4_SESSIONID_SIZE; i++) {
        struct nfs_argop4 op = sequence();

        op.opsequence.sa_sessionid[i] ^= 0x40;
        begin_plain();
        client_compound_add(C, &op);
        run(NFS4ERR_BADSESSION);
    }
}

/* S20-D3: sequence ids too old, too new, far away. */
static void misordered(void **state)
{
    static const uint32_t off[] = {(uint32_t)-2, 1, 2, 1u << 31, 1000};

    (void)state;
    begin(&alice, NULL);
    run(NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
        struct nfs_argop4 op = sequence();

        op.opsequence.sa_sequenceid += off[i];
        begin_plain();
        client_compound_add(C, &op);
        run(NFS4ERR_SEQ_MISORDERED);
    }
    begin(&alice, NULL);
    run(NFS4_OK);
}

/* S20-24, S20-27: any tag is returned unchanged. */
static void tags(void **state)
{
    static uint8_t bytes[1024];
    static const struct {
        uint32_t minor;
        enum nfsstat4 status;
    } cases[] = {{1, NFS4ERR_OP_NOT_IN_SESSION},
                 {2, NFS4ERR_OP_NOT_IN_SESSION},
                 {3, NFS4ERR_MINOR_VERS_MISMATCH},
                 {UINT32_MAX, NFS4ERR_MINOR_VERS_MISMATCH}};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 131); /* NULs and bad UTF-8 among them */
    for (uint32_t len = 0; len <= sizeof(bytes); len = len * 2 + 1)
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
            client_result_free(R);
            client_compound_free(C);
            client_compound_begin(C, (struct wire_opaque){bytes, len}, cases[i].minor);
            client_op_putrootfh(C);
            run(cases[i].status);
            assert_int_equal(R->count, cases[i].minor <= 2);
            assert_int_equal(R->tag.len, len);
            if (len)
                assert_memory_equal(R->tag.data, bytes, len);
        }
}

/* A session with small limits, on a connection of its own. */
static void open_small(struct client_mount *mount, uint32_t ops, uint32_t request, uint32_t reply,
                       uint32_t cached)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();

    wish.fore.ca_maxoperations = ops;
    wish.fore.ca_maxrequestsize = request;
    wish.fore.ca_maxresponsesize = reply;
    wish.fore.ca_maxresponsesize_cached = cached;
    expect_status(client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
                  NFS4_OK);
    assert_true(mount->session.fore.ca_maxoperations <= ops);
    assert_true(mount->session.fore.ca_maxrequestsize <= request);
    assert_true(mount->session.fore.ca_maxresponsesize <= reply);
}

static void begin_small(struct client_mount *mount, bool cache)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &mount->session, 0, cache);
    client_op_putrootfh(C);
}

/* S20-19, P-13, W06, L-07 */
static void too_many_ops(void **state)
{
    struct client_mount mount;

    (void)state;
    open_small(&mount, 4, 4096, 4096, 4096);
    begin_small(&mount, true);
    client_op_getfh(C);
    client_op_getfh(C);
    run_on(&mount.conn, NFS4_OK);
    begin_small(&mount, true);
    for (int i = 0; i < 3; i++)
        client_op_getfh(C);
    run_on(&mount.conn, NFS4ERR_TOO_MANY_OPS);
    assert_int_equal(R->count, 1);
    /* The slot did not move. */
    begin_small(&mount, true);
    run_on(&mount.conn, NFS4_OK);
    client_mount_close(&mount);
}

static void request_too_big(void **state)
{
    static char name[1500];
    struct client_mount mount;

    (void)state;
    open_small(&mount, 8, 1024, 4096, 4096);
    memset(name, 'n', sizeof(name) - 1);
    begin_small(&mount, true);
    client_op_lookup(C, name);
    run_on(&mount.conn, NFS4ERR_REQ_TOO_BIG);
    assert_int_equal(R->count, 1);
    begin_small(&mount, true);
    run_on(&mount.conn, NFS4_OK);
    client_mount_close(&mount);
}

static void reply_too_big(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct client_fh file;
    struct client_mount mount;
    struct client_file opened = make_open(&alice, &dir, "big");
    static char data[4096];
    uint32_t written;

    (void)state;
    expect_status(client_file_write(&alice, &opened, 0, FILE_SYNC4, data, sizeof(data), &written),
                  NFS4_OK);
    expect_status(client_file_close(&alice, &opened), NFS4_OK);
    file = opened.fh;
    open_small(&mount, 16, 4096, 1024, 512);
    for (int cached = 0; cached <= 1; cached++) {
        begin_small(&mount, cached);
        for (int i = 0; i < 8; i++)
            client_op_getattr(C, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS, FATTR4_OWNER,
                                             FATTR4_FILEHANDLE, FATTR4_SPACE_FREE,
                                             FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA,
                                             FATTR4_TIME_MODIFY, FATTR4_SPACE_TOTAL));
        run_on(&mount.conn, cached ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4ERR_REP_TOO_BIG);
        assert_true(R->count > 2);
        assert_true(R->body.len <= (cached ? 512u : 1024u));
    }
    /* READ returns as much as fits. */
    begin_small(&mount, false);
    client_op_putfh(C, &file);
    client_op_read(C, &client_stateid_anonymous, 0, sizeof(data));
    run_on(&mount.conn, NFS4_OK);
    assert_in_range(result(OP_READ)->opread.data.len, 1, 1024);
    client_mount_close(&mount);
}

/* P-13: a change runs only if its result fits, so it is answered or not done. ACCESS fills the
 * reply in small steps. */
static void too_big_to_change(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct client_mount mount;
    uint32_t refused = 0;

    (void)state;
    open_small(&mount, 64, 4096, 512, 512);
    for (int n = 0; n < 40; n++) {
        bool done;

        begin_small(&mount, true);
        client_op_putfh(C, &dir);
        for (int i = 0; i < n; i++)
            client_op_access(C, ACCESS4_READ);
        client_op_create(C, "new", NF4DIR, NULL, 0700);
        assert_int_equal(client_compound_call(&mount.conn, C, R), CLIENT_OK);
        done = R->status == NFS4_OK;
        if (!done)
            expect_status(R->status, NFS4ERR_REP_TOO_BIG_TO_CACHE);
        refused += R->count == C->count && !done;
        begin(&alice, &dir);
        client_op_remove(C, "new");
        run(done ? NFS4_OK : NFS4ERR_NOENT);
    }
    assert_true(refused > 0);
    client_mount_close(&mount);
}

static void create_is(struct client_conn *conn, const struct client_session_wish *wish,
                      struct client_session *session, enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_create(conn, wish, session, &status), CLIENT_OK);
    expect_status(status, expected);
}

/* The phases of RFC 8881 §18.36.4: the client, its sequence, the arguments.  W10, P-05, P-13 */
static void create_session_refused(void **state)
{
    const struct client_session_wish good = client_session_wish_default(NULL);
    struct client_session_wish flags = good, small = good;
    struct client_session session = {0}, unknown;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    flags.flags = 0x80;
    small.fore.ca_maxresponsesize = 8;
    script_connect(&conn);
    assert_int_equal(client_session_exchange_id(&conn, &good, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    unknown = session;
    unknown.clientid++;
    create_is(&conn, &flags, &unknown, NFS4ERR_STALE_CLIENTID);
    create_is(&conn, &small, &unknown, NFS4ERR_STALE_CLIENTID);
    create_is(&conn, &flags, &session, NFS4ERR_INVAL);
    create_is(&conn, &flags, &session, NFS4ERR_INVAL); /* a retry */
    session.create_seqid++;
    create_is(&conn, &small, &session, NFS4ERR_TOOSMALL);
    create_is(&conn, &small, &session, NFS4ERR_TOOSMALL);
    session.create_seqid--; /* that sequence id is used up */
    create_is(&conn, &flags, &session, NFS4ERR_SEQ_MISORDERED);
    session.create_seqid += 3; /* a gap; checked before the arguments */
    create_is(&conn, &small, &session, NFS4ERR_SEQ_MISORDERED);
    session.create_seqid--;
    create_is(&conn, &good, &session, NFS4_OK);
    assert_int_equal(client_session_close(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* P-05: the same csa_sequence gives the same session.  SR-25: persistence is never granted. */
static void create_session_again(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_session session = {0}, again;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    script_connect(&conn);
    wish.flags |= CREATE_SESSION4_FLAG_PERSIST;
    assert_int_equal(client_session_exchange_id(&conn, &wish, &session, &status), CLIENT_OK);
    again = session;
    assert_int_equal(client_session_create(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(session.flags, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    assert_int_equal(client_session_create(&conn, &wish, &again, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_memory_equal(session.sessionid, again.sessionid, NFS4_SESSIONID_SIZE);
    /* SR-17: a client with a session is busy. */
    assert_int_equal(client_session_destroy_clientid(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_CLIENTID_BUSY);
    assert_int_equal(client_session_close(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* SR-20: a second one is refused; before the first no file can be opened. */
static void reclaim_complete(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_fh dir = script_dir("/mem");
    struct client_mount mount = {.trouble = CLIENT_OK};
    struct client_file file;
    enum nfsstat4 status;

    (void)state;
    script_connect(&mount.conn);
    assert_int_equal(client_session_exchange_id(&mount.conn, &wish, &mount.session, &status),
                     CLIENT_OK);
    assert_int_equal(client_session_create(&mount.conn, &wish, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    expect_status(client_file_create(&mount, &dir, "early", &file), NFS4ERR_GRACE);
    assert_int_equal(client_session_reclaim_complete(&mount.conn, &mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_reclaim_complete(&mount.conn, &mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4ERR_COMPLETE_ALREADY);
    client_mount_close(&mount);
}

/* W14: a session may end itself, as the last operation. */
static void destroy_own(void **state)
{
    struct client_mount mount;
    struct nfs_argop4 op = {.argop = OP_DESTROY_SESSION};

    (void)state;
    open_small(&mount, 8, 4096, 4096, 4096);
    memcpy(op.opdestroy_session.dsa_sessionid, mount.session.sessionid, NFS4_SESSIONID_SIZE);
    begin_small(&mount, true);
    client_compound_add(C, &op);
    client_op_putrootfh(C);
    run_on(&mount.conn, NFS4ERR_NOT_ONLY_OP);
    begin_small(&mount, true);
    client_compound_add(C, &op);
    run_on(&mount.conn, NFS4_OK);
    begin_small(&mount, true);
    run_on(&mount.conn, NFS4ERR_BADSESSION);
    client_conn_close(&mount.conn);
}

/* W11: a request binds its connection to the session; S20-12. */
static void many_connections(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) { /* P-08: more than can be bound at once */
        struct client_conn conn;
        enum nfsstat4 status;

        script_connect(&conn);
        assert_int_equal(client_session_renew(&conn, &alice.session, 0, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        client_conn_close(&conn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_in_session),
        cmocka_unit_test(sequence_twice),
        cmocka_unit_test(not_only_op),
        cmocka_unit_test(bad_slots),
        cmocka_unit_test(bad_session),
        cmocka_unit_test(misordered),
        cmocka_unit_test(tags),
        cmocka_unit_test(too_many_ops),
        cmocka_unit_test(request_too_big),
        cmocka_unit_test(reply_too_big),
        cmocka_unit_test(too_big_to_change),
        cmocka_unit_test(create_session_refused),
        cmocka_unit_test(create_session_again),
        cmocka_unit_test(reclaim_complete),
        cmocka_unit_test(destroy_own),
        cmocka_unit_test(many_connections),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
