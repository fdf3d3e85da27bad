/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client with a machine credential, as Linux is with Kerberos: SP4_MACH_CRED (RFC 8881
 * §2.10.8.3), two principals in one session, and callbacks by RPCSEC_GSS.  W18, S22-03, S22-14,
 * S22-15.
 */
#include <string.h>

#include "admin_call.h"
#include "client/client_back_gss.h"
#include "gss.h"
#include "holder.h"
#include "log_lines.h"

#define MACHINE "host/client.mainstay.test"

static struct client_mount machine;
static struct client_callbacks callbacks;

/* The keytab of the machine is not named after it. */
static struct client_gss *machine_connect(struct client_conn *conn)
{
    struct client_gss_wish wish = gss_wish("machine");
    char why[CLIENT_WHY_BYTES] = "";
    struct client_gss *gss;

    wish.principal = MACHINE;
    script_connect(conn);
    if (client_gss_open(conn, &wish, &gss, why) != CLIENT_OK)
        fail_msg("no context: %s", why);
    client_gss_use(conn, gss, RPC_GSS_SVC_INTEGRITY);
    client_gss_put(gss);
    return gss;
}

/* The first operation allowed is CLOSE, unless the client does not ask for it. */
static bool asks_for_close = true;

static void exchange_protected(struct client_mount *mount)
{
    static const uint32_t allow[] = {OP_CLOSE,  OP_OPEN_DOWNGRADE, OP_LOCKU,       OP_DELEGRETURN,
                                     OP_COMMIT, OP_WRITE,          OP_LAYOUTRETURN};
    static char owner[] = "machine 0";
    struct nfs_argop4 op = {.argop = OP_EXCHANGE_ID};
    struct EXCHANGE_ID4args *args = &op.opexchange_id;
    const struct EXCHANGE_ID4resok *res;

    owner[8]++;
    args->eia_clientowner.co_ownerid = client_text(owner);
    args->eia_state_protect.spa_how = SP4_MACH_CRED;
    for (size_t i = !asks_for_close; i < ARRAY_SIZE(allow); i++)
        bitmap4_set(&args->eia_state_protect.spa_mach_ops.spo_must_allow, allow[i]);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
    run_on(&mount->conn, NFS4_OK);
    res = &result(OP_EXCHANGE_ID)->opexchange_id;
    assert_int_equal(res->eir_state_protect.spr_how, SP4_MACH_CRED);
    mount->session.clientid = res->eir_clientid;
    mount->session.create_seqid = res->eir_sequenceid;
}

/* As a mount of Linux: the machine has the client and its session. */
static int machine_up(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status = NFS4ERR_IO;

    (void)state;
    memset(&machine, 0, sizeof(machine));
    memset(&callbacks, 0, sizeof(callbacks));
    wish.callbacks = &callbacks;
    machine_connect(&machine.conn);
    exchange_protected(&machine);
    assert_int_equal(client_session_create(&machine.conn, &wish, &machine.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_reclaim_complete(&machine.conn, &machine.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    return 0;
}

static int machine_down(void **state)
{
    enum nfsstat4 status;

    (void)state;
    assert_int_equal(client_session_close(&machine.conn, &machine.session, &status), CLIENT_OK);
    client_back_gss_fini(&callbacks.gss);
    client_conn_close(&machine.conn);
    return 0;
}

/* From now on the connection's calls are those of that context. */
static void become(struct client_gss *gss, uint32_t service)
{
    client_gss_use(&machine.conn, gss, service);
}

/* W18: nobody else ends or joins the session, whatever the flavor. */
static void only_the_machine(void **state)
{
    struct client_session other = machine.session;
    enum channel_dir_from_server4 bound;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY);
    assert_int_equal(client_session_bind(&conn, &other, CDFC4_FORE, &bound, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_WRONG_CRED);
    assert_int_equal(client_session_renew(&conn, &other, 1, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(client_session_destroy(&conn, &other, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_WRONG_CRED);
    client_gss_use(&conn, NULL, 0);
    assert_int_equal(client_session_destroy(&conn, &other, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_WRONG_CRED);
    client_gss_use(&conn, machine.conn.gss, RPC_GSS_SVC_NONE);
    assert_int_equal(client_session_bind(&conn, &other, CDFC4_FORE, &bound, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_WRONG_CRED);
    client_gss_use(&conn, machine.conn.gss, RPC_GSS_SVC_INTEGRITY);
    assert_int_equal(client_session_bind(&conn, &other, CDFC4_FORE, &bound, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* Everybody may make files there, of those who encrypt. */
static struct client_fh private_open(void)
{
    struct client_fh dir;

    expect_status(client_file_lookup(&machine, "/private", &dir), NFS4_OK);
    expect_status(client_file_setattr(&machine, &dir, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0777}),
                  NFS4_OK);
    return dir;
}

/* The log says who was refused, not the uid of nobody. */
static void expect_named(const char *principal)
{
    struct log_line line = log_find_with("export.refused", "export", "/private");

    assert_non_null(log_value(&line, "principal"));
    assert_string_equal(log_value(&line, "principal"), principal);
    assert_null(log_value(&line, "uid"));
}

/* W18: alice's context ends while her pages are dirty: the machine writes and closes the file,
 * although it does not encrypt as the export wants, and may do nothing else there. */
static void nothing_is_lost(void **state)
{
    struct client_fh dir;
    struct client_gss *of_machine = client_gss_get(machine.conn.gss), *of_alice;
    struct client_conn conn;
    struct client_file file, of_nobody;
    uint32_t count;

    (void)state;
    become(of_machine, RPC_GSS_SVC_PRIVACY);
    dir = private_open();
    of_alice = client_gss_get(gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY));
    become(of_alice, RPC_GSS_SVC_PRIVACY);
    file = make_open(&machine, &dir, "dirty");
    expect_status(client_file_write(&machine, &file, 0, UNSTABLE4, "first", 5, &count), NFS4_OK);
    (void)client_gss_destroy(&conn, of_alice);
    become(of_machine, RPC_GSS_SVC_INTEGRITY);
    begin(&machine, &file.fh);
    client_op_access(C, ACCESS4_READ);
    run(NFS4ERR_WRONGSEC);
    expect_named(MACHINE "@MAINSTAY.TEST");
    expect_status(client_file_write(&machine, &file, 5, UNSTABLE4, "second", 6, &count), NFS4_OK);
    /* A stateid that names no open is not valid for that: the client asks again with hers. */
    of_nobody = file;
    of_nobody.stateid = (struct stateid4){0};
    expect_status(client_file_write(&machine, &of_nobody, 11, UNSTABLE4, "third", 5, &count),
                  NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&machine, &file), NFS4_OK);
    client_gss_put(of_alice);
    client_gss_put(of_machine);
    client_conn_close(&conn);
}

/* ---- an export that takes only Kerberos from now on ---- */

static void export_put(const char *method, const char *path, const char *sec, unsigned status)
{
    char json[160];

    (void)snprintf(json, sizeof(json),
                   "{\"path\": \"/later\", \"backend\": \"mem\", \"ports\": \"insecure\", "
                   "\"squash\": \"no_root_squash\", \"sec\": \"%s\"}",
                   sec);
    assert_int_equal(admin_send(method, path, json), status);
}

/* What a user opened with AUTH_SYS before the export came to refuse that: is it revoked, and what
 * does CLOSE by the machine say? */
static void close_of_earlier(enum nfsstat4 state, enum nfsstat4 closed)
{
    struct client_gss *of_machine = client_gss_get(machine.conn.gss);
    struct client_fh dir;
    struct client_file file;

    export_put("POST", "/exports", "krb5p:sys", 201);
    assert_true(script_open_to_all("/later"));
    become(NULL, 0);
    expect_status(client_file_lookup(&machine, "/later", &dir), NFS4_OK);
    file = make_open(&machine, &dir, "opened");
    export_put("PUT", "/exports/%2Flater", "krb5p", 200);
    become(of_machine, RPC_GSS_SVC_INTEGRITY);
    begin(&machine, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {&file.stateid, 1}});
    run(NFS4_OK);
    assert_int_equal(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], state);
    expect_status(client_file_close(&machine, &file), closed);
    client_gss_put(of_machine);
    assert_int_equal(admin_call("DELETE", "/exports/%2Flater?force=true", NULL), 204);
}

/* W18: it keeps what its machine can close. */
static void machine_may_close(void **state)
{
    (void)state;
    close_of_earlier(NFS4_OK, NFS4_OK);
}

/* And loses what it could not, if it has not asked for that. */
static void machine_may_not_close(void **state)
{
    (void)state;
    close_of_earlier(NFS4ERR_ADMIN_REVOKED, NFS4ERR_WRONGSEC);
}

static int machine_up_without_close(void **state)
{
    int up;

    asks_for_close = false;
    up = machine_up(state);
    asks_for_close = true;
    return up;
}

/* ---- callbacks ---- */

static void control(struct client_gss *gss, uint32_t service, enum nfsstat4 status)
{
    struct callback_sec_parms4 sec;
    struct nfs_argop4 op = {.argop = OP_BACKCHANNEL_CTL};

    client_back_gss_offer(&callbacks.gss, gss, service, &sec);
    op.opbackchannel_ctl.bca_cb_program = CLIENT_CALLBACK_PROGRAM;
    op.opbackchannel_ctl.bca_sec_parms = &sec;
    op.opbackchannel_ctl.bca_sec_parms_count = 1;
    begin(&machine, NULL);
    client_compound_add(C, &op);
    run_on(&machine.conn, status);
}

/* RFC 9754: alice's context ends while she holds a delegation with the file's times.  The machine
 * reports them, and returns it; it may set nothing else, and may not look at the file. */
static void times_are_not_lost(void **state)
{
    const struct nfs4_attrs times = {.mode = 0600, .time_deleg_modify = {.seconds = 981173106}};
    const struct bitmap4 mtime = CLIENT_BITS(FATTR4_TIME_DELEG_MODIFY);
    const struct client_open how = {.clientid = machine.session.clientid,
                                    .owner = "alice",
                                    .access = OPEN4_SHARE_ACCESS_BOTH |
                                              OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG |
                                              OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS |
                                              OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION,
                                    .name = "timed",
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0644};
    struct client_gss *of_machine = client_gss_get(machine.conn.gss), *of_alice;
    struct nfs_argop4 give_back = {.argop = OP_DELEGRETURN};
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_fh dir;
    struct client_conn conn;
    struct client_file file;
    struct stateid4 stateid;
    enum nfsstat4 status;

    (void)state;
    wish.minor = machine.session.minor = 2;
    wish.callbacks = &callbacks;
    assert_int_equal(client_session_create(&machine.conn, &wish, &machine.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    become(of_machine, RPC_GSS_SVC_PRIVACY);
    dir = private_open();
    of_alice = client_gss_get(gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY));
    become(of_alice, RPC_GSS_SVC_PRIVACY);
    expect_status(client_file_open(&machine, &dir, &how, &file), NFS4_OK);
    assert_int_equal(file.open.delegation.delegation_type, OPEN_DELEGATE_WRITE_ATTRS_DELEG);
    stateid = *client_file_delegation(&file);
    (void)client_gss_destroy(&conn, of_alice);
    become(of_machine, RPC_GSS_SVC_INTEGRITY);
    give_back.opdelegreturn.deleg_stateid = stateid;
    begin(&machine, &file.fh);
    client_op_setattr(C, &stateid, mtime, &times);
    run_on(&machine.conn, NFS4ERR_WRONGSEC); /* it returns nothing */
    begin(&machine, &file.fh);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_MODE), &times);
    client_compound_add(C, &give_back);
    run_on(&machine.conn, NFS4ERR_WRONGSEC);
    begin(&machine, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    client_op_setattr(C, &stateid, mtime, &times);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_MODE), &times);
    client_compound_add(C, &give_back);
    run_on(&machine.conn, NFS4ERR_WRONGSEC);
    begin(&machine, &file.fh);
    client_op_setattr(C, &stateid, mtime, &times);
    client_compound_add(C, &give_back);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_MODE), &times);
    run_on(&machine.conn, NFS4ERR_ACCESS);
    assert_int_equal(R->count, 5);
    become(of_machine, RPC_GSS_SVC_PRIVACY);
    assert_int_equal(
        attrs_of(&machine, &file.fh, CLIENT_BITS(FATTR4_TIME_MODIFY)).time_modify.seconds,
        981173106);
    assert_int_equal(attrs_of(&machine, &file.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0644);
    become(of_machine, RPC_GSS_SVC_INTEGRITY);
    client_gss_put(of_alice);
    client_gss_put(of_machine);
    client_conn_close(&conn);
}

/* A delegation of the machine's is recalled; returns that callback. */
static const struct client_callback *recalled(const struct client_fh *dir, const char *name)
{
    const uint32_t before = callbacks.count;
    const struct client_open how = {.clientid = machine.session.clientid,
                                    .owner = "holder",
                                    .access = OPEN4_SHARE_ACCESS_BOTH |
                                              OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};
    const struct stateid4 *delegation;
    struct client_file file, other;

    expect_status(client_file_open(&machine, dir, &how, &file), NFS4_OK);
    delegation = client_file_delegation(&file);
    assert_non_null(delegation);
    (void)conflict_open(&bob, dir, name, &other);
    for (int i = 0; callbacks.count == before && i < 600; i++)
        (void)client_call_serve(&machine.conn, 100);
    assert_int_equal(callbacks.count, before + 1);
    assert_int_equal(callbacks.trouble_count, 0);
    expect_status(client_file_return(&machine, &file.fh, delegation), NFS4_OK);
    expect_status(client_file_close(&machine, &file), NFS4_OK);
    return &callbacks.kept[before];
}

/* S22-15, S22-03: AUTH_SYS as CREATE_SESSION has it; then each service, the stronger the later. */
static void callbacks_by_gss(void **state)
{
    struct client_fh dir = script_dir(script_mem);
    const struct client_callback *cb = recalled(&dir, "by sys");
    char name[32];

    (void)state;
    assert_int_equal(cb->flavor, AUTH_SYS);
    for (uint32_t service = RPC_GSS_SVC_NONE; service <= RPC_GSS_SVC_PRIVACY; service++) {
        control(machine.conn.gss, service, NFS4_OK);
        (void)snprintf(name, sizeof(name), "by gss %u", service);
        cb = recalled(&dir, name);
        assert_int_equal(cb->flavor, RPCSEC_GSS);
        assert_int_equal(cb->gss_service, service);
        assert_int_equal(cb->fate, CLIENT_CALLBACK_EXECUTED);
    }
}

/* S22-D7: the context of another principal. */
static void contexts_of_others(void **state)
{
    struct client_conn conn;

    (void)state;
    gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    control(conn.gss, RPC_GSS_SVC_NONE, NFS4ERR_NOENT);
    client_conn_close(&conn);
}

#define MACHINE_TEST(test) cmocka_unit_test_setup_teardown(test, machine_up, machine_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(only_the_machine),
        MACHINE_TEST(nothing_is_lost),
        MACHINE_TEST(times_are_not_lost),
        MACHINE_TEST(machine_may_close),
        cmocka_unit_test_setup_teardown(machine_may_not_close, machine_up_without_close,
                                        machine_down),
        MACHINE_TEST(callbacks_by_gss),
        MACHINE_TEST(contexts_of_others),
    };

    return test_group_run_fixtures(tests, gss_setup, gss_teardown);
}
