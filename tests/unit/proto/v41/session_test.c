/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations on clients and sessions on the wire. The tests of state/ cover their cases; here
 * it is results, positions in a COMPOUND, and connections.
 */
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "v41_fixture.h"

static struct v41_call call;
static struct v41_session session;

static enum nfsstat4 last_status(int fd, uint32_t op)
{
    v41_roundtrip(fd, &call);
    if (call.op_count > 1)
        assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&call, op), call.status);
    return call.status;
}

/* SR-11. */
static void exchange_id(void **unused)
{
    struct EXCHANGE_ID4resok first, again;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    v41_args_exchange_id(v41_op(&call, OP_EXCHANGE_ID), "b");
    assert_int_equal(last_status(v41_fd, OP_EXCHANGE_ID), NFS4_OK);
    assert_true(wire_EXCHANGE_ID4resok(&call.results, &first));
    assert_int_equal(xdr_left(&call.results), 0);
    assert_int_equal(first.eir_flags, EXCHGID4_FLAG_USE_NON_PNFS);
    assert_int_equal(first.eir_state_protect.spr_how, SP4_NONE);
    assert_memory_equal(first.eir_server_owner.so_major_id.data, "test-server", 11);
    assert_memory_equal(first.eir_server_scope.data, "test-server", 11);
    assert_int_equal(first.eir_server_impl_id_count, 1);
    /* And behind SEQUENCE, for the confirmed client. */
    v41_begin_in(&call, &session, true);
    v41_args_exchange_id(v41_op(&call, OP_EXCHANGE_ID), "a");
    assert_int_equal(last_status(v41_fd, OP_EXCHANGE_ID), NFS4_OK);
    assert_true(wire_EXCHANGE_ID4resok(&call.results, &again));
    assert_int_equal(again.eir_flags, EXCHGID4_FLAG_USE_NON_PNFS | EXCHGID4_FLAG_CONFIRMED_R);
    assert_int_equal(again.eir_clientid, session.clientid);
}

/* More than one implementation id does not decode (pynfs EID3). */
static void exchange_id_bad_xdr(void **unused)
{
    struct xdr *x;

    (void)unused;
    v41_begin(&call);
    x = v41_op(&call, OP_EXCHANGE_ID);
    v41_args_exchange_id(x, "a");
    xdr_patch_u32(x, xdr_pos(x) - 4, 2);
    for (int i = 0; i < 12; i++)
        xdr_put_u32(x, 0);
    assert_int_equal(last_status(v41_fd, OP_EXCHANGE_ID), NFS4ERR_BADXDR);
}

static void create_in_session(void **unused)
{
    struct CREATE_SESSION4args args = {
        .csa_sequence = 2, .csa_fore_chan_attrs = v41_attrs(), .csa_back_chan_attrs = v41_attrs()};
    struct CREATE_SESSION4resok inside, alone;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    args.csa_clientid = session.clientid;
    v41_begin_in(&call, &session, true);
    wire_CREATE_SESSION4args(v41_op(&call, OP_CREATE_SESSION), &args);
    assert_int_equal(last_status(v41_fd, OP_CREATE_SESSION), NFS4_OK);
    assert_true(wire_CREATE_SESSION4resok(&call.results, &inside));
    /* P-05: the retry may come alone. */
    v41_begin(&call);
    wire_CREATE_SESSION4args(v41_op(&call, OP_CREATE_SESSION), &args);
    assert_int_equal(last_status(v41_fd, OP_CREATE_SESSION), NFS4_OK);
    assert_true(wire_CREATE_SESSION4resok(&call.results, &alone));
    assert_memory_equal(inside.csr_sessionid, alone.csr_sessionid, NFS4_SESSIONID_SIZE);
    assert_int_equal(alone.csr_sequence, 2);
}

static void put_session_id(uint32_t op, const struct v41_session *s)
{
    uint8_t id[NFS4_SESSIONID_SIZE];

    memcpy(id, s->id, sizeof(id));
    xdr_fixed(v41_op(&call, op), id, sizeof(id));
}

static void destroy_session_alone(void **unused)
{
    int other = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    put_session_id(OP_DESTROY_SESSION, &session);
    assert_int_equal(last_status(other, OP_DESTROY_SESSION), NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4_OK);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4ERR_BADSESSION);
    v41_begin_in(&call, &session, false);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_BADSESSION);
    close(other);
}

/* W14: allowed as the last operation of the session's own COMPOUND. */
static void destroy_own_session(void **unused)
{
    struct v41_session second;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin_in(&call, &session, true);
    put_session_id(OP_DESTROY_SESSION, &session);
    v41_op(&call, OP_PUTROOTFH);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4ERR_NOT_ONLY_OP);
    /* Another session may be destroyed at any position. */
    v41_session_make(v41_fd, "b", NULL, &second);
    v41_begin_in(&call, &session, true);
    put_session_id(OP_DESTROY_SESSION, &second);
    v41_op(&call, OP_PUTROOTFH);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    v41_begin_in(&call, &session, true);
    put_session_id(OP_DESTROY_SESSION, &session);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4_OK);
    assert_int_equal(test_server.state->session_count, 0);
}

/* Another slot stays in use: DELAY, and no thread waits for it. */
static void destroy_busy_session(void **unused)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct session *held;
    int64_t began_ms;

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    held = session_lookup(test_server.state, session.id);
    assert_int_equal(slot_acquire(slot_at(&held->slots, 3), 1, &request, &replay), SLOT_NEW);
    began_ms = wait_now_ms();
    for (int i = 0; i < 30; i++) {
        v41_begin(&call);
        put_session_id(OP_DESTROY_SESSION, &session);
        assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4ERR_DELAY);
    }
    assert_true(wait_now_ms() - began_ms < 1500); /* it would be 3 s if each waited for 100 ms */
    v41_begin(&call);
    put_session_id(OP_DESTROY_SESSION, &session);
    session_slot_release(held, slot_at(&held->slots, 3), NULL, 0);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4_OK);
    session_put(held);
}

static void put_bind(const struct v41_session *s, enum channel_dir_from_client4 dir)
{
    struct BIND_CONN_TO_SESSION4args args = {.bctsa_dir = dir};

    memcpy(args.bctsa_sessid, s->id, NFS4_SESSIONID_SIZE);
    wire_BIND_CONN_TO_SESSION4args(v41_op(&call, OP_BIND_CONN_TO_SESSION), &args);
}

/* SR-14. */
static void bind_conn_to_session(void **unused)
{
    struct v41_session unknown = {0};
    struct BIND_CONN_TO_SESSION4resok res;
    int other = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin(&call);
    put_bind(&session, CDFC4_FORE_OR_BOTH);
    assert_int_equal(last_status(other, OP_BIND_CONN_TO_SESSION), NFS4_OK);
    assert_true(wire_BIND_CONN_TO_SESSION4resok(&call.results, &res));
    assert_memory_equal(res.bctsr_sessid, session.id, NFS4_SESSIONID_SIZE);
    assert_int_equal(res.bctsr_dir, CDFS4_BOTH);
    assert_false(res.bctsr_use_conn_in_rdma_mode);
    v41_begin(&call);
    put_bind(&session, CDFC4_FORE);
    assert_int_equal(last_status(other, OP_BIND_CONN_TO_SESSION), NFS4ERR_INVAL);
    v41_begin(&call);
    put_bind(&unknown, CDFC4_FORE);
    assert_int_equal(last_status(other, OP_BIND_CONN_TO_SESSION), NFS4ERR_BADSESSION);
    v41_begin_in(&call, &session, false);
    put_bind(&session, CDFC4_FORE);
    assert_int_equal(last_status(v41_fd, OP_BIND_CONN_TO_SESSION), NFS4ERR_NOT_ONLY_OP);
    close(other);
}

/* SR-17. */
static void destroy_clientid(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin_in(&call, &session, false);
    xdr_put_u64(v41_op(&call, OP_DESTROY_CLIENTID), session.clientid);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_CLIENTID), NFS4ERR_CLIENTID_BUSY);
    v41_begin_in(&call, &session, false);
    xdr_put_u64(v41_op(&call, OP_DESTROY_CLIENTID), 0);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_CLIENTID), NFS4ERR_STALE_CLIENTID);
    v41_begin(&call);
    put_session_id(OP_DESTROY_SESSION, &session);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_SESSION), NFS4_OK);
    v41_begin(&call);
    xdr_put_u64(v41_op(&call, OP_DESTROY_CLIENTID), session.clientid);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_CLIENTID), NFS4_OK);
    assert_int_equal(last_status(v41_fd, OP_DESTROY_CLIENTID), NFS4ERR_STALE_CLIENTID);
}

static enum nfsstat4 reclaim_complete(bool one_fs, bool with_fh)
{
    v41_begin_in(&call, &session, false);
    if (with_fh)
        v41_op(&call, OP_PUTROOTFH);
    xdr_put_u32(v41_op(&call, OP_RECLAIM_COMPLETE), one_fs);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

/* SR-20, P-12. */
static void reclaim_completes(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    assert_int_equal(reclaim_complete(true, false), NFS4ERR_NOFILEHANDLE);
    assert_int_equal(reclaim_complete(true, true), NFS4_OK);
    assert_int_equal(reclaim_complete(false, false), NFS4_OK);
    assert_int_equal(reclaim_complete(false, true), NFS4ERR_COMPLETE_ALREADY);
    assert_int_equal(reclaim_complete(true, true), NFS4_OK);
}

static void expect_refusal(uint32_t op, uint32_t shown, enum nfsstat4 status)
{
    v41_begin_in(&call, &session, false);
    for (struct xdr *x = v41_op(&call, op); xdr_pos(x) < 400;)
        xdr_put_u32(x, 1);
    assert_int_equal(last_status(v41_fd, shown), status);
    assert_int_equal(call.result_count, 2);
}

/* Known operations are refused with their arguments decoded; unknown ones are ILLEGAL. */
static void unsupported(void **unused)
{
    static const uint32_t notsupp[] = {
        OP_DELEGPURGE,         OP_OPEN_CONFIRM,        OP_RENEW,
        OP_SETCLIENTID,        OP_SETCLIENTID_CONFIRM, OP_RELEASE_LOCKOWNER,
        OP_GET_DIR_DELEGATION, OP_LAYOUTCOMMIT};
    static const uint32_t illegal[] = {0, 2, OP_ALLOCATE, OP_REMOVEXATTR, 76, OP_ILLEGAL};

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (size_t i = 0; i < ARRAY_SIZE(notsupp); i++)
        expect_refusal(notsupp[i], notsupp[i], NFS4ERR_NOTSUPP);
    expect_refusal(OP_DELEGRETURN, OP_DELEGRETURN, NFS4ERR_NOFILEHANDLE);
    expect_refusal(OP_SET_SSV, OP_SET_SSV, NFS4ERR_INVAL);
    for (size_t i = 0; i < ARRAY_SIZE(illegal); i++)
        expect_refusal(illegal[i], OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
    /* Truncated arguments. */
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_GET_DIR_DELEGATION);
    assert_int_equal(last_status(v41_fd, OP_GET_DIR_DELEGATION), NFS4ERR_BADXDR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exchange_id),           TEST(exchange_id_bad_xdr), TEST(create_in_session),
        TEST(destroy_session_alone), TEST(destroy_own_session), TEST(destroy_busy_session),
        TEST(bind_conn_to_session),  TEST(destroy_clientid),    TEST(reclaim_completes),
        TEST(unsupported),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
