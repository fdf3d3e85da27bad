/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads may block in one place, and that some are left for others. */
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"
#include "transport/worker.h"

enum {
    PLACES = 3,
    CALLS = LIMIT_WORKER_THREADS,
    ADMITTED = 0,
    CROWDED = 1,
};

static struct rpc_server server;
static _Atomic int32_t blocked[PLACES];
static _Atomic unsigned refused, entered;

/* Word 1: how it blocks. */
enum way {
    MAYBE,
    SURELY,
    AGAIN, /* it lost its loop in an earlier section */
};

/* Word 0: the place; word 1: how it blocks there. Until the gate opens. */
static enum rpc_result run(struct rpc_call *call, void *context)
{
    uint32_t place = xdr_get_u32(&call->in), way = xdr_get_u32(&call->in);

    (void)context;
    call->blocked_in = &blocked[place];
    if (rpc_call_is_crowded(call)) {
        atomic_fetch_add(&refused, 1);
        xdr_put_u32(&call->out, CROWDED);
        return RPC_REPLY;
    }
    atomic_fetch_add(&entered, 1);
    if (way == AGAIN) {
        worker_will_block();
        worker_unblock();
    }
    if (way == SURELY)
        worker_will_block();
    else
        worker_may_block();
    rpc_server_gate_wait(&server);
    worker_unblock();
    xdr_put_u32(&call->out, ADMITTED);
    return RPC_REPLY;
}

static int setup(void **state)
{
    (void)state;
    atomic_store(&refused, 0);
    atomic_store(&entered, 0);
    rpc_server_start_with(&server, 2, run, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    for (unsigned i = 0; i < PLACES; i++)
        assert_int_equal(atomic_load(&blocked[i]), 0);
    return 0;
}

/* That many calls over one connection; wait until each has entered or been refused. */
static unsigned enter(int fd, uint32_t place, enum way way, uint32_t count)
{
    unsigned before = atomic_load(&entered);
    unsigned wanted = before + atomic_load(&refused) + count;
    const uint32_t words[] = {place, way};

    for (uint32_t i = 0; i < count; i++)
        client_call(fd, i, PROC_ECHO, words, 2);
    wait_until(atomic_load(&entered) + atomic_load(&refused) == wanted);
    return atomic_load(&entered) - before;
}

static void shares(enum way way)
{
    int fds[PLACES];
    unsigned in[PLACES], all = 0;

    for (uint32_t i = 0; i < PLACES; i++) {
        fds[i] = client_connect(&server);
        in[i] = enter(fds[i], i, way, CALLS);
        all += in[i];
        assert_true(in[i] > 0);
        assert_true(i == 0 || in[i] <= in[i - 1]);
    }
    /* All clients have one address, which may use a quarter of what is left in one place. */
    assert_in_range(in[0], LIMIT_WORKER_THREADS / 5 - 4, LIMIT_WORKER_THREADS / 5 + 4);
    assert_true(all < LIMIT_WORKER_THREADS * 3 / 4);
    wait_until(rpc_server_stats(&server).blocked_threads == all);
    assert_int_equal(rpc_server_stats(&server).crowded, atomic_load(&refused));
    assert_int_equal(rpc_server_stats(&server).no_spare, 0);
    rpc_server_open_gate(&server);
    for (uint32_t i = 0; i < PLACES; i++) {
        unsigned admitted = 0;

        for (uint32_t n = 0; n < CALLS; n++) {
            uint32_t word;
            size_t count;

            (void)client_reply(fds[i], &word, 1, &count);
            admitted += word == ADMITTED;
        }
        assert_int_equal(admitted, in[i]);
        close(fds[i]);
    }
}

static void of_calls_that_surely_block(void **state)
{
    (void)state;
    shares(SURELY);
}

static void of_calls_whose_loop_was_taken(void **state)
{
    (void)state;
    shares(MAYBE);
}

/* As in mkdir and the sync after it: the second section counts as well. */
static void of_calls_that_block_again(void **state)
{
    (void)state;
    shares(AGAIN);
}

/* A section that may block but does not is never refused, nor counted. */
static void no_call_blocks(void **state)
{
    int fd = client_connect(&server);

    (void)state;
    rpc_server_open_gate(&server);
    assert_int_equal(enter(fd, 0, MAYBE, CALLS), CALLS);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_calls_that_surely_block, setup, teardown),
        cmocka_unit_test_setup_teardown(of_calls_whose_loop_was_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(of_calls_that_block_again, setup, teardown),
        cmocka_unit_test_setup_teardown(no_call_blocks, setup, teardown),
    };

    return test_group_run(tests);
}
