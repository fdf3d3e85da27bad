/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the stream delivers them: pipelined, in fragments, in single bytes, large. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"

enum {
    WORDS_MAX = LIMIT_RPC_RECORD_BYTES / 4
};

static struct rpc_server server;
static uint32_t words[WORDS_MAX], got[WORDS_MAX];

static int setup(void **state)
{
    (void)state;
    rpc_server_start(&server, 2, 0);
    for (uint32_t i = 0; i < WORDS_MAX; i++)
        words[i] = i * 2654435761u;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    return 0;
}

static void expect_echo(int fd, uint32_t xid, const uint32_t *expected, size_t count)
{
    size_t got_count;

    assert_int_equal(client_reply(fd, got, WORDS_MAX, &got_count), xid);
    assert_int_equal(got_count, count);
    assert_memory_equal(got, expected, count * 4);
}

/* A batch in one write: the replies come in order. */
static void pipelined_calls(void **state)
{
    enum {
        CALLS = 1000
    };
    uint8_t *bytes = malloc((size_t)CALLS * (NULL_CALL_BYTES + 64));
    int fd = client_connect(&server);
    size_t len = 0;

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++)
        len +=
            call_encode(bytes + len, i, i % 2 ? PROC_ECHO : PROC_NULL, words, i % 2 ? i % 16 : 0);
    client_send(fd, bytes, len);
    for (uint32_t i = 0; i < CALLS; i++)
        expect_echo(fd, i, words, i % 2 ? i % 16 : 0);
    free(bytes);
    close(fd);
}

static void byte_at_a_time(void **state)
{
    uint8_t bytes[256];
    int fd = client_connect(&server);

    (void)state;
    for (uint32_t xid = 1; xid <= 3; xid++) {
        size_t len = call_encode(bytes, xid, PROC_ECHO, words, 5);

        for (size_t i = 0; i < len; i++)
            client_send(fd, bytes + i, 1);
        expect_echo(fd, xid, words, 5);
    }
    close(fd);
}

/* Two fragments with the boundary at every byte, with an empty one between, sent in one piece
 * and with a pause at the boundary. */
static void fragments_at_every_point(void **state)
{
    uint8_t call[256], bytes[256];
    size_t len = call_encode(call, 77, PROC_ECHO, words, 6) - 4;
    int fd = client_connect(&server);

    (void)state;
    for (size_t first = 0; first <= len; first++) {
        for (int pause = 0; pause < 2; pause++) {
            uint32_t marks[3] = {htonl((uint32_t)first), 0,
                                 htonl(0x80000000u | (uint32_t)(len - first))};

            memcpy(bytes, &marks[0], 4);
            memcpy(bytes + 4, call + 4, first);
            memcpy(bytes + 4 + first, &marks[1], 8);
            memcpy(bytes + 12 + first, call + 4 + first, len - first);
            if (pause) {
                client_send(fd, bytes, 4 + first);
                usleep(200);
                client_send(fd, bytes + 4 + first, len + 8 - first);
            } else {
                client_send(fd, bytes, len + 12);
            }
            expect_echo(fd, 77, words, 6);
        }
    }
    close(fd);
}

/* Batches cut at every byte: the rest of a record comes with the next receive. */
static void batches_cut_anywhere(void **state)
{
    uint8_t bytes[1024];
    int fd = client_connect(&server);
    size_t len = 0;

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        len += call_encode(bytes + len, i, PROC_ECHO, words + i, 4);
    for (size_t cut = 0; cut <= len; cut++) {
        client_send(fd, bytes, cut);
        usleep(100);
        client_send(fd, bytes + cut, len - cut);
        for (uint32_t i = 0; i < 4; i++)
            expect_echo(fd, i, words + i, 4);
    }
    close(fd);
}

/* From a few bytes to the largest record, each followed by a small one in the same write. */
static void large_records(void **state)
{
    static const size_t counts[] = {1000,  4000,   10000,   16383,           16384,
                                    65536, 100000, 1 << 18, (1 << 18) + 900, WORDS_MAX - 10};
    uint8_t *bytes = malloc(LIMIT_RPC_RECORD_BYTES + 2 * NULL_CALL_BYTES + 4);
    int fd = client_connect(&server);

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            size_t len = round ? call_encode(bytes, 1, PROC_NULL, NULL, 0) : 0;
            size_t count = counts[i];

            len += call_encode(bytes + len, 2, PROC_ECHO, words, count);
            len += call_encode(bytes + len, 3, PROC_NULL, NULL, 0);
            client_send(fd, bytes, len);
            if (round)
                expect_echo(fd, 1, NULL, 0);
            expect_echo(fd, 2, words, count);
            expect_echo(fd, 3, NULL, 0);
        }
    }
    free(bytes);
    close(fd);
}

/* Replies of a batch that exceed the loop's reply buffer many times. */
static void large_replies(void **state)
{
    enum {
        CALLS = 12
    };
    int fd = client_connect(&server);
    const uint32_t count = 1 << 18;

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++)
        client_call(fd, i, PROC_FILL, &count, 1);
    for (uint32_t i = 0; i < CALLS; i++) {
        size_t got_count;

        assert_int_equal(client_reply(fd, got, WORDS_MAX, &got_count), i);
        assert_int_equal(got_count, count);
        for (uint32_t j = 0; j < count; j++)
            if (got[j] != j)
                fail_msg("word %u is %u", j, got[j]);
    }
    close(fd);
}

/* Calls sent before the client closed its side are answered. */
static void half_closed(void **state)
{
    uint8_t bytes[NULL_CALL_BYTES * 2];
    int fd = client_connect(&server);
    const uint32_t count = 200000;

    (void)state;
    client_call(fd, 4, PROC_FILL, &count, 1);
    client_send(fd, bytes, call_encode(bytes, 5, PROC_NULL, NULL, 0));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(client_reply(fd, got, WORDS_MAX, NULL), 4);
    assert_int_equal(client_reply(fd, got, WORDS_MAX, NULL), 5);
    client_expect_close(fd);
    close(fd);
}

static void counters(void **state)
{
    struct transport_stats before = rpc_server_stats(&server), after;
    int fd = client_connect(&server);

    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        client_ping(fd, i);
    /* The counter may move after the data has arrived. */
    wait_until(rpc_server_stats(&server).bytes_out - before.bytes_out == 10 * NULL_REPLY_BYTES);
    after = rpc_server_stats(&server);
    assert_int_equal(after.calls - before.calls, 10);
    assert_int_equal(after.replies - before.replies, 10);
    assert_int_equal(after.accepted - before.accepted, 1);
    assert_int_equal(after.bytes_in - before.bytes_in, 10 * NULL_CALL_BYTES);
    assert_true(after.connections >= 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_calls),
        cmocka_unit_test(byte_at_a_time),
        cmocka_unit_test(fragments_at_every_point),
        cmocka_unit_test(batches_cut_anywhere),
        cmocka_unit_test(large_records),
        cmocka_unit_test(large_replies),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(counters),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
