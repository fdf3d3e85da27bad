/* SPDX-License-Identifier: Apache-2.0 */
/* A thread for each copy, up to a limit. */
#include "proto/copies/copy_threads.h"

#include <sched.h>
#include <stdatomic.h>

#include "lib/test.h"
#include "unit/proto/copies/copy_fixture.h"

static _Atomic uint32_t hanging, turns;
static _Atomic bool released;

/* As in a file system that does not answer. */
static enum copy_turn hang(struct copy *copy, enum nfsstat4 *status)
{
    (void)copy;
    hanging++;
    while (!released)
        sched_yield();
    *status = NFS4_OK;
    return COPY_TURN_OVER;
}

static enum copy_turn count(struct copy *copy, enum nfsstat4 *status)
{
    (void)copy;
    *status = NFS4_OK;
    return ++turns % 3 ? COPY_TURN_MORE : COPY_TURN_OVER;
}

static uint32_t threads(void)
{
    uint32_t count;

    pthread_mutex_lock(&queue.lock);
    count = queue.threads;
    pthread_mutex_unlock(&queue.lock);
    return count;
}

static int set_up(void **state)
{
    hanging = turns = 0;
    released = false;
    return copy_set_up(state);
}

static void await_freed(uint32_t count)
{
    while (copies_freed() < count)
        sched_yield();
}

static void add(struct client *client, char from, char to)
{
    assert_true(copy_threads_add(&queue, copy_of(client, from, to)));
}

static void until_all_is_copied(void **unused)
{
    (void)unused;
    copy_turn_hook = count;
    add(&alice, 'a', 'b');
    await_freed(1);
    assert_int_equal(turns, 3);
    add(&alice, 'a', 'b');
    await_freed(2);
    assert_int_equal(turns, 6);
    assert_int_equal(threads(), 1);
}

/* The only thread has been woken, and does not run yet, when two copies begin: the second one has a
 * thread of its own, and need not wait for the first one, which hangs.  The test is that thread. */
static void woken_threads_are_not_shared(void **unused)
{
    struct copy *copy;

    (void)unused;
    copy_turn_hook = hang;
    queue.threads = 1;
    add(&alice, 'a', 'b');
    add(&bob, 'c', 'd');
    assert_int_equal(threads(), 2);
    while (hanging < 1)
        sched_yield();
    copy = copy_queue_take(&queue);
    assert_ptr_equal(copy->stateid.client, &bob);
    assert_true(copy_queue_end(&queue, copy, NFS4_OK));
    copy_queue_told(&queue, copy, COPY_KNOWN);
    released = true;
    await_freed(2);
    pthread_mutex_lock(&queue.lock);
    queue.threads--;
    pthread_mutex_unlock(&queue.lock);
}

static void as_many_as_permitted(void **unused)
{
    (void)unused;
    copy_turn_hook = hang;
    for (uint32_t i = 0; i < LIMIT_COPY_THREADS + 2; i++)
        add(&alice, (char)('a' + 2 * i), (char)('b' + 2 * i));
    while (hanging < LIMIT_COPY_THREADS)
        sched_yield();
    assert_int_equal(threads(), LIMIT_COPY_THREADS);
    released = true;
    await_freed(LIMIT_COPY_THREADS + 2);
}

/* At the end of the server no thread is started. */
static void none_after_the_end(void **unused)
{
    struct copy *copy;

    (void)unused;
    assert_true(copy_queue_stop(&queue));
    copy = copy_of(&alice, 'a', 'b');
    assert_false(copy_threads_add(&queue, copy));
    assert_int_equal(threads(), 0);
    stateid_kill(&copy->stateid);
    stateid_put(&copy->stateid);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, copy_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(until_all_is_copied),
        TEST(woken_threads_are_not_shared),
        TEST(as_many_as_permitted),
        TEST(none_after_the_end),
    };

    return test_group_run(tests);
}
