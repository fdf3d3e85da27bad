/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/thread_state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic pid_t sleeper_tid, runner_tid;
static _Atomic bool runner_ends;

static void *sleeper_main(void *arg)
{
    atomic_store(&sleeper_tid, gettid());
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return arg;
}

/* The name looks like the end of another one. */
static void *runner_main(void *arg)
{
    (void)pthread_setname_np(pthread_self(), "a) S (b) Z ");
    atomic_store(&runner_tid, gettid());
    while (!atomic_load(&runner_ends))
        ;
    return arg;
}

static void a_thread_that_runs(void **state)
{
    pthread_t runner;

    (void)state;
    assert_true(thread_is_runnable(gettid()));
    assert_int_equal(pthread_create(&runner, NULL, runner_main, NULL), 0);
    wait_until(atomic_load(&runner_tid) != 0);
    /* Whether or not it has a processor just now. */
    for (int i = 0; i < 1000; i++)
        assert_true(thread_is_runnable(atomic_load(&runner_tid)));
    atomic_store(&runner_ends, true);
    assert_int_equal(pthread_join(runner, NULL), 0);
    wait_until(!thread_is_runnable(atomic_load(&runner_tid)));
}

static void a_thread_that_sleeps(void **state)
{
    pthread_t sleeper;

    (void)state;
    pthread_mutex_lock(&gate);
    assert_int_equal(pthread_create(&sleeper, NULL, sleeper_main, NULL), 0);
    wait_until(atomic_load(&sleeper_tid) != 0);
    wait_until(!thread_is_runnable(atomic_load(&sleeper_tid)));
    pthread_mutex_unlock(&gate);
    assert_int_equal(pthread_join(sleeper, NULL), 0);
}

static void no_thread(void **state)
{
    (void)state;
    assert_false(thread_is_runnable(0));
    assert_false(thread_is_runnable(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_runs),
        cmocka_unit_test(a_thread_that_sleeps),
        cmocka_unit_test(no_thread),
    };

    return test_group_run(tests);
}
