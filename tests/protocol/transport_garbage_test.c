/* SPDX-License-Identifier: Apache-2.0 */
/* Garbage on the port: after each kind the server is up and other clients are unharmed. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "unit/transport/rpc_server.h"

static struct rpc_server server;
static int witness; /* a well-behaved client */

static int setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_WARN);
    rpc_server_start(&server, 2, 0);
    witness = client_connect(&server);
    client_ping(witness, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_ping(witness, 2);
    close(witness);
    rpc_server_stop(&server);
    return 0;
}

/* Send as much as the server accepts; it may close meanwhile. */
static void pour(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0) {
            assert_true(errno == EPIPE || errno == ECONNRESET);
            return;
        }
        data += n;
        len -= (size_t)n;
    }
}

static uint32_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint8_t)(random_state >> 24);
}

static void random_bytes(void **state)
{
    uint8_t bytes[8192];

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t len = 1 + random_state % sizeof(bytes);
        int fd = client_connect(&server);

        for (size_t i = 0; i < len; i++)
            bytes[i] = random_byte();
        pour(fd, bytes, len);
        client_ping(witness, (uint32_t)round);
        close(fd);
    }
}

/* Well-formed marks around random calls, and calls with one byte changed. */
static void random_records(void **state)
{
    uint8_t bytes[512];
    const uint32_t words[4] = {1, 2, 3, 4};

    (void)state;
    for (int round = 0; round < 1000; round++) {
        int fd = client_connect(&server);
        size_t len = call_encode(bytes, 1, PROC_ECHO, words, 4);

        if (round % 2) {
            for (size_t i = 12; i < len; i++)
                bytes[i] = random_byte() & random_byte() & random_byte();
        } else {
            bytes[4 + random_byte() % (len - 4)] ^= (uint8_t)(1u << (random_byte() & 7));
        }
        pour(fd, bytes, len);
        close(fd);
    }
    client_ping(witness, 3);
}

/* Every prefix of a call, then the end of the connection. */
static void truncated_records(void **state)
{
    uint8_t bytes[256];
    const uint32_t words[4] = {1, 2, 3, 4};
    size_t len = call_encode(bytes, 1, PROC_ECHO, words, 4);

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        int fd = client_connect(&server);

        client_send(fd, bytes, cut);
        shutdown(fd, SHUT_WR);
        client_expect_close(fd);
        close(fd);
    }
}

/* A 4 GiB length, and 2 GiB in a fragment that is not the last: closed at once, and counted. */
static void gigantic_lengths(void **state)
{
    static const uint32_t marks[] = {0xffffffff, 0x7fffffff,
                                     0x80000000u + LIMIT_RPC_RECORD_BYTES + 1, 0xc0000000};
    struct transport_stats before = rpc_server_stats(&server);

    (void)state;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        uint8_t bytes[64] = {0};
        uint32_t mark = htonl(marks[i]);
        int fd = client_connect(&server);

        memcpy(bytes, &mark, 4);
        client_send(fd, bytes, sizeof(bytes));
        client_expect_close(fd);
        close(fd);
    }
    assert_int_equal(rpc_server_stats(&server).oversize_records - before.oversize_records, 4);
}

static void endless_empty_fragments(void **state)
{
    static const uint8_t empty[1 << 16];
    int fd = client_connect(&server);

    (void)state;
    pour(fd, empty, sizeof(empty));
    client_expect_close(fd);
    close(fd);
    assert_int_equal(rpc_server_stats(&server).oversize_records, 1);
}

static void endless_small_fragments(void **state)
{
    uint8_t bytes[5 * 10000];
    int fd = client_connect(&server);

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = i % 5 == 3;
    pour(fd, bytes, sizeof(bytes));
    client_expect_close(fd);
    close(fd);
}

/* Many connections that send nothing, or begin a large record and stop: each takes little memory,
 * and other clients go on. */
static void half_open_connections(void **state)
{
    enum {
        CONNECTIONS = 400
    };
    static int fds[CONNECTIONS];
    uint8_t head[64];
    uint32_t mark = htonl(0x80000000u | LIMIT_RPC_RECORD_BYTES);

    (void)state;
    memset(head, 0, sizeof(head));
    memcpy(head, &mark, 4);
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = client_connect(&server);
        client_send(fds[i], head, (size_t)i % 64);
    }
    for (uint32_t i = 0; i < 1000; i++)
        client_ping(witness, i);
    assert_int_equal(rpc_server_stats(&server).connections, CONNECTIONS + 1);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (i % 2) {
            /* A reset instead of an orderly end. */
            const struct linger now = {.l_onoff = 1};

            setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        }
        close(fds[i]);
    }
    wait_unsigned(&server.closed, CONNECTIONS);
}

/* How many bytes the socket takes now, 0 if it is full.  Nothing else may happen to it. */
static size_t push(int fd, const uint8_t *data, size_t len)
{
    ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        fail_msg("the connection is lost: %s", strerror(errno));
    return n < 0 ? 0 : (size_t)n;
}

/* Send calls until the server has stopped reading, and then until this socket is full. */
static void fill(int fd, uint32_t proc)
{
    enum {
        CALLS = 64 /* for each system call */
    };
    const uint64_t stalls = rpc_server_stats(&server).stalls;
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    const uint32_t words[2] = {100000, 100000};
    uint8_t calls[CALLS * 64];
    size_t len = 0, sent = 0;

    for (int i = 0; i < CALLS; i++)
        len += call_encode(calls + len, 1, proc, words, 2);
    for (int idle = 0; idle < 100 || rpc_server_stats(&server).stalls == stalls;) {
        size_t n = push(fd, calls + sent, len - sent);

        sent = (sent + n) % len;
        idle = n > 0 ? 0 : idle + 1;
        if (n == 0)
            wait_ms(1);
        if (wait_now_ms() > end_ms)
            fail_msg("procedure %u: the server goes on reading, %llu stalls", proc,
                     (unsigned long long)(rpc_server_stats(&server).stalls - stalls));
    }
}

/* A client that sends calls for ever and reads no answers, large or small.  Its receive buffer has
 * the usual size: with a tiny one the kernel drops segments for lack of room, acknowledgements with
 * them, and both ends wait ever longer between retransmissions. */
static void client_that_never_reads(void **state)
{
    static const uint32_t procs[] = {PROC_FILL, PROC_NULL, PROC_TAIL};

    (void)state;
    for (size_t p = 0; p < sizeof(procs) / sizeof(procs[0]); p++) {
        int fd = client_connect(&server);

        fill(fd, procs[p]);
        for (uint32_t i = 0; i < 200; i++)
            client_ping(witness, i);
        close(fd);
        wait_unsigned(&server.closed, (unsigned)p + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(random_records, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_records, setup, teardown),
        cmocka_unit_test_setup_teardown(gigantic_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(endless_empty_fragments, setup, teardown),
        cmocka_unit_test_setup_teardown(endless_small_fragments, setup, teardown),
        cmocka_unit_test_setup_teardown(half_open_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(client_that_never_reads, setup, teardown),
    };

    return test_group_run(tests);
}
