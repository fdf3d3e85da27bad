/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection comes next in a loop, and that long calls yield without being lost. */
#include <arpa/inet.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "rpc_server.h"
#include "transport/connection.h"
#include "transport/turn.h"
#include "transport/worker.h"

enum {
    SLICE_NS = LIMIT_SLICE_US * 1000,
    STEPS = 20,
    STEP_NS = 500000,
    CALLS = 60,
    PINGS = 10,
    LEAVING = 30, /* and QUIET: more than one epoll_wait() returns, less than two */
    QUIET = 60,
    QUIET_OF_A_HOST = 5,
    LITTLE_NS = 200000,
    MUCH = 100, /* calls that burn little time */
};

/* ---- the queues ---- */

static struct turn hosts[4];
static struct turn_table table;

static void set_up(void)
{
    struct sockaddr_in peer = {.sin_family = AF_INET};

    table = (struct turn_table){0};
    turn_table_init(&table);
    for (unsigned i = 0; i < ARRAY_SIZE(hosts); i++) {
        peer.sin_addr.s_addr = htonl(0x7f000001 + i);
        hosts[i] = (struct turn){0};
        turn_init(&hosts[i], (struct sockaddr *)&peer, 0);
    }
}

/* The connection uses the loop for that long. */
static void use(struct turn *turn, int64_t *now_ns, int64_t used_ns)
{
    turn_begin(&table, turn, *now_ns);
    *now_ns += used_ns;
    assert_int_equal(turn_charge(&table, *now_ns, 1), used_ns >= SLICE_NS);
    turn_end(&table);
}

static void least_use_comes_first(void **state)
{
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    use(&hosts[0], &now_ns, 8 * SLICE_NS);
    use(&hosts[1], &now_ns, 2 * SLICE_NS);
    use(&hosts[2], &now_ns, SLICE_NS / 100);
    assert_false(turn_is_light(&table, &hosts[0]));
    assert_true(turn_is_light(&table, &hosts[2]));
    turn_round(&table, false);
    for (unsigned i = 0; i < 3; i++) {
        turn_wait(&table, &hosts[i]);
        turn_wait(&table, &hosts[i]); /* a second wait has no effect */
    }
    assert_ptr_equal(turn_next(&table), &hosts[2]);
    assert_ptr_equal(turn_next(&table), &hosts[1]);
    assert_ptr_equal(turn_next(&table), &hosts[0]);
    assert_null(turn_next(&table));
}

static void use_is_forgotten(void **state)
{
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    use(&hosts[0], &now_ns, 8 * SLICE_NS);
    now_ns += NSEC_PER_SEC;
    use(&hosts[1], &now_ns, 1);
    assert_true(turn_is_light(&table, &hosts[0]));
}

/* The next connection uses the loop for a slice, and waits for another one. */
static struct turn *serve(int64_t *now_ns)
{
    struct turn *turn = turn_take(&table);

    use(turn, now_ns, SLICE_NS);
    turn_wait(&table, turn);
    return turn;
}

/* A connection with little use does not keep others out for longer than their use is remembered. */
static void the_last_has_turns(void **state)
{
    int64_t now_ns = NSEC_PER_SEC;
    unsigned turns = 0;

    (void)state;
    set_up();
    use(&hosts[0], &now_ns, 32 * SLICE_NS);
    turn_wait(&table, &hosts[0]);
    turn_wait(&table, &hosts[1]);
    assert_ptr_equal(serve(&now_ns), &hosts[1]);
    for (unsigned i = 0; i < 200; i++)
        turns += serve(&now_ns) == &hosts[0];
    assert_in_range(turns, 80, 95);
}

/* Between two calls of epoll_wait() there is a slice of turns, and at least one turn. */
static void a_round_ends(void **state)
{
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    for (unsigned i = 0; i < 3; i++)
        turn_wait(&table, &hosts[i]);
    turn_round(&table, false);
    use(&hosts[3], &now_ns, 2 * SLICE_NS);
    assert_non_null(turn_next(&table));
    assert_null(turn_next(&table));
    turn_round(&table, true); /* poll for more events first */
    assert_null(turn_next(&table));
    turn_round(&table, false);
    assert_non_null(turn_next(&table));
}

/* Another connection from the address of hosts[0]. */
static void another_init(struct turn *another)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};

    *another = (struct turn){0};
    turn_init(another, (struct sockaddr *)&peer, 0);
}

static void least_use_of_an_address_comes_first(void **state)
{
    struct turn another;
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    another_init(&another);
    use(&hosts[0], &now_ns, 8 * SLICE_NS);
    assert_false(turn_is_light(&table, &another));
    assert_true(turn_is_light(&table, &hosts[1]));
    turn_wait(&table, &hosts[0]);
    use(&hosts[3], &now_ns, SLICE_NS); /* the light one comes later */
    turn_wait(&table, &another);
    assert_ptr_equal(turn_take(&table), &another);
    turn_cancel(&table, &hosts[0]);
}

/* ... but not before one that has waited until its use was forgotten. */
static void late_connections_wait(void **state)
{
    struct turn another;
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    another_init(&another);
    use(&hosts[0], &now_ns, 8 * SLICE_NS);
    turn_wait(&table, &hosts[0]);
    use(&hosts[3], &now_ns, 200 * NSEC_PER_MSEC);
    turn_wait(&table, &another);
    assert_ptr_equal(turn_take(&table), &hosts[0]);
    turn_cancel(&table, &another);
}

/* Three connections of a host get no more of the loop than one of another. */
static void addresses_share(void **state)
{
    struct turn more[2];
    int64_t now_ns = NSEC_PER_SEC;
    unsigned turns = 0;

    (void)state;
    set_up();
    for (unsigned i = 0; i < ARRAY_SIZE(more); i++) {
        another_init(&more[i]);
        turn_wait(&table, &more[i]);
    }
    turn_wait(&table, &hosts[0]);
    turn_wait(&table, &hosts[1]);
    for (unsigned i = 0; i < 100; i++)
        turns += serve(&now_ns) == &hosts[1];
    assert_in_range(turns, 45, 55);
}

/* While others wait, connections that need not wait get a slice, and then a waiting one is next. */
static void light_connections_share(void **state)
{
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    use(&hosts[1], &now_ns, 1);
    assert_false(turn_is_owed(&table));
    turn_wait(&table, &hosts[0]);
    assert_false(turn_is_owed(&table));
    use(&hosts[1], &now_ns, SLICE_NS);
    assert_true(turn_is_owed(&table));
    assert_ptr_equal(turn_take(&table), &hosts[0]);
    turn_served(&table, now_ns);
    turn_wait(&table, &hosts[0]);
    assert_false(turn_is_owed(&table));
    turn_cancel(&table, &hosts[0]);
}

/* Time that the loop spends on other work is charged to no address. Time that a closed connection
 * still uses is charged to its address. */
static void time_is_charged_to_the_served(void **state)
{
    struct turn another;
    int64_t now_ns = NSEC_PER_SEC;

    (void)state;
    set_up();
    another_init(&another);
    turn_begin(&table, &hosts[1], now_ns);
    turn_settle(&table, now_ns += 1000);
    turn_begin(&table, &hosts[0], now_ns += 8 * SLICE_NS); /* the loop did other work */
    assert_true(turn_is_light(&table, &hosts[1]));
    turn_leave(&table, &hosts[0]);
    turn_settle(&table, now_ns += 8 * SLICE_NS);
    assert_false(turn_is_light(&table, &another));
    turn_begin_address(&table, &hosts[1], now_ns);
    assert_true(turn_charge(&table, now_ns += 8 * SLICE_NS, 1));
    assert_false(turn_is_light(&table, &hosts[1]));
}

/* ---- long calls ---- */

static void burn(int64_t ns)
{
    int64_t end_ns = clock_now_ns() + ns;

    while (clock_now_ns() < end_ns)
        continue;
}

/* Calls of several steps do not end meanwhile, however long the test itself has to wait. */
static _Atomic bool steps_endless;

/* Word 0: that many steps of half a slice. The steps left are stored on the call. */
static enum rpc_result steps_run(struct rpc_call *call, uint32_t left)
{
    if (atomic_load(&steps_endless))
        left = STEPS;
    for (; left > 0; left--) {
        if (rpc_call_yield(call)) {
            /* A number, no address.  NOLINTNEXTLINE(performance-no-int-to-ptr) */
            call->parked = (void *)(uintptr_t)left;
            return RPC_PARKED;
        }
        burn(STEP_NS);
    }
    xdr_put_u32(&call->out, 4711);
    return RPC_REPLY;
}

static enum rpc_result run(struct rpc_call *call, void *context)
{
    (void)context;
    return call->procedure == PROC_NULL ? RPC_REPLY : steps_run(call, xdr_get_u32(&call->in));
}

static enum rpc_result resume(struct rpc_call *call, void *context)
{
    (void)context;
    return steps_run(call, (uint32_t)(uintptr_t)call->parked);
}

static void long_calls_send(int fd)
{
    const uint32_t steps = STEPS;

    for (uint32_t i = 0; i < CALLS; i++)
        client_call(fd, i + 1, PROC_ECHO, &steps, 1);
}

/* The neighbour's calls are answered while the long ones run, and these all get their answers. */
static void neighbours_do_not_wait(void **state)
{
    struct rpc_server server;
    int busy, quiet;

    (void)state;
    rpc_server_start_with(&server, 1, run, resume);
    busy = client_connect(&server);
    quiet = client_connect(&server);
    client_ping(quiet, 1);
    atomic_store(&steps_endless, true);
    long_calls_send(busy);
    for (uint32_t i = 0; i < PINGS; i++)
        client_ping(quiet, 100 + i);
    assert_in_range(rpc_server_stats(&server).replies, PINGS, 1 + PINGS);
    atomic_store(&steps_endless, false);
    for (uint32_t i = 0; i < CALLS; i++) {
        uint32_t word;
        size_t count;

        assert_int_equal(client_reply(busy, &word, 1, &count), i + 1);
        assert_int_equal(count, 1);
        assert_int_equal(word, 4711);
    }
    assert_true(rpc_server_stats(&server).yields >= CALLS);
    assert_int_equal(rpc_server_stats(&server).parked_calls, 0);
    close(busy);
    close(quiet);
    rpc_server_stop(&server);
}

/* A begun call runs to its end, and the connection then closes. */
static void a_client_leaves(void **state)
{
    struct rpc_server server;
    int busy, quiet;

    (void)state;
    rpc_server_start_with(&server, 1, run, resume);
    busy = client_connect(&server);
    quiet = client_connect(&server);
    long_calls_send(busy);
    while (rpc_server_stats(&server).yields == 0)
        client_ping(quiet, 1);
    close(busy);
    while (rpc_server_stats(&server).closed == 0)
        client_ping(quiet, 2);
    assert_int_equal(rpc_server_stats(&server).parked_calls, 0);
    close(quiet);
    rpc_server_stop(&server);
}

/* Other connections do not wait while calls of closed ones run to their end. */
static _Atomic unsigned left_begins, left_ends;

static enum rpc_result steps_end(struct rpc_call *call, uint32_t left)
{
    enum rpc_result result = steps_run(call, left);

    if (result == RPC_REPLY)
        atomic_fetch_add(&left_ends, 1);
    return result;
}

static enum rpc_result run_counted(struct rpc_call *call, void *context)
{
    (void)context;
    if (call->procedure == PROC_NULL)
        return RPC_REPLY;
    atomic_fetch_add(&left_begins, 1);
    return steps_end(call, xdr_get_u32(&call->in));
}

static enum rpc_result resume_counted(struct rpc_call *call, void *context)
{
    (void)context;
    return steps_end(call, (uint32_t)(uintptr_t)call->parked);
}

static void calls_without_a_connection_give_way(void **state)
{
    struct rpc_server server;
    int busy[LEAVING], quiet;

    (void)state;
    atomic_store(&left_begins, 0);
    atomic_store(&left_ends, 0);
    rpc_server_start_with(&server, 1, run_counted, resume_counted);
    quiet = client_connect_from(&server, INADDR_LOOPBACK + 1);
    atomic_store(&steps_endless, true);
    for (unsigned i = 0; i < LEAVING; i++) {
        busy[i] = client_connect(&server);
        client_call(busy[i], i, PROC_ECHO, &(const uint32_t){STEPS}, 1);
    }
    /* A call that the loop has not read yet is lost with its connection. */
    while (atomic_load(&left_begins) < LEAVING)
        client_ping(quiet, 1);
    for (unsigned i = 0; i < LEAVING; i++) {
        /* A reset: the connection closes when the loop sees it, whatever call of it runs. */
        setsockopt(busy[i], SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
        close(busy[i]);
    }
    for (unsigned i = 0; i < PINGS; i++)
        client_ping(quiet, 2);
    assert_int_equal(atomic_load(&left_ends), 0);
    atomic_store(&steps_endless, false);
    wait_unsigned(&left_ends, LEAVING);
    close(quiet);
    rpc_server_stop(&server);
}

/* Connections seen to end get their turn, and close, ahead of pending events of theirs: the loop
 * has seen so many of other connections, from addresses with little use. */
static enum rpc_result hold_or_burn(struct rpc_call *call, void *context)
{
    if (call->procedure == PROC_NULL)
        return RPC_REPLY;
    if (xdr_get_u32(&call->in))
        rpc_server_gate_wait(context);
    burn(LITTLE_NS);
    return RPC_REPLY;
}

static void a_crowd_leaves(void **state)
{
    int leaving[LEAVING], quiet[QUIET], busy;
    struct rpc_server server;

    (void)state;
    rpc_server_start_with(&server, 1, hold_or_burn, NULL);
    busy = client_connect(&server);
    for (unsigned i = 0; i < LEAVING; i++)
        leaving[i] = client_connect(&server);
    for (unsigned i = 0; i < QUIET; i++) {
        quiet[i] = client_connect_from(&server, INADDR_LOOPBACK + 1 + i / QUIET_OF_A_HOST);
        client_ping(quiet[i], i);
    }
    for (uint32_t i = 0; i < MUCH; i++)
        client_call(busy, i, PROC_ECHO, &(const uint32_t){0}, 1);
    client_call(busy, MUCH, PROC_ECHO, &(const uint32_t){1}, 1);
    wait_unsigned(&server.gate_waiting, 1);
    for (unsigned i = 0; i < LEAVING; i++)
        close(leaving[i]);
    for (unsigned i = 0; i < QUIET; i++)
        client_call(quiet[i], i, PROC_ECHO, &(const uint32_t){0}, 1);
    rpc_server_open_gate(&server);
    wait_unsigned(&server.closed, LEAVING);
    close(busy);
    for (unsigned i = 0; i < QUIET; i++)
        close(quiet[i]);
    rpc_server_stop(&server);
}

/* Two calls of one connection that have yielded. One has lost its loop before; the other ends the
 * connection when the loop has put both aside. */
static struct rpc_server two;
static _Atomic bool first_is_aside, connection_ended;
static _Atomic unsigned ends;

enum {
    FIRST,
    SECOND,
};

static enum rpc_result two_run_on(struct rpc_call *call, uint32_t which, bool resumed)
{
    if (which == FIRST && resumed)
        atomic_store(&first_is_aside, true); /* when it yields once more, below */
    while (!atomic_load(&connection_ended)) {
        if (which == SECOND && resumed && atomic_load(&first_is_aside)) {
            atomic_store(&connection_ended, true);
            connection_shutdown(call->conn);
            break;
        }
        if (rpc_call_yield(call)) {
            /* A number, no address.  NOLINTNEXTLINE(performance-no-int-to-ptr) */
            call->parked = (void *)(uintptr_t)which;
            return RPC_PARKED;
        }
        burn(STEP_NS);
    }
    atomic_fetch_add(&ends, 1);
    return RPC_REPLY;
}

static enum rpc_result two_run(struct rpc_call *call, void *context)
{
    uint32_t which;

    if (call->procedure == PROC_NULL)
        return RPC_REPLY;
    which = xdr_get_u32(&call->in);
    if (which == FIRST) {
        worker_will_block();
        rpc_server_gate_wait(context);
        worker_unblock();
    }
    return two_run_on(call, which, false);
}

static enum rpc_result two_resume(struct rpc_call *call, void *context)
{
    (void)context;
    return two_run_on(call, (uint32_t)(uintptr_t)call->parked, true);
}

static void a_connection_with_two_ends(void **state)
{
    int busy, quiet;

    (void)state;
    rpc_server_start_with(&two, 1, two_run, two_resume);
    busy = client_connect(&two);
    quiet = client_connect(&two);
    for (uint32_t which = FIRST; which <= SECOND; which++)
        client_call(busy, which, PROC_ECHO, &which, 1);
    wait_unsigned(&two.gate_waiting, 1);
    while (rpc_server_stats(&two).yields == 0)
        client_ping(quiet, 1); /* that is the second one */
    rpc_server_open_gate(&two);
    wait_unsigned(&ends, 2);
    wait_unsigned(&two.closed, 1);
    assert_int_equal(rpc_server_stats(&two).parked_calls, 0);
    close(busy);
    close(quiet);
    rpc_server_stop(&two);
}

/* The same when the server ends. */
static void the_server_ends(void **state)
{
    struct rpc_server server;
    int busy, quiet;

    (void)state;
    rpc_server_start_with(&server, 2, run, resume);
    busy = client_connect(&server);
    quiet = client_connect(&server);
    long_calls_send(busy);
    while (rpc_server_stats(&server).yields == 0)
        client_ping(quiet, 1);
    rpc_server_stop(&server);
    close(busy);
    close(quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_use_comes_first),
        cmocka_unit_test(use_is_forgotten),
        cmocka_unit_test(the_last_has_turns),
        cmocka_unit_test(a_round_ends),
        cmocka_unit_test(least_use_of_an_address_comes_first),
        cmocka_unit_test(late_connections_wait),
        cmocka_unit_test(addresses_share),
        cmocka_unit_test(light_connections_share),
        cmocka_unit_test(time_is_charged_to_the_served),
        cmocka_unit_test(neighbours_do_not_wait),
        cmocka_unit_test(calls_without_a_connection_give_way),
        cmocka_unit_test(a_client_leaves),
        cmocka_unit_test(a_crowd_leaves),
        cmocka_unit_test(a_connection_with_two_ends),
        cmocka_unit_test(the_server_ends),
    };

    return test_group_run(tests);
}
