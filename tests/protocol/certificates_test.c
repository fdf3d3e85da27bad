/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports that demand TLS, a certificate, or a certain one: who gets in over which connection, and
 * as which user; and to whom the answers are repeated.
 */
#include "admin_call.h"
#include "client/client_security.h"
#include "lib/pki.h"
#include "log_lines.h"
#include "script.h"
#include "wire/nfs4_const.h"

static struct pki pki;

/* The connections of one client: plain, with TLS, and with either certificate. */
enum way {
    PLAIN,
    TLS,
    FIRST,
    SECOND,
    RENEWED, /* the first, with a new certificate of the same names */
    WAYS
};

static const char *const way_names[WAYS] = {"plain", "tls", "client1", "client2",
                                            "client1-renewed"};
static struct client_conn conns[WAYS];

static const struct {
    const char *name, *option;
    bool takes[WAYS];
    const char *why[WAYS]; /* in the log, if not */
} exports[] = {
    {"open", "/open=mem:,no_root_squash", {true, true, true, true, true}, {NULL}},
    {"tls", "/tls=mem:,xprtsec=tls", {false, true, true, true, true}, {"xprtsec"}},
    {"mtls", "/mtls=mem:,xprtsec=mtls", {false, false, true, true, true}, {"xprtsec", "xprtsec"}},
    {"first",
     "/first=mem:,tls_peer=CN=client1,tls_peer=CN=client9",
     {false, false, true, false, true},
     {"xprtsec", "xprtsec", NULL, "tls_peer"}},
    {"both",
     "/both=mem:,tls_peer=CN=client*\\,issuer=*",
     {false, false, true, true, true},
     {"xprtsec", "xprtsec"}},
};

static void connect_by(enum way way)
{
    char ca[PKI_PATH_BYTES], cert[PKI_PATH_BYTES], key[PKI_PATH_BYTES], name[32];
    struct client_security security = {
        .xprtsec = way == PLAIN ? CLIENT_XPRTSEC_NONE : CLIENT_XPRTSEC_TLS,
        .tls = {.ca = pki_path(&pki, "ca.pem", ca), .name = "localhost"}};

    script_connect(&conns[way]);
    conns[way].cred = script_cred();
    if (way >= FIRST) {
        security.xprtsec = CLIENT_XPRTSEC_MTLS;
        (void)snprintf(name, sizeof(name), "%s.pem", way_names[way]);
        security.tls.cert = pki_path(&pki, name, cert);
        (void)snprintf(name, sizeof(name), "%s.key", way_names[way]);
        security.tls.key = pki_path(&pki, name, key);
    }
    if (client_security_begin(&conns[way], script_server.target, &security) != CLIENT_OK)
        fail_msg("%s: %s", way_names[way], conns[way].why);
}

static int setup(void **state)
{
    static char paths[3][PKI_PATH_BYTES];
    static const char *options[32];
    unsigned n = 0;

    (void)state;
    pki_create(&pki);
    for (size_t i = 0; i < ARRAY_SIZE(exports); i++) {
        options[n++] = "--export";
        options[n++] = exports[i].option;
    }
    options[n++] = "--export";
    options[n++] = "/users=mem:,no_root_squash,xprtsec=none:mtls,tls_user=CN=client1=7:8";
    options[n++] = "--tls-cert";
    options[n++] = pki_path(&pki, "server.pem", paths[0]);
    options[n++] = "--tls-key";
    options[n++] = pki_path(&pki, "server.key", paths[1]);
    options[n++] = "--tls-ca";
    options[n++] = pki_path(&pki, "ca.pem", paths[2]);
    if (script_setup(options) != 0 || !script_open_to_all("/users"))
        return -1;
    for (enum way way = 0; way < WAYS; way++)
        connect_by(way);
    return 0;
}

static int teardown(void **state)
{
    int failed;

    for (enum way way = 0; way < WAYS; way++)
        client_conn_close(&conns[way]);
    failed = script_teardown(state);
    pki_destroy(&pki);
    return failed;
}

static void who_gets_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(exports); i++) {
        for (enum way way = 0; way < WAYS; way++) {
            enum nfsstat4 wanted = exports[i].takes[way] ? NFS4_OK : NFS4ERR_WRONGSEC;

            begin(&alice, NULL);
            client_op_putrootfh(C);
            client_op_lookup(C, exports[i].name);
            client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE));
            client_result_free(R);
            *R = (struct client_result){0};
            assert_int_equal(client_compound_call(&conns[way], C, R), CLIENT_OK);
            if (R->status != wanted)
                fail_msg("/%s over %s: %s", exports[i].name, way_names[way],
                         status_name(R->status));
            if (exports[i].why[way]) {
                struct log_line line = log_find("export.refused", NULL);

                assert_string_equal(log_value(&line, "why"), exports[i].why[way]);
            }
        }
    }
}

static bool is_text(const struct wire_opaque *got, const char *text)
{
    return got->len == strlen(text) && memcmp(got->data, text, got->len) == 0;
}

/* Whose is what a client makes over this connection? */
static void expect_owner(enum way way, const char *owner, const char *group)
{
    struct nfs4_attrs attrs;
    struct arena arena;

    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "users");
    client_op_create(C, way_names[way], NF4DIR, NULL, 0755);
    client_op_getattr(C, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP));
    run_on(&conns[way], NFS4_OK);
    arena_init(&arena, 1024);
    assert_true(fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &arena));
    if (!is_text(&attrs.owner, owner) || !is_text(&attrs.owner_group, group))
        fail_msg("%s: %.*s", way_names[way], (int)attrs.owner.len, (const char *)attrs.owner.data);
    arena_fini(&arena);
}

/* Whatever user the call names; but only with the certificate that the rule is about. */
static void who_they_are(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++)
        conns[way].cred = (struct client_cred){.uid = 1234, .gid = 5678};
    expect_owner(PLAIN, "1234", "5678");
    expect_owner(FIRST, "7", "8");
    expect_owner(SECOND, "1234", "5678");
}

/* ---- clients of the same name ---- */

static enum nfsstat4 exchange(enum way way, uint8_t verifier, struct client_session *session)
{
    struct client_session_wish wish = client_session_wish_default("one name");
    enum nfsstat4 status;

    memset(wish.verifier, verifier, sizeof(wish.verifier));
    assert_int_equal(client_session_exchange_id(&conns[way], &wish, session, &status), CLIENT_OK);
    return status;
}

static enum nfsstat4 create(enum way way, struct client_session *session)
{
    struct client_session_wish wish = client_session_wish_default("one name");
    enum nfsstat4 status;

    assert_int_equal(client_session_create(&conns[way], &wish, session, &status), CLIENT_OK);
    return status;
}

static enum nfsstat4 renew(enum way way, struct client_session *session)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(&conns[way], session, 0, &status), CLIENT_OK);
    return status;
}

/* Root of another machine, with a certificate of its own or none, takes no client's state. */
static void names_of_clients(void **state)
{
    static const enum way others[] = {PLAIN, TLS, SECOND};
    struct client_session first, other;

    (void)state;
    memset(&first, 0, sizeof(first));
    memset(&other, 0, sizeof(other));
    expect_status(exchange(FIRST, 1, &first), NFS4_OK);
    expect_status(create(FIRST, &first), NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        expect_status(exchange(others[i], 2, &other), NFS4ERR_CLID_INUSE);
    expect_status(renew(FIRST, &first), NFS4_OK);
    expect_status(exchange(PLAIN, 1, &other), NFS4_OK); /* its own mount without TLS */
    assert_int_equal(other.clientid, first.clientid);
    expect_status(exchange(RENEWED, 2, &other), NFS4_OK); /* it was started again */
    expect_status(create(RENEWED, &other), NFS4_OK);
    expect_status(renew(FIRST, &first), NFS4ERR_BADSESSION);
    expect_status(exchange(SECOND, 3, &first), NFS4ERR_CLID_INUSE);
}

/* ---- an export that demands more from now on ---- */

static void export_put(const char *method, const char *path, const char *xprtsec, unsigned status)
{
    char json[160];

    (void)snprintf(json, sizeof(json),
                   "{\"path\": \"/later\", \"backend\": \"mem\", \"ports\": \"insecure\", "
                   "\"squash\": \"no_root_squash\", \"xprtsec\": \"%s\"}",
                   xprtsec);
    assert_int_equal(admin_send(method, path, json), status);
}

static struct stateid4 opened_over(enum way way)
{
    const struct client_open open = {.clientid = client_mount_clientid(&alice),
                                     .owner = way_names[way],
                                     .access =
                                         OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                     .name = "opened",
                                     .create = true,
                                     .mode = 0666};

    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "later");
    client_op_open(C, &open);
    run_on(&conns[way], NFS4_OK);
    return result(OP_OPEN)->opopen.stateid;
}

static void expect_kept(struct stateid4 opens[WAYS], enum way first)
{
    for (enum way way = 0; way < WAYS; way++) {
        enum nfsstat4 got;

        begin(&alice, NULL);
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {&opens[way], 1}});
        run(NFS4_OK);
        got = result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0];
        if (got != (way < first ? NFS4ERR_ADMIN_REVOKED : NFS4_OK))
            fail_msg("opened over %s: %s", way_names[way], status_name(got));
    }
}

/* Who cannot close it any more loses what was opened over a worse connection; the rest remains. */
static void demands_more(void **state)
{
    struct stateid4 opens[WAYS];

    (void)state;
    export_put("POST", "/exports", "none", 201);
    assert_true(script_open_to_all("/later"));
    for (enum way way = 0; way < WAYS; way++) {
        conns[way].cred = script_cred();
        opens[way] = opened_over(way);
    }
    export_put("PUT", "/exports/%2Flater", "none:mtls", 200);
    expect_kept(opens, PLAIN);
    export_put("PUT", "/exports/%2Flater", "tls", 200);
    expect_kept(opens, TLS);
    export_put("PUT", "/exports/%2Flater", "mtls", 200);
    expect_kept(opens, FIRST);
}

/* ---- retries ---- */

/* What was answered over this connection is repeated over another one, or not. */
static void retried_from(enum way way, struct client_mount *mount, const bool repeated[WAYS])
{
    const enum nfsstat4 refused = mount->v40 ? NFS4ERR_EXIST : NFS4ERR_SEQ_FALSE_RETRY;
    char name[32];

    (void)snprintf(name, sizeof(name), "retried-%s-%d", way_names[way], mount->v40);
    begin(mount, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "users");
    client_op_create(C, name, NF4DIR, NULL, 0755);
    run_on(&conns[way], NFS4_OK);
    for (enum way other = 0; other < WAYS; other++)
        if (repeated[other])
            replay_on(&conns[other]);
    for (enum way other = 0; other < WAYS; other++)
        if (!repeated[other])
            run_again_on(&conns[other], refused);
}

/* A reply for one certificate goes to no other machine, nor to any that shows none (W04). */
static void retried(void **state)
{
    struct client_mount old;

    (void)state;
    for (enum way way = 0; way < WAYS; way++)
        conns[way].cred = script_cred();
    retried_from(PLAIN, &alice, (bool[WAYS]){true, true, true, true, true});
    retried_from(TLS, &alice, (bool[WAYS]){false, true, true, true, true});
    retried_from(FIRST, &alice, (bool[WAYS]){false, false, true, false, true});
    retried_from(SECOND, &alice, (bool[WAYS]){false, false, false, true, false});
    script_mount_v40(&old);
    retried_from(FIRST, &old, (bool[WAYS]){false, false, true, false, true});
    client_mount_close(&old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_gets_in),      cmocka_unit_test(who_they_are),
        cmocka_unit_test(names_of_clients), cmocka_unit_test(demands_more),
        cmocka_unit_test(retried),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
