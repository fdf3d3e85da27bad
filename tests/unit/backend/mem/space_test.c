/* SPDX-License-Identifier: Apache-2.0 */
/* The account of space keeps its limit to the byte, whatever threads have in reserve. */
#include <pthread.h>
#include <stdatomic.h>

#include "backend/mem/space.h"
#include "base/check.h"
#include "base/counter.h"
#include "lib/test.h"

enum {
    THREADS = 4,
    PIECE = 4096,
    LARGE = SPACE_PLENTY + 2 * THREADS * SPACE_BATCH,
};

/* What the threads of a test share. */
struct stage {
    struct space space;
    struct counter_set *counters; /* a thread that counts has a lane, and so a reserve of its own */
    pthread_barrier_t barrier;
    _Atomic uint64_t taken;
    bool exceeded;
};

static void stage_init(struct stage *stage, uint64_t limit)
{
    space_init(&stage->space, limit);
    stage->counters = counter_set_create(1);
    assert_int_equal(pthread_barrier_init(&stage->barrier, NULL, THREADS), 0);
    atomic_init(&stage->taken, 0);
    stage->exceeded = false;
}

static void stage_fini(struct stage *stage)
{
    space_fini(&stage->space); /* nothing is taken any more */
    counter_set_destroy(stage->counters);
    pthread_barrier_destroy(&stage->barrier);
}

static void run_all(struct stage *stage, void *(*part)(void *stage))
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, part, stage), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void the_limit_is_kept(void **state)
{
    struct space space;

    (void)state;
    space_init(&space, 100);
    assert_true(space_take(&space, 60));
    assert_false(space_take(&space, 41));
    assert_true(space_take(&space, 40));
    assert_int_equal(space_free(&space), 0);
    space_force(&space, 10);
    assert_int_equal(space_free(&space), 0);
    assert_false(space_take(&space, 1));
    space_give(&space, 20);
    assert_int_equal(space_free(&space), 10);
    assert_true(space_take(&space, 10));
    assert_false(space_take(&space, 1));
    space_give(&space, 100);
    assert_false(space_take(&space, UINT64_MAX));
    space_fini(&space);
}

static _Atomic uint64_t *own_reserve(struct space *space)
{
    return &space->reserves[counter_lane % SPACE_RESERVES].bytes;
}

/* Over the limit, with what a thread has given back that had not seen it yet. */
static void space_overfill(struct space *space)
{
    space_init(space, 100);
    assert_true(space_take(space, 100));
    space_force(space, 50);
    assert_true(atomic_load(&space->over));
    atomic_fetch_add(own_reserve(space), 20);
}

static void a_reserve_does_not_count_over_the_limit(void **state)
{
    struct space space;

    (void)state;
    space_overfill(&space);
    assert_false(space_take(&space, 10));
    assert_int_equal(atomic_load(own_reserve(&space)), 0);
    assert_int_equal(space.used, 130);
    space_give(&space, 130);
    space_fini(&space);

    space_overfill(&space);
    space_force(&space, 10);
    assert_int_equal(atomic_load(own_reserve(&space)), 0);
    assert_int_equal(space.used, 140);
    space_give(&space, 140);
    space_fini(&space);
}

static void what_is_given_over_the_limit_ends_it(void **state)
{
    struct space space;

    (void)state;
    space_overfill(&space);
    space_give(&space, 60);
    assert_int_equal(atomic_load(own_reserve(&space)), 0);
    assert_int_equal(space.used, 70);
    assert_false(atomic_load(&space.over));
    space_give(&space, 10);
    assert_int_equal(atomic_load(own_reserve(&space)), 10); /* as usual again */
    assert_true(space_take(&space, 10));
    space_give(&space, 70);
    space_fini(&space);
}

/* All have a lane at the same time, so they are different ones. */
static void *take_and_give(void *arg)
{
    struct stage *stage = arg;

    counter_add(stage->counters, 0, 1);
    pthread_barrier_wait(&stage->barrier);
    if (space_take(&stage->space, PIECE))
        space_give(&stage->space, PIECE);
    pthread_barrier_wait(&stage->barrier);
    return NULL;
}

static void what_is_in_reserve_is_free(void **state)
{
    struct stage stage;

    (void)state;
    stage_init(&stage, LARGE);
    run_all(&stage, take_and_give);
    assert_true(stage.space.used >= THREADS * SPACE_BATCH); /* the reserves have it */
    assert_int_equal(space_free(&stage.space), LARGE);
    assert_true(space_take(&stage.space, LARGE));
    assert_int_equal(space_free(&stage.space), 0);
    assert_false(space_take(&stage.space, 1));
    space_give(&stage.space, LARGE);
    stage_fini(&stage);
}

static void *take_until_full(void *arg)
{
    struct stage *stage = arg;

    counter_add(stage->counters, 0, 1);
    pthread_barrier_wait(&stage->barrier);
    while (space_take(&stage->space, PIECE))
        atomic_fetch_add(&stage->taken, PIECE);
    return NULL;
}

/* None is refused before the last byte is taken, and none after it. */
static void threads_fill_it_to_the_last_byte(void **state)
{
    struct stage stage;

    (void)state;
    stage_init(&stage, LARGE);
    run_all(&stage, take_until_full);
    assert_int_equal(atomic_load(&stage.taken), LARGE);
    assert_int_equal(space_free(&stage.space), 0);
    space_give(&stage.space, LARGE);
    stage_fini(&stage);
}

/* Each counts after it has taken and before it gives: never more than is taken. */
static void *churn(void *arg)
{
    struct stage *stage = arg;

    counter_add(stage->counters, 0, 1);
    pthread_barrier_wait(&stage->barrier);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t bytes = (i % 7 + 1) * (SPACE_BATCH / 3);

        if (!space_take(&stage->space, bytes))
            continue;
        if (atomic_fetch_add(&stage->taken, bytes) + bytes > stage->space.limit)
            stage->exceeded = true;
        atomic_fetch_sub(&stage->taken, bytes);
        space_give(&stage->space, bytes);
    }
    return NULL;
}

static void no_thread_exceeds_it(void **state)
{
    const uint64_t limits[] = {SPACE_BATCH * 4, LARGE};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct stage stage;

        stage_init(&stage, limits[i]);
        run_all(&stage, churn);
        assert_false(stage.exceeded);
        assert_int_equal(space_free(&stage.space), limits[i]);
        assert_true(space_take(&stage.space, limits[i]));
        space_give(&stage.space, limits[i]);
        stage_fini(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(a_reserve_does_not_count_over_the_limit),
        cmocka_unit_test(what_is_given_over_the_limit_ends_it),
        cmocka_unit_test(what_is_in_reserve_is_free),
        cmocka_unit_test(threads_fill_it_to_the_last_byte),
        cmocka_unit_test(no_thread_exceeds_it),
    };

    return test_group_run(tests);
}
