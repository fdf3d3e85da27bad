/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: sums over threads that run, have ended, or share a lane. */
#include "base/counter.h"

#include <pthread.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    THREADS = 4,
    ROUNDS = 100000,
    GENERATIONS = 300,
    CROWD = LIMIT_COUNTER_LANES + 20
};

static struct counter_set *set;
static pthread_barrier_t together;
static _Atomic unsigned wrong;

static void each_by_itself(void **state)
{
    struct counter_set *other = counter_set_create(1);

    (void)state;
    set = counter_set_create(20);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(counter_read(set, i), 0);
    counter_add(set, 3, 5);
    counter_add(set, 3, 1);
    counter_add(set, 19, 1ull << 40);
    counter_add(other, 0, 7);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(counter_read(set, i), i == 3 ? 6 : i == 19 ? 1ull << 40 : 0);
    assert_int_equal(counter_read(other, 0), 7);
    counter_add_own(counter_own(other), 0, 2);
    assert_int_equal(counter_read(other, 0), 9);
    counter_set_destroy(other);
    counter_set_destroy(set);
    counter_set_destroy(NULL);
}

static void *add_rounds(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < ROUNDS; i++) {
        counter_add(set, 0, 1);
        counter_add(set, 1, 3);
    }
    return NULL;
}

/* P-02: nothing is lost, and a concurrent reader sees the sum only grow. */
static void several_threads(void **state)
{
    pthread_t threads[THREADS];
    uint64_t last = 0;

    (void)state;
    set = counter_set_create(2);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_rounds, NULL), 0);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t now = counter_read(set, 0);

        assert_true(now >= last && now <= (uint64_t)THREADS * ROUNDS);
        last = now;
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counter_read(set, 0), THREADS * ROUNDS);
    assert_int_equal(counter_read(set, 1), 3 * THREADS * ROUNDS);
    counter_set_destroy(set);
}

static void *add_one(void *lane)
{
    counter_add(set, 0, 1);
    *(unsigned *)lane = counter_lane;
    return NULL;
}

/* A thread's count stays when it ends; its lane is reused. */
static void threads_end(void **state)
{
    unsigned highest = 0;

    (void)state;
    set = counter_set_create(1);
    for (unsigned i = 0; i < GENERATIONS; i++) {
        pthread_t thread;
        unsigned lane;

        assert_int_equal(pthread_create(&thread, NULL, add_one, &lane), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(lane > 0);
        highest = lane > highest ? lane : highest;
    }
    assert_int_equal(counter_read(set, 0), GENERATIONS);
    assert_true(highest < GENERATIONS / 2);
    counter_set_destroy(set);
}

static void *add_in_crowd(void *lane)
{
    for (unsigned i = 0; i < 10; i++)
        counter_add(set, 0, 1);
    *(unsigned *)lane = counter_lane;
    wrong += (counter_own(set) == NULL) != (counter_lane == 0);
    pthread_barrier_wait(&together);
    return NULL;
}

/* More threads at once than lanes: the last ones share one. */
static void more_than_lanes(void **state)
{
    static pthread_t threads[CROWD];
    static unsigned lanes[CROWD];
    unsigned sharing = 0;
    pthread_attr_t small;

    (void)state;
    set = counter_set_create(1);
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, 256 << 10), 0);
    assert_int_equal(pthread_barrier_init(&together, NULL, CROWD), 0);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], &small, add_in_crowd, &lanes[i]), 0);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sharing += lanes[i] == 0;
    }
    assert_true(sharing >= CROWD - LIMIT_COUNTER_LANES);
    assert_int_equal(counter_read(set, 0), 10 * CROWD);
    assert_int_equal(wrong, 0);
    pthread_attr_destroy(&small);
    pthread_barrier_destroy(&together);
    counter_set_destroy(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_by_itself),
        cmocka_unit_test(several_threads),
        cmocka_unit_test(threads_end),
        cmocka_unit_test(more_than_lanes),
    };

    return test_group_run(tests);
}
