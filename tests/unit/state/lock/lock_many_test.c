/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file with very many locks: the cost of LOCK, LOCKT and LOCKU as their number grows, and how
 * long other requests wait while all of a client's locks are dropped. docs/performance.md has
 * figures of a release build.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "unit/state/open/open_fixture.h"

enum {
    MANY = 100000,
    STEPS = 3,    /* 1,000, 10,000, 100,000 */
    PROBES = 500, /* requests per measurement */
    ROUNDS = 8,   /* the fastest counts */
    LOCKERS = 1000,
    GAP = 16, /* bytes from lock to lock, half of them locked */
};

enum operation {
    LOCK,
    LOCKT,
    LOCKU,
    OPERATIONS,
};

/* A lock owner: its client, and its stateid once it has a lock. */
struct locker {
    struct client *client;
    struct stateid4 open, lock;
    char owner[24];
    bool known;
};

static struct locker lockers[LOCKERS];
static struct client *clients[LOCKERS];

static double now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void lock_at(struct locker *locker, uint64_t place)
{
    uint64_t offset = place * GAP;

    if (locker->known) {
        CHECK(do_lock_again(locker->client, &locker->lock, true, offset, GAP / 2) == NFS4_OK);
        return;
    }
    CHECK(do_lock(locker->client, &locker->open, locker->owner, true, offset, GAP / 2,
                  &locker->lock) == NFS4_OK);
    locker->known = true;
}

static void lockers_make(uint32_t count, uint32_t client_count)
{
    struct stateid4 opens[LOCKERS];
    char name[24];

    for (uint32_t i = 0; i < client_count; i++) {
        (void)snprintf(name, sizeof(name), "client%u", i);
        clients[i] = fixture_client(name);
        opens[i] = must_open(clients[i], "o", fx.files[0], RW, NONE);
    }
    memset(lockers, 0, sizeof(lockers));
    for (uint32_t i = 0; i < count; i++) {
        lockers[i].client = clients[i % client_count];
        lockers[i].open = opens[i % client_count];
        (void)snprintf(lockers[i].owner, sizeof(lockers[i].owner), "owner%u", i);
    }
}

static void lockers_end(uint32_t client_count)
{
    for (uint32_t i = 0; i < client_count; i++) {
        open_client_release(clients[i]);
        client_put(clients[i]);
    }
    assert_null(fx.files[0]->node->state);
}

/* PROBES of each operation at places all over the file; the odd places are free. */
static void round_of(uint32_t count, uint32_t locks, double cost[OPERATIONS])
{
    double times[OPERATIONS + 1];
    uint64_t places[PROBES];
    uint32_t first = (uint32_t)rand();

    for (uint32_t i = 0; i < PROBES; i++)
        places[i] = 2 * ((first + (uint64_t)i * 7919) % locks) + 1;
    times[LOCK] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < PROBES; i++)
        lock_at(&lockers[i % count], places[i]);
    times[LOCKT] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < PROBES; i++)
        (void)do_test(fx.bob, "t", fx.files[0], true, places[i] * GAP - i % GAP, 1);
    times[LOCKU] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < PROBES; i++) {
        struct locker *locker = &lockers[i % count];

        CHECK(do_unlock(locker->client, &locker->lock, places[i] * GAP, GAP / 2) == NFS4_OK);
    }
    times[OPERATIONS] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int op = LOCK; op < OPERATIONS; op++) {
        double each = (times[op + 1] - times[op]) / PROBES;

        if (cost[op] == 0 || each < cost[op])
            cost[op] = each;
    }
}

static void grow(const char *what, uint32_t count, uint32_t client_count)
{
    double cost[STEPS][OPERATIONS] = {{0}};
    uint32_t locks = 0;

    lockers_make(count, client_count);
    for (uint32_t step = 0, goal = 1000; step < STEPS; step++, goal *= 10) {
        for (; locks < goal; locks++) /* in random order */
            lock_at(&lockers[locks % count], 2 * ((uint64_t)locks * 7919 % MANY));
        assert_int_equal(((struct file *)fx.files[0]->node->state)->locks.count, goal);
        for (int r = 0; r < ROUNDS; r++)
            round_of(count, locks, cost[step]);
        print_message("%-14s %6u locks: LOCK %5.0f ns, LOCKT %5.0f ns, LOCKU %5.0f ns\n", what,
                      goal, cost[step][LOCK], cost[step][LOCKT], cost[step][LOCKU]);
    }
    /* A linear search would take 200,000 ns; on a busy machine all caches are cold. */
    for (int step = 1; step < STEPS; step++) {
        for (int op = LOCK; op < OPERATIONS; op++)
            assert_true(cost[step][op] < 4 * cost[step - 1][op] + 20000);
    }
    lockers_end(client_count);
}

static void test_one_owner(void **unused)
{
    (void)unused;
    grow("one owner", 1, 1);
}

static void test_many_owners(void **unused)
{
    (void)unused;
    grow("1,000 owners", LOCKERS, 1);
}

static void test_many_clients(void **unused)
{
    (void)unused;
    grow("1,000 clients", LOCKERS, LOCKERS);
}

static _Atomic bool go, done;
static uint32_t probes;
static double longest_ns;

/* Another client's LOCKT, repeated while the locks are dropped. */
static void *probe(void *unused)
{
    while (!go)
        ;
    while (!done) {
        double start = now_ns(CLOCK_MONOTONIC), took;

        (void)do_test(fx.bob, "t", fx.files[0], true, 1ull << 40, 1);
        took = now_ns(CLOCK_MONOTONIC) - start;
        if (took > longest_ns)
            longest_ns = took;
        probes++;
    }
    return unused;
}

static void removal(const char *what, uint32_t count)
{
    pthread_t thread;
    double start, took;

    lockers_make(count, 1);
    for (uint32_t i = 0; i < MANY; i++)
        lock_at(&lockers[i % count], 2 * ((uint64_t)i * 7919 % MANY));
    must_open(fx.bob, "o", fx.files[0], RW, NONE);
    go = done = false;
    probes = 0;
    longest_ns = 0;
    CHECK(pthread_create(&thread, NULL, probe, NULL) == 0);
    go = true;
    start = now_ns(CLOCK_MONOTONIC);
    open_client_release(clients[0]);
    took = now_ns(CLOCK_MONOTONIC) - start;
    done = true;
    CHECK(pthread_join(thread, NULL) == 0);
    print_message("%s with %d locks goes in %.1f ms; %u LOCKT meanwhile, the longest %.2f ms\n",
                  what, MANY, took / 1e6, probes, longest_ns / 1e6);
    client_put(clients[0]);
    /* The scheduler decides how long a turn takes: the test only requires many probes. */
    assert_true(probes > 10);
}

static void test_removal(void **unused)
{
    (void)unused;
    removal("A client", 1);
}

static void test_removal_of_many_owners(void **unused)
{
    (void)unused;
    removal("A client of 1,000 owners", LOCKERS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {TEST(test_one_owner), TEST(test_many_owners),
                                       TEST(test_many_clients), TEST(test_removal),
                                       TEST(test_removal_of_many_owners)};

    return test_group_run(tests);
}
