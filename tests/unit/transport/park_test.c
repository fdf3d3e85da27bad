/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait without a thread, at the barrier of a car park. They are woken, time out, lose
 * their connection, meet limits and the end, and each runs its end exactly once.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "lib/test.h"
#include "rpc_server.h"
#include "transport/worker.h"

enum {
    PROC_PARK = 2, /* words: flags, ms, number of words to answer before it waits, payload */
    HEAD_WORDS = 3,
    LONG_MS = 60000,
    CONNECTIONS = 4,
    REPLY_WORDS = 70000,
};

/* Flags. */
enum {
    WAKE_EARLY = 1, /* it is woken before it is parked */
    LOSE_LOOP = 2,  /* it loses its loop before that */
    HOLD_LOOP = 4,  /* it keeps its loop when it resumes, until lot.held is cleared */
};

/* Written in front of the payload by a call that waited. */
enum outcome {
    PASSED = 100,
    EXPIRED,
    REFUSED,
};

/* The barrier. Its calls wait in a queue, and each queued call is either woken once or
 * cancelled. */
struct lot {
    struct rpc_server server; /* the program's context */
    pthread_mutex_t lock;
    struct list queue;
    bool open;
    _Atomic bool held;
    _Atomic unsigned begun, queued, passed, expired, refused, ended;
    _Atomic unsigned ended_before_echo; /* before the last echo */
};

struct ticket {
    struct list link;
    struct rpc_call *call;
    uint32_t flags, ms;
    bool queued;   /* under the lock */
    bool wake_due; /* it was not cancelled in time */
    bool done;
};

/* ---- the program ---- */

static bool ticket_cancel(struct lot *lot, struct ticket *ticket)
{
    bool queued;

    pthread_mutex_lock(&lot->lock);
    queued = ticket->queued;
    ticket->queued = false;
    list_remove(&ticket->link);
    pthread_mutex_unlock(&lot->lock);
    return queued;
}

static struct rpc_call *lot_pop(struct lot *lot)
{
    struct rpc_call *call = NULL;
    struct list *node;

    pthread_mutex_lock(&lot->lock);
    node = list_pop_front(&lot->queue);
    if (node) {
        struct ticket *ticket = LIST_ENTRY(node, struct ticket, link);

        ticket->queued = false;
        call = ticket->call;
    }
    pthread_mutex_unlock(&lot->lock);
    return call;
}

static void lot_wake(struct lot *lot)
{
    struct rpc_call *call;

    while ((call = lot_pop(lot)))
        rpc_call_resume(call);
}

static void lot_open(struct lot *lot, bool open)
{
    pthread_mutex_lock(&lot->lock);
    lot->open = open;
    pthread_mutex_unlock(&lot->lock);
}

static enum rpc_result ticket_finish(struct lot *lot, struct ticket *ticket, enum outcome outcome)
{
    struct rpc_call *call = ticket->call;

    /* The kept data is what arrived. */
    CHECK(ntohl(((const uint32_t *)call->args)[0]) == ticket->flags);
    CHECK(call->args_len == (size_t)(call->in.end - (const uint8_t *)call->args));
    xdr_put_u32(&call->out, outcome);
    xdr_put_u32(&call->out, call->cred.machine.len ? call->cred.machine.data[0] : 0);
    while (xdr_left(&call->in) >= 4)
        xdr_put_u32(&call->out, xdr_get_u32(&call->in));
    atomic_fetch_add(outcome == PASSED    ? &lot->passed
                     : outcome == EXPIRED ? &lot->expired
                                          : &lot->refused,
                     1);
    atomic_fetch_add(&lot->ended, 1);
    ticket->done = true;
    if (!ticket->wake_due)
        return RPC_REPLY;
    call->parked = ticket;
    CHECK(rpc_call_park(call, 0));
    return RPC_PARKED;
}

static bool lot_enter(struct lot *lot, struct ticket *ticket)
{
    bool open;

    pthread_mutex_lock(&lot->lock);
    open = lot->open;
    if (!open) {
        ticket->queued = true;
        list_push_back(&lot->queue, &ticket->link);
    }
    pthread_mutex_unlock(&lot->lock);
    return open;
}

static enum rpc_result ticket_try(struct lot *lot, struct ticket *ticket)
{
    if (lot_enter(lot, ticket)) {
        while ((ticket->flags & HOLD_LOOP) && atomic_load(&lot->held))
            sched_yield();
        return ticket_finish(lot, ticket, PASSED);
    }
    if (ticket->flags & WAKE_EARLY) {
        lot_open(lot, true);
        lot_wake(lot);
    }
    if (rpc_call_park(ticket->call, clock_now_ns() + ticket->ms * NSEC_PER_MSEC)) {
        ticket->call->parked = ticket;
        atomic_fetch_add(&lot->queued, 1);
        return RPC_PARKED;
    }
    ticket->wake_due = !ticket_cancel(lot, ticket);
    return ticket_finish(lot, ticket, REFUSED);
}

static enum rpc_result park(struct rpc_call *call, struct lot *lot)
{
    struct ticket *ticket = arena_zalloc(call->arena, sizeof(*ticket));
    uint32_t count;

    CHECK(ticket && call->park_ok);
    atomic_fetch_add(&lot->begun, 1);
    list_init(&ticket->link);
    ticket->call = call;
    ticket->flags = xdr_get_u32(&call->in);
    ticket->ms = xdr_get_u32(&call->in);
    count = xdr_get_u32(&call->in);
    for (uint32_t i = 0; i < count; i++)
        xdr_put_u32(&call->out, i);
    if (ticket->flags & LOSE_LOOP) {
        worker_will_block();
        worker_unblock();
    }
    return ticket_try(lot, ticket);
}

static enum rpc_result run(struct rpc_call *call, void *context)
{
    struct lot *lot = context;

    switch (call->procedure) {
    case PROC_NULL:
        return RPC_REPLY;
    case PROC_ECHO:
        atomic_store(&lot->ended_before_echo, atomic_load(&lot->ended));
        while (xdr_left(&call->in) >= 4)
            xdr_put_u32(&call->out, xdr_get_u32(&call->in));
        return RPC_REPLY;
    case PROC_PARK:
        return park(call, lot);
    default:
        return RPC_PROC_UNAVAIL;
    }
}

static enum rpc_result resume(struct rpc_call *call, void *context)
{
    struct ticket *ticket = call->parked;
    struct lot *lot = context;
    bool cancelled;

    if (ticket->done)
        return RPC_REPLY;
    cancelled = ticket_cancel(lot, ticket);
    if (!call->park_expired) {
        CHECK(!cancelled);
        return ticket_try(lot, ticket);
    }
    ticket->wake_due = !cancelled;
    return ticket_finish(lot, ticket, EXPIRED);
}

/* ---- the test's side ---- */

static void lot_start(struct lot *lot, unsigned loops)
{
    memset(lot, 0, sizeof(*lot));
    assert_int_equal(pthread_mutex_init(&lot->lock, NULL), 0);
    list_init(&lot->queue);
    rpc_server_start_with(&lot->server, loops, run, resume);
}

static void lot_stop(struct lot *lot)
{
    rpc_server_stop(&lot->server);
    assert_true(list_empty(&lot->queue));
    pthread_mutex_destroy(&lot->lock);
}

static void park_call(int fd, uint32_t xid, uint32_t flags, uint32_t ms, uint32_t before)
{
    client_call(fd, xid, PROC_PARK, (const uint32_t[]){flags, ms, before, xid * 3, xid * 5},
                HEAD_WORDS + 2);
}

/* Expect its reply: the words before the wait, the outcome, the payload. */
static void expect_reply(int fd, uint32_t xid, uint32_t before, enum outcome outcome)
{
    uint32_t *words = calloc(before + 8, sizeof(*words));
    size_t count;

    assert_int_equal(client_reply(fd, words, before + 8, &count), xid);
    assert_int_equal(count, before + 4);
    for (uint32_t i = 0; i < before; i++)
        assert_int_equal(words[i], i);
    assert_int_equal(words[before], outcome);
    assert_int_equal(words[before + 2], xid * 3);
    assert_int_equal(words[before + 3], xid * 5);
    free(words);
}

static void expect_echo(int fd, uint32_t xid)
{
    uint32_t word = xid ^ 0x5a5a5a5a, answer;
    size_t count;

    client_call(fd, xid, PROC_ECHO, &word, 1);
    assert_int_equal(client_reply(fd, &answer, 1, &count), xid);
    assert_int_equal(answer, word);
}

static void wait_parked(struct lot *lot, unsigned calls)
{
    wait_unsigned(&lot->queued, calls);
}

static void woken_call_goes_on(void **state)
{
    static struct lot lot;
    struct transport_stats stats;
    int fd;

    (void)state;
    lot_start(&lot, 1);
    fd = client_connect(&lot.server);
    park_call(fd, 7, 0, LONG_MS, 10);
    wait_parked(&lot, 1);
    /* Other calls of the connection go on, in the buffer in which it arrived. */
    for (uint32_t xid = 100; xid < 150; xid++)
        expect_echo(fd, xid);
    assert_int_equal(rpc_server_stats(&lot.server).parked_calls, 1);
    assert_int_equal(atomic_load(&lot.ended), 0);
    lot_open(&lot, true);
    lot_wake(&lot);
    expect_reply(fd, 7, 10, PASSED);
    stats = rpc_server_stats(&lot.server);
    assert_int_equal(stats.parked_calls, 0);
    assert_int_equal(stats.parks, 1);
    assert_int_equal(stats.parks_expired, 0);
    assert_int_equal(atomic_load(&lot.passed), 1);
    close(fd);
    lot_stop(&lot);
}

static void pipelined_calls_pass_it(void **state)
{
    static struct lot lot;
    uint8_t bytes[3 * (NULL_CALL_BYTES + 64)];
    const uint32_t words[] = {0, LONG_MS, 0, 21, 35}, echoed = 9;
    uint32_t answer;
    size_t len;
    int fd;

    (void)state;
    lot_start(&lot, 2);
    fd = client_connect(&lot.server);
    len = call_encode(bytes, 5, PROC_ECHO, &echoed, 1);
    len += call_encode(bytes + len, 7, PROC_PARK, words, ARRAY_SIZE(words));
    len += call_encode(bytes + len, 6, PROC_ECHO, &echoed, 1);
    client_send(fd, bytes, len);
    assert_int_equal(client_reply(fd, &answer, 1, NULL), 5);
    assert_int_equal(client_reply(fd, &answer, 1, NULL), 6);
    wait_parked(&lot, 1);
    lot_open(&lot, true);
    lot_wake(&lot);
    expect_reply(fd, 7, 0, PASSED);
    close(fd);
    lot_stop(&lot);
}

/* Woken by its own thread before rpc_call_park(). */
static void wake_may_come_first(void **state)
{
    static struct lot lot;
    int fd;

    (void)state;
    lot_start(&lot, 1);
    fd = client_connect(&lot.server);
    park_call(fd, 1, WAKE_EARLY, LONG_MS, 0);
    expect_reply(fd, 1, 0, PASSED);
    lot_open(&lot, false);
    park_call(fd, 2, WAKE_EARLY | LOSE_LOOP, LONG_MS, 3);
    expect_reply(fd, 2, 3, PASSED);
    close(fd);
    lot_stop(&lot);
}

static void time_ends_it(void **state)
{
    static struct lot lot;
    int64_t begin_ns;
    int fd;

    (void)state;
    lot_start(&lot, 2);
    fd = client_connect(&lot.server);
    /* The calls with longer waits came first. */
    begin_ns = clock_now_ns();
    for (uint32_t i = 0; i < 5; i++)
        park_call(fd, 10 + i, 0, (5 - i) * 40, i);
    for (uint32_t i = 5; i-- > 0;)
        expect_reply(fd, 10 + i, i, EXPIRED);
    assert_true(clock_now_ns() - begin_ns >= NSEC_PER_MSEC * 5 * 40);
    assert_int_equal(rpc_server_stats(&lot.server).parks_expired, 5);
    assert_int_equal(atomic_load(&lot.expired), 5);
    close(fd);
    lot_stop(&lot);
}

static void wakes_again(void **state)
{
    static struct lot lot;
    int fd;

    (void)state;
    lot_start(&lot, 1);
    fd = client_connect(&lot.server);
    park_call(fd, 3, LOSE_LOOP, LONG_MS, REPLY_WORDS);
    for (unsigned i = 1; i <= 5; i++) {
        wait_parked(&lot, i);
        lot_wake(&lot); /* too early: it parks again */
        expect_echo(fd, 100 + i);
    }
    wait_parked(&lot, 6);
    lot_open(&lot, true);
    lot_wake(&lot);
    expect_reply(fd, 3, REPLY_WORDS, PASSED);
    close(fd);
    lot_stop(&lot);
}

/* A record longer than one receive, with AUTH_SYS: all pointers into it move along. */
static void long_record_moves(void **state)
{
    enum {
        PAYLOAD_WORDS = 150000
    };
    /* Behind the mark: xid, CALL, 2, program, 4, procedure; AUTH_SYS of one letter; AUTH_NONE. */
    const uint32_t head[] = {
        11, 0, 2, TEST_PROGRAM, 4, PROC_PARK, 1, 24, 0, 1, (uint32_t)'m' << 24, 0, 0, 0, 0, 0};
    const uint32_t words[HEAD_WORDS] = {LOSE_LOOP, LONG_MS, 0};
    const size_t count = ARRAY_SIZE(head) + HEAD_WORDS + PAYLOAD_WORDS;
    uint32_t *record = calloc(1 + count, sizeof(*record));
    uint32_t *answer = calloc(PAYLOAD_WORDS + 2, sizeof(*answer));
    static struct lot lot;
    size_t got;
    int fd;

    (void)state;
    lot_start(&lot, 2);
    fd = client_connect(&lot.server);
    record[0] = htonl(0x80000000u | (uint32_t)(count * 4));
    for (size_t i = 0; i < count; i++)
        record[1 + i] = htonl(i < ARRAY_SIZE(head)                ? head[i]
                              : i < ARRAY_SIZE(head) + HEAD_WORDS ? words[i - ARRAY_SIZE(head)]
                                                                  : (uint32_t)i);
    client_send(fd, record, (1 + count) * 4);
    wait_parked(&lot, 1);
    expect_echo(fd, 12);
    lot_open(&lot, true);
    lot_wake(&lot);
    assert_int_equal(client_reply(fd, answer, PAYLOAD_WORDS + 2, &got), 11);
    assert_int_equal(got, PAYLOAD_WORDS + 2);
    assert_int_equal(answer[0], PASSED);
    assert_int_equal(answer[1], 'm');
    for (size_t i = 0; i < PAYLOAD_WORDS; i++)
        assert_int_equal(answer[2 + i], i + ARRAY_SIZE(head) + HEAD_WORDS);
    free(record);
    free(answer);
    close(fd);
    lot_stop(&lot);
}

/* The call runs to its end, its reply is dropped, and the connection closes afterwards. */
static void connection_may_close(void **state)
{
    static struct lot lot;
    int fds[3];

    (void)state;
    lot_start(&lot, 2);
    for (uint32_t i = 0; i < 3; i++) {
        fds[i] = client_connect(&lot.server);
        park_call(fds[i], i, i == 1 ? LOSE_LOOP : 0, i == 2 ? 50 : LONG_MS, 100);
    }
    wait_parked(&lot, 3);
    for (uint32_t i = 0; i < 3; i++)
        close(fds[i]);
    wait_unsigned(&lot.expired, 1);
    wait_unsigned(&lot.server.closed, 1);
    assert_int_equal(atomic_load(&lot.server.closed), 1);
    lot_open(&lot, true);
    lot_wake(&lot);
    wait_unsigned(&lot.server.closed, 3);
    assert_int_equal(atomic_load(&lot.passed), 2);
    lot_stop(&lot);
}

static void drain_ends_waits(void **state)
{
    static struct lot lot;
    int64_t begin_ns;
    int fds[CONNECTIONS];

    (void)state;
    lot_start(&lot, 2);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        fds[i] = client_connect(&lot.server);
        for (uint32_t xid = 0; xid < 25; xid++)
            park_call(fds[i], xid, 0, LONG_MS, 2);
    }
    wait_parked(&lot, CONNECTIONS * 25);
    begin_ns = clock_now_ns();
    lot_stop(&lot);
    assert_true(clock_now_ns() - begin_ns < LONG_MS / 2 * NSEC_PER_MSEC);
    assert_int_equal(atomic_load(&lot.expired), CONNECTIONS * 25);
    /* Their replies went out before the end. */
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        for (uint32_t xid = 0; xid < 25; xid++)
            expect_reply(fds[i], xid, 2, EXPIRED);
        client_expect_close(fds[i]);
        close(fds[i]);
    }
}

static void connection_has_its_limit(void **state)
{
    static struct lot lot;
    struct transport_stats stats;
    int fds[2];

    (void)state;
    lot_start(&lot, 1);
    for (uint32_t i = 0; i < 2; i++)
        fds[i] = client_connect(&lot.server);
    for (uint32_t xid = 0; xid <= LIMIT_PARKED_CALLS_PER_CONNECTION; xid++)
        park_call(fds[0], xid, 0, LONG_MS, 0);
    expect_reply(fds[0], LIMIT_PARKED_CALLS_PER_CONNECTION, 0, REFUSED);
    park_call(fds[1], 1, 0, LONG_MS, 0);
    wait_parked(&lot, LIMIT_PARKED_CALLS_PER_CONNECTION + 1);
    stats = rpc_server_stats(&lot.server);
    assert_int_equal(stats.parks_refused, 1);
    assert_int_equal(stats.parked_calls, LIMIT_PARKED_CALLS_PER_CONNECTION + 1);
    lot_open(&lot, true);
    lot_wake(&lot);
    for (uint32_t xid = 0; xid < LIMIT_PARKED_CALLS_PER_CONNECTION; xid++)
        expect_reply(fds[0], xid, 0, PASSED);
    expect_reply(fds[1], 1, 0, PASSED);
    close(fds[0]);
    close(fds[1]);
    lot_stop(&lot);
}

/* Of many calls that may resume each resumes by itself: new calls run in between. */
static void others_are_served_between(void **state)
{
    enum {
        EACH = 50
    };
    static struct lot lot;
    uint32_t answer;
    int crowd, other;

    (void)state;
    lot_start(&lot, 1);
    crowd = client_connect(&lot.server);
    other = client_connect(&lot.server);
    expect_echo(other, 1);
    for (uint32_t xid = 0; xid < EACH; xid++)
        park_call(crowd, xid, HOLD_LOOP, LONG_MS, 0);
    wait_parked(&lot, EACH);
    atomic_store(&lot.held, true);
    lot_open(&lot, true);
    lot_wake(&lot);
    client_call(other, 2, PROC_ECHO, (const uint32_t[]){3}, 1);
    atomic_store(&lot.held, false);
    assert_int_equal(client_reply(other, &answer, 1, NULL), 2);
    assert_true(atomic_load(&lot.ended_before_echo) < EACH / 2);
    for (uint32_t xid = 0; xid < EACH; xid++)
        expect_reply(crowd, xid, 0, PASSED);
    close(crowd);
    close(other);
    lot_stop(&lot);
}

static void *waker(void *arg)
{
    lot_wake(arg);
    return NULL;
}

/* A thousand of them take no thread. */
static void thousand_at_once(void **state)
{
    enum {
        EACH = 250,
        WAKERS = 3,
    };
    static struct lot lot;
    static bool seen[CONNECTIONS][EACH];
    pthread_t threads[WAKERS];
    struct transport_stats before, stats;
    int fds[CONNECTIONS];

    (void)state;
    memset(seen, 0, sizeof(seen));
    lot_start(&lot, 2);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        fds[i] = client_connect(&lot.server);
        expect_echo(fds[i], i);
    }
    before = rpc_server_stats(&lot.server);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        for (uint32_t xid = 0; xid < EACH; xid++)
            park_call(fds[i], xid, 0, LONG_MS, 1);
    }
    wait_parked(&lot, CONNECTIONS * EACH);
    stats = rpc_server_stats(&lot.server);
    assert_int_equal(stats.threads, before.threads);
    assert_int_equal(stats.parked_calls, CONNECTIONS * EACH);
    lot_open(&lot, true);
    for (unsigned i = 0; i < WAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, waker, &lot), 0);
    for (unsigned i = 0; i < WAKERS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        for (uint32_t n = 0; n < EACH; n++) {
            uint32_t words[8], xid;

            xid = client_reply(fds[i], words, 8, NULL);
            assert_true(xid < EACH && !seen[i][xid]);
            assert_int_equal(words[1], PASSED);
            assert_int_equal(words[3], xid * 3);
            seen[i][xid] = true;
        }
        close(fds[i]);
    }
    assert_int_equal(atomic_load(&lot.passed), CONNECTIONS * EACH);
    assert_int_equal(rpc_server_stats(&lot.server).parked_calls, 0);
    lot_stop(&lot);
}

/* Wakes, deadlines and closed connections, all at the same time. */
struct storm {
    struct lot *lot;
    _Atomic bool over;
};

static void *storm_wake(void *arg)
{
    const struct timespec pause = {.tv_nsec = 700000};
    struct storm *storm = arg;

    for (unsigned i = 0; !atomic_load(&storm->over); i++) {
        nanosleep(&pause, NULL);
        lot_open(storm->lot, i % 3 == 0);
        lot_wake(storm->lot);
    }
    return NULL;
}

static void storm(void **state)
{
    enum {
        ROUNDS = 60,
        EACH = 10,
    };
    static struct lot lot;
    struct storm storm = {.lot = &lot};
    pthread_t threads[2];

    (void)state;
    lot_start(&lot, 2);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_wake, &storm), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        int fd = client_connect(&lot.server);

        for (uint32_t xid = 0; xid < EACH; xid++)
            park_call(fd, xid, round % 4 == 0 ? LOSE_LOOP : 0, 1 + xid % 3, xid);
        for (unsigned n = 0; round % 3 > 0 && n < EACH; n++)
            client_reply(fd, (uint32_t[32]){0}, 32, NULL);
        /* Every third round has closed without its replies. */
        close(fd);
    }
    /* Calls that it had not received are lost with the connections. */
    wait_unsigned(&lot.server.closed, ROUNDS);
    atomic_store(&storm.over, true);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&lot.begun) >= ROUNDS * 2 / 3 * EACH);
    assert_int_equal(atomic_load(&lot.ended), atomic_load(&lot.begun));
    assert_int_equal(atomic_load(&lot.passed) + atomic_load(&lot.expired), atomic_load(&lot.ended));
    assert_int_equal(rpc_server_stats(&lot.server).parked_calls, 0);
    lot_stop(&lot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_call_goes_on),
        cmocka_unit_test(pipelined_calls_pass_it),
        cmocka_unit_test(wake_may_come_first),
        cmocka_unit_test(time_ends_it),
        cmocka_unit_test(wakes_again),
        cmocka_unit_test(long_record_moves),
        cmocka_unit_test(connection_may_close),
        cmocka_unit_test(drain_ends_waits),
        cmocka_unit_test(connection_has_its_limit),
        cmocka_unit_test(others_are_served_between),
        cmocka_unit_test(thousand_at_once),
        cmocka_unit_test(storm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
