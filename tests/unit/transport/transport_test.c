/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners, the life of connections, and shutdown. */
#include "transport/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"

static struct rpc_server server;

static int setup(void **state)
{
    (void)state;
    rpc_server_start(&server, 2, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    assert_int_equal(atomic_load(&server.closed_early), 0);
    return 0;
}

static void ipv4_and_ipv6_on_one_port(void **state)
{
    struct rpc_program program = server.program;
    struct transport_config config = {.loops = 1, .programs = &program, .program_count = 1};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct transport *transport;
    int fd;

    (void)state;
    program.closed = NULL;
    transport = transport_create(&config);
    assert_non_null(transport);
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_true(transport_port(transport, 0) > 0);
    assert_int_equal(transport_port(transport, 1), 0);
    in6.sin6_port = htons(transport_port(transport, 0));
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&in6, sizeof(in6)), 0);
    assert_int_equal(transport_port(transport, 1), transport_port(transport, 0));
    in.sin_port = in6.sin6_port;
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&in, sizeof(in)), -EADDRINUSE);
    in.sin_family = AF_UNIX;
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&in, sizeof(in)),
                     -EAFNOSUPPORT);
    assert_int_equal(transport_start(transport), 0);

    fd = socket(AF_INET6, SOCK_STREAM, 0);
    in6.sin6_addr = in6addr_loopback;
    assert_int_equal(connect(fd, (struct sockaddr *)&in6, sizeof(in6)), 0);
    client_ping(fd, 1);
    close(fd);
    transport_destroy(transport);
}

static void never_started(void **state)
{
    struct transport_config config = {.loops = 3};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct transport *transport = transport_create(&config);

    (void)state;
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&in, sizeof(in)), 0);
    transport_destroy(transport);
    transport_destroy(NULL);
}

/* P-08: every closed connection is reported once, and leaks nothing. */
static void closed_once_each(void **state)
{
    enum {
        CONNECTIONS = 300
    };

    (void)state;
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        int fd = client_connect(&server);

        client_call(fd, i, PROC_USER, NULL, 0);
        if (i % 3)
            assert_int_equal(client_reply(fd, (uint32_t[2]){0}, 2, NULL), i);
        close(fd);
    }
    wait_unsigned(&server.closed, CONNECTIONS);
    wait_until(rpc_server_stats(&server).connections == 0);
    assert_int_equal(atomic_load(&server.closed), CONNECTIONS);
}

static void ids_differ(void **state)
{
    uint32_t first[2], second[2];
    int a = client_connect(&server), b = client_connect(&server);

    (void)state;
    client_call(a, 1, PROC_USER, NULL, 0);
    client_call(b, 1, PROC_USER, NULL, 0);
    client_reply(a, first, 2, NULL);
    client_reply(b, second, 2, NULL);
    assert_true(first[1] != 0 && second[1] != 0 && first[1] != second[1]);
    /* A second call finds the memory that the first one stored on it. */
    client_call(a, 1, PROC_USER, NULL, 0);
    client_reply(a, second, 2, NULL);
    assert_memory_equal(first, second, sizeof(first));
    close(a);
    close(b);
}

static void shutdown_from_a_call(void **state)
{
    int fd = client_connect(&server);

    (void)state;
    client_call(fd, 1, PROC_SHUTDOWN, NULL, 0);
    client_call(fd, 2, PROC_ECHO, NULL, 0);
    client_expect_close(fd);
    close(fd);
    wait_unsigned(&server.closed, 1);
}

/* Accepting pauses when there are no descriptors, without a busy loop, and resumes later. */
static void out_of_descriptors(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(transport_port(server.transport, 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int old = client_connect(&server), fd = socket(AF_INET, SOCK_STREAM, 0);
    int next = open("/dev/null", O_RDONLY);
    struct rlimit limit, few;
    int64_t start_ms;

    (void)state;
    client_ping(old, 1);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    start_ms = wait_now_ms();
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    wait_until(rpc_server_stats(&server).accept_pauses > 0);
    wait_ms(300);
    client_ping(old, 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    client_ping(fd, 1);
    /* Each pause lasts 100 ms. */
    assert_in_range(rpc_server_stats(&server).accept_pauses, 1,
                    (uint64_t)(wait_now_ms() - start_ms) / 100 + 2);
    close(fd);
    close(old);
}

/* ---- loops that turn ---- */

/* It says nothing of its sleep, so its loop stays with it. */
static enum rpc_result block(struct rpc_call *call, void *context)
{
    (void)call;
    rpc_server_gate_wait(context);
    return RPC_REPLY;
}

static void stuck_loop(void **state)
{
    int fd;

    (void)state;
    rpc_server_start_with(&server, 2, block, NULL);
    assert_int_equal(rpc_server_stats(&server).loops, 2);
    assert_int_equal(rpc_server_stats(&server).loops_stuck, 0);
    fd = client_connect(&server);
    client_call(fd, 1, PROC_ECHO, NULL, 0);
    wait_unsigned(&server.gate_waiting, 1);
    transport_tick(server.transport, clock_now_ns());
    assert_int_equal(rpc_server_stats(&server).loops_stuck, 0);
    assert_int_equal(rpc_server_stats(&server).loop_lags[LOOP_LAG_MORE], 0);
    clock_advance_ns((LIMIT_LOOP_STUCK_S + 1) * NSEC_PER_SEC);
    /* The other one turns: it is asked again until it says so after the clock was moved. */
    wait_until((transport_tick(server.transport, clock_now_ns()),
                rpc_server_stats(&server).loops_stuck == 1));
    assert_true(rpc_server_stats(&server).loop_lag_ns > LIMIT_LOOP_STUCK_S * NSEC_PER_SEC);
    rpc_server_open_gate(&server);
    wait_until((transport_tick(server.transport, clock_now_ns()),
                rpc_server_stats(&server).loops_stuck == 0));
    assert_in_range(rpc_server_stats(&server).loop_lags[LOOP_LAG_MORE], 1, 2);
    assert_true(rpc_server_stats(&server).loop_lag_sum_ns > LIMIT_LOOP_STUCK_S * NSEC_PER_SEC);
    close(fd);
    rpc_server_stop(&server);
}

/* ---- draining ---- */

struct drain {
    int timeout_ms;
    bool result;
};

static void *drain_main(void *arg)
{
    struct drain *drain = arg;

    drain->result = transport_drain_stop(server.transport, drain->timeout_ms);
    return NULL;
}

static int connect_refused(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(transport_port(server.transport, 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof(address));

    close(fd);
    return result;
}

/* Running calls finish and are answered; idle connections and new ones are closed at once. */
static void drain_waits_for_calls(void **state)
{
    const uint32_t word = 5;
    int fd = client_connect(&server), may = client_connect(&server), idle = client_connect(&server);
    struct drain drain = {.timeout_ms = WAIT_PATIENCE_MS};
    pthread_t thread;
    uint32_t got;

    (void)state;
    client_call(fd, 1, PROC_GATE_WILL, &word, 1);
    client_call(may, 2, PROC_GATE_MAY, &word, 1);
    client_ping(idle, 1);
    wait_unsigned(&server.gate_waiting, 2);
    pthread_create(&thread, NULL, drain_main, &drain);
    client_expect_close(idle);
    while (connect_refused() == 0)
        usleep(1000);
    usleep(20000);
    rpc_server_open_gate(&server);
    assert_int_equal(client_reply(fd, &got, 1, NULL), 1);
    assert_int_equal(client_reply(may, &got, 1, NULL), 2);
    client_expect_close(fd);
    client_expect_close(may);
    pthread_join(thread, NULL);
    assert_true(drain.result);
    close(fd);
    close(may);
    close(idle);
}

/* Calls arrive together with the order to drain: connections close while events of theirs are
 * pending. */
static void drain_among_events(void **state)
{
    enum {
        CONNECTIONS = 40
    };
    int fds[CONNECTIONS];
    struct drain drain = {.timeout_ms = WAIT_PATIENCE_MS};
    pthread_t thread;

    (void)state;
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = client_connect(&server);
        client_ping(fds[i], 1);
    }
    /* One in each of the two loops. */
    client_call(fds[0], 1, PROC_NAP, NULL, 0);
    client_call(fds[1], 1, PROC_NAP, NULL, 0);
    usleep(50000);
    pthread_create(&thread, NULL, drain_main, &drain);
    usleep(50000);
    for (int i = 2; i < CONNECTIONS; i++)
        client_call(fds[i], 2, PROC_NULL, NULL, 0);
    pthread_join(thread, NULL);
    assert_true(drain.result);
    for (int i = 0; i < CONNECTIONS; i++) {
        client_expect_close(fds[i]);
        close(fds[i]);
    }
}

/* Output queued for a slow reader is still sent. */
static void drain_sends_what_is_queued(void **state)
{
    const uint32_t count = 1 << 18;
    static uint32_t words[1 << 18];
    int fd = client_connect_small(&server, 4096);
    struct drain drain = {.timeout_ms = WAIT_PATIENCE_MS};
    pthread_t thread;

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        client_call(fd, i, PROC_FILL, &count, 1);
    while (rpc_server_stats(&server).replies < 4)
        usleep(1000);
    pthread_create(&thread, NULL, drain_main, &drain);
    usleep(20000);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(client_reply(fd, words, count, NULL), i);
    client_expect_close(fd);
    pthread_join(thread, NULL);
    assert_true(drain.result);
    close(fd);
}

/* The time is bounded: a client that never reads is cut off. */
static void drain_cuts(void **state)
{
    const uint32_t count = 1 << 18;
    int fd = client_connect_small(&server, 4096);

    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        client_call(fd, i, PROC_FILL, &count, 1);
    while (rpc_server_stats(&server).stalls == 0)
        usleep(1000);
    wait_until(transport_drain_stop(server.transport, 50));
    client_expect_close(fd);
    close(fd);
}

/* A call that does not return is reported to the caller. */
static void drain_tells_of_a_stuck_call(void **state)
{
    const uint32_t word = 5;
    int fd = client_connect(&server);

    (void)state;
    client_call(fd, 1, PROC_GATE_WILL, &word, 1);
    wait_unsigned(&server.gate_waiting, 1);
    assert_false(transport_drain_stop(server.transport, 20));
    client_expect_close(fd);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ipv4_and_ipv6_on_one_port, setup, teardown),
        cmocka_unit_test(never_started),
        cmocka_unit_test_setup_teardown(closed_once_each, setup, teardown),
        cmocka_unit_test_setup_teardown(ids_differ, setup, teardown),
        cmocka_unit_test_setup_teardown(shutdown_from_a_call, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_descriptors, setup, teardown),
        cmocka_unit_test(stuck_loop),
        cmocka_unit_test_setup_teardown(drain_waits_for_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(drain_among_events, setup, teardown),
        cmocka_unit_test_setup_teardown(drain_sends_what_is_queued, setup, teardown),
        cmocka_unit_test_setup_teardown(drain_cuts, setup, teardown),
        cmocka_unit_test_setup_teardown(drain_tells_of_a_stuck_call, setup, teardown),
    };

    return test_group_run(tests);
}
