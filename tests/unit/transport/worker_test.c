/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that block: what else goes on meanwhile, and what happens to them. */
#include "transport/worker.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"
#include "wire/rpc_msg.h"

static struct rpc_server server;

static int setup_one_loop(void **state)
{
    (void)state;
    rpc_server_start(&server, 1, 0);
    return 0;
}

static int setup_four_loops(void **state)
{
    (void)state;
    rpc_server_start(&server, 4, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    assert_int_equal(atomic_load(&server.closed_early), 0);
    return 0;
}

static uint32_t reply_xid(int fd)
{
    uint32_t words[64];

    return client_reply(fd, words, 64, NULL);
}

/* Calls before, around and behind a blocked one, all in one write: only that one waits. */
static void batch_goes_on(uint32_t proc)
{
    uint8_t bytes[8 * 64];
    const uint32_t word = 0xfeed;
    uint32_t words[8];
    size_t len = 0, count;
    int fd = client_connect(&server), other = client_connect(&server);

    len += call_encode(bytes + len, 1, PROC_NULL, NULL, 0);
    len += call_encode(bytes + len, 2, proc, &word, 1);
    len += call_encode(bytes + len, 3, PROC_ECHO, &word, 1);
    len += call_encode(bytes + len, 4, PROC_NULL, NULL, 0);
    client_send(fd, bytes, len);
    assert_int_equal(reply_xid(fd), 1);
    assert_int_equal(reply_xid(fd), 3);
    assert_int_equal(reply_xid(fd), 4);
    client_ping(fd, 5);
    client_ping(other, 6);
    wait_unsigned(&server.gate_waiting, 1);
    assert_int_equal(atomic_load(&server.gate_waiting), 1);
    rpc_server_open_gate(&server);
    assert_int_equal(client_reply(fd, words, 8, &count), 2);
    assert_int_equal(count, 1);
    assert_int_equal(words[0], word);
    client_ping(fd, 7);
    close(fd);
    close(other);
}

static void will_block_gives_the_loop_away(void **state)
{
    (void)state;
    batch_goes_on(PROC_GATE_WILL);
    assert_int_equal(rpc_server_stats(&server).handoffs, 1);
    assert_int_equal(rpc_server_stats(&server).retakes, 0);
}

static void may_block_loses_the_loop(void **state)
{
    (void)state;
    batch_goes_on(PROC_GATE_MAY);
    assert_int_equal(rpc_server_stats(&server).retakes, 1);
    assert_int_equal(rpc_server_stats(&server).handoffs, 0);
}

/* A short section keeps its loop, and the next one wakes a sleeping monitor. */
static void short_sections_keep_the_loop(void **state)
{
    const uint32_t none = 0;
    int fd = client_connect(&server);
    uint64_t before;

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        client_call(fd, i, PROC_SLEEP_MAY, &none, 1);
        assert_int_equal(reply_xid(fd), i);
    }
    /* On a busy machine a thread may lose its processor inside a section, which makes it a long
     * one. */
    before = rpc_server_stats(&server).retakes;
    assert_true(before <= atomic_load(&server.long_sections));
    wait_ms(50);
    client_call(fd, 1, PROC_GATE_MAY, NULL, 0);
    wait_until(rpc_server_stats(&server).retakes == before + 1);
    rpc_server_open_gate(&server);
    assert_int_equal(reply_xid(fd), 1);
    assert_int_equal(rpc_server_stats(&server).retakes, before + 1);
    close(fd);
}

/* A thread that runs in its section is not blocked: it keeps the loop, even if it waits for a
 * processor now and then. */
static void threads_that_run_keep_the_loop(void **state)
{
    enum {
        BUSY_US = 3 * WORKER_RETAKE_US
    };
    const uint32_t busy_us = BUSY_US;
    int fd = client_connect(&server);

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        client_call(fd, i, PROC_RUN_MAY, &busy_us, 1);
        assert_int_equal(reply_xid(fd), i);
    }
    assert_true(rpc_server_stats(&server).retakes <= atomic_load(&server.long_sections));
    close(fd);
}

/* But not for ever: others wait for the loop. */
static void threads_that_run_on_lose_the_loop(void **state)
{
    const uint32_t for_ever = 0;
    int fd = client_connect(&server), other = client_connect(&server);

    (void)state;
    client_call(fd, 1, PROC_RUN_MAY, &for_ever, 1);
    client_ping(other, 2);
    wait_until(rpc_server_stats(&server).retakes == 1);
    client_ping(other, 3);
    rpc_server_open_gate(&server);
    assert_int_equal(reply_xid(fd), 1);
    close(fd);
    close(other);
}

/* More blocked calls than there can be threads, a NULL call ahead of each: nothing is lost, no
 * thread fails, and finished replies do not wait for a blocked call, except `held`. */
static void more_than_the_thread_limit(uint32_t proc, unsigned idle_loops, unsigned held)
{
    enum {
        CALLS = LIMIT_WORKER_THREADS + 44
    };
    bool seen[CALLS] = {false};
    uint8_t *bytes = malloc(CALLS * (size_t)128);
    const unsigned blocked = LIMIT_WORKER_THREADS - idle_loops;
    int fd = client_connect(&server), other = client_connect(&server);
    struct transport_stats stats;
    size_t len = 0;

    client_ping(other, 1);
    for (uint32_t i = 0; i < CALLS; i++) {
        len += call_encode(bytes + len, CALLS + i, PROC_NULL, NULL, 0);
        len += call_encode(bytes + len, i, proc, &i, 1);
    }
    client_send(fd, bytes, len);
    wait_unsigned(&server.gate_waiting, blocked);
    for (uint32_t i = 0; i < blocked - held; i++)
        assert_int_equal(reply_xid(fd), CALLS + i);
    wait_until(rpc_server_stats(&server).no_spare >= 1);
    stats = rpc_server_stats(&server);
    assert_int_equal(stats.threads, LIMIT_WORKER_THREADS);

    rpc_server_open_gate(&server);
    for (uint32_t i = 0; i < 2 * CALLS - (blocked - held); i++) {
        uint32_t word, xid = client_reply(fd, &word, 1, NULL);

        if (xid >= CALLS)
            continue;
        assert_false(seen[xid]);
        assert_int_equal(word, xid);
        seen[xid] = true;
    }
    for (uint32_t i = 0; i < CALLS; i++)
        assert_true(seen[i]);
    client_ping(fd, 1);
    client_ping(other, 1);
    free(bytes);
    close(fd);
    close(other);
}

static void three_hundred_will_block(void **state)
{
    (void)state;
    more_than_the_thread_limit(PROC_GATE_WILL, 0, 0);
}

static void three_hundred_may_block(void **state)
{
    (void)state;
    more_than_the_thread_limit(PROC_GATE_MAY, 3, 1);
}

/* The client closes while its calls run on: their memory stays until they end, and the closed hook
 * waits for the last. */
static void closed_while_calls_run(void **state)
{
    enum {
        CALLS = 20
    };
    uint32_t words[64] = {0};

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++) {
        int fd = client_connect(&server);

        client_call(fd, 1, PROC_USER, NULL, 0);
        client_call(fd, i, i % 2 ? PROC_GATE_WILL : PROC_GATE_MAY, words, 64);
        wait_unsigned(&server.gate_waiting, i + 1);
        close(fd);
    }
    usleep(20000);
    assert_int_equal(atomic_load(&server.closed), 0);
    assert_int_equal(rpc_server_stats(&server).connections, CALLS);
    rpc_server_open_gate(&server);
    wait_unsigned(&server.closed, CALLS);
}

/* The buffers of a blocked call are its own: later input overwrites nothing. */
static void arguments_stay_valid(void **state)
{
    enum {
        CALLS = 16,
        WORDS = 200
    };
    uint32_t words[WORDS], got[WORDS];
    int fd = client_connect(&server);

    (void)state;
    for (uint32_t i = 0; i < CALLS; i++) {
        for (uint32_t j = 0; j < WORDS; j++)
            words[j] = i << 16 | j;
        client_call(fd, i, i % 2 ? PROC_GATE_WILL : PROC_GATE_MAY, words, WORDS);
        wait_unsigned(&server.gate_waiting, i + 1);
        for (uint32_t j = 0; j < WORDS; j++)
            words[j] = ~0u;
        client_call(fd, 999, PROC_ECHO, words, WORDS);
        assert_int_equal(client_reply(fd, got, WORDS, NULL), 999);
    }
    rpc_server_open_gate(&server);
    for (uint32_t i = 0; i < CALLS; i++) {
        size_t count;
        uint32_t xid = client_reply(fd, got, WORDS, &count);

        assert_int_equal(count, WORDS);
        for (uint32_t j = 0; j < WORDS; j++)
            assert_int_equal(got[j], xid << 16 | j);
    }
    close(fd);
}

/* Sections of about the duration at which the monitor takes the loop, from several connections:
 * whichever thread wins, each call is answered once. */
static void races_for_the_loop(void **state)
{
    enum {
        CONNECTIONS = 6,
        CALLS = 150
    };
    int fds[CONNECTIONS];
    unsigned answers[CONNECTIONS][CALLS] = {{0}};

    (void)state;
    for (int c = 0; c < CONNECTIONS; c++)
        fds[c] = client_connect(&server);
    for (uint32_t i = 0; i < CALLS; i++) {
        for (int c = 0; c < CONNECTIONS; c++) {
            uint32_t us = i % 7 == 0 ? 400 + (i * 37) % 900 : 0;

            client_call(fds[c], i, i % 3 ? PROC_SLEEP_MAY : PROC_ECHO, &us, 1);
        }
    }
    for (int c = 0; c < CONNECTIONS; c++) {
        for (uint32_t i = 0; i < CALLS; i++) {
            uint32_t xid = reply_xid(fds[c]);

            assert_true(xid < CALLS);
            answers[c][xid]++;
        }
        for (uint32_t i = 0; i < CALLS; i++)
            assert_int_equal(answers[c][i], 1);
        close(fds[c]);
    }
}

/* A record in two fragments: it is in a buffer of its own. */
static size_t fragments_put(uint8_t *out, const uint8_t *record, size_t len)
{
    const size_t first = 12;

    rpc_record_mark_put(out, (uint32_t)first, false);
    memcpy(out + RPC_RECORD_MARK_BYTES, record, first);
    out += RPC_RECORD_MARK_BYTES + first;
    rpc_record_mark_put(out, (uint32_t)(len - first), true);
    memcpy(out + RPC_RECORD_MARK_BYTES, record + first, len - first);
    return len + 2 * (size_t)RPC_RECORD_MARK_BYTES;
}

/* A thread loses its loop while it passes on a REPLY, as when it sends output that another thread
 * has queued: later records go on, and none is handled twice. */
static void replies_may_block(void **state)
{
    const uint32_t reply[] = {htonl(77), htonl(1), 0, 0, 0, 0};
    uint8_t bytes[1024], call[128];
    const uint32_t word = 0xfeed;
    int fd = client_connect(&server);
    size_t len, call_len;

    (void)state;
    atomic_store(&server.replies_block, true);
    len = fragments_put(bytes, (const uint8_t *)reply, sizeof(reply));
    for (uint32_t xid = 1; xid <= 3; xid++) {
        call_len = call_encode(call, xid, PROC_ECHO, &word, 1);
        len += fragments_put(bytes + len, call + RPC_RECORD_MARK_BYTES,
                             call_len - RPC_RECORD_MARK_BYTES);
    }
    call_len = call_encode(call, 4, PROC_NAP, &word, 1);
    len +=
        fragments_put(bytes + len, call + RPC_RECORD_MARK_BYTES, call_len - RPC_RECORD_MARK_BYTES);
    client_send(fd, bytes, len);
    for (uint32_t xid = 1; xid <= 3; xid++)
        assert_int_equal(reply_xid(fd), xid);
    wait_unsigned(&server.gate_waiting, 1);
    rpc_server_open_gate(&server);
    assert_int_equal(reply_xid(fd), 4);
    client_ping(fd, 5);
    assert_int_equal(atomic_load(&server.replies_seen), 1);
    assert_int_equal(rpc_server_stats(&server).handoffs, 1);
    close(fd);
}

/* They have no effect outside a loop. */
static void sections_outside_a_worker(void **state)
{
    (void)state;
    worker_may_block();
    worker_unblock();
    worker_will_block();
    worker_unblock();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(will_block_gives_the_loop_away, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(may_block_loses_the_loop, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(short_sections_keep_the_loop, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(threads_that_run_keep_the_loop, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(threads_that_run_on_lose_the_loop, setup_one_loop,
                                        teardown),
        cmocka_unit_test_setup_teardown(three_hundred_will_block, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(three_hundred_may_block, setup_four_loops, teardown),
        cmocka_unit_test_setup_teardown(closed_while_calls_run, setup_four_loops, teardown),
        cmocka_unit_test_setup_teardown(arguments_stay_valid, setup_one_loop, teardown),
        cmocka_unit_test_setup_teardown(races_for_the_loop, setup_four_loops, teardown),
        cmocka_unit_test_setup_teardown(replies_may_block, setup_one_loop, teardown),
        cmocka_unit_test(sections_outside_a_worker),
    };

    return test_group_run(tests);
}
