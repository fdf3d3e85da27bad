/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's answers to CB_SEQUENCE (RFC 8881 §20.9.3), and their effect on the callback, its slot
 * and the session. S22-11, W07, W08.
 */
#include "back_fixture.h"

#include <unistd.h>

#include "base/clock.h"

static struct back_conn a, b;
static struct back_session s;
static struct back_test_call told;
static struct back_seen first, again;

static int set_up(void **unused)
{
    back_set_up(unused);
    back_connect(&a);
    back_session_make(&s, &a, "one", NULL);
    return 0;
}

static int tear_down(void **unused)
{
    back_session_put(&s);
    return back_tear_down(unused);
}

static void call_begin(void)
{
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
}

/* Wait until the server has handled the answer before the clock moves on. */
static void answer_with(const struct back_seen *seen, uint32_t status)
{
    uint64_t before = back_stats().answers;

    back_answer(&a, seen, status, NFS4_OK);
    wait_until(back_stats().answers > before);
    back_stir(&a);
}

static void expect_slot(uint32_t slot, uint32_t seqid)
{
    back_expect(&a, &again);
    assert_int_equal(again.sequence.csa_slotid, slot);
    assert_int_equal(again.sequence.csa_sequenceid, seqid);
}

/* The next callback uses this slot with this sequence id. */
static void expect_next(uint32_t slot, uint32_t seqid)
{
    static struct back_test_call next;

    assert_true(back_call(&s, &next, NULL));
    expect_slot(slot, seqid);
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&next, CALLBACK_ANSWERED);
}

/* Not executed: repeated unchanged, with growing waits. */
static void delay(void **unused)
{
    int64_t wait_ms = CALLBACK_BACKOFF_MS;

    (void)unused;
    call_begin();
    again = first;
    for (int i = 0; i < 3; i++, wait_ms *= 2) {
        answer_with(&again, NFS4ERR_DELAY);
        back_pass_ms(wait_ms - 2);
        back_expect_silence(&a);
        back_pass_ms(2);
        expect_slot(0, 1);
    }
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_next(0, 2);
}

/* DELAY for ever: the callback fails within the lease, and the slot stays as it is. */
static void delay_for_ever(void **unused)
{
    uint32_t tries = 0;

    (void)unused;
    call_begin();
    again = first;
    while (told.count == 0 && tries++ < 100) {
        answer_with(&again, NFS4ERR_DELAY);
        back_pass_ms(CALLBACK_BACKOFF_MAX_MS);
        expect_slot(0, 1);
    }
    back_wait_completed(&told, CALLBACK_FAILED);
    assert_in_range(tries, 3, 4);
    answer_with(&again, NFS4_OK);
    expect_next(0, 2);
}

/* W08: the client's sequence id differs from ours. The session has to go, and the callback moves to
 * another session of the client. */
static void counts_otherwise(void **unused)
{
    static const uint32_t statuses[] = {NFS4ERR_SEQ_MISORDERED, NFS4ERR_SEQ_FALSE_RETRY,
                                        NFS4ERR_RETRY_UNCACHED_REP, NFS4ERR_BADSLOT};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct back_session other;

        assert_true(callback_reachable(back.callback, s.session->client));
        call_begin();
        back_answer(&a, &first, statuses[i], 0);
        back_wait_completed(&told, CALLBACK_CANCELLED);
        assert_int_equal(back_flags(&s), SEQ4_STATUS_BACKCHANNEL_FAULT);
        assert_false(callback_reachable(back.callback, s.session->client));
        assert_false(back_call(&s, &told, NULL));
        back_session_add(&other, &s, &a, NULL);
        assert_int_equal(back_flags(&other), 0);
        assert_true(callback_reachable(back.callback, s.session->client));
        back_session_destroy(&s, &a);
        assert_true(callback_reachable(back.callback, other.session->client));
        back_session_put(&s);
        s = other;
    }
}

static void another_takes(void **unused)
{
    static struct back_test_call queued[BACK_SLOTS + 3];
    struct back_session other;

    (void)unused;
    back_connect(&b);
    back_session_add(&other, &s, &b, NULL);
    back_stir(&a);
    for (size_t i = 0; i < ARRAY_SIZE(queued); i++)
        assert_true(back_call(&s, &queued[i], NULL));
    back_expect(&a, &first);
    back_answer(&a, &first, NFS4ERR_SEQ_MISORDERED, 0);
    for (size_t i = 0; i < ARRAY_SIZE(queued); i++) {
        back_expect(&b, &again);
        back_answer(&b, &again, NFS4_OK, NFS4_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(queued); i++)
        back_wait_completed(&queued[i], CALLBACK_ANSWERED);
    assert_int_equal(back_flags(&s), SEQ4_STATUS_BACKCHANNEL_FAULT);
    assert_int_equal(back_flags(&other), 0);
    back_session_put(&other);
}

/* A client may get the callback before the reply to its CREATE_SESSION: a few times are
 * tolerated. */
static void bad_session(void **unused)
{
    (void)unused;
    call_begin();
    again = first;
    for (int i = 0; i < 3; i++) {
        answer_with(&again, NFS4ERR_BADSESSION);
        assert_int_equal(back_flags(&s), 0);
        back_pass_ms(CALLBACK_BACKOFF_MAX_MS);
        expect_slot(0, 1);
    }
    back_answer(&a, &again, NFS4ERR_BADSESSION, 0);
    back_wait_completed(&told, CALLBACK_CANCELLED);
    assert_int_equal(back_flags(&s), SEQ4_STATUS_BACKCHANNEL_FAULT);
}

/* A slot that the client has given up: the callback takes another. */
static void bad_slot(void **unused)
{
    static struct back_test_call others[3];
    struct back_seen seen[3];

    (void)unused;
    for (int i = 0; i < 3; i++) {
        assert_true(back_call(&s, &others[i], NULL));
        back_expect(&a, &seen[i]);
    }
    answer_with(&seen[2], NFS4ERR_BADSLOT);
    back_expect_silence(&a);
    back_answer_limits(&a, &seen[0], 1, 1);
    expect_slot(0, 2);
    back_answer_limits(&a, &again, 1, 1);
    back_answer_limits(&a, &seen[1], 1, 1);
    for (int i = 0; i < 3; i++)
        back_wait_completed(&others[i], CALLBACK_ANSWERED);
}

/* The client has fewer slots than the callback says are in use: the callback is repeated when fewer
 * are, and says so. */
static void bad_high_slot(void **unused)
{
    static struct back_test_call others[3];
    struct back_seen seen[2];

    (void)unused;
    for (int i = 0; i < 2; i++) {
        assert_true(back_call(&s, &others[i], NULL));
        back_expect(&a, &seen[i]);
    }
    assert_int_equal(seen[1].sequence.csa_highest_slotid, 1);
    back_answer(&a, &seen[0], NFS4_OK, NFS4_OK);
    back_wait_completed(&others[0], CALLBACK_ANSWERED);
    call_begin();
    assert_int_equal(first.sequence.csa_slotid, 0);
    assert_int_equal(first.sequence.csa_highest_slotid, 1);
    answer_with(&first, NFS4ERR_BAD_HIGH_SLOT);
    assert_true(back_call(&s, &others[2], NULL));
    back_expect_silence(&a); /* the client granted one */
    answer_with(&seen[1], NFS4_OK);
    expect_slot(1, 2); /* and now it reports that it has all */
    back_answer_limits(&a, &again, 0, 0);
    back_wait_completed(&others[2], CALLBACK_ANSWERED);
    back_pass_ms(CALLBACK_BACKOFF_MS);
    expect_slot(0, 2);
    assert_int_equal(again.sequence.csa_highest_slotid, 0);
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* Sent twice, and the client executed the first but cached nothing: the callback is done. */
static void executed_before(void **unused)
{
    (void)unused;
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    call_begin();
    back_conn_close(&a);
    a = b;
    expect_slot(0, 1);
    back_answer(&a, &again, NFS4ERR_RETRY_UNCACHED_REP, 0);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    assert_int_equal(told.status, NFS4ERR_RETRY_UNCACHED_REP);
    assert_int_equal(told.results, 0);
    expect_next(0, 2);
}

/* The same as Linux answers: CB_SEQUENCE succeeds, the operation has the error. */
static void executed_before_linux(void **unused)
{
    (void)unused;
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    call_begin();
    back_conn_close(&a);
    a = b;
    expect_slot(0, 1);
    back_answer(&a, &again, NFS4_OK, NFS4ERR_RETRY_UNCACHED_REP);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    assert_int_equal(told.status, NFS4ERR_RETRY_UNCACHED_REP);
    expect_next(0, 2);
}

/* Sent twice, and the first still runs: DELAY, or MISORDERED (§2.10.6.2). */
static void runs_still(void **unused)
{
    (void)unused;
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    call_begin();
    back_conn_close(&a);
    a = b;
    expect_slot(0, 1);
    answer_with(&again, NFS4ERR_SEQ_MISORDERED);
    back_pass_ms(CALLBACK_BACKOFF_MAX_MS);
    expect_slot(0, 1);
    answer_with(&again, NFS4ERR_DELAY);
    back_pass_ms(CALLBACK_BACKOFF_MAX_MS);
    expect_slot(0, 1);
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_next(0, 2);
}

/* Not executed, and never will be: the sequence id is used for another callback. */
static void refused(void **unused)
{
    static const uint32_t statuses[] = {NFS4ERR_REQ_TOO_BIG, NFS4ERR_REP_TOO_BIG,
                                        NFS4ERR_TOO_MANY_OPS, NFS4ERR_BADXDR,
                                        NFS4ERR_OP_NOT_IN_SESSION};
    static const uint32_t no_results[] = {NFS4ERR_MINOR_VERS_MISMATCH, 0, 0};

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        call_begin();
        back_answer(&a, &first, statuses[i], 0);
        back_wait_completed(&told, CALLBACK_REFUSED);
        expect_next(0, (uint32_t)i + 1);
    }
    call_begin();
    peer_reply(a.fd, first.xid, no_results, ARRAY_SIZE(no_results));
    back_wait_completed(&told, CALLBACK_REFUSED);
    expect_next(0, ARRAY_SIZE(statuses) + 1);
    assert_int_equal(back_flags(&s), 0);
}

/* Sent twice, and the second is refused, though the first may have been executed: the slot is not
 * used for another callback until that is known. */
static void refused_again(void **unused)
{
    uint32_t tries = 0;

    (void)unused;
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    call_begin();
    back_conn_close(&a);
    a = b;
    expect_slot(0, 1);
    answer_with(&again, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    assert_int_equal(told.count, 0);
    expect_next(1, 1);
    back_pass_ms(CALLBACK_BACKOFF_MAX_MS);
    expect_slot(0, 1);
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_next(0, 2);

    call_begin();
    back_connect(&b);
    back_bind(&s, &b);
    back_conn_close(&a);
    a = b;
    while (back_flags(&s) == 0 && tries++ < 10) {
        expect_slot(0, 3);
        answer_with(&again, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
        back_pass_ms(8 * CALLBACK_BACKOFF_MS);
    }
    assert_int_equal(back_flags(&s), SEQ4_STATUS_BACKCHANNEL_FAULT);
    back_wait_completed(&told, CALLBACK_CANCELLED);
}

static void refuse_by_rpc(void)
{
    struct rpc_reply_header header = {.stat = MSG_ACCEPTED, .accept_stat = ACCEPT_PROG_UNAVAIL};
    uint8_t bytes[64];
    struct xdr x;

    call_begin();
    header.xid = first.xid;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(wire_rpc_reply_header(&x, &header));
    peer_send_record(a.fd, bytes, xdr_pos(&x));
    back_wait_completed(&told, CALLBACK_REFUSED);
}

/* RPC reports that the program is unavailable: the same. */
static void refused_by_rpc(void **unused)
{
    (void)unused;
    refuse_by_rpc();
    expect_next(0, 1);
}

/* A client that refuses all callbacks counts as unreachable, though its connection is up: it gets
 * no delegations until it accepts one, binds a connection, or changes its callback parameters. */
static void refuses_all(void **unused)
{
    const struct BACKCHANNEL_CTL4args ctl = {.bca_cb_program = PEER_PROGRAM};
    const struct client *client = s.session->client;

    (void)unused;
    assert_true(callback_reachable(back.callback, client));
    refuse_by_rpc();
    assert_false(callback_reachable(back.callback, client));
    expect_next(0, 1);
    assert_true(callback_reachable(back.callback, client));

    refuse_by_rpc();
    assert_false(callback_reachable(back.callback, client));
    back_connect(&b);
    back_bind(&s, &b);
    assert_true(callback_reachable(back.callback, client));

    back_stir(&a);
    refuse_by_rpc();
    assert_false(callback_reachable(back.callback, client));
    assert_int_equal(
        session_back_control(s.session, (struct client_principal)CLIENT_PRINCIPAL_SYS(0), &ctl),
        NFS4_OK);
    assert_true(callback_reachable(back.callback, client));
    assert_int_equal(back_flags(&s), 0);
}

/* An OK for another slot does not answer this callback. */
static void another_slot(void **unused)
{
    struct back_seen wrong;

    (void)unused;
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    call_begin();
    wrong = first;
    wrong.sequence.csa_sequenceid++;
    back_answer(&a, &wrong, NFS4_OK, NFS4_OK);
    peer_expect_close(a.fd);
    close(a.fd);
    a = b;
    expect_slot(0, 1);
    back_answer(&a, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* RFC 8881 §20.9.3: an answer renews the lease. */
static void answer_renews(void **unused)
{
    struct client *client = s.session->client;
    int64_t before = client->renewed_ns;

    (void)unused;
    back_pass_ms(5000);
    call_begin();
    answer_with(&first, NFS4_OK);
    assert_true(client->renewed_ns > before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delay),
        TEST(delay_for_ever),
        TEST(counts_otherwise),
        TEST(another_takes),
        TEST(bad_session),
        TEST(bad_slot),
        TEST(executed_before),
        TEST(executed_before_linux),
        TEST(runs_still),
        TEST(bad_high_slot),
        TEST(refused),
        TEST(refused_again),
        TEST(refused_by_rpc),
        TEST(refuses_all),
        TEST(another_slot),
        TEST(answer_renews),
    };

    return test_group_run(tests);
}
