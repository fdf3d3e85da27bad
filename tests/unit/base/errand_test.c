/* SPDX-License-Identifier: Apache-2.0 */
/* Errands: who sees when they are done, what they may do when nobody waits, how many there are. */
#include "base/errand.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"

enum {
    MOST = 3,
    WAIT_S = 60,
    IDLE_S = 1,
    GETS_ON_MS = 1500
};

/* It uses "/a", and does not go on until it is told to. */
struct job {
    _Atomic bool go, begun, changed, freed;
};

static void run(void *context)
{
    struct job *job = context;

    errand_place("/a");
    atomic_store(&job->begun, true);
    while (!atomic_load(&job->go))
        (void)sched_yield();
    if (errand_commit())
        atomic_store(&job->changed, true);
}

static void release(void *context)
{
    struct job *job = context;

    atomic_store(&job->freed, true);
}

static struct errand *start(struct job *job, int wake_fd)
{
    return errand_start(
        &(struct errand_work){.run = run, .free = release, .context = job, .wake_fd = wake_fd},
        MOST);
}

static void await(_Atomic bool *flag)
{
    while (!atomic_load(flag))
        (void)sched_yield();
}

static void done_is_told(void **state)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    struct job job = {.go = false};
    struct errand *errand = start(&job, wake_fd);

    (void)state;
    assert_non_null(errand);
    assert_false(errand_is_done(errand));
    assert_int_equal(poll(&wake, 1, 0), 0);
    atomic_store(&job.go, true);
    assert_int_equal(poll(&wake, 1, WAIT_S * 1000), 1);
    assert_true(errand_is_done(errand));
    assert_true(errand_is_committed(errand));
    assert_true(atomic_load(&job.changed));
    assert_false(errand_abandon(errand));
    assert_true(errands_end(WAIT_S, WAIT_S));
    assert_false(atomic_load(&job.freed));
    errand_put(errand);
    assert_true(atomic_load(&job.freed));
    close(wake_fd);
}

/* It changes nothing, tells nobody, and frees what it has. */
static void abandoned_changes_nothing(void **state)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    struct job job = {.go = false};
    struct errand *errand = start(&job, wake_fd);

    (void)state;
    await(&job.begun);
    assert_true(errand_abandon(errand));
    assert_int_equal(errands_abandoned(), 1);
    errand_put(errand);
    assert_false(errands_end(0, WAIT_S));
    atomic_store(&job.go, true);
    assert_true(errands_end(WAIT_S, WAIT_S));
    assert_true(atomic_load(&job.freed));
    assert_false(atomic_load(&job.changed));
    assert_int_equal(errands_abandoned(), 0);
    assert_int_equal(poll(&wake, 1, 0), 0);
    close(wake_fd);
}

/* It gets on for longer than IDLE_S, unless the machine is too busy. */
static void get_on(void *context)
{
    int64_t *longest_ns = context, begun_ns = clock_now_ns(), last_ns = begun_ns, now_ns;

    do {
        (void)poll(NULL, 0, 10);
        errand_place("/a");
        now_ns = clock_now_ns();
        if (now_ns - last_ns > *longest_ns)
            *longest_ns = now_ns - last_ns;
        last_ns = now_ns;
    } while (now_ns - begun_ns < GETS_ON_MS * NSEC_PER_MSEC);
}

/* The end waits for it however slow it is, but not for ever. */
static void slow_is_awaited(void **state)
{
    int64_t longest_ns = 0;
    struct errand_work work = {.run = get_on, .context = &longest_ns, .wake_fd = ERRAND_NO_WAKE};
    struct errand *errand = errand_start(&work, MOST);
    bool ended;

    (void)state;
    assert_non_null(errand);
    assert_false(errand_is_late(errand));
    assert_false(errands_end(WAIT_S, 0));
    ended = errands_end(IDLE_S, WAIT_S);
    assert_true(errands_end(WAIT_S, WAIT_S));
    assert_true(ended || longest_ns >= IDLE_S * NSEC_PER_SEC);
    errand_put(errand);
}

static void change_slowly(void *context)
{
    struct job *job = context;

    CHECK(errand_commit());
    atomic_store(&job->begun, true);
    await(&job->go);
    (void)poll(NULL, 0, 100);
}

/* What changes something has more time than what does not. */
static void change_is_awaited(void **state)
{
    struct job job = {.go = false};
    struct errand_work work = {.run = change_slowly, .context = &job, .wake_fd = ERRAND_NO_WAKE};
    struct errand *errand = errand_start(&work, MOST);

    (void)state;
    assert_non_null(errand);
    await(&job.begun);
    atomic_store(&job.go, true);
    assert_true(errands_end(0, WAIT_S));
    errand_put(errand);
}

static void number_is_limited(void **state)
{
    struct job jobs[MOST] = {{.go = false}}, late = {.go = true};
    struct errand *errands[MOST];

    (void)state;
    for (unsigned i = 0; i < MOST; i++)
        assert_non_null(errands[i] = start(&jobs[i], ERRAND_NO_WAKE));
    assert_null(start(&late, ERRAND_NO_WAKE));
    assert_false(atomic_load(&late.freed)); /* it is still the caller's */
    for (unsigned i = 0; i < MOST; i++) {
        atomic_store(&jobs[i].go, true);
        errand_put(errands[i]);
    }
    assert_true(errands_end(WAIT_S, WAIT_S));
    assert_non_null(errands[0] = start(&late, ERRAND_NO_WAKE));
    errand_put(errands[0]);
    assert_true(errands_end(WAIT_S, WAIT_S));
    assert_true(atomic_load(&late.freed));
}

static void wait_idly(void *context)
{
    struct job *job = context;

    atomic_store(&job->begun, true);
    await(&job->go);
}

/* Of one, or of those that it may wait for; each once. */
static void places_are_named(void **state)
{
    const struct errand_work idle = {.run = wait_idly, .wake_fd = ERRAND_NO_WAKE};
    struct job jobs[2] = {{.go = false}}, idler = {.go = false};
    struct errand_work work = idle;
    struct errand *first, *second, *third;
    char text[16], tight[3];

    (void)state;
    work.context = &idler;
    first = start(&jobs[0], ERRAND_NO_WAKE);
    second = start(&jobs[1], ERRAND_NO_WAKE);
    third = errand_start(&work, MOST);
    await(&jobs[0].begun);
    await(&jobs[1].begun);
    await(&idler.begun);
    errand_places(first, text, sizeof(text));
    assert_string_equal(text, "/a");
    errand_places(third, text, sizeof(text));
    assert_string_equal(text, "/a");
    errand_places(NULL, tight, sizeof(tight));
    assert_string_equal(tight, "/a");
    atomic_store(&jobs[0].go, true);
    atomic_store(&jobs[1].go, true);
    atomic_store(&idler.go, true);
    assert_true(errands_end(WAIT_S, WAIT_S));
    errand_places(NULL, text, sizeof(text));
    assert_string_equal(text, "");
    errand_put(first);
    errand_put(second);
    errand_put(third);
}

/* There is nothing to abandon. */
static void others_go_on(void **state)
{
    (void)state;
    errand_place("/b");
    assert_true(errand_commit());
    assert_false(errand_is_abandoned());
    assert_true(errands_end(0, WAIT_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_is_told),      cmocka_unit_test(abandoned_changes_nothing),
        cmocka_unit_test(number_is_limited), cmocka_unit_test(places_are_named),
        cmocka_unit_test(others_go_on),      cmocka_unit_test(slow_is_awaited),
        cmocka_unit_test(change_is_awaited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
