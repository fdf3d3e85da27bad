/* SPDX-License-Identifier: Apache-2.0 */
/* Data that is replaced while it is read is freed when nobody can have it any more. */
#include "base/readers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    THREADS = 2,
    REPLACEMENTS = 200,
    SOUND = 0x50554e44,
    FREED = 0x46524545
};

static void readers_are_awaited(void **state)
{
    struct readers *readers = readers_create();
    unsigned early, late;
    uint64_t mark;

    (void)state;
    assert_true(readers_gone(readers, readers_mark(readers)));
    early = readers_enter(readers);
    mark = readers_mark(readers);
    late = readers_enter(readers); /* need not be awaited, but may be */
    assert_false(readers_gone(readers, mark));
    readers_leave(readers, late);
    assert_false(readers_gone(readers, mark));
    readers_leave(readers, early);
    assert_true(readers_gone(readers, mark));
    readers_destroy(readers);
}

/* There are always readers, but not the same ones. */
static void newcomers_do_not_hold_up(void **state)
{
    struct readers *readers = readers_create();
    unsigned now = readers_enter(readers), next;
    uint64_t mark = readers_mark(readers);

    (void)state;
    for (int i = 0; i < 4; i++) {
        next = readers_enter(readers);
        readers_leave(readers, now);
        now = next;
        (void)readers_gone(readers, mark);
    }
    assert_true(readers_gone(readers, mark));
    readers_leave(readers, now);
    readers_destroy(readers);
}

static struct readers *shared;
static _Atomic(unsigned *) data;
static _Atomic bool ending;

static void *leave_run(void *phase)
{
    readers_leave(shared, *(unsigned *)phase);
    return NULL;
}

/* As a request does that was parked. */
static void another_thread_may_leave(void **state)
{
    pthread_t thread;
    unsigned phase;
    uint64_t mark;

    (void)state;
    shared = readers_create();
    phase = readers_enter(shared);
    mark = readers_mark(shared);
    assert_int_equal(pthread_create(&thread, NULL, leave_run, &phase), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(readers_gone(shared, mark));
    readers_destroy(shared);
}

static void *read_run(void *arg)
{
    (void)arg;
    while (!ending) {
        unsigned phase = readers_enter(shared);
        const unsigned *found = atomic_load_explicit(&data, memory_order_acquire);

        for (int i = 0; i < 10; i++)
            CHECK(*(volatile const unsigned *)found == SOUND);
        readers_leave(shared, phase);
        (void)sched_yield();
    }
    return NULL;
}

static unsigned *data_make(void)
{
    unsigned *made = must_malloc(sizeof(*made));

    *made = SOUND;
    return made;
}

static void data_is_freed_in_time(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    shared = readers_create();
    atomic_init(&data, data_make());
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_run, NULL), 0);
    for (int i = 0; i < REPLACEMENTS; i++) {
        unsigned *old = atomic_exchange(&data, data_make());
        uint64_t mark = readers_mark(shared);

        while (!readers_gone(shared, mark))
            (void)sched_yield();
        *old = FREED;
        free(old);
    }
    ending = true;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    free(atomic_load(&data));
    readers_destroy(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_are_awaited),
        cmocka_unit_test(newcomers_do_not_hold_up),
        cmocka_unit_test(another_thread_may_leave),
        cmocka_unit_test(data_is_freed_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
