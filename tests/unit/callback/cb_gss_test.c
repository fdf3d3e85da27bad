/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks by RPCSEC_GSS as a client sees them (RFC 8881 §2.10.8.2, §18.36.3): by the handle that
 * it gave, with the service that it wants, under the context that it has made; and what becomes of
 * replies that are not sealed as they should be.  The client's half is the Kerberos library's.
 * S22-03, S22-14, S22-15, S22-D7, S22-D8.
 */
#include <string.h>
#include <unistd.h>

#include "back_fixture.h"
#include "initiator.h"
#include "state/session/session_create.h"
#include "wire/rpcsec_gss.h"

static struct test_realm realm;
static struct acceptance server;
static struct initiator alice;
static struct back_conn a;
static struct back_session s;
static uint32_t service;      /* that sessions are made with */
static const char *handle_of; /* the client's, likewise */

static int group_up(void **unused)
{
    (void)unused;
    return test_realm_start(&realm, NULL) ? 0 : -1;
}

static int group_down(void **unused)
{
    (void)unused;
    test_realm_fini(&realm);
    return 0;
}

static struct callback_sec_parms4 offer(uint32_t with)
{
    struct callback_sec_parms4 sec = {.cb_secflavor = RPCSEC_GSS};

    sec.cbsp_gss_handles.gcbp_service = (enum rpc_gss_svc_t)with;
    sec.cbsp_gss_handles.gcbp_handle_from_server =
        (struct wire_opaque){gss_context_handle(server.context), GSS_HANDLE_BYTES};
    sec.cbsp_gss_handles.gcbp_handle_from_client =
        (struct wire_opaque){(const uint8_t *)handle_of, (uint32_t)strlen(handle_of)};
    return sec;
}

/* Contexts, and AUTH_SYS besides. */
static void offer_both(struct CREATE_SESSION4args *args)
{
    static struct callback_sec_parms4 list[2];

    list[0] = *args->csa_sec_parms;
    list[1] = offer(service);
    args->csa_sec_parms = list;
    args->csa_sec_parms_count = 2;
}

static void offer_context(struct CREATE_SESSION4args *args)
{
    offer_both(args);
    args->csa_sec_parms++;
    args->csa_sec_parms_count--;
}

static int set_up(void **unused)
{
    back_set_up(unused);
    acceptance_init(&server, test_realm_path(&realm, "server.keytab"), NULL);
    initiator_init(&alice, &realm, "alice", "alice", "nfs@localhost");
    acceptance_meet(&server, &alice);
    callback_set_gss(back.callback, server.table);
    back_caller = (struct client_caller){
        .principal = client_principal_gss(gss_context_principal(server.context)->id),
        .integrity = true,
        .flavor = "krb5i",
        .name = gss_context_principal(server.context)->name,
        .transport = "tcp"};
    handle_of = "mine";
    back_connect(&a);
    return 0;
}

static int tear_down(void **unused)
{
    int result;

    if (s.session)
        back_session_put(&s);
    result = back_tear_down(unused);
    initiator_fini(&alice);
    acceptance_fini(&server);
    return result;
}

/* ---- the client's half ---- */

struct seen {
    uint32_t xid, flavor;
    struct rpc_gss_cred cred;
    struct CB_SEQUENCE4args sequence;
    uint8_t bytes[8192];
};

static void sequence_see(struct seen *seen, const uint8_t *args, size_t len)
{
    struct wire_opaque tag;
    struct arena arena;
    struct xdr x;

    arena_init(&arena, 512);
    xdr_init_decode(&x, args, len, &arena);
    xdr_opaque(&x, &tag, LIMIT_COMPOUND_TAG_BYTES);
    assert_int_equal(xdr_get_u32(&x), 1);
    assert_int_equal(xdr_get_u32(&x), 0);
    assert_int_equal(xdr_get_u32(&x), 2);
    assert_int_equal(xdr_get_u32(&x), OP_CB_SEQUENCE);
    assert_true(wire_CB_SEQUENCE4args(&x, &seen->sequence));
    assert_int_equal(xdr_get_u32(&x), OP_CB_RECALL);
    arena_fini(&arena);
}

/* The arguments behind the sequence number, which is that of the credentials. */
static void numbered_see(struct seen *seen, const uint8_t *data, size_t len)
{
    struct xdr x;

    xdr_init_decode(&x, data, len, NULL);
    assert_int_equal(xdr_get_u32(&x), seen->cred.seq_num);
    sequence_see(seen, x.p, xdr_left(&x));
}

static void integrity_see(struct seen *seen, struct xdr *x)
{
    struct rpc_gss_integ_data data;

    assert_true(wire_rpc_gss_integ_data(x, &data));
    assert_int_equal(xdr_left(x), 0);
    assert_true(initiator_verifies(&alice, data.databody_integ.data, data.databody_integ.len,
                                   data.checksum.data, data.checksum.len));
    numbered_see(seen, data.databody_integ.data, data.databody_integ.len);
}

static void privacy_see(struct seen *seen, struct xdr *x)
{
    struct rpc_gss_priv_data data;
    gss_buffer_desc token, plain;
    OM_uint32 minor;
    int sealed = 0;

    assert_true(wire_rpc_gss_priv_data(x, &data));
    assert_int_equal(xdr_left(x), 0);
    token = (gss_buffer_desc){data.databody_priv.len, (void *)data.databody_priv.data};
    assert_int_equal(gss_unwrap(&minor, alice.context, &token, &plain, &sealed, NULL),
                     GSS_S_COMPLETE);
    assert_true(sealed);
    numbered_see(seen, plain.value, plain.length);
    (void)gss_release_buffer(&minor, &plain);
}

/* The next callback; by RPCSEC_GSS it is opened. */
static void expect(struct seen *seen)
{
    size_t len = peer_receive_record(a.fd, seen->bytes, sizeof(seen->bytes));
    struct rpc_call_header header;
    struct xdr x, cred;

    memset(&seen->cred, 0, sizeof(seen->cred));
    xdr_init_decode(&x, seen->bytes, len, NULL);
    assert_true(wire_rpc_call_header(&x, &header));
    seen->xid = header.xid;
    seen->flavor = header.cred.flavor;
    if (seen->flavor != RPCSEC_GSS) {
        sequence_see(seen, x.p, xdr_left(&x));
        return;
    }
    xdr_init_decode(&cred, header.cred.body.data, header.cred.body.len, NULL);
    assert_true(wire_rpc_gss_cred(&cred, &seen->cred));
    assert_int_equal(seen->cred.version, RPCSEC_GSS_VERSION);
    assert_int_equal(seen->cred.proc, RPCSEC_GSS_DATA);
    assert_int_equal(header.verf.flavor, RPCSEC_GSS);
    assert_true(initiator_verifies(&alice, seen->bytes,
                                   (size_t)(header.verf.body.data - seen->bytes) - 8,
                                   header.verf.body.data, header.verf.body.len));
    if (seen->cred.service == RPC_GSS_SVC_INTEGRITY)
        integrity_see(seen, &x);
    else if (seen->cred.service == RPC_GSS_SVC_PRIVACY)
        privacy_see(seen, &x);
    else
        sequence_see(seen, x.p, xdr_left(&x));
}

static void bytes_put(struct xdr *x, const void *data, size_t len)
{
    memcpy(xdr_take(x, len), data, len);
}

static void opaque_put(struct xdr *x, gss_buffer_desc *buffer)
{
    struct wire_opaque opaque = {buffer->value, (uint32_t)buffer->length};
    OM_uint32 minor;

    assert_true(xdr_opaque(x, &opaque, 8192));
    (void)gss_release_buffer(&minor, buffer);
}

static size_t results_make(const struct seen *seen, uint8_t *to, size_t size)
{
    const struct CB_SEQUENCE4args *args = &seen->sequence;
    struct xdr x;

    xdr_init_encode(&x, to, size);
    xdr_put_u32(&x, NFS4_OK);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 2);
    xdr_put_u32(&x, OP_CB_SEQUENCE);
    xdr_put_u32(&x, NFS4_OK);
    bytes_put(&x, args->csa_sessionid, NFS4_SESSIONID_SIZE);
    xdr_put_u32(&x, args->csa_sequenceid);
    xdr_put_u32(&x, args->csa_slotid);
    xdr_put_u32(&x, BACK_SLOTS - 1);
    xdr_put_u32(&x, BACK_SLOTS - 1);
    xdr_put_u32(&x, OP_CB_RECALL);
    xdr_put_u32(&x, NFS4_OK);
    assert_false(x.failed);
    return xdr_pos(&x);
}

/* What the reply has wrong. */
enum wrong {
    NOTHING,
    VERIFIER,
    NUMBER,  /* of the sealed results */
    TOKEN,   /* a bit of it */
    UNSEALED /* results as AUTH_NONE has them */
};

static void results_seal(struct xdr *x, const struct seen *seen, enum wrong wrong)
{
    uint32_t number = htobe32(seen->cred.seq_num + (wrong == NUMBER));
    gss_buffer_desc plain, token;
    uint8_t body[1024];
    size_t len = 4 + results_make(seen, body + 4, sizeof(body) - 4);
    OM_uint32 minor;
    int sealed;

    memcpy(body, &number, 4);
    if (seen->cred.service == RPC_GSS_SVC_NONE || wrong == UNSEALED) {
        bytes_put(x, body + 4, len - 4);
        return;
    }
    plain = (gss_buffer_desc){len, body};
    if (seen->cred.service == RPC_GSS_SVC_INTEGRITY) {
        struct wire_opaque opaque = {body, (uint32_t)len};

        assert_true(xdr_opaque(x, &opaque, 8192));
        token = initiator_mic(&alice, body, len);
    } else {
        assert_int_equal(
            gss_wrap(&minor, alice.context, 1, GSS_C_QOP_DEFAULT, &plain, &sealed, &token),
            GSS_S_COMPLETE);
    }
    ((uint8_t *)token.value)[token.length - 1] ^= wrong == TOKEN;
    opaque_put(x, &token);
}

static void answer(const struct seen *seen, enum wrong wrong)
{
    uint32_t number = htobe32(seen->cred.seq_num + (wrong == VERIFIER));
    gss_buffer_desc mic = initiator_mic(&alice, &number, sizeof(number));
    uint8_t bytes[1000];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    xdr_put_u32(&x, seen->xid);
    xdr_put_u32(&x, RPC_MSG_REPLY);
    xdr_put_u32(&x, MSG_ACCEPTED);
    xdr_put_u32(&x, RPCSEC_GSS);
    opaque_put(&x, &mic);
    xdr_put_u32(&x, ACCEPT_SUCCESS);
    results_seal(&x, seen, wrong);
    assert_false(x.failed);
    peer_send_record(a.fd, bytes, xdr_pos(&x));
}

static void deny(const struct seen *seen, enum auth_stat why)
{
    uint32_t words[] = {htobe32(seen->xid), htobe32(RPC_MSG_REPLY), htobe32(MSG_DENIED),
                        htobe32(REJECT_AUTH_ERROR), htobe32(why)};

    peer_send_record(a.fd, words, sizeof(words));
}

/* ---- tests ---- */

/* S22-15: each service, each attempt with a sequence number of its own. */
static void services(void **unused)
{
    static struct back_test_call told;
    struct seen seen;

    (void)unused;
    for (service = RPC_GSS_SVC_NONE; service <= RPC_GSS_SVC_PRIVACY; service++) {
        const char owner[] = {(char)('0' + service), '\0'};

        back_session_make(&s, &a, owner, offer_context);
        for (uint32_t i = 1; i <= 3; i++) {
            assert_true(back_call(&s, &told, NULL));
            expect(&seen);
            assert_int_equal(seen.flavor, RPCSEC_GSS);
            assert_int_equal(seen.cred.service, service);
            assert_int_equal(seen.cred.seq_num, 3 * (service - 1) + i);
            assert_int_equal(seen.cred.handle.len, 4);
            assert_memory_equal(seen.cred.handle.data, "mine", 4);
            assert_int_equal(seen.sequence.csa_sequenceid, i);
            answer(&seen, NOTHING);
            back_wait_completed(&told, CALLBACK_ANSWERED);
            assert_int_equal(told.results, 1);
        }
        back_session_put(&s);
    }
}

/* Replies that another than the client could have made: the connection goes. */
static void bad_replies(void **unused)
{
    static const struct {
        uint32_t service;
        enum wrong wrong;
    } rows[] = {
        {RPC_GSS_SVC_NONE, VERIFIER},      {RPC_GSS_SVC_INTEGRITY, VERIFIER},
        {RPC_GSS_SVC_INTEGRITY, NUMBER},   {RPC_GSS_SVC_INTEGRITY, TOKEN},
        {RPC_GSS_SVC_INTEGRITY, UNSEALED}, {RPC_GSS_SVC_PRIVACY, VERIFIER},
        {RPC_GSS_SVC_PRIVACY, NUMBER},     {RPC_GSS_SVC_PRIVACY, TOKEN},
        {RPC_GSS_SVC_PRIVACY, UNSEALED},
    };
    static struct back_test_call told;
    struct seen seen, again;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char owner[] = {(char)('a' + i), '\0'};

        service = rows[i].service;
        back_session_make(&s, &a, owner, offer_context);
        assert_true(back_call(&s, &told, NULL));
        expect(&seen);
        answer(&seen, rows[i].wrong);
        peer_expect_close(a.fd);
        close(a.fd);
        assert_int_equal(atomic_load(&told.count), 0);
        /* Over the next connection it is sent once more, with the next number. */
        back_connect(&a);
        back_bind(&s, &a);
        expect(&again);
        assert_int_equal(again.sequence.csa_sequenceid, seen.sequence.csa_sequenceid);
        assert_true(again.cred.seq_num > seen.cred.seq_num);
        answer(&again, NOTHING);
        back_wait_completed(&told, CALLBACK_ANSWERED);
        back_session_put(&s);
    }
}

/* S22-14: two sessions of one client, over one connection. */
static void sessions_differ(void **unused)
{
    static struct back_test_call told;
    struct back_session other;
    struct back_seen plain;
    struct seen seen;

    (void)unused;
    service = RPC_GSS_SVC_INTEGRITY;
    back_session_make(&s, &a, "one", offer_context);
    back_session_add(&other, &s, &a, NULL);
    assert_true(back_call_session(&s, &told, NULL));
    expect(&seen);
    assert_int_equal(seen.flavor, RPCSEC_GSS);
    answer(&seen, NOTHING);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    assert_true(back_call_session(&other, &told, NULL));
    back_expect(&a, &plain);
    assert_int_equal(plain.flavor, AUTH_SYS);
    back_answer(&a, &plain, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    back_session_put(&other);
}

/* S22-03, S22-D8: BACKCHANNEL_CTL adds a context, which is stronger than AUTH_SYS. */
static void control(void **unused)
{
    static struct back_test_call told;
    struct callback_sec_parms4 sec = offer(RPC_GSS_SVC_PRIVACY);
    const struct BACKCHANNEL_CTL4args args = {
        .bca_cb_program = PEER_PROGRAM + 1, .bca_sec_parms = &sec, .bca_sec_parms_count = 1};
    struct back_seen plain;
    struct seen seen;

    (void)unused;
    back_session_make(&s, &a, "one", NULL);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &plain);
    back_answer(&a, &plain, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    assert_int_equal(session_back_control(s.session, back_caller.principal, &args), NFS4_OK);
    assert_true(back_call(&s, &told, NULL));
    expect(&seen);
    assert_int_equal(seen.cred.service, RPC_GSS_SVC_PRIVACY);
    answer(&seen, NOTHING);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* S22-D7: a handle of nobody, and one of somebody else. */
static void unknown_handles(void **unused)
{
    struct client_caller bob = back_caller;
    struct callback_sec_parms4 sec = offer(RPC_GSS_SVC_NONE);
    struct BACKCHANNEL_CTL4args args = {
        .bca_cb_program = PEER_PROGRAM, .bca_sec_parms = &sec, .bca_sec_parms_count = 1};
    uint8_t handle[GSS_HANDLE_BYTES];

    (void)unused;
    back_session_make(&s, &a, "one", NULL);
    bob.principal.value++;
    assert_int_equal(session_back_control(s.session, bob.principal, &args), NFS4ERR_NOENT);
    memcpy(handle, gss_context_handle(server.context), sizeof(handle));
    handle[3] ^= 1;
    sec.cbsp_gss_handles.gcbp_handle_from_server.data = handle;
    assert_int_equal(session_back_control(s.session, back_caller.principal, &args), NFS4ERR_NOENT);
    handle[3] ^= 1;
    assert_int_equal(session_back_control(s.session, back_caller.principal, &args), NFS4_OK);
}

/* The client destroys its context, or the server has forgotten it: AUTH_SYS is left. */
static void context_ends(void **unused)
{
    static struct back_test_call told;
    struct back_seen plain;
    struct seen seen;

    (void)unused;
    service = RPC_GSS_SVC_INTEGRITY;
    back_session_make(&s, &a, "one", offer_both);
    assert_true(back_call(&s, &told, NULL));
    expect(&seen);
    answer(&seen, NOTHING);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    gss_table_remove(server.table, server.context);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &plain);
    assert_int_equal(plain.flavor, AUTH_SYS);
    back_answer(&a, &plain, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* The client alone has forgotten it: the same callback comes with AUTH_SYS. */
static void client_forgets(void **unused)
{
    static struct back_test_call told;
    struct back_seen plain;
    struct seen seen;

    (void)unused;
    service = RPC_GSS_SVC_PRIVACY;
    back_session_make(&s, &a, "one", offer_both);
    assert_true(back_call(&s, &told, NULL));
    expect(&seen);
    deny(&seen, RPCSEC_GSS_CREDPROBLEM);
    wait_until(session_cb_auth_bytes(&s.session->cb_auth) < 100);
    back_pass_ms(1000);
    back_expect(&a, &plain);
    assert_int_equal(plain.flavor, AUTH_SYS);
    assert_int_equal(plain.sequence.csa_sequenceid, seen.sequence.csa_sequenceid);
    back_answer(&a, &plain, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* §2.10.8.2: without its context nothing is left that the client has offered. */
static void nothing_unoffered(void **unused)
{
    static struct back_test_call told;

    (void)unused;
    service = RPC_GSS_SVC_INTEGRITY;
    back_session_make(&s, &a, "one", offer_context);
    gss_table_remove(server.table, server.context);
    assert_true(back_call(&s, &told, NULL));
    back_pass_ms(1000);
    back_expect_silence(&a);
    back_pass_ms(BACK_LIFE_MS);
    back_wait_completed(&told, CALLBACK_FAILED);
    back_expect_silence(&a);
}

#define GSS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GSS_TEST(services),        GSS_TEST(bad_replies),       GSS_TEST(sessions_differ),
        GSS_TEST(control),         GSS_TEST(context_ends),      GSS_TEST(client_forgets),
        GSS_TEST(unknown_handles), GSS_TEST(nothing_unoffered),
    };

    return test_group_run_fixtures(tests, group_up, group_down);
}
