/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that the transport makes, to sockets of this test: coming up, failing, calls and
 * replies over them, and their end.
 */
#include "transport/connection_internal.h"
#include "transport/dial.h"
#include "transport/send_queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/test.h"
#include "rpc_server.h"

enum {
    DIALLED_MAX = 8,
    DESCRIPTORS = 64,
    FILLERS = 4,
};

/* One dial, with what its hooks were told. */
struct dialled {
    _Atomic unsigned connected, closed, replies;
    _Atomic int error;
    _Atomic uint32_t xid;
    struct connection *conn;
};

static struct rpc_server server; /* for its counters only: its program is not called */
static struct transport *transport;

static void on_connected(struct connection *conn, void *arg)
{
    struct dialled *d = arg;

    CHECK(connection_is_open(conn) && atomic_load(&d->closed) == 0);
    atomic_fetch_add(&d->connected, 1);
}

static void on_closed(struct connection *conn, int error, void *arg)
{
    struct dialled *d = arg;

    CHECK(!connection_is_open(conn) && !connection_send(conn, "none", 4));
    atomic_store(&d->error, error);
    atomic_fetch_add(&d->closed, 1);
}

static const struct dial_hooks hooks = {on_connected, on_closed};
static const struct dial_hooks other_hooks = {on_connected, on_closed};

static bool on_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                     void *context)
{
    struct dialled *d = connection_dial_arg(conn, &hooks);

    (void)body;
    CHECK(context == &server && len == 16 && !connection_dial_arg(conn, &other_hooks));
    if (!d)
        return false;
    atomic_store(&d->xid, xid);
    atomic_fetch_add(&d->replies, 1);
    return true;
}

static int setup(void **state)
{
    struct transport_config config = {.loops = 2,
                                      .programs = &server.program,
                                      .program_count = 1,
                                      .reply = on_reply,
                                      .reply_context = &server,
                                      .dialled_max = DIALLED_MAX};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    rpc_server_start(&server, 1, 0);
    transport = transport_create(&config);
    assert_non_null(transport);
    assert_int_equal(transport_listen(transport, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(transport_start(transport), 0);
    return 0;
}

static struct transport_stats stats_now(void)
{
    struct transport_stats stats;

    transport_stats_read(transport, &stats);
    return stats;
}

static int teardown(void **state)
{
    struct transport_stats stats;

    (void)state;
    assert_true(transport_drain_stop(transport, 5000));
    stats = stats_now();
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.dialled_connections, 0);
    assert_int_equal(stats.closed, stats.accepted + stats.dialled);
    transport_destroy(transport);
    rpc_server_stop(&server);
    return 0;
}

/* ---- the peer ---- */

static int peer_listen(int family, int backlog, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(address, 0, sizeof(*address));
    *len = family == AF_INET ? sizeof(*in) : sizeof(*in6);
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET)
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        in6->sin6_addr = in6addr_loopback;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, *len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static int peer_accept(int listener)
{
    const struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
    int fd = accept(listener, NULL, NULL);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    return fd;
}

static void dial(struct dialled *d, const struct sockaddr_storage *address, socklen_t len)
{
    memset(d, 0, sizeof(*d));
    assert_int_equal(
        transport_dial(transport, (const struct sockaddr *)address, len, &hooks, d, &d->conn), 0);
}

/* Close it on our side, if it still exists. */
static void hang_up(struct dialled *d)
{
    connection_shutdown(d->conn);
    wait_unsigned(&d->closed, 1);
    connection_put(d->conn);
    assert_int_equal(atomic_load(&d->closed), 1);
}

/* A CALL over the dialled connection, and its answer. */
static void call_and_reply(struct dialled *d, int peer, uint32_t xid)
{
    uint8_t call[NULL_CALL_BYTES], got[NULL_CALL_BYTES];
    uint32_t reply[7] = {htonl(0x80000000u | 24), htonl(xid), htonl(1)};
    size_t len = call_encode(call, xid, PROC_NULL, NULL, 0);
    unsigned before = atomic_load(&d->replies);

    assert_true(connection_send(d->conn, call + 4, len - 4));
    client_receive(peer, got, len);
    assert_memory_equal(got, call, len);
    client_send(peer, reply, sizeof(reply));
    wait_unsigned(&d->replies, before + 1);
    assert_int_equal(atomic_load(&d->xid), xid);
}

/* ---- tests ---- */

static void comes_up(int family)
{
    struct sockaddr_storage address;
    struct dialled d;
    socklen_t len;
    int listener = peer_listen(family, 8, &address, &len), fd;

    dial(&d, &address, len);
    fd = peer_accept(listener);
    wait_unsigned(&d.connected, 1);
    assert_int_equal(connection_peer(d.conn)->sa_family, family);
    assert_int_equal(stats_now().dialled_connections, 1);
    assert_int_equal(stats_now().dialled, 1);
    for (uint32_t xid = 1; xid < 20; xid++)
        call_and_reply(&d, fd, xid);
    assert_int_equal(stats_now().orphan_replies, 0);
    close(fd);
    wait_unsigned(&d.closed, 1);
    assert_int_equal(atomic_load(&d.error), 0);
    assert_int_equal(atomic_load(&d.connected), 1);
    hang_up(&d);
    assert_int_equal(stats_now().dial_failures, 0);
    close(listener);
}

static void calls_and_replies_over_ipv4(void **state)
{
    (void)state;
    comes_up(AF_INET);
}

static void calls_and_replies_over_ipv6(void **state)
{
    (void)state;
    comes_up(AF_INET6);
}

/* A port that is bound and not listening surely refuses. */
static void refused(void **state)
{
    struct sockaddr_storage address;
    struct dialled d;
    socklen_t len;
    int holder = peer_listen(AF_INET, -1, &address, &len);
    struct connection *conn;
    int result;

    (void)state;
    memset(&d, 0, sizeof(d));
    result = transport_dial(transport, (struct sockaddr *)&address, len, &hooks, &d, &conn);
    if (result == 0) {
        wait_unsigned(&d.closed, 1);
        result = -atomic_load(&d.error);
        connection_put(conn);
    }
    assert_int_equal(result, -ECONNREFUSED);
    assert_int_equal(atomic_load(&d.connected), 0);
    assert_int_equal(stats_now().dial_failures, 1);
    close(holder);
}

/* A listener with a full backlog neither accepts nor refuses. */
static int silent_listen(struct sockaddr_storage *address, socklen_t *len, int *fillers)
{
    int listener = peer_listen(AF_INET, 0, address, len);

    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], (struct sockaddr *)address, *len);
    }
    return listener;
}

static void silent_close(int listener, const int *fillers)
{
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
    close(listener);
}

/* It takes no thread, and can be given up at any moment. */
static void given_up_while_connecting(void **state)
{
    struct sockaddr_storage address;
    int fillers[FILLERS], client;
    struct dialled d;
    socklen_t len;
    int listener = silent_listen(&address, &len, fillers);

    (void)state;
    dial(&d, &address, len);
    for (uint32_t i = 0; i < 20; i++) {
        client = client_connect(&server);
        client_ping(client, i);
        close(client);
    }
    assert_int_equal(atomic_load(&d.connected), 0);
    assert_int_equal(atomic_load(&d.closed), 0);
    hang_up(&d);
    assert_int_equal(atomic_load(&d.error), 0);
    assert_int_equal(atomic_load(&d.connected), 0);
    assert_int_equal(stats_now().dial_failures, 1);
    silent_close(listener, fillers);
}

static void drain_closes_all(void **state)
{
    struct sockaddr_storage address, silent;
    struct connection *conn;
    int fillers[FILLERS];
    struct dialled up, coming;
    socklen_t len, silent_len;
    int listener = peer_listen(AF_INET, 8, &address, &len), fd;
    int silent_fd = silent_listen(&silent, &silent_len, fillers);

    (void)state;
    dial(&up, &address, len);
    dial(&coming, &silent, silent_len);
    fd = peer_accept(listener);
    wait_unsigned(&up.connected, 1);
    assert_true(transport_drain_stop(transport, 20000));
    assert_int_equal(atomic_load(&up.closed), 1);
    assert_int_equal(atomic_load(&coming.closed), 1);
    client_expect_close(fd);
    assert_int_equal(
        transport_dial(transport, (struct sockaddr *)&address, len, &hooks, &up, &conn),
        -ESHUTDOWN);
    connection_put(up.conn);
    connection_put(coming.conn);
    silent_close(silent_fd, fillers);
    close(fd);
    close(listener);
}

static void a_limit_and_wrong_addresses(void **state)
{
    struct sockaddr_storage address, unix_address = {.ss_family = AF_UNIX};
    struct dialled d[DIALLED_MAX], more = {0};
    struct connection *conn;
    int fillers[FILLERS];
    socklen_t len;
    int listener = silent_listen(&address, &len, fillers);

    (void)state;
    for (int i = 0; i < DIALLED_MAX; i++)
        dial(&d[i], &address, len);
    assert_int_equal(
        transport_dial(transport, (struct sockaddr *)&address, len, &hooks, &more, &conn), -EMFILE);
    hang_up(&d[0]);
    dial(&d[0], &address, len);
    for (int i = 0; i < DIALLED_MAX; i++)
        hang_up(&d[i]);
    assert_int_equal(
        transport_dial(transport, (struct sockaddr *)&unix_address, len, &hooks, &more, &conn),
        -EAFNOSUPPORT);
    assert_int_equal(atomic_load(&more.closed), 0);
    silent_close(listener, fillers);
}

static int setup_few(void **state)
{
    struct transport_config config = {.loops = 1};
    struct rlimit limit, few;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = DESCRIPTORS;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    transport = transport_create(&config);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_non_null(transport);
    assert_int_equal(transport_start(transport), 0);
    return 0;
}

static int teardown_few(void **state)
{
    (void)state;
    assert_true(transport_drain_stop(transport, 5000));
    transport_destroy(transport);
    return 0;
}

/* However many addresses clients name, there are descriptors for incoming connections. */
static void descriptors_are_left(void **state)
{
    struct sockaddr_storage address;
    struct dialled d[DESCRIPTORS / 8], more = {0};
    struct connection *conn;
    socklen_t len;
    int fillers[FILLERS], listener = silent_listen(&address, &len, fillers);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(d); i++)
        dial(&d[i], &address, len);
    assert_int_equal(
        transport_dial(transport, (struct sockaddr *)&address, len, &hooks, &more, &conn), -EMFILE);
    for (size_t i = 0; i < ARRAY_SIZE(d); i++)
        hang_up(&d[i]);
    silent_close(listener, fillers);
}

/* A peer that we dialled is no client: no program serves it. */
static void a_call_of_the_peer_is_refused(void **state)
{
    struct sockaddr_storage address;
    uint32_t reply[6];
    struct dialled d;
    socklen_t len;
    int listener = peer_listen(AF_INET, 8, &address, &len), fd, client;

    (void)state;
    dial(&d, &address, len);
    fd = peer_accept(listener);
    client_call(fd, 7, PROC_NULL, NULL, 0);
    assert_int_equal(client_receive_record(fd, reply, sizeof(reply)), sizeof(reply));
    assert_int_equal(ntohl(reply[0]), 7);
    assert_int_equal(ntohl(reply[5]), 1); /* PROG_UNAVAIL */
    call_and_reply(&d, fd, 8);
    hang_up(&d);
    close(fd);
    close(listener);

    /* The same call over a connection that the transport accepted is served. */
    client = client_connect(&server);
    client_ping(client, 9);
    close(client);
}

/* Output queued for a peer that has closed its sending side is dropped: it would never be
 * answered. */
static void half_closed(void **state)
{
    const size_t size = 256 << 10;
    uint8_t *record = calloc(1, size);
    struct sockaddr_storage address;
    struct dialled d;
    socklen_t len;
    int listener = peer_listen(AF_INET, 8, &address, &len), fd;

    (void)state;
    dial(&d, &address, len);
    fd = peer_accept(listener);
    wait_unsigned(&d.connected, 1);
    while (send_queue_bytes(&d.conn->queue) == 0)
        assert_true(connection_send(d.conn, record, size));
    shutdown(fd, SHUT_WR);
    wait_unsigned(&d.closed, 1);
    hang_up(&d);
    close(fd);
    close(listener);
    free(record);
}

static void garbage_closes(void **state)
{
    const uint8_t garbage[64] = {0x80, 0, 0, 60, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct sockaddr_storage address;
    struct dialled d;
    socklen_t len;
    int listener = peer_listen(AF_INET, 8, &address, &len), fd;

    (void)state;
    dial(&d, &address, len);
    fd = peer_accept(listener);
    client_send(fd, garbage, sizeof(garbage));
    wait_unsigned(&d.closed, 1);
    client_expect_close(fd);
    hang_up(&d);
    close(fd);
    close(listener);
}

/* ---- many at once ---- */

enum {
    STORM_THREADS = 4,
    STORM_DIALS = 60,
};

struct storm {
    struct sockaddr_storage address;
    socklen_t len;
    _Atomic unsigned connected, closed, begun;
};

static void storm_connected(struct connection *conn, void *arg)
{
    uint32_t call[10] = {0};
    struct storm *storm = arg;

    CHECK(connection_send(conn, call, sizeof(call)) || !connection_is_open(conn));
    atomic_fetch_add(&storm->connected, 1);
}

static void storm_closed(struct connection *conn, int error, void *arg)
{
    struct storm *storm = arg;

    (void)conn;
    (void)error;
    atomic_fetch_add(&storm->closed, 1);
}

static const struct dial_hooks storm_hooks = {storm_connected, storm_closed};

static void *storm_main(void *arg)
{
    struct storm *storm = arg;
    struct connection *conn;

    for (int i = 0; i < STORM_DIALS; i++) {
        if (transport_dial(transport, (struct sockaddr *)&storm->address, storm->len, &storm_hooks,
                           storm, &conn) != 0)
            continue;
        atomic_fetch_add(&storm->begun, 1);
        if (i % 3 == 0)
            usleep(500);
        connection_shutdown(conn);
        connection_put(conn);
    }
    return NULL;
}

static void many_threads_dial_and_hang_up(void **state)
{
    struct storm storm = {0};
    pthread_t threads[STORM_THREADS];
    int listener = peer_listen(AF_INET, 128, &storm.address, &storm.len);

    (void)state;
    for (int i = 0; i < STORM_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_main, &storm), 0);
    for (int i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(transport_drain_stop(transport, 20000));
    assert_int_equal(atomic_load(&storm.closed), atomic_load(&storm.begun));
    assert_true(atomic_load(&storm.begun) > 0);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls_and_replies_over_ipv4, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_and_replies_over_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(given_up_while_connecting, setup, teardown),
        cmocka_unit_test_setup_teardown(drain_closes_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_limit_and_wrong_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(descriptors_are_left, setup_few, teardown_few),
        cmocka_unit_test_setup_teardown(a_call_of_the_peer_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(half_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(many_threads_dial_and_hang_up, setup, teardown),
    };

    return test_group_run(tests);
}
