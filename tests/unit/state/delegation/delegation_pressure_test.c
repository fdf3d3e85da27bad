/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Too many delegations: clients are asked to return some of their choice, lose their oldest when
 * they don't, and clients that were refused are told when there is room (RFC 8881 §20.6, §20.7).
 */
#include "state/delegation/delegation_pressure.h"

#include <string.h>

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_tables.h"
#include "unit/state/open/open_fixture.h"

enum {
    MOST = 16, /* clients are asked above 14, to get down to 12 */
    CROWD = 5,
    LEASE_S = 10
};

static struct client *crowd[CROWD];
static struct stateid4 given[CROWD][FIXTURE_FILES];

/* The calls of the hooks, and their results. */
static struct client *asked_of, *told_to;
static uint32_t asked_count, asked_keep, told_count, told_number, recall_count;
static bool takes, silent, told_of_directories;
static enum delegation_any asked_any;
static struct stateid4 recalled[MOST];

static bool recall_any(struct client *client, uint32_t keep, enum delegation_any any, void *context)
{
    (void)context;
    asked_any = any;
    asked_of = client;
    asked_keep = keep;
    asked_count++;
    if (takes && !silent)
        delegation_pressure_answered(fx.state, client, true);
    return takes;
}

static void available(struct client *client, uint32_t count, bool directories, void *context)
{
    (void)context;
    told_of_directories = directories;
    told_to = client;
    told_number = count;
    told_count++;
}

static bool reachable(struct client *client, void *context)
{
    (void)client;
    (void)context;
    return true;
}

static void recall(struct delegation *delegation, void *context)
{
    (void)context;
    assert_true(recall_count < MOST);
    stateid_value(&delegation->sid, &recalled[recall_count++]);
}

static int set_up(void **unused)
{
    const struct delegation_pressure_hooks hooks = {recall_any, available, NULL};
    const struct delegation_hooks calls = {.reachable = reachable, .recall = recall};
    int status = fixture_set_up(unused);

    delegation_hook(fx.state, &calls);
    delegation_pressure_hook(fx.state, &hooks);
    delegation_set_limit(fx.state, MOST);
    asked_count = told_count = recall_count = 0;
    takes = true;
    silent = false;
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = fixture_client((const char *[]){"1", "2", "3", "4", "5"}[i]);
        atomic_store(&crowd[i]->back_up, 1);
    }
    return status;
}

static int tear_down(void **unused)
{
    for (int i = 0; i < CROWD; i++)
        client_put(crowd[i]);
    return fixture_tear_down(unused);
}

static void pass(int64_t seconds)
{
    clock_advance_ns(seconds * NSEC_PER_SEC);
    for (int i = 0; i < CROWD; i++)
        client_renew(crowd[i], clock_now_ns());
}

static void tick(void)
{
    delegation_pressure_tick(fx.state, clock_now_ns());
}

static bool want(int who, int file)
{
    const struct delegation_request request = {.client = crowd[who],
                                               .obj = fx.files[file],
                                               .cred = &fx.cred,
                                               .kind = DELEGATION_READ,
                                               .fh = name_of("fh"),
                                               .now_ns = clock_now_ns()};
    enum delegation_kind kind;
    enum why_no_delegation4 why = WND4_NOT_WANTED;
    bool got = delegation_offer(fx.state, &request, &kind, &given[who][file], &why);

    if (!got)
        assert_int_equal(why, WND4_RESOURCE);
    return got;
}

static void give_back(int who, int file)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, &given[who][file], crowd[who]);

    assert_non_null(sid);
    assert_int_equal(delegation_return(delegation_of_stateid(sid), 0), NFS4_OK);
    stateid_put(sid);
}

/* The first clients get a delegation of each file, the next one the rest. */
static void fill(int count)
{
    for (int i = 0; i < count; i++)
        assert_true(want(i / FIXTURE_FILES, i % FIXTURE_FILES));
}

static bool was_recalled(int who, int file)
{
    for (uint32_t i = 0; i < recall_count; i++) {
        if (memcmp(recalled[i].other, given[who][file].other, sizeof(recalled[i].other)) == 0)
            return true;
    }
    return false;
}

static void test_asked_near_the_limit(void **unused)
{
    (void)unused;
    fill(14);
    tick();
    assert_int_equal(asked_count, 0);
    assert_true(want(3, 2));
    tick();
    /* 15 of four clients, and 12 may stay: three for each. */
    assert_int_equal(asked_count, 3);
    assert_int_equal(asked_keep, 3);
    pass(5);
    tick(); /* one request at a time */
    assert_int_equal(asked_count, 3);
    assert_int_equal(recall_count, 0);
}

/* A client with more than all others has to return more. */
static void test_clients_with_the_most(void **unused)
{
    (void)unused;
    delegation_set_limit(fx.state, 8); /* clients are asked above 7, to get down to 6 */
    fill(4);
    for (int who = 1; who < CROWD; who++)
        assert_true(want(who, 0));
    tick();
    assert_int_equal(asked_count, 1);
    assert_ptr_equal(asked_of, crowd[0]);
    assert_int_equal(asked_keep, 2);
}

static void test_clients_that_return_some(void **unused)
{
    (void)unused;
    fill(15);
    tick();
    assert_int_equal(asked_count, 3);
    for (int who = 0; who < 3; who++)
        give_back(who, 3);
    pass(2L * LEASE_S);
    tick();
    assert_int_equal(recall_count, 0);
    assert_int_equal(asked_count, 3);
}

/* A lease later the oldest are recalled: as many as needed, and none of a client that did what it
 * was asked. */
static void test_clients_that_return_none(void **unused)
{
    (void)unused;
    fill(15);
    tick();
    give_back(1, 0);
    pass(LEASE_S - 1);
    tick();
    assert_int_equal(recall_count, 0);
    pass(1);
    tick();
    assert_int_equal(recall_count, 2);
    assert_true(was_recalled(0, 0));
    assert_true(was_recalled(2, 0));
    give_back(0, 0);
    give_back(2, 0);
    assert_true(want(4, 0));
    tick();
    assert_int_equal(recall_count, 2);
}

static void test_unreachable_clients(void **unused)
{
    (void)unused;
    takes = false;
    fill(15);
    tick();
    assert_int_equal(asked_count, 3);
    assert_int_equal(recall_count, 3); /* at once */
}

static void test_clients_that_refuse(void **unused)
{
    (void)unused;
    silent = true;
    fill(15);
    tick();
    assert_int_equal(recall_count, 0);
    delegation_pressure_answered(fx.state, crowd[1], false);
    tick();
    assert_int_equal(recall_count, 1);
    assert_true(was_recalled(1, 0));
}

static void test_refused_and_told_later(void **unused)
{
    (void)unused;
    fill(12);
    assert_false(delegation_will_signal(fx.state, crowd[4], false)); /* there is room */
    for (int file = 0; file < FIXTURE_FILES; file++)
        assert_true(want(3, file));
    assert_false(want(4, 0));
    assert_true(delegation_will_signal(fx.state, crowd[4], false));
    assert_true(delegation_will_signal(fx.state, crowd[4], false)); /* and that is one */
    tick();
    assert_int_equal(told_count, 0);
    for (int who = 0; who < 3; who++)
        give_back(who, 0);
    tick();
    assert_int_equal(told_count, 1);
    assert_ptr_equal(told_to, crowd[4]);
    assert_int_equal(told_number, 1);
    assert_true(want(4, 0));
    tick();
    assert_int_equal(told_count, 1);
}

static bool want_root(struct client *client, struct stateid4 *stateid)
{
    const struct delegation_request request = {.client = client,
                                               .obj = fx.root,
                                               .cred = &fx.cred,
                                               .kind = DELEGATION_DIRECTORY,
                                               .fh = name_of("fh"),
                                               .now_ns = clock_now_ns()};
    enum delegation_counter why;
    bool got = delegation_dir_offer(fx.state, &request, stateid, &why);

    assert_true(got || why == DELEGATION_COUNTER_refused_limit);
    return got;
}

/* They may have half of the delegations. */
static void test_directories(void **unused)
{
    struct stateid4 given_root, stateid;
    struct stateid *sid;

    (void)unused;
    delegation_dir_allow(fx.state, DELEGATION_DIR_RECALL);
    delegation_set_limit(fx.state, 2);
    assert_false(delegation_will_signal(fx.state, crowd[1], true));
    assert_true(want_root(crowd[0], &given_root));
    assert_false(want_root(crowd[1], &stateid));
    assert_false(delegation_will_signal(fx.state, crowd[1], false));
    assert_true(delegation_will_signal(fx.state, crowd[1], true));
    tick();
    assert_int_equal(told_count, 0);
    assert_true(want(0, 0));
    tick();
    assert_int_equal(asked_count, 0);
    delegation_set_limit(fx.state, 1);
    pass(5);
    tick();
    assert_ptr_equal(asked_of, crowd[0]);
    assert_int_equal(asked_any, DELEGATION_ANY);
    delegation_set_limit(fx.state, 4);
    sid = stateid_lookup(fx.state->opens->stateids, &given_root, crowd[0]);
    assert_non_null(sid);
    assert_int_equal(delegation_return(delegation_of_stateid(sid), 0), NFS4_OK);
    stateid_put(sid);
    tick();
    assert_int_equal(told_count, 1);
    assert_ptr_equal(told_to, crowd[1]);
    assert_true(told_of_directories);
    assert_int_equal(told_number, 2);
}

/* Each holds one of the same directory; the oldest that the first has is one of a file. */
static void test_clients_return_directories(void **unused)
{
    struct client *more[8];
    struct stateid4 stateid;

    (void)unused;
    delegation_dir_allow(fx.state, true);
    assert_true(want(0, 0));
    for (int i = 0; i < 8; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "more%d", i);
        more[i] = i == 0 ? client_get(crowd[0]) : fixture_client(name);
        assert_true(want_root(more[i], &stateid));
        tick();
        assert_true(i == 7 || asked_count == 0);
    }
    /* 8 of 16 are directories, above 7: down to 6. */
    assert_true(asked_count > 0);
    assert_int_equal(asked_any, DELEGATION_ANY_DIRECTORY);
    assert_int_equal(asked_keep, 0);
    pass(LEASE_S);
    for (int i = 0; i < 8; i++)
        client_renew(more[i], clock_now_ns());
    tick();
    assert_int_equal(recall_count, asked_count);
    for (uint32_t i = 0; i < recall_count; i++)
        assert_memory_not_equal(recalled[i].other, given[0][0].other, sizeof(recalled[i].other));
    for (int i = 0; i < 8; i++)
        client_put(more[i]);
}

static void test_no_empty_promises(void **unused)
{
    (void)unused;
    delegation_set_limit(fx.state, 0);
    assert_false(want(0, 0));
    atomic_store(&crowd[0]->back_up, 0);
    assert_false(delegation_will_signal(fx.state, crowd[0], false));
    assert_true(delegation_will_signal(fx.state, crowd[1], false));
    atomic_store(&crowd[1]->dead, true);
    delegation_set_limit(fx.state, MOST);
    tick();
    assert_int_equal(told_count, 0); /* forgotten with its client */
    atomic_store(&crowd[1]->dead, false);
    tick();
    assert_int_equal(told_count, 0);
}

static void test_how_many_may_wait(void **unused)
{
    (void)unused;
    delegation_set_limit(fx.state, 0);
    for (uint32_t i = 0; i <= LIMIT_DELEGATION_SIGNALS; i++) {
        char name[16];
        struct client *client;

        (void)snprintf(name, sizeof(name), "c%u", i);
        client = fixture_client(name);
        atomic_store(&client->back_up, 1);
        assert_int_equal(delegation_will_signal(fx.state, client, false),
                         i < LIMIT_DELEGATION_SIGNALS);
        client_put(client);
    }
    delegation_set_limit(fx.state, LIMIT_DELEGATIONS);
    tick();
    assert_int_equal(told_count, LIMIT_SIGNALS_PER_TICK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_asked_near_the_limit),       TEST(test_clients_with_the_most),
        TEST(test_clients_that_return_some),   TEST(test_clients_that_return_none),
        TEST(test_unreachable_clients),        TEST(test_clients_that_refuse),
        TEST(test_refused_and_told_later),     TEST(test_directories),
        TEST(test_clients_return_directories), TEST(test_no_empty_promises),
        TEST(test_how_many_may_wait),
    };

    return test_group_run(tests);
}
