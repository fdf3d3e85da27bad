/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client offers for callbacks: which contexts of RPCSEC_GSS are accepted, in which order
 * they are used, and what BACKCHANNEL_CTL changes.  S22-D7, S22-D8, S22-03, S22-14, S22-15.
 */
#include "state/session/session_cb_auth.h"

#include <string.h>

#include "base/clock.h"
#include "lib/test.h"
#include "state/client/client_exchange.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_status.h"
#include "wire/rpc_msg.h"

static const struct client_caller alice = {.principal = {CLIENT_PRINCIPAL_GSS | 1},
                                           .integrity = true,
                                           .flavor = "krb5i",
                                           .name = "alice@LAB.EXAMPLE",
                                           .transport = "tcp"};
static const struct client_principal bob = {CLIENT_PRINCIPAL_GSS | 2};

static struct state *state;
static struct session_conn *conn;
static uint32_t sequence;
static uint64_t clientid;

/* Alice has the contexts "a1" to "a9". */
static bool context_known(const struct wire_opaque *handle, const struct client_principal *caller,
                          void *context)
{
    (void)context;
    return client_principal_equal(*caller, alice.principal) && handle->len == 2 &&
           handle->data[0] == 'a';
}

static int set_up(void **unused)
{
    const struct state_config config = {.lease_s = 30, .server_owner = "test"};
    const struct state_back_hooks hooks = {.context_known = context_known};
    const struct EXCHANGE_ID4args args = {.eia_clientowner.co_ownerid = {(const uint8_t *)"a", 1}};
    struct client_exchange made;

    (void)unused;
    state = state_create(&config);
    state_hook_back(state, &hooks);
    conn = session_conn_create(NULL);
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), &made),
                     NFS4_OK);
    clientid = made.clientid;
    sequence = 1;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    session_conn_destroy(conn);
    state_destroy(state);
    return 0;
}

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static struct callback_sec_parms4 gss(uint32_t service, const char *server, const char *client)
{
    struct callback_sec_parms4 sec = {.cb_secflavor = RPCSEC_GSS};

    sec.cbsp_gss_handles.gcbp_service = (enum rpc_gss_svc_t)service;
    sec.cbsp_gss_handles.gcbp_handle_from_server = text(server);
    sec.cbsp_gss_handles.gcbp_handle_from_client = text(client);
    return sec;
}

static struct callback_sec_parms4 sys(uint32_t uid)
{
    return (struct callback_sec_parms4){.cb_secflavor = AUTH_SYS, .cbsp_sys_cred.uid = uid};
}

static enum nfsstat4 create_as(const struct client_caller *who, struct callback_sec_parms4 *sec,
                               uint32_t count, struct session **session)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                             .csa_sequence = sequence,
                                             .csa_flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs,
                                             .csa_sec_parms = sec,
                                             .csa_sec_parms_count = count};
    struct CREATE_SESSION4resok res;
    enum nfsstat4 status = session_create(state, who, conn, 1, &args, clock_now_ns(), &res);

    sequence++;
    if (status == NFS4_OK)
        *session = session_lookup(state, res.csr_sessionid);
    return status;
}

static struct session *create(struct callback_sec_parms4 *sec, uint32_t count)
{
    struct session *session = NULL;

    assert_int_equal(create_as(&alice, sec, count, &session), NFS4_OK);
    assert_non_null(session);
    return session;
}

static enum nfsstat4 control(struct session *session, struct callback_sec_parms4 *sec,
                             uint32_t count)
{
    const struct BACKCHANNEL_CTL4args args = {
        .bca_cb_program = 7, .bca_sec_parms = sec, .bca_sec_parms_count = count};

    return session_back_control(session, alice.principal, &args);
}

/* `expected`: pairs of service and handle, "3a1 2a2"; and whether AUTH_NONE or AUTH_SYS may be
 * used. */
static void expect(struct session *session, const char *expected, bool plain, uint32_t flavor)
{
    struct session_back_params params;
    char got[64] = "";

    session_back_params(session, &params);
    for (uint32_t i = 0; i < params.auth.context_count; i++) {
        const struct session_cb_context *context = &params.auth.contexts[i];

        (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u%.*s", i > 0 ? " " : "",
                       context->service, (int)context->server_len,
                       (const char *)context->server_handle);
    }
    assert_string_equal(got, expected);
    assert_int_equal(params.auth.plain, plain);
    assert_int_equal(params.auth.flavor, flavor);
}

/* S22-D7: checked at once; and a handle is worth nothing to others than its owner.  CREATE_SESSION
 * goes by the rest of the list, if there is any, like other servers. */
static void unknown_handles(void **unused)
{
    static const struct client_caller unprotected = CLIENT_CALLER_SYS(0);
    struct callback_sec_parms4 list[2] = {gss(RPC_GSS_SVC_NONE, "", "x"),
                                          gss(RPC_GSS_SVC_NONE, "b1", "x")};
    struct session *session = NULL;
    uint64_t usable;

    (void)unused;
    assert_int_equal(create_as(&alice, list, 2, &session), NFS4ERR_NOENT);
    list[0] = sys(0);
    assert_int_equal(create_as(&alice, list, 2, &session), NFS4_OK);
    expect(session, "", true, AUTH_SYS);
    session_put(session);
    list[1] = gss(RPC_GSS_SVC_NONE, "a1", "x");
    assert_int_equal(session_cb_auth_check(state, bob, list, 2, &usable), NFS4ERR_NOENT);
    assert_int_equal(usable, 1);
    assert_int_equal(session_cb_auth_check(state, unprotected.principal, list, 2, &usable),
                     NFS4ERR_NOENT);
    assert_int_equal(create_as(&alice, list, 2, &session), NFS4_OK);
    list[1] = gss(RPC_GSS_SVC_NONE, "b1", "x");
    assert_int_equal(control(session, list, 2), NFS4ERR_NOENT);
    expect(session, "1a1", true, AUTH_SYS); /* nothing has changed */
    session_put(session);
}

static void long_handles(void **unused)
{
    char handle[LIMIT_CALLBACK_HANDLE_BYTES + 2] = "";
    struct callback_sec_parms4 list[1];
    struct session *session = NULL;

    (void)unused;
    memset(handle, 'x', LIMIT_CALLBACK_HANDLE_BYTES + 1);
    list[0] = gss(RPC_GSS_SVC_NONE, "a1", handle);
    assert_int_equal(create_as(&alice, list, 1, &session), NFS4ERR_INVAL);
    handle[LIMIT_CALLBACK_HANDLE_BYTES] = '\0';
    list[0] = gss(RPC_GSS_SVC_NONE, "a1", handle);
    session = create(list, 1);
    session_put(session);
}

/* S22-D8: the strongest of the client's list first, among equals in its order. */
static void strongest_first(void **unused)
{
    struct callback_sec_parms4 list[] = {
        {.cb_secflavor = AUTH_NONE},           gss(RPC_GSS_SVC_NONE, "a1", "x"),
        gss(RPC_GSS_SVC_PRIVACY, "a2", "x"),   sys(5),
        gss(RPC_GSS_SVC_INTEGRITY, "a3", "x"), gss(RPC_GSS_SVC_PRIVACY, "a4", "x")};
    struct session *session = create(list, 6);

    (void)unused;
    expect(session, "3a2 3a4 2a3 1a1", true, AUTH_SYS);
    session_put(session);
}

/* §2.10.8.2: nothing that was not offered; an empty list forbids nothing. */
static void only_what_is_offered(void **unused)
{
    struct callback_sec_parms4 list[] = {gss(RPC_GSS_SVC_INTEGRITY, "a1", "x")};
    struct session *one = create(list, 1), *none = create(NULL, 0);

    (void)unused;
    expect(one, "2a1", false, AUTH_NONE);
    expect(none, "", true, AUTH_NONE);
    session_put(one);
    session_put(none);
}

/* S22-14: two sessions of a client differ. */
static void sessions_differ(void **unused)
{
    struct callback_sec_parms4 first[] = {gss(RPC_GSS_SVC_PRIVACY, "a1", "x")}, second[] = {sys(3)};
    struct session *a = create(first, 1), *b = create(second, 1);

    (void)unused;
    expect(a, "3a1", false, AUTH_NONE);
    expect(b, "", true, AUTH_SYS);
    session_put(a);
    session_put(b);
}

/* S22-03, §18.33.3: contexts come in addition, the last ones go; AUTH_SYS takes the place of what
 * there was. */
static void control_adds(void **unused)
{
    struct callback_sec_parms4 first[] = {{.cb_secflavor = AUTH_NONE},
                                          gss(RPC_GSS_SVC_INTEGRITY, "a1", "x")};
    struct callback_sec_parms4 more[] = {gss(RPC_GSS_SVC_INTEGRITY, "a2", "x")};
    struct callback_sec_parms4 plain[] = {sys(9)};
    struct callback_sec_parms4 many[] = {gss(RPC_GSS_SVC_PRIVACY, "a3", "x"),
                                         gss(RPC_GSS_SVC_NONE, "a4", "x"),
                                         gss(RPC_GSS_SVC_INTEGRITY, "a5", "x")};
    struct session *session = create(first, 2);

    (void)unused;
    assert_int_equal(control(session, more, 1), NFS4_OK);
    expect(session, "2a2 2a1", true, AUTH_NONE); /* the latest first */
    assert_int_equal(control(session, plain, 1), NFS4_OK);
    expect(session, "2a2 2a1", true, AUTH_SYS);
    assert_int_equal(control(session, many, 3), NFS4_OK);
    expect(session, "3a3 2a5 2a2 2a1", true, AUTH_SYS);
    assert_int_equal(control(session, NULL, 0), NFS4_OK);
    expect(session, "3a3 2a5 2a2 2a1", true, AUTH_SYS);
    session_put(session);
}

/* A context ends; the others are used.  When none is left the client is told
 * (SEQ4_STATUS_CB_GSS_CONTEXTS_EXPIRED), until it offers another. */
static void forgotten(void **unused)
{
    struct callback_sec_parms4 list[] = {gss(RPC_GSS_SVC_PRIVACY, "a1", "x"),
                                         gss(RPC_GSS_SVC_PRIVACY, "a2", "x")};
    struct session *session = create(list, 2);

    (void)unused;
    session_back_forget_context(session, (const uint8_t *)"a1", 2);
    expect(session, "3a2", false, AUTH_NONE);
    assert_int_equal(session_status_flags(session), 0);
    session_back_forget_context(session, (const uint8_t *)"a2", 2);
    expect(session, "", false, AUTH_NONE);
    assert_int_equal(session_status_flags(session), SEQ4_STATUS_CB_GSS_CONTEXTS_EXPIRED);
    assert_int_equal(control(session, list, 1), NFS4_OK);
    assert_int_equal(session_status_flags(session), 0);
    session_put(session);
}

/* Their size counts, as that of AUTH_SYS does: a recall has to fit. */
static void too_small(void **unused)
{
    struct callback_sec_parms4 list[] = {gss(RPC_GSS_SVC_PRIVACY, "a1", "x")};
    uint32_t bytes = session_cb_auth_offered_bytes(list, 1);
    struct session *session = create(list, 1);

    (void)unused;
    assert_true(bytes > 200);
    assert_int_equal(session_cb_auth_bytes(&session->cb_auth), bytes);
    session_put(session);
}

#define AUTH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUTH_TEST(unknown_handles), AUTH_TEST(long_handles),
        AUTH_TEST(strongest_first), AUTH_TEST(only_what_is_offered),
        AUTH_TEST(sessions_differ), AUTH_TEST(control_adds),
        AUTH_TEST(forgotten),       AUTH_TEST(too_small),
    };

    return test_group_run(tests);
}
