/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that break, fall silent or fill up, and sessions that end, with outstanding
 * callbacks. S22-08, S22-10, S22-17, S22-18, S22-24, S22-31, S22-D1, S22-D2, S22-D10, S22A-06,
 * S22A-07, S22A-10, S22A-11, W07, P-03, P-08.
 */
#include "back_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "transport/connection.h"

#define DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

static struct back_conn a, b, c;
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

static void bind_more(struct back_conn *conn)
{
    back_connect(conn);
    back_bind(&s, conn);
}

/* The same callback: its slot, its sequence id and everything but the xid. */
static void expect_again(struct back_conn *conn)
{
    back_expect(conn, &again);
    assert_memory_equal(&again.sequence, &first.sequence, sizeof(first.sequence));
    assert_int_not_equal(again.xid, first.xid);
}

static void expect_counters(uint64_t total, uint64_t failures, uint64_t retries)
{
    struct callback_stats stats = back_stats();

    assert_int_equal(stats.all[CALLBACK_COUNTER_total], total);
    assert_int_equal(stats.all[CALLBACK_COUNTER_failures], failures);
    assert_int_equal(stats.all[CALLBACK_COUNTER_retries], retries);
    assert_memory_equal(stats.of[CALLBACK_OP_CB_RECALL], stats.all, sizeof(stats.all));
}

/* W07, S22-D10, S22B-09: lost after it was sent, and again: the third connection delivers it. Then
 * the sequence id advances by one. */
static void lost_twice(void **unused)
{
    (void)unused;
    bind_more(&b);
    bind_more(&c);
    back_stir(&b);
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_conn_close(&a);
    expect_again(&b);
    back_conn_close(&b);
    expect_again(&c);
    back_answer(&c, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_counters(3, 2, 2);
    assert_int_equal(back_stats().answers, 1);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&c, &again);
    assert_int_equal(again.sequence.csa_sequenceid, 2);
    assert_int_equal(again.sequence.csa_slotid, 0);
}

/* All slots at once, and none is confused with another. */
static void lost_with_all(void **unused)
{
    static struct back_test_call all[BACK_SLOTS];
    struct back_seen seen;
    uint32_t slots = 0;

    (void)unused;
    bind_more(&b);
    back_stir(&a);
    for (int i = 0; i < BACK_SLOTS; i++) {
        assert_true(back_call(&s, &all[i], NULL));
        back_expect(&a, &seen);
    }
    back_conn_close(&a);
    for (int i = 0; i < BACK_SLOTS; i++) {
        back_expect(&b, &seen);
        assert_int_equal(seen.sequence.csa_sequenceid, 1);
        slots |= 1u << seen.sequence.csa_slotid;
        back_answer(&b, &seen, NFS4_OK, NFS4_OK);
    }
    assert_int_equal(slots, (1u << BACK_SLOTS) - 1);
    for (int i = 0; i < BACK_SLOTS; i++)
        back_wait_completed(&all[i], CALLBACK_ANSWERED);
}

/* S22-17: each callback uses the connection that was last heard from. */
static void newest_traffic(void **unused)
{
    struct back_conn *order[] = {&b, &c, &a, &b};

    (void)unused;
    bind_more(&b);
    bind_more(&c);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        back_stir(order[i]);
        assert_true(back_call(&s, &told, NULL));
        back_expect(order[i], &first);
        back_answer(order[i], &first, NFS4_OK, NFS4_OK);
        back_wait_completed(&told, CALLBACK_ANSWERED);
    }
}

/* S22-18: the server sends nothing to probe connections. */
static void idle(void **unused)
{
    (void)unused;
    bind_more(&b);
    back_stir(&b);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &first);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    for (int i = 0; i < BACK_LEASE_S; i++)
        back_pass_ms(1000);
    back_expect_silence(&a);
    back_expect_silence(&b);
    assert_int_equal(back_flags(&s), 0);
}

/* S22-D1, S22A-06, P-08: no connection is bound; when one is, waiting callbacks are sent, and those
 * sent before are repeated unchanged. */
static void bound_in_time(void **unused)
{
    static struct back_test_call later;

    (void)unused;
    assert_int_equal(back_flags(&s), 0);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_conn_close(&a);
    assert_int_equal(back_flags(&s), DOWN);
    assert_false(callback_reachable(back.callback, s.session->client));
    assert_true(back_call(&s, &later, NULL));
    back_pass_ms(BACK_LIFE_MS - 1);
    assert_int_equal(told.count + later.count, 0);
    bind_more(&b);
    assert_int_equal(back_flags(&s), 0);
    expect_again(&b);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    back_expect(&b, &again);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&later, CALLBACK_ANSWERED);
}

/* Too late: both callbacks have failed. The slot of the one that was sent is not used for another
 * before the fate of the first is known. */
static void bound_too_late(void **unused)
{
    static struct back_test_call later;

    (void)unused;
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_conn_close(&a);
    assert_true(back_call(&s, &later, NULL));
    back_pass_ms(BACK_LIFE_MS);
    back_wait_completed(&told, CALLBACK_FAILED);
    back_wait_completed(&later, CALLBACK_FAILED);
    bind_more(&b);
    expect_again(&b);
    assert_true(back_call(&s, &later, NULL));
    back_expect(&b, &first);
    assert_int_equal(first.sequence.csa_slotid, 1);
    assert_int_equal(first.sequence.csa_sequenceid, 1);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&later, CALLBACK_ANSWERED);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &first);
    assert_int_equal(first.sequence.csa_slotid, 0);
    assert_int_equal(first.sequence.csa_sequenceid, 2);
}

/* S22B-04: timeout; S22-D2, S22-D4: silence ends the connection, and the callback goes over
 * another; never twice over one. */
static void silent(void **unused)
{
    (void)unused;
    bind_more(&b);
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_pass_ms(CALLBACK_TIMEOUT_MS - 1);
    back_expect_silence(&a);
    assert_int_equal(connection_is_open(a.transport), true);
    back_pass_ms(1);
    peer_expect_close(a.fd);
    close(a.fd);
    expect_again(&b);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_counters(2, 1, 1);
}

/* No answer ever comes: the callback fails within the lease, and the sequence id stays. */
static void silent_for_ever(void **unused)
{
    uint32_t tries = 0;

    (void)unused;
    callback_set_waits(back.callback, 30000, 1000, 2000);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    for (; tries < 2; tries++) {
        back_pass_ms(30000);
        peer_expect_close(a.fd);
        close(a.fd);
        bind_more(&a);
        expect_again(&a);
    }
    back_pass_ms(BACK_LIFE_MS - 60000);
    back_wait_completed(&told, CALLBACK_FAILED);
    expect_counters(3, 2, 2);
    back_answer(&a, &again, NFS4_OK, NFS4_OK); /* too late for the callback, not for its slot */
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    assert_int_equal(first.sequence.csa_slotid, 0);
    assert_int_equal(first.sequence.csa_sequenceid, 2);
}

/* Send until the socket takes no more. */
static void fill(struct back_conn *conn)
{
    static uint8_t bytes[1 << 20];
    bool more = true;

    while (more) {
        more = false;
        for (size_t size = sizeof(bytes); size >= 32; size /= 2) {
            while (connection_send(conn->transport, bytes, size))
                more = true;
        }
        wait_ms(20);
    }
}

/* A callback that a full connection refuses. The kernel may drain the socket at any time, so a
 * callback may still fit: it stays there, in a slot of its own, and there are few of them. */
static uint32_t call_refused(struct back_conn *conn)
{
    uint32_t stuck = 0;

    for (;; stuck++) {
        fill(conn);
        assert_true(back_call(&s, &told, NULL));
        if (back_stats().all[CALLBACK_COUNTER_failures] > 0)
            return stuck;
    }
}

/* P-03: a client that does not read. Its connection queues a limited amount, other connections go
 * on, and no thread waits. */
static void never_reads(void **unused)
{
    uint32_t stuck;

    (void)unused;
    bind_more(&b);
    back_stir(&a);
    stuck = call_refused(&a);
    back_expect(&b, &first);
    assert_int_equal(first.sequence.csa_slotid, stuck);
    assert_int_equal(first.sequence.csa_sequenceid, 1);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_counters(2 + stuck, 1, 1);
    back_conn_close(&a);
}

/* Nor is a connection used whose client has closed its sending side, though replies still wait for
 * the client: it could not answer. */
static void sends_no_more(void **unused)
{
    static const uint8_t much[1 << 20];

    (void)unused;
    bind_more(&b);
    back_stir(&a);
    assert_true(connection_send(a.transport, much, sizeof(much)));
    assert_int_equal(shutdown(a.fd, SHUT_WR), 0);
    wait_until(!connection_send(a.transport, much, 4));
    assert_true(connection_is_open(a.transport));
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &first);
    assert_int_equal(first.sequence.csa_sequenceid, 1);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    expect_counters(2, 1, 1);
    back_conn_close(&a);
}

/* The same when there is no other connection: the callback waits without a slot, and is sent when
 * another connection is bound. */
static void never_reads_alone(void **unused)
{
    uint32_t stuck;

    (void)unused;
    stuck = call_refused(&a);
    back_pass_ms(1000);
    assert_int_equal(told.count, 0);
    bind_more(&b);
    back_expect(&b, &first);
    assert_int_equal(first.sequence.csa_slotid, stuck);
    assert_int_equal(first.sequence.csa_sequenceid, 1);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    back_conn_close(&a);
}

/* S22A-12, S22-23: the session ends with callbacks in every state. */
static void session_ends(void **unused)
{
    static struct back_test_call all[BACK_SLOTS + 4];

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        assert_true(back_call(&s, &all[i], NULL));
    back_expect(&a, &first);
    back_expect(&a, &again);
    back_answer(&a, &again, NFS4ERR_DELAY, 0);
    wait_until(back_stats().all[CALLBACK_COUNTER_failures] == 1);
    back_session_destroy(&s, &a);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        back_wait_completed(&all[i], CALLBACK_CANCELLED);
    assert_false(back_call(&s, &told, NULL));
    /* Too late: the callback has ended. */
    back_answer(&a, &first, NFS4_OK, NFS4_OK);
    back_stir(&a);
    back_conn_close(&a);
}

/* S22-04: if the client has another session, that one takes over. */
static void session_ends_another_takes(void **unused)
{
    static struct back_test_call later;
    struct back_session other;

    (void)unused;
    back_connect(&b);
    back_session_add(&other, &s, &b, NULL);
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    for (int i = 0; i < BACK_SLOTS; i++) {
        static struct back_test_call filler[BACK_SLOTS];

        assert_true(back_call(&s, &filler[i], NULL));
    }
    assert_true(back_call(&s, &later, NULL));
    back_session_destroy(&s, &a);
    for (int i = 0; i < BACK_SLOTS + 2; i++) {
        back_expect(&b, &again);
        assert_memory_equal(again.sequence.csa_sessionid, other.session->id, NFS4_SESSIONID_SIZE);
        back_answer(&b, &again, NFS4_OK, NFS4_OK);
    }
    back_wait_completed(&told, CALLBACK_ANSWERED);
    back_wait_completed(&later, CALLBACK_ANSWERED);
    back_session_put(&other);
}

/* Its session has lost all connections, but another session has one: the caller is told at once,
 * and may call again there. A callback that was sent keeps its slot until the client has answered
 * whether it arrived. */
static void another_session_is_up(void **unused)
{
    static struct back_test_call fillers[BACK_SLOTS], queued, bound;
    struct back_session other;

    (void)unused;
    back_connect(&b);
    back_session_add(&other, &s, &b, NULL);
    back_stir(&a);
    for (int i = 0; i < BACK_SLOTS; i++) {
        assert_true(back_call(&s, &fillers[i], NULL));
        back_expect(&a, i == 0 ? &first : &again);
    }
    assert_true(back_call(&s, &queued, NULL));
    assert_true(back_call_slot(&s, &bound));
    back_conn_close(&a);
    back_pass_ms(1);
    back_wait_completed(&queued, CALLBACK_FAILED);
    for (int i = 0; i < BACK_SLOTS; i++)
        back_wait_completed(&fillers[i], CALLBACK_FAILED);
    assert_int_equal(bound.count, 0);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &again);
    assert_memory_equal(again.sequence.csa_sessionid, other.session->id, NFS4_SESSIONID_SIZE);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    bind_more(&c);
    expect_again(&c);
    back_session_put(&other);
}

/* S22-04: of several sessions the one last heard from is used; one without a connection only if
 * none has one. */
static void best_session(void **unused)
{
    struct back_session other;

    (void)unused;
    back_connect(&b);
    back_session_add(&other, &s, &b, NULL);
    back_stir(&b);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &first);
    back_answer(&b, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told,
                        CALLBACK_ANSWERED); /* otherwise its answer may be the newest traffic */
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_answer(&a, &first, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
    back_conn_close(&a);
    assert_true(callback_reachable(back.callback, s.session->client));
    assert_true(back_call(&s, &told, NULL));
    back_expect(&b, &first);
    back_session_put(&other);
}

/* S22-24, S22-31: replies to no call; and a late one, with the xid sent over a lost connection. */
static void unknown_replies(void **unused)
{
    static const uint32_t words[] = {0, 0, 0};
    struct transport_stats stats;

    (void)unused;
    back_connect(&b); /* bound to no session */
    peer_reply(b.fd, 77, words, 3);
    peer_reply(a.fd, 78, words, 3);
    bind_more(&c);
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    back_conn_close(&a);
    expect_again(&c);
    back_answer(&c, &first, NFS4_OK, NFS4_OK); /* the old xid */
    back_stir(&c);
    assert_int_equal(told.count, 0);
    back_stir(&b); /* so that its reply has been handled */
    transport_stats_read(back.transport, &stats);
    assert_int_equal(stats.orphan_replies, 3);
    back_answer(&c, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* Not a valid answer: whether the callback was executed is unknown, so the connection is closed as
 * if it had broken. */
static void garbage(void **unused)
{
    static const uint32_t words[] = {NFS4_OK, 0, 7, 1, 2, 3};

    (void)unused;
    bind_more(&b);
    back_stir(&a);
    assert_true(back_call(&s, &told, NULL));
    back_expect(&a, &first);
    peer_reply(a.fd, first.xid, words, ARRAY_SIZE(words));
    expect_again(&b);
    peer_expect_close(a.fd);
    close(a.fd);
    back_answer(&b, &again, NFS4_OK, NFS4_OK);
    back_wait_completed(&told, CALLBACK_ANSWERED);
}

/* S22A-07: as soon as CREATE_SESSION has run. */
static void at_once(void **unused)
{
    struct back_session other;

    (void)unused;
    for (int i = 0; i < 50; i++) {
        char owner[24];

        snprintf(owner, sizeof(owner), "at once %d", i);
        back_session_make(&other, &a, owner, NULL);
        assert_true(back_call(&other, &told, NULL));
        back_expect(&a, &first);
        assert_memory_equal(first.sequence.csa_sessionid, other.session->id, NFS4_SESSIONID_SIZE);
        back_answer(&a, &first, NFS4_OK, NFS4_OK);
        back_wait_completed(&told, CALLBACK_ANSWERED);
        back_session_put(&other);
    }
}

static void no_back(struct CREATE_SESSION4args *args)
{
    args->csa_flags = 0;
}

/* A session without a back channel makes no callbacks. */
static void never_given(void **unused)
{
    struct back_session fore;

    (void)unused;
    back_session_make(&fore, &a, "fore", no_back);
    assert_false(callback_reachable(back.callback, fore.session->client));
    assert_false(back_call(&fore, &told, NULL));
    back_bind(&s, &a);
    back_session_put(&fore);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lost_twice),     TEST(lost_with_all),
        TEST(newest_traffic), TEST(idle),
        TEST(bound_in_time),  TEST(bound_too_late),
        TEST(silent),         TEST(silent_for_ever),
        TEST(never_reads),    TEST(never_reads_alone),
        TEST(session_ends),   TEST(session_ends_another_takes),
        TEST(best_session),   TEST(another_session_is_up),
        TEST(garbage),        TEST(unknown_replies),
        TEST(never_given),    TEST(at_once),
        TEST(sends_no_more),
    };

    return test_group_run(tests);
}
