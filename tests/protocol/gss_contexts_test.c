/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How contexts of RPCSEC_GSS begin and end (RFC 2203 §5.2): what is no token, calls that make no
 * sense, floods of half-made contexts, keytabs that change or are not there, and a restart.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gss.h"
#include "lib/wait.h"
#include "scrape.h"
#include "set_range.h"
#include "wire/rpcsec_gss.h"

enum {
    CALL_BYTES = 64 << 10,
    FLOOD = 10000,
    FLOOD_AT_ONCE = 100,
    CONTEXTS_MAX = 64,
};

/* A call that makes a context, with what may be wrong about it. */
struct init {
    uint32_t version, proc, rpc_proc, verf_flavor;
    struct wire_opaque handle, token;
    uint32_t surplus; /* words behind the token */
    bool no_args;
};

static struct init init_of(const struct client_gss *gss)
{
    return (struct init){.version = RPCSEC_GSS_VERSION,
                         .proc = RPCSEC_GSS_INIT,
                         .token = {gss->token, gss->token_len}};
}

/* Alice's first token, and nothing sent yet. */
static struct client_gss *alice_begin(void)
{
    struct client_gss_wish wish = gss_wish("alice");
    char why[CLIENT_WHY_BYTES] = "";
    struct client_gss *gss;

    if (client_gss_create(&wish, &gss, why) != CLIENT_OK)
        fail_msg("%s", why);
    return gss;
}

static void init_send(struct client_conn *conn, const struct init *init)
{
    static uint8_t data[CALL_BYTES];
    uint8_t body[128];
    struct rpc_gss_cred cred = {RPCSEC_GSS_VERSION, init->proc, 0, 0, init->handle};
    struct rpc_gss_init_arg arg = {init->token};
    struct rpc_call_header header = {.xid = ++conn->xid,
                                     .rpcvers = RPC_VERSION,
                                     .prog = NFS4_PROGRAM,
                                     .vers = NFS_V4,
                                     .proc = init->rpc_proc,
                                     .verf = {.flavor = init->verf_flavor}};
    struct xdr c, x;

    xdr_init_encode(&c, body, sizeof(body));
    assert_true(wire_rpc_gss_cred(&c, &cred));
    xdr_patch_u32(&c, 0, init->version);
    header.cred = (struct opaque_auth){RPCSEC_GSS, {body, (uint32_t)xdr_pos(&c)}};
    xdr_init_encode(&x, data, sizeof(data));
    wire_rpc_call_header(&x, &header);
    if (!init->no_args)
        wire_rpc_gss_init_arg(&x, &arg);
    for (uint32_t i = 0; i < init->surplus; i++)
        xdr_put_u32(&x, 0);
    assert_false(x.failed);
    assert_int_equal(client_conn_send_record(conn, data, xdr_pos(&x), 0), CLIENT_OK);
}

static enum client_status init_call(struct client_conn *conn, const struct init *init,
                                    struct client_reply *reply)
{
    init_send(conn, init);
    return client_call_receive(conn, conn->xid, reply);
}

static void expect_denied(struct client_conn *conn, const struct init *init, enum auth_stat stat)
{
    struct client_reply reply;

    assert_int_equal(init_call(conn, init, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.stat, MSG_DENIED);
    assert_int_equal(reply.header.reject_stat, REJECT_AUTH_ERROR);
    assert_int_equal(reply.header.auth_stat, stat);
    client_reply_free(&reply);
}

static void expect_error(struct client_conn *conn, const struct init *init,
                         enum rpc_accept_stat stat)
{
    struct client_reply reply;

    assert_int_equal(init_call(conn, init, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.stat, MSG_ACCEPTED);
    assert_int_equal(reply.header.accept_stat, stat);
    assert_int_equal(reply.header.verf.flavor, AUTH_NONE);
    client_reply_free(&reply);
}

/* A refusal is an accepted reply with a major status and without a handle, §5.2.3.1.  Returns the
 * status. */
static uint32_t expect_refused(struct client_conn *conn, const struct init *init)
{
    struct rpc_gss_init_res res;
    struct client_reply reply;

    assert_int_equal(init_call(conn, init, &reply), CLIENT_OK);
    assert_int_equal(reply.header.verf.flavor, AUTH_NONE);
    assert_int_equal(reply.header.verf.body.len, 0);
    assert_true(wire_rpc_gss_init_res(&reply.results, &res));
    assert_int_equal(res.handle.len, 0);
    assert_int_not_equal(res.gss_major, 0);
    client_reply_free(&reply);
    return res.gss_major;
}

/* ---- what makes no sense ---- */

static void malformed(void **state)
{
    struct client_gss *gss = alice_begin();
    struct client_conn conn;
    struct init init;

    (void)state;
    script_connect(&conn);
    init = init_of(gss);
    init.version = 2; /* §5.2.3: of a call that makes a context */
    expect_denied(&conn, &init, AUTH_REJECTEDCRED);
    init.version = 0;
    expect_denied(&conn, &init, AUTH_REJECTEDCRED);
    init = init_of(gss);
    init.rpc_proc = NFSPROC4_COMPOUND;
    expect_denied(&conn, &init, AUTH_BADCRED);
    init = init_of(gss);
    init.handle = (struct wire_opaque){(const uint8_t *)"12345678", 8};
    expect_denied(&conn, &init, AUTH_BADCRED);
    init = init_of(gss);
    init.verf_flavor = AUTH_SYS;
    expect_denied(&conn, &init, AUTH_BADVERF);
    init = init_of(gss);
    init.surplus = 1;
    expect_error(&conn, &init, ACCEPT_GARBAGE_ARGS);
    init = init_of(gss);
    init.no_args = true;
    expect_error(&conn, &init, ACCEPT_GARBAGE_ARGS);
    client_gss_put(gss);
    client_conn_close(&conn);
}

static void bad_tokens(void **state)
{
    struct client_gss *gss = alice_begin();
    struct init init = init_of(gss);
    uint8_t *token = malloc(gss->token_len);
    struct client_conn conn;

    (void)state;
    assert_non_null(token);
    script_connect(&conn);
    init.token.len = 0;
    (void)expect_refused(&conn, &init);
    for (uint32_t len = 1; len < gss->token_len; len += 7) { /* cut off anywhere */
        init.token.len = len;
        (void)expect_refused(&conn, &init);
    }
    for (uint32_t at = 0; at < gss->token_len; at += 3) { /* or changed: some bytes do not matter */
        struct client_reply reply;

        memcpy(token, gss->token, gss->token_len);
        token[at] ^= 0x55;
        init.token = (struct wire_opaque){token, gss->token_len};
        assert_int_equal(init_call(&conn, &init, &reply), CLIENT_OK);
        client_reply_free(&reply);
    }
    memset(token, 0x60, gss->token_len);
    (void)expect_refused(&conn, &init);
    free(token);
    client_gss_put(gss);
    client_conn_close(&conn);
}

/* CONTINUE_INIT of a context that is not, or is complete. */
static void continued(void **state)
{
    struct client_conn conn;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    struct init init = {.version = RPCSEC_GSS_VERSION,
                        .proc = RPCSEC_GSS_CONTINUE_INIT,
                        .token = {(const uint8_t *)"token", 5}};

    (void)state;
    (void)expect_refused(&conn, &init);
    init.handle = (struct wire_opaque){(const uint8_t *)"12345678", 8};
    (void)expect_refused(&conn, &init);
    init.handle = (struct wire_opaque){gss->handle, gss->handle_len};
    (void)expect_refused(&conn, &init);
    gss_expect_null(&conn);
    client_conn_close(&conn);
}

/* ---- floods ---- */

/* A stranger that has seen an INIT repeats it again and again: each makes a context that it cannot
 * use.  Those in use stay, and others can be made. */
static void flood(void **state)
{
    struct client_gss *gss = alice_begin();
    struct init init = init_of(gss);
    struct client_conn neighbour, conn, later;

    (void)state;
    (void)gss_connect(&neighbour, "bob", RPC_GSS_SVC_PRIVACY);
    gss_expect_null(&neighbour);
    script_connect(&conn);
    for (uint32_t i = 0; i < FLOOD / FLOOD_AT_ONCE; i++) {
        for (uint32_t j = 0; j < FLOOD_AT_ONCE; j++)
            init_send(&conn, &init);
        for (uint32_t j = 0; j < FLOOD_AT_ONCE; j++) {
            struct client_reply reply;

            assert_int_equal(client_call_receive_any(&conn, &reply), CLIENT_OK);
            client_reply_free(&reply);
        }
    }
    gss_expect_null(&neighbour);
    (void)gss_connect(&later, "alice", RPC_GSS_SVC_NONE);
    gss_expect_null(&later);
    client_gss_put(gss);
    client_conn_close(&neighbour);
    client_conn_close(&later);
    client_conn_close(&conn);
}

/* ---- limits ---- */

static double metric(const char *pattern)
{
    struct scrape now = scrape_take();
    double sum = scrape_sum(&now, pattern);

    scrape_free(&now);
    return sum;
}

/* A context ends with its ticket, or after gss.context_lifetime_s, §5.3.3.3.  When the server has
 * cleaned up before the call comes, it does not know the context at all. */
static void expired(void **state)
{
    bool seen = false;

    (void)state;
    set_setting("gss.context_lifetime_s", 1);
    for (unsigned i = 0; i < 10 && !seen; i++) {
        enum client_status status = CLIENT_OK;
        struct client_reply reply;
        struct client_conn conn;
        uint32_t xid;

        (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
        while (status == CLIENT_OK) {
            gss_send_null(&conn, &xid);
            status = client_call_receive(&conn, xid, &reply);
            seen = status == CLIENT_REJECTED && reply.header.auth_stat == RPCSEC_GSS_CTXPROBLEM;
            client_reply_free(&reply);
        }
        assert_int_equal(status, CLIENT_REJECTED);
        client_conn_close(&conn);
    }
    assert_true(seen);
    set_setting("gss.context_lifetime_s", 86400);
}

/* At gss.max_contexts alice, who has them all, loses those that she used least recently. */
static void crowded(void **state)
{
    struct client_conn conns[CONTEXTS_MAX * 2];

    (void)state;
    set_setting("gss.max_contexts", CONTEXTS_MAX);
    for (uint32_t i = 0; i < ARRAY_SIZE(conns); i++) {
        (void)gss_connect(&conns[i], "alice", RPC_GSS_SVC_NONE);
        gss_expect_null(&conns[i]);
    }
    wait_until(metric("gss_contexts") <= CONTEXTS_MAX);
    assert_true(metric("gss_contexts_ended{why=\"evicted\"}") >= CONTEXTS_MAX);
    gss_expect_denied(&conns[0], RPCSEC_GSS_CREDPROBLEM);
    gss_expect_null(&conns[ARRAY_SIZE(conns) - 1]);
    for (uint32_t i = 0; i < ARRAY_SIZE(conns); i++)
        client_conn_close(&conns[i]);
    set_setting("gss.max_contexts", 8192);
}

/* A user with a ticket makes and uses contexts without end: bob's, which is idle, stays, and only
 * the user's own go. */
static void greedy(void **state)
{
    struct client_conn idle, first, conn;
    double evicted = metric("gss_contexts_ended{why=\"evicted\"}");
    double room;

    (void)state;
    set_setting("gss.max_contexts", CONTEXTS_MAX);
    (void)gss_connect(&idle, "bob", RPC_GSS_SVC_NONE);
    gss_expect_null(&idle);
    (void)gss_connect(&first, "alice", RPC_GSS_SVC_NONE);
    gss_expect_null(&first);
    room = CONTEXTS_MAX - metric("gss_contexts");
    for (uint32_t i = 0; i < 3 * CONTEXTS_MAX; i++) {
        (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
        gss_expect_null(&conn);
        client_conn_close(&conn);
    }
    assert_true(metric("gss_contexts_ended{why=\"evicted\"}") - evicted >= 3 * CONTEXTS_MAX - room);
    gss_expect_denied(&first, RPCSEC_GSS_CREDPROBLEM);
    gss_expect_null(&idle);
    client_conn_close(&first);
    client_conn_close(&idle);
    set_setting("gss.max_contexts", 8192);
}

/* What clients are refused for, and what becomes of contexts. */
static void counted(void **state)
{
    struct client_conn conn;
    struct client_gss *gss;
    struct init init = {.version = RPCSEC_GSS_VERSION, .proc = RPCSEC_GSS_INIT};
    double made = metric("gss_contexts_made");
    double refused = metric("gss_contexts_refused");
    double bad_tokens_before = metric("gss_contexts_refused{why=\"bad_token\"}");
    double destroyed = metric("gss_contexts_ended{why=\"destroyed\"}");

    (void)state;
    gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    assert_true(metric("gss_contexts{kind=\"unused\"}") > 0);
    (void)expect_refused(&conn, &init);
    gss_expect_null(&conn);
    assert_true(metric("gss_contexts{kind=\"used\"}") > 0);
    assert_int_equal(client_gss_destroy(&conn, gss), CLIENT_OK);
    assert_true(metric("gss_contexts_made") == made + 1);
    assert_true(metric("gss_contexts_refused") == refused + 1);
    assert_true(metric("gss_contexts_refused{why=\"bad_token\"}") == bad_tokens_before + 1);
    assert_true(metric("gss_contexts_ended{why=\"destroyed\"}") == destroyed + 1);
    client_conn_close(&conn);
}

/* ---- keys ---- */

static const char *keytab(void)
{
    return test_realm_path(&gss_realm, "server.keytab");
}

/* Without a keytab there are no new contexts, but old ones go on; and when it is back, all is well
 * without a restart. */
static void keytab_gone(void **state)
{
    char path[160], aside[176];
    struct client_gss *gss = alice_begin();
    struct init init = init_of(gss);
    struct client_conn conn, later;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s", keytab());
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    assert_int_equal(rename(path, aside), 0);
    (void)expect_refused(&conn, &init);
    gss_expect_null(&conn);
    assert_int_equal(rename(aside, path), 0);
    (void)gss_connect(&later, "alice", RPC_GSS_SVC_NONE);
    gss_expect_null(&later);
    client_gss_put(gss);
    client_conn_close(&later);
    client_conn_close(&conn);
}

/* Only the server's own user can read its keytab.  The thread that reads it has just acted as
 * somebody else. */
static void keytab_private(void **state)
{
    struct client_fh dir = script_dir(script_local);
    struct client_cred before = alice.conn.cred;
    struct client_gss *gss = alice_begin();
    struct init init = init_of(gss);
    struct rpc_gss_init_res res;
    struct client_reply reply;

    (void)state;
    assert_int_equal(chmod(keytab(), 0600), 0);
    if (geteuid() == 0)
        alice.conn.cred = script_stranger();
    begin(&alice, &dir);
    client_op_lookup(C, "nothing"); /* does not wait, so that the thread keeps its loop */
    run(NFS4ERR_NOENT);
    assert_int_equal(init_call(&alice.conn, &init, &reply), CLIENT_OK);
    assert_true(wire_rpc_gss_init_res(&reply.results, &res));
    assert_int_equal(res.gss_major, 0);
    client_reply_free(&reply);
    alice.conn.cred = before;
    client_gss_put(gss);
}

/* The administrator gives the server new keys while it runs. */
static void keytab_replaced(void **state)
{
    char command[256];
    struct client_conn conn, later;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY);
    (void)snprintf(command, sizeof(command), "ktadd -k %s nfs/localhost", keytab());
    assert_true(test_realm_admin(&gss_realm, command));
    (void)gss_connect(&later, "bob", RPC_GSS_SVC_PRIVACY);
    gss_expect_null(&later);
    gss_expect_null(&conn);
    client_conn_close(&later);
    client_conn_close(&conn);
}

/* ---- restart ---- */

static void restarted(void **state)
{
    struct client_conn conn, again;
    struct client_gss *gss = client_gss_get(gss_connect(&conn, "alice", RPC_GSS_SVC_NONE));

    (void)state;
    client_conn_close(&conn);
    assert_true(test_server_stop(&script_server));
    assert_true(gss_server_start());
    script_connect(&again);
    client_gss_use(&again, gss, RPC_GSS_SVC_NONE);
    gss_expect_denied(&again, RPCSEC_GSS_CREDPROBLEM);
    client_conn_close(&again);
    (void)gss_connect(&again, "alice", RPC_GSS_SVC_NONE);
    gss_expect_null(&again);
    client_gss_put(gss);
    client_conn_close(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed),      cmocka_unit_test(bad_tokens),
        cmocka_unit_test(continued),      cmocka_unit_test(flood),
        cmocka_unit_test(expired),        cmocka_unit_test(crowded),
        cmocka_unit_test(counted),        cmocka_unit_test(keytab_gone),
        cmocka_unit_test(keytab_private), cmocka_unit_test(keytab_replaced),
        cmocka_unit_test(restarted),      cmocka_unit_test(greedy),
    };

    return test_group_run_fixtures(tests, gss_setup, gss_teardown);
}
