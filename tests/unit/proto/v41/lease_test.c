/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases and sr_status_flags on the wire, with a settable clock. The tests of state/ cover the
 * rules themselves.
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client_lease.h"
#include "v41_fixture.h"

#define DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

static struct v41_call call;
static struct v41_session alice, bob;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

/* No client sends anything for a while; the timer runs every second. */
static void silence(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        clock_advance_ns(NSEC_PER_SEC);
        state_tick(test_server.state, clock_now_ns());
    }
}

static struct client *client_of(const struct v41_session *session)
{
    struct client *client = client_lookup(test_server.state, session->clientid);

    assert_non_null(client);
    client_put(client); /* the session keeps a reference */
    return client;
}

/* The result of SEQUENCE comes first: returns its flags. */
static uint32_t result_flags(void)
{
    struct SEQUENCE4resok res;

    assert_int_equal(xdr_get_u32(&call.results), OP_SEQUENCE);
    assert_int_equal(xdr_get_u32(&call.results), NFS4_OK);
    assert_true(wire_SEQUENCE4resok(&call.results, &res));
    return res.sr_status_flags;
}

static uint32_t speak(int fd, struct v41_session *session)
{
    v41_begin_in(&call, session, false);
    v41_roundtrip(fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    return result_flags();
}

static void reclaim_complete(struct v41_session *session)
{
    v41_begin_in(&call, session, false);
    xdr_put_u32(v41_op(&call, OP_RECLAIM_COMPLETE), 0);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

/* Opens a file of the root, created if it does not exist; *stateid is the open's. */
static enum nfsstat4 open_file(struct v41_session *session, const char *name, uint32_t deny,
                               struct stateid4 *stateid)
{
    struct OPEN4args args = {
        .share_access = OPEN4_SHARE_ACCESS_BOTH,
        .share_deny = deny,
        .owner = {.clientid = 4711, .owner = text("owner")}, /* S20-48: the session's client
                                                              * counts */
        .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
        .claim = {.claim = CLAIM_NULL, .file = text(name)},
    };
    struct OPEN4resok res;

    v41_begin_in(&call, session, false);
    v41_op(&call, OP_PUTROOTFH);
    assert_true(wire_OPEN4args(v41_op(&call, OP_OPEN), &args));
    v41_roundtrip(v41_fd, &call);
    if (call.status != NFS4_OK)
        return call.status;
    (void)result_flags();
    assert_int_equal(v41_result(&call, OP_PUTROOTFH), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_OPEN), NFS4_OK);
    assert_true(wire_OPEN4resok(&call.results, &res));
    *stateid = res.stateid;
    return NFS4_OK;
}

static enum nfsstat4 close_file(struct v41_session *session, const char *name,
                                const struct stateid4 *stateid)
{
    struct CLOSE4args args = {.open_stateid = *stateid};

    v41_begin_in(&call, session, false);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_lookup(&call, name);
    wire_CLOSE4args(v41_op(&call, OP_CLOSE), &args);
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

/* As in pynfs COUR1: no other client needed the state, so it is all there. */
static void courtesy(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    reclaim_complete(&alice);
    assert_int_equal(open_file(&alice, "file", 0, &stateid), NFS4_OK);
    silence(3 * LEASE_S);
    assert_true(client_lapsed(client_of(&alice), clock_now_ns()));
    assert_int_equal(speak(v41_fd, &alice), 0);
    assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
    assert_int_equal(close_file(&alice, "file", &stateid), NFS4_OK);
}

/* S20-48, L-04: an open belongs to the session's client, whatever the owner's clientid says;
 * another client's stateid is invalid. */
static void owner_of_the_session(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    v41_session_make(v41_fd, "bob", NULL, &bob);
    reclaim_complete(&alice);
    assert_int_equal(open_file(&alice, "file", 0, &stateid), NFS4_OK);
    assert_int_equal(close_file(&bob, "file", &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(close_file(&alice, "file", &stateid), NFS4_OK);
}

/* SR-13: a refused SEQUENCE renews no lease, one answered from the cache does (RFC 8881 §8.3). */
static void who_renews(void **unused)
{
    const struct client *client;

    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    client = client_of(&alice);
    silence(10);
    for (int i = 0; i < 3; i++) {
        v41_begin(&call);
        v41_op_sequence(&call, &alice, i == 0 ? 1000 : 0, i == 1 ? 5 : 1, false);
        if (i == 2)
            for (int j = 0; j < 16; j++)
                v41_op(&call, OP_PUTROOTFH);
        v41_roundtrip(v41_fd, &call);
        assert_int_not_equal(call.status, NFS4_OK);
        assert_true(client_silent_ns(client, clock_now_ns()) >= 10 * NSEC_PER_SEC);
        /* S20-17: only the status. */
        assert_int_equal(call.body_len, 4 + 8 + 4 + 8);
    }
    v41_begin_in(&call, &alice, true);
    v41_roundtrip(v41_fd, &call);
    assert_true(client_silent_ns(client, clock_now_ns()) < NSEC_PER_SEC);
    silence(10);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_true(client_silent_ns(client, clock_now_ns()) < NSEC_PER_SEC);
}

static void session_with_callbacks(int fd, struct v41_session *session)
{
    struct CREATE_SESSION4args args = {.csa_clientid = session->clientid,
                                       .csa_sequence = 2,
                                       .csa_flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN,
                                       .csa_fore_chan_attrs = v41_attrs(),
                                       .csa_back_chan_attrs = v41_attrs()};

    v41_begin(&call);
    wire_CREATE_SESSION4args(v41_op(&call, OP_CREATE_SESSION), &args);
    v41_roundtrip(fd, &call);
    assert_int_equal(v41_result(&call, OP_CREATE_SESSION), NFS4_OK);
    assert_true(wire_CREATE_SESSION4resok(&call.results, &session->granted));
    memcpy(session->id, session->granted.csr_sessionid, NFS4_SESSIONID_SIZE);
    session->seqid = 1;
}

static void wait_unbound(const struct v41_session *session)
{
    struct session *held = session_lookup(test_server.state, session->id);

    while (atomic_load(&held->back_bound) > 0)
        usleep(1000);
    session_put(held);
}

/* S20-17, S20-18, S22A-06: every reply has flags, and a cached one keeps its own. */
static void flags_in_every_reply(void **unused)
{
    int other = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    session_with_callbacks(other, &alice);
    assert_int_equal(speak(v41_fd, &alice), 0);
    v41_begin_in(&call, &alice, true);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(result_flags(), 0);
    close(other);
    wait_unbound(&alice);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(result_flags(), 0);
    v41_begin_in(&call, &alice, true);
    v41_op(&call, OP_GETFH); /* fails; SEQUENCE does not */
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOFILEHANDLE);
    assert_int_equal(result_flags(), DOWN);
}

/* Until RECLAIM_COMPLETE, whose own reply still has it. */
static void reclaim_needed(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    atomic_store(&client_of(&alice)->may_reclaim, true);
    assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_RESTART_RECLAIM_NEEDED);
    v41_begin_in(&call, &alice, false);
    xdr_put_u32(v41_op(&call, OP_RECLAIM_COMPLETE), 0);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(result_flags(), SEQ4_STATUS_RESTART_RECLAIM_NEEDED);
    assert_int_equal(speak(v41_fd, &alice), 0);
}

/* TEST_STATEID of one stateid. */
static enum nfsstat4 test_stateid(struct v41_session *session, const struct stateid4 *stateid)
{
    struct stateid4 copy = *stateid;
    struct TEST_STATEID4args args = {.ts_stateids = &copy, .ts_stateids_count = 1};

    v41_begin_in(&call, session, false);
    assert_true(wire_TEST_STATEID4args(v41_op(&call, OP_TEST_STATEID), &args));
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    (void)result_flags();
    assert_int_equal(v41_result(&call, OP_TEST_STATEID), NFS4_OK);
    assert_int_equal(xdr_get_u32(&call.results), 1);
    return (enum nfsstat4)xdr_get_u32(&call.results);
}

static enum nfsstat4 free_stateid(struct v41_session *session, const struct stateid4 *stateid)
{
    struct FREE_STATEID4args args = {.fsa_stateid = *stateid};

    v41_begin_in(&call, session, false);
    assert_true(wire_FREE_STATEID4args(v41_op(&call, OP_FREE_STATEID), &args));
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

static void two_clients(void)
{
    v41_session_make(v41_fd, "alice", NULL, &alice);
    v41_session_make(v41_fd, "bob", NULL, &bob);
    reclaim_complete(&alice);
    reclaim_complete(&bob);
}

/* Alice opens `count` files exclusively and falls silent; Bob needs the first of them. */
static void lose_one_of(uint32_t count, struct stateid4 *stateids)
{
    static const char *const names[] = {"0", "1"};
    struct stateid4 theirs;

    two_clients();
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(open_file(&alice, names[i], OPEN4_SHARE_DENY_BOTH, &stateids[i]), NFS4_OK);
    assert_int_equal(open_file(&bob, "0", 0, &theirs), NFS4ERR_SHARE_DENIED);
    silence(LEASE_S / 2);
    assert_int_equal(speak(v41_fd, &bob), 0);
    silence(LEASE_S - LEASE_S / 4);
    assert_int_equal(open_file(&bob, "0", 0, &theirs), NFS4_OK);
}

/* S20-18, W16, SR-18: all state is lost; SOME_STATE_REVOKED is set until the client acknowledges.
 * ALL_STATE_REVOKED is never set: it would mean that the lease cannot be renewed. */
static void expired_all(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    lose_one_of(1, &stateid);
    for (int i = 0; i < 2; i++)
        assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_int_equal(test_stateid(&alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(close_file(&alice, "0", &stateid), NFS4ERR_EXPIRED);
    assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
    assert_int_equal(free_stateid(&alice, &stateid), NFS4_OK);
    assert_int_equal(result_flags(), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_int_equal(speak(v41_fd, &alice), 0);
    assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
    assert_int_equal(test_stateid(&alice, &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(speak(v41_fd, &bob), 0);
}

/* Part of the state is lost: the rest stays as it was, and the lease runs. */
static void expired_some(void **unused)
{
    struct stateid4 stateids[2];

    (void)unused;
    lose_one_of(2, stateids);
    for (int i = 0; i < 2; i++)
        assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
    assert_int_equal(test_stateid(&alice, &stateids[0]), NFS4ERR_EXPIRED);
    assert_int_equal(test_stateid(&alice, &stateids[1]), NFS4_OK);
    assert_int_equal(close_file(&alice, "1", &stateids[1]), NFS4_OK);
    assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_int_equal(free_stateid(&alice, &stateids[0]), NFS4_OK);
    assert_int_equal(speak(v41_fd, &alice), 0);
}

/* The other way out of §18.46.3: destroy sessions and client id, and register again. Revoked state
 * keeps nothing busy. */
static void expired_and_starts_anew(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    lose_one_of(1, &stateid);
    assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    v41_begin(&call);
    xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), alice.id, sizeof(alice.id));
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    v41_begin(&call);
    xdr_put_u64(v41_op(&call, OP_DESTROY_CLIENTID), alice.clientid);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    v41_session_make(v41_fd, "alice", NULL, &alice);
    assert_int_equal(speak(v41_fd, &alice), 0);
}

/* A later OPEN does not affect that. */
static void expired_and_opens_again(void **unused)
{
    struct stateid4 stateids[2];

    (void)unused;
    lose_one_of(1, stateids);
    assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_int_equal(open_file(&alice, "1", 0, &stateids[1]), NFS4_OK);
    assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
}

/* An administrator revokes all state of a live client, whose lease continues. */
static void admin_revokes(void **unused)
{
    struct stateid4 stateids[2];

    (void)unused;
    two_clients();
    for (int i = 0; i < 2; i++)
        assert_int_equal(open_file(&alice, i ? "1" : "0", 0, &stateids[i]), NFS4_OK);
    v41_revoke(alice.clientid, NFS4ERR_ADMIN_REVOKED, 2);
    assert_int_equal(speak(v41_fd, &bob), 0);
    silence(2 * LEASE_S);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(speak(v41_fd, &alice), SEQ4_STATUS_ADMIN_STATE_REVOKED);
        assert_false(client_lapsed(client_of(&alice), clock_now_ns()));
        assert_int_equal(test_stateid(&alice, &stateids[i]), NFS4ERR_ADMIN_REVOKED);
        assert_int_equal(free_stateid(&alice, &stateids[i]), NFS4_OK);
    }
    assert_int_equal(speak(v41_fd, &alice), 0);
}

/* S20-17, P-11: a client that renews its lease in time gets no flags. */
static void many_requests_without_flags(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "alice", NULL, &alice);
    for (int i = 0; i < 100; i++) {
        clock_advance_ns(NSEC_PER_SEC * LEASE_S / 2);
        assert_int_equal(speak(v41_fd, &alice), 0);
        state_tick(test_server.state, clock_now_ns());
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(courtesy),
        TEST(owner_of_the_session),
        TEST(who_renews),
        TEST(flags_in_every_reply),
        TEST(many_requests_without_flags),
        TEST(reclaim_needed),
        TEST(expired_all),
        TEST(expired_some),
        TEST(expired_and_starts_anew),
        TEST(expired_and_opens_again),
        TEST(admin_revokes),
    };

    log_set_level(LOG_LEVEL_ERROR);
    clock_stop();
    return test_group_run(tests);
}
