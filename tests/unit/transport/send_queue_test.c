/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection sends: whole records, from any thread and however little the socket takes;
 * payloads from files; clients that do not read.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"
#include "transport/worker.h"

enum {
    RECORD_BYTES_MAX = LIMIT_REPLY_BYTES + 64,
};

static struct rpc_server server;
static uint8_t record[RECORD_BYTES_MAX];

static int setup_small_buffers(void **state)
{
    (void)state;
    rpc_server_start(&server, 4, 4096);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rpc_server_start(&server, 1, 0);
    return 0;
}

static int setup_one_loop_small_buffers(void **state)
{
    (void)state;
    rpc_server_start(&server, 1, 4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    assert_int_equal(atomic_load(&server.closed_early), 0);
    return 0;
}

static uint32_t word_at(size_t offset)
{
    uint32_t be;

    memcpy(&be, record + offset, 4);
    return ntohl(be);
}

/* S22-25: threads that lost the loop, the loop itself and records of our own, all on one connection
 * with a tiny socket buffer; every record arrives whole. */
static void records_never_mix(void **state)
{
    enum {
        ROUNDS = 60,
        SENT_PER_ROUND = 3,
        WORDS = 700
    };
    uint32_t words[WORDS];
    unsigned answers[ROUNDS * 4] = {0}, calls_seen = 0, replies_seen = 0;
    int fd = client_connect_small(&server, 4096);

    (void)state;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint32_t us = i % 4 * 300, send = SENT_PER_ROUND, count = 3000;

        for (uint32_t j = 0; j < WORDS; j++)
            words[j] = i;
        words[0] = us;
        client_call(fd, i * 4, PROC_SLEEP_MAY, words, WORDS);
        words[0] = send;
        client_call(fd, i * 4 + 1, PROC_SEND, words, WORDS);
        client_call(fd, i * 4 + 2, PROC_FILL, &count, 1);
        client_call(fd, i * 4 + 3, PROC_NULL, NULL, 0);
    }
    while (replies_seen < ROUNDS * 4 || calls_seen < ROUNDS * SENT_PER_ROUND) {
        size_t len = client_receive_record(fd, record, sizeof(record));
        uint32_t xid = word_at(0);

        if (word_at(4) == 0) {
            assert_int_equal(len, 256);
            for (size_t i = 8; i < len; i += 4)
                assert_int_equal(word_at(i), 0xca11);
            calls_seen++;
            continue;
        }
        assert_true(word_at(4) == 1 && word_at(20) == 0 && xid < ROUNDS * 4);
        if (xid % 4 < 2) {
            assert_int_equal(len, 24 + WORDS * 4);
            for (size_t i = 28; i < len; i += 4)
                assert_int_equal(word_at(i), xid / 4);
        } else if (xid % 4 == 2) {
            assert_int_equal(len, 24 + 3000 * 4);
            for (size_t i = 24; i < len; i += 4)
                assert_int_equal(word_at(i), (i - 24) / 4);
        } else {
            assert_int_equal(len, 24);
        }
        answers[xid]++;
        replies_seen++;
    }
    for (size_t i = 0; i < ROUNDS * (size_t)4; i++)
        assert_int_equal(answers[i], 1);
    close(fd);
}

/* While on, output waits; turned off, all of it leaves at once. */
static void cork(int fd, int on)
{
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)), 0);
}

/* A call's output leaves although the next one in the same batch does not end. */
static void sends_do_not_wait_for_calls(void **state)
{
    const uint32_t blocking[] = {PROC_GATE_WILL, PROC_GATE_MAY}, one = 1, word = 7;
    int fd = client_connect(&server);

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        bool called = false, answered = false;

        atomic_store(&server.gate_open, false);
        atomic_store(&server.gate_waiting, 0);
        cork(fd, 1);
        client_call(fd, 10 * i, PROC_SEND, &one, 1);
        client_call(fd, 10 * i + 1, blocking[i], &word, 1);
        cork(fd, 0);
        while (!called || !answered) {
            client_receive_record(fd, record, sizeof(record));
            if (word_at(4) == 0)
                called = true;
            else
                answered = word_at(0) == 10 * i;
        }
        wait_unsigned(&server.gate_waiting, 1);
        rpc_server_open_gate(&server);
        client_receive_record(fd, record, sizeof(record));
        assert_int_equal(word_at(0), 10 * i + 1);
    }
    close(fd);
}

/* The same with many threads that send at once. */
static void many_senders_at_once(void **state)
{
    enum {
        CALLS = 100,
        ROUNDS = 10,
        WORDS = 9000
    };
    static uint32_t words[WORDS];
    int fd = client_connect_small(&server, 4096);

    (void)state;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        unsigned seen = 0;

        atomic_store(&server.gate_open, false);
        atomic_store(&server.gate_waiting, 0);
        for (uint32_t i = 0; i < CALLS; i++) {
            for (size_t j = 0; j < WORDS; j++)
                words[j] = i;
            client_call(fd, i, PROC_GATE_WILL, words, WORDS);
        }
        wait_unsigned(&server.gate_waiting, CALLS);
        rpc_server_open_gate(&server);
        for (; seen < CALLS; seen++) {
            assert_int_equal(client_receive_record(fd, record, sizeof(record)), 24 + WORDS * 4);
            for (size_t i = 0; i < WORDS; i++)
                assert_int_equal(word_at(24 + i * 4), word_at(0));
        }
    }
    close(fd);
}

/* A reply with a payload of `len` bytes. */
static void tail_expect(int fd, uint32_t xid, uint32_t len)
{
    size_t got = client_receive_record(fd, record, sizeof(record));

    assert_int_equal(word_at(0), xid);
    assert_int_equal(got, 24 + 4 + (len + 3) / 4 * 4);
    assert_int_equal(word_at(24), len);
    for (uint32_t i = 0; i < (len + 3) / 4 * 4; i++) {
        uint8_t expected = i < len ? (uint8_t)(i % 251) : 0;

        if (record[28 + i] != expected)
            fail_msg("byte %u of %u is %u, not %u", i, len, record[28 + i], expected);
    }
}

static void tail_exchange(int fd, uint32_t proc, uint32_t len)
{
    const uint32_t words[2] = {len, len};

    client_call(fd, 1, PROC_NULL, NULL, 0);
    client_call(fd, 2, proc, words, 2);
    client_call(fd, 3, PROC_NULL, NULL, 0);
    assert_int_equal(client_reply(fd, NULL, 0, NULL), 1);
    tail_expect(fd, 2, len);
    assert_int_equal(client_reply(fd, NULL, 0, NULL), 3);
}

/* From files and from memory by turns. */
static uint32_t tail_proc(uint32_t i)
{
    return i % 2 ? PROC_PIECES : PROC_TAIL;
}

static void tails(void **state)
{
    static const uint32_t lens[] = {1, 2, 3, 4, 5, 1000, 65536, 300001, 1 << 20};
    int fd = client_connect(&server);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
        tail_exchange(fd, PROC_TAIL, lens[i]);
        tail_exchange(fd, PROC_PIECES, lens[i]);
    }
    wait_unsigned(&server.tails_done, 2 * ARRAY_SIZE(lens));
    assert_int_equal(atomic_load(&server.tails_done), 2 * ARRAY_SIZE(lens));
    assert_int_equal(rpc_server_stats(&server).tails_short, 0);
    close(fd);
}

/* Several in one batch into a small socket buffer: they are queued and stay in order. */
static void tails_queued(void **state)
{
    enum {
        TAILS = 12
    };
    int fd = client_connect_small(&server, 4096);

    (void)state;
    for (uint32_t i = 0; i < TAILS; i++) {
        const uint32_t words[2] = {50000 + i, 50000 + i};

        client_call(fd, i, tail_proc(i), words, 2);
    }
    for (uint32_t i = 0; i < TAILS; i++)
        tail_expect(fd, i, 50000 + i);
    wait_unsigned(&server.tails_done, TAILS);
    close(fd);
}

/* The loop is lost while a payload is sent, and the client closes: the connection stays until the
 * sending thread is done with it. */
static void loop_lost_while_sending(void **state)
{
    const uint32_t words[3] = {100000, 100000, 1};
    int fd = client_connect(&server), other = client_connect(&server);

    (void)state;
    client_call(fd, 1, PROC_TAIL, words, 3);
    tail_expect(fd, 1, 100000);
    wait_unsigned(&server.gate_waiting, 1);
    close(fd);
    client_ping(other, 1);
    /* A thread that sleeps elsewhere on a busy machine may lose the loop, too. */
    assert_true(rpc_server_stats(&server).retakes >= 1);
    usleep(50000);
    assert_int_equal(atomic_load(&server.closed), 0);
    rpc_server_open_gate(&server);
    wait_unsigned(&server.closed, 1);
    assert_int_equal(atomic_load(&server.tails_done), 1);
    close(other);
}

/* The loop is lost while a payload is sent that a full socket had held up: it does not ask again
 * and again whether there is room, as the sending thread is the one to use that. */
static void loop_rests_while_another_thread_sends(void **state)
{
    const uint32_t words[3] = {100000, 100000, 1};
    int fd = client_connect_small(&server, 4096), other = client_connect(&server);

    (void)state;
    client_call(fd, 1, PROC_TAIL, words, 3);
    tail_expect(fd, 1, 100000);
    wait_unsigned(&server.gate_waiting, 1);
    client_ping(other, 1);
    /* A thread that sleeps elsewhere on a busy machine may lose the loop, too. */
    assert_true(rpc_server_stats(&server).retakes >= 1);
    wait_until(rpc_server_rests(&server));
    /* What comes meanwhile is sent afterwards. */
    client_call(fd, 2, PROC_NULL, NULL, 0);
    wait_until(rpc_server_rests(&server));
    rpc_server_open_gate(&server);
    assert_int_equal(client_reply(fd, NULL, 0, NULL), 2);
    client_ping(fd, 3);
    close(fd);
    close(other);
}

/* The loop is lost while a payload is sent, and calls wait for the queue at the same time: none of
 * them is forgotten. */
static void tails_while_calls_wait(void **state)
{
    enum {
        TAILS = 60,
        ROUNDS = 5,
        LEN = 1 << 20
    };
    const uint32_t words[2] = {LEN, LEN};
    int fd = client_connect(&server);

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned seen = 0;

        for (uint32_t i = 0; i < TAILS; i++) {
            client_call(fd, i, tail_proc(i), words, 2);
            usleep(i % 4 * 300);
        }
        for (; seen < TAILS; seen++) {
            assert_int_equal(client_receive_record(fd, record, sizeof(record)), 28 + LEN);
            assert_true(word_at(0) < TAILS && word_at(24) == LEN);
        }
    }
    close(fd);
}

/* The connection closes with payloads in its queue: each is released once. */
static void tails_of_a_dead_connection(void **state)
{
    enum {
        TAILS = 8
    };
    int fd = client_connect_small(&server, 4096);
    const uint32_t words[2] = {900000, 900000};

    (void)state;
    for (uint32_t i = 0; i < TAILS; i++)
        client_call(fd, i, tail_proc(i), words, 2);
    while (rpc_server_stats(&server).stalls == 0)
        usleep(1000);
    close(fd);
    wait_unsigned(&server.closed, 1);
    /* Calls that were not run have no payload. */
    assert_true(atomic_load(&server.tails_done) >= 1);
    assert_true(atomic_load(&server.tails_done) <= TAILS);
    assert_int_equal(atomic_load(&server.tails_done), rpc_server_stats(&server).replies);
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long total, resident;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
    assert_int_equal(fclose(file), 0);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A client requests gigabytes and reads nothing: its calls wait, others are served, memory stays
 * bounded; when it reads at last, it gets every answer. */
static void client_that_does_not_read(void **state)
{
    enum {
        CALLS = 120
    };
    int fd = client_connect_small(&server, 4096), other = client_connect(&server);
    const uint32_t count = 1 << 18;
    long before = resident_kib();

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++)
        client_call(fd, i, PROC_FILL, &count, 1);
    while (rpc_server_stats(&server).stalls == 0)
        usleep(1000);
    for (uint32_t i = 0; i < 1000; i++)
        client_ping(other, i);
    /* 120 MiB were requested. */
    assert_true(rpc_server_stats(&server).replies < 1000 + 20);
    assert_true(resident_kib() - before < 64 << 10);

    for (uint32_t i = 0; i < CALLS; i++) {
        size_t len = client_receive_record(fd, record, sizeof(record));

        assert_int_equal(len, 24 + ((size_t)count << 2));
        assert_int_equal(word_at(0), i);
        assert_int_equal(word_at(len - 4), count - 1);
    }
    client_ping(fd, 1);
    close(fd);
    close(other);
}

/* Records of our own are refused when too much is queued; accepted ones arrive. */
static void connection_send_is_bounded(void **state)
{
    enum {
        WANTED = 60000,
        QUEUED_MIN = LIMIT_SEND_QUEUE_BYTES / 260
    };
    int fd = client_connect_small(&server, 4096);
    const uint32_t wanted = WANTED;
    uint32_t sent;

    (void)state;
    client_call(fd, 1, PROC_SEND, &wanted, 1);
    while (rpc_server_stats(&server).replies == 0)
        usleep(1000);
    for (sent = 0; client_receive_record(fd, record, sizeof(record)) == 256; sent++)
        assert_int_equal(word_at(0), 0x80000000u + sent);
    assert_int_equal(word_at(0), 1);
    assert_int_equal(word_at(24), sent);
    assert_in_range(sent, QUEUED_MIN, WANTED - 1);
    client_ping(fd, 2);
    close(fd);
}

static struct connection *_Atomic held; /* a reference */
static _Atomic unsigned closed_inside;  /* connections closed before the end of the last section */

static enum rpc_result run_sections(struct rpc_call *call, void *context)
{
    enum {
        SECTIONS = 32
    };
    struct connection *conn = call->conn;

    (void)context;
    if (call->procedure == PROC_ECHO) {
        atomic_store(&held, connection_get(conn));
    } else if (call->procedure == PROC_SEND) {
        conn = atomic_load(&held);
        usleep(200000); /* the previous sender is done: it would send this record, too */
        CHECK(connection_send(conn, "call", 4));
        atomic_fetch_add(&server.gate_waiting, 1);
        while (connection_is_open(conn))
            usleep(500);
        usleep(200000); /* now its loop has left it, and only the record keeps it */
        for (unsigned i = 0; i < SECTIONS; i++) {
            worker_may_block();
            worker_unblock();
        }
        atomic_store(&closed_inside, atomic_load(&server.closed));
        connection_put(conn);
    }
    return RPC_REPLY;
}

/* A thread in a section that may block can hold locks: there, postponed records are not sent, and a
 * connection that only such a record keeps is not closed. */
static void sections_send_nothing(void **state)
{
    const struct linger reset = {.l_onoff = 1};
    int fd, other;

    (void)state;
    rpc_server_start_with(&server, 2, run_sections, NULL);
    fd = client_connect(&server);
    client_ping(fd, 1);
    other = client_connect(&server); /* in the other loop */
    client_call(other, 2, PROC_ECHO, NULL, 0);
    assert_int_equal(client_reply(other, NULL, 0, NULL), 2);
    client_call(fd, 3, PROC_SEND, NULL, 0);
    wait_unsigned(&server.gate_waiting, 1);
    assert_int_equal(setsockopt(other, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(other);
    assert_int_equal(client_reply(fd, NULL, 0, NULL), 3);
    /* Another thread may do it, which has taken the loop. */
    assert_true(atomic_load(&closed_inside) == 0 || rpc_server_stats(&server).retakes > 0);
    wait_unsigned(&server.closed, 1);
    close(fd);
}

/* The client gets what there is, and the connection ends: no byte that was not in the file. */
static void tail_missing(uint32_t len, uint32_t cut)
{
    const uint32_t words[2] = {len, cut};
    int fd = client_connect(&server);
    size_t got = 0;
    ssize_t n;

    client_call(fd, 2, PROC_TAIL, words, 2);
    while ((n = read(fd, record + got, sizeof(record) - got)) > 0)
        got += (size_t)n;
    assert_true(got <= 4 + 28 + cut);
    for (size_t i = 32; i < got; i++)
        assert_int_equal(record[i], (i - 32) % 251);
    close(fd);
}

/* How long the reply with 5 bytes of a file is. */
static size_t tail_reply(int fd)
{
    const uint32_t words[2] = {5, 5};

    client_call(fd, 1, PROC_TAIL, words, 2);
    return client_receive_record(fd, record, sizeof(record));
}

static void pass_seconds(unsigned seconds)
{
    static int64_t now_ns = NSEC_PER_SEC;

    for (unsigned i = 0; i < seconds; i++)
        transport_tick(server.transport, now_ns += NSEC_PER_SEC);
}

/* The file shrank after the reply was made.  For a while, no reply has a tail. */
static void tail_of_a_file_cut_off(void **state)
{
    static const uint32_t lens[] = {100000, 100001, 5, 1 << 20}, cuts[] = {0, 50000, 4, 1};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(lens); i++) {
        int fd;

        tail_missing(lens[i], cuts[i]);
        wait_unsigned(&server.tails_done, i + 1);
        assert_int_equal(rpc_server_stats(&server).tails_short, i + 1);
        fd = client_connect(&server);
        pass_seconds(LIMIT_TAIL_PAUSE_S - 1);
        assert_int_equal(tail_reply(fd), 24);
        pass_seconds(2);
        assert_int_equal(tail_reply(fd), 24 + 4 + 8);
        wait_unsigned(&server.tails_done, i + 2);
        atomic_fetch_sub(&server.tails_done, 1);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_never_mix, setup_small_buffers, teardown),
        cmocka_unit_test_setup_teardown(many_senders_at_once, setup_small_buffers, teardown),
        cmocka_unit_test_setup_teardown(sends_do_not_wait_for_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(tails, setup, teardown),
        cmocka_unit_test_setup_teardown(tails_queued, setup_small_buffers, teardown),
        cmocka_unit_test_setup_teardown(loop_lost_while_sending, setup, teardown),
        cmocka_unit_test_setup_teardown(loop_rests_while_another_thread_sends,
                                        setup_one_loop_small_buffers, teardown),
        cmocka_unit_test_setup_teardown(tails_while_calls_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(tails_of_a_dead_connection, setup_small_buffers, teardown),
        cmocka_unit_test_setup_teardown(client_that_does_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(connection_send_is_bounded, setup, teardown),
        cmocka_unit_test_teardown(sections_send_nothing, teardown),
        cmocka_unit_test_setup_teardown(tail_of_a_file_cut_off, setup, teardown),
    };

    return test_group_run(tests);
}
