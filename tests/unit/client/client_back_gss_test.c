/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks by RPCSEC_GSS: the test is the server, and calls with the other half of the client's
 * context.
 */
#include "lib/test.h"

#include <gssapi/gssapi.h>

#include "client/client_session.h"
#include "client_pair.h"
#include "lib/realm.h"
#include "wire/nfs4_const.h"

static struct test_realm realm;
static struct client_callbacks callbacks;
static struct client_gss *initiator, *acceptor;

static int group_setup(void **state)
{
    (void)state;
    if (!test_realm_start(&realm, NULL))
        return -1;
    (void)setenv("KRB5_KTNAME", test_realm_path(&realm, "server.keytab"), 1);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_realm_fini(&realm);
    return 0;
}

/* Both halves of a context, without a call. */
static void halves_make(void)
{
    char keytab[128], ccache[128], why[CLIENT_WHY_BYTES];
    const struct client_gss_wish wish = {
        .server = "localhost", .principal = "alice", .ccache = ccache, .keytab = keytab};
    gss_buffer_desc token, answer = GSS_C_EMPTY_BUFFER;
    uint32_t minor;

    (void)snprintf(keytab, sizeof(keytab), "%s", test_realm_path(&realm, "alice.keytab"));
    (void)snprintf(ccache, sizeof(ccache), "FILE:%s", test_realm_path(&realm, "alice.ccache"));
    if (client_gss_create(&wish, &initiator, why) != CLIENT_OK)
        fail_msg("%s", why);
    acceptor = must_calloc(1, sizeof(*acceptor));
    acceptor->refs = 1;
    token = (gss_buffer_desc){initiator->token_len, initiator->token};
    assert_int_equal(gss_accept_sec_context(&minor, &acceptor->context, GSS_C_NO_CREDENTIAL, &token,
                                            GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &answer, NULL,
                                            NULL, NULL),
                     GSS_S_COMPLETE);
    assert_int_equal(client_gss_advance(initiator, answer.value, (uint32_t)answer.length, &minor),
                     GSS_S_COMPLETE);
    gss_release_buffer(&minor, &answer);
    initiator->done = acceptor->done = true;
    memcpy(initiator->handle, "fore", 4);
    initiator->handle_len = 4;
}

static int setup(void **state)
{
    memset(&callbacks, 0, sizeof(callbacks));
    if (client_pair_setup(state) != 0)
        return -1;
    ((struct client_pair *)*state)->conn.callbacks = &callbacks;
    halves_make();
    return 0;
}

static int teardown(void **state)
{
    client_back_gss_fini(&callbacks.gss);
    client_gss_put(initiator);
    (void)client_pair_teardown(state);
    client_gss_put(acceptor);
    return 0;
}

/* The client offers its context, and the server takes it. */
static void offer(struct client_pair *pair, uint32_t service)
{
    struct callback_sec_parms4 parms;
    const struct wire_opaque *handle = &parms.cbsp_gss_handles.gcbp_handle_from_client;

    client_back_gss_fini(&callbacks.gss);
    client_back_gss_offer(&callbacks.gss, initiator, service, &parms);
    assert_int_equal(parms.cb_secflavor, RPCSEC_GSS);
    assert_int_equal(parms.cbsp_gss_handles.gcbp_service, service);
    assert_int_equal(parms.cbsp_gss_handles.gcbp_handle_from_server.len, 4);
    memcpy(acceptor->handle, handle->data, handle->len);
    acceptor->handle_len = handle->len;
    acceptor->seq = 0;
    client_gss_use(&pair->server, acceptor, service);
}

/* A CB_COMPOUND of minor version 0 with CB_RECALL. */
static size_t recall_encode(uint8_t *args, size_t size)
{
    struct CB_RECALL4args recall = {.stateid = {3, "recalled"}};
    struct xdr x;

    xdr_init_encode(&x, args, size);
    xdr_opaque(&x, &(struct wire_opaque){(const uint8_t *)"tag", 3}, 16);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 1);
    xdr_put_u32(&x, OP_CB_RECALL);
    wire_CB_RECALL4args(&x, &recall);
    assert_false(x.failed);
    return xdr_pos(&x);
}

static struct client_bytes recall_make(struct client_pair *pair, uint32_t xid)
{
    uint8_t args[256];

    return client_call_make(&pair->server, xid, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND, args,
                            recall_encode(args, sizeof(args)));
}

/* Send it, let the client answer, and take the answer. */
static enum client_status deliver(struct client_pair *pair, struct client_bytes call, uint32_t xid,
                                  struct client_reply *reply)
{
    assert_int_equal(client_conn_send_record(&pair->server, call.data, call.len, 0), CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 60000), CLIENT_OK);
    return client_call_receive(&pair->server, xid, reply);
}

static enum client_status recall(struct client_pair *pair, struct client_reply *reply)
{
    const uint32_t xid = ++pair->server.xid;
    struct client_bytes call = recall_make(pair, xid);
    enum client_status status = deliver(pair, call, xid, reply);

    free(call.data);
    return status;
}

static void callbacks_are_unsealed_and_answered_sealed(void **state)
{
    struct client_pair *pair = *state;

    for (uint32_t service = RPC_GSS_SVC_NONE; service <= RPC_GSS_SVC_PRIVACY; service++) {
        const uint32_t before = callbacks.count;
        const struct client_callback *cb;
        struct client_reply reply;

        offer(pair, service);
        assert_int_equal(recall(pair, &reply), CLIENT_OK);
        assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
        assert_int_equal(xdr_get_u32(&reply.results), NFS4_OK);
        client_reply_free(&reply);
        assert_int_equal(callbacks.count, before + 1);
        cb = client_callback_at(&callbacks, before);
        assert_int_equal(cb->flavor, RPCSEC_GSS);
        assert_int_equal(cb->gss_service, service);
        assert_int_equal(cb->gss_seq, 1);
        assert_non_null(client_callback_lookup(cb, OP_CB_RECALL));
    }
    assert_int_equal(callbacks.trouble_count, 0);
}

/* What is wrong is refused as RFC 2203 says, not executed, and noted. */
static void wrong_callbacks_are_refused(void **state)
{
    static const struct {
        uint32_t what, number;
        enum auth_stat denied; /* AUTH_OK: garbage arguments */
    } wrongs[] = {
        {CLIENT_GSS_BAD_MIC, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_BAD_HANDLE, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_SET_PROC, RPC_GSS_SVC_PRIVACY, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_SET_SERVICE, RPC_GSS_SVC_NONE, RPCSEC_GSS_CTXPROBLEM},
        {CLIENT_GSS_BAD_BODY, 0, AUTH_OK},
        {CLIENT_GSS_INNER_SEQ, 0, AUTH_OK},
    };
    struct client_pair *pair = *state;

    offer(pair, RPC_GSS_SVC_INTEGRITY);
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
        struct client_reply reply;

        pair->server.gss_fault =
            (struct client_gss_fault){.what = wrongs[i].what, .number = wrongs[i].number};
        assert_int_equal(recall(pair, &reply), CLIENT_REJECTED);
        if (wrongs[i].denied == AUTH_OK) {
            assert_int_equal(reply.header.accept_stat, ACCEPT_GARBAGE_ARGS);
            assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
        } else {
            assert_int_equal(reply.header.stat, MSG_DENIED);
            assert_int_equal(reply.header.auth_stat, wrongs[i].denied);
        }
        client_reply_free(&reply);
        assert_int_equal(callbacks.trouble_count, i + 1);
    }
    assert_int_equal(callbacks.count, 0);
}

static void numbers_are_used_once(void **state)
{
    struct client_pair *pair = *state;
    struct client_bytes call;
    struct client_reply reply;

    offer(pair, RPC_GSS_SVC_PRIVACY);
    call = recall_make(pair, 5);
    assert_int_equal(recall(pair, &reply), CLIENT_OK); /* a later one comes first */
    client_reply_free(&reply);
    assert_int_equal(deliver(pair, call, 5, &reply), CLIENT_OK);
    client_reply_free(&reply);
    assert_int_equal(callbacks.trouble_count, 0);
    assert_int_equal(deliver(pair, call, 5, &reply), CLIENT_REJECTED);
    client_reply_free(&reply);
    assert_int_equal(callbacks.trouble_count, 1);
    assert_int_equal(callbacks.count, 2);
    free(call.data);
}

/* So that a test can let the server see one. */
static void verifiers_can_be_wrong(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;

    offer(pair, RPC_GSS_SVC_INTEGRITY);
    pair->conn.behaviour.gss_bad_verf = true;
    assert_int_equal(recall(pair, &reply), CLIENT_MALFORMED);
}

static void held_answers_are_sealed(void **state)
{
    struct client_pair *pair = *state;
    struct client_bytes call;
    struct client_reply reply;

    offer(pair, RPC_GSS_SVC_PRIVACY);
    pair->conn.behaviour.act = CLIENT_ACT_HOLD;
    call = recall_make(pair, 7);
    assert_int_equal(client_conn_send_record(&pair->server, call.data, call.len, 0), CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 60000), CLIENT_OK);
    assert_int_equal(client_callback_release(&pair->conn, false), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, 7, &reply), CLIENT_OK);
    client_reply_free(&reply);
    free(call.data);
}

#define WITH_CONTEXT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(callbacks_are_unsealed_and_answered_sealed),
        WITH_CONTEXT(wrong_callbacks_are_refused),
        WITH_CONTEXT(numbers_are_used_once),
        WITH_CONTEXT(verifiers_can_be_wrong),
        WITH_CONTEXT(held_answers_are_sealed),
    };

    return test_group_run_fixtures(tests, group_setup, group_teardown);
}
