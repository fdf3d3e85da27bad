/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A COMPOUND is parked between two operations.  If its client is removed before it resumes, it must
 * have no further effect.  What others met before it waited is not for it any more (vfs_memo.h).
 */
#include "proto/park.h"

#include <string.h>

#include "lib/test.h"
#include "state/client/client_table.h"
#include "unit/proto/v41/v41_fixture.h"

enum {
    MET_NS = 100, /* when the call had been received */
};

static struct compound c;
static struct compound_park park;
static struct reply reply;
static struct arena arena;
static uint8_t bytes[256];
static unsigned runs;
static bool resumed_may_use;

/* What was met of an object for a request that had been received with the call. */
static bool may_use(void)
{
    return vfs_memo_is_recent(&c, MET_NS);
}

static enum rpc_result run_on(struct compound_park *self)
{
    assert_ptr_equal(self, &park);
    runs++;
    resumed_may_use = may_use();
    return compound_park_end(self, RPC_REPLY);
}

/* A call of the client, in the state before its first operation. */
static struct rpc_call *begin(struct client *client)
{
    static struct rpc_call call;

    call = (struct rpc_call){.park_ok = true, .arena = &arena, .received_ns = MET_NS};
    xdr_init_encode(&call.out, bytes, sizeof(bytes));
    memset(&c, 0, sizeof(c));
    memset(&park, 0, sizeof(park));
    memset(&reply, 0, sizeof(reply));
    compound_begin(&c, &call, &test_server, 1, 2);
    c.client = client;
    reply.limit = call.out.end;
    compound_park_begin(&park, &c, &reply, run_on);
    return &call;
}

static struct client *client_made(const char *owner)
{
    struct v41_session session;
    struct client *client;

    v41_session_make(v41_fd, owner, NULL, &session);
    client = client_lookup(test_server.state, session.clientid);
    assert_non_null(client);
    return client;
}

static void remove_now(struct client *client)
{
    struct list doomed;

    list_init(&doomed);
    pthread_mutex_lock(&test_server.state->clients.lock);
    client_unhash_locked(client, &doomed);
    pthread_mutex_unlock(&test_server.state->clients.lock);
    client_release(test_server.state, &doomed);
}

static void a_yielded_compound_goes_on(void **state)
{
    struct client *client = client_made("stays");
    const struct rpc_call *call = begin(client);

    (void)state;
    runs = 0;
    assert_int_equal(compound_yield(&park), RPC_PARKED);
    assert_ptr_equal(call->parked, &park);
    assert_int_equal(compound_park_resume(&park), RPC_REPLY);
    assert_int_equal(runs, 1);
    assert_false(park.client_removed);
    client_put(client);
}

static void a_yielded_orphan_is_told(void **state)
{
    struct client *client = client_made("goes");

    (void)state;
    (void)begin(client);
    runs = 0;
    assert_int_equal(compound_yield(&park), RPC_PARKED);
    remove_now(client);
    assert_int_equal(compound_park_resume(&park), RPC_REPLY);
    assert_int_equal(runs, 1);
    assert_true(park.client_removed);
    /* It stays parked when it yields again. */
    assert_int_equal(compound_yield(&park), RPC_PARKED);
    (void)compound_park_resume(&park);
    assert_true(park.client_removed);
    client_put(client);
}

static void what_was_met_before_a_wait_is_too_old(void **state)
{
    struct vfs_memo_mark mark;

    (void)state;
    (void)begin(NULL);
    assert_true(may_use());
    vfs_memo_on();
    mark = vfs_memo_mark();
    assert_true(vfs_memo_is_good(&mark));
    assert_int_equal(compound_yield(&park), RPC_PARKED);
    assert_false(may_use()); /* the thread has no request now */
    assert_int_equal(vfs_memo_turn.received_ns, 0);
    assert_false(vfs_memo_is_good(&mark));
    assert_int_equal(compound_park_resume(&park), RPC_REPLY);
    assert_false(resumed_may_use);
    vfs_memo_on();
    assert_false(vfs_memo_is_good(&mark));
    vfs_memo_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_yielded_compound_goes_on, v41_set_up, v41_tear_down),
        cmocka_unit_test_setup_teardown(a_yielded_orphan_is_told, v41_set_up, v41_tear_down),
        cmocka_unit_test_setup_teardown(what_was_met_before_a_wait_is_too_old, v41_set_up,
                                        v41_tear_down),
    };

    return test_group_run(tests);
}
