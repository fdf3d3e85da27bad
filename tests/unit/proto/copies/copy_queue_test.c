/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is, how many there may be, and how a copy ends (RFC 7862 §4.8). */
#include <sched.h>

#include "base/clock.h"
#include "lib/test.h"
#include "proto/copies/copy_list.h"
#include "unit/proto/copies/copy_fixture.h"

/* The next turn is that copy's; there is one. */
static void expect_turn(const struct copy *copy)
{
    assert_ptr_equal(copy_queue_take(&queue), copy);
    assert_int_equal(copy->phase, COPY_RUNS);
}

static void go_on(struct copy *copy)
{
    assert_true(copy_queue_return(&queue, copy, 0));
}

static void finish(struct copy *copy)
{
    assert_true(copy_queue_end(&queue, copy, NFS4_OK));
    copy_queue_told(&queue, copy, COPY_KNOWN);
}

static uint64_t counted(enum copy_counter counter)
{
    return counter_read(queue.counters, counter);
}

/* However many copies a client has, another one's come as often. */
static void clients_take_turns(void **unused)
{
    struct copy *mine[3], *other;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(mine); i++)
        mine[i] = copy_added(&alice, 'a', 'b');
    other = copy_added(&bob, 'a', 'b');
    for (size_t i = 0; i < 2 * ARRAY_SIZE(mine); i++) {
        struct copy *now = mine[i % ARRAY_SIZE(mine)];

        expect_turn(now);
        go_on(now);
        expect_turn(other);
        go_on(other);
    }
}

/* What waits for its time is passed over, also by others of its client. */
static void later_means_later(void **unused)
{
    struct copy *late, *other;

    (void)unused;
    late = copy_added(&alice, 'a', 'b');
    expect_turn(late);
    assert_true(copy_queue_return(&queue, late, clock_now_ns() + (int64_t)3600 * NSEC_PER_SEC));
    other = copy_added(&alice, 'a', 'b');
    expect_turn(other);
    finish(other);
    late->resume_ns = clock_now_ns(); /* the clock of condition variables can't be moved */
    expect_turn(late);
    go_on(late);
}

/* Copies from or to one file system leave threads to those of others. */
static void volumes_share_threads(void **unused)
{
    struct copy *from[LIMIT_COPY_THREADS_PER_VOLUME], *in_vain[2], *other;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
        from[i] = i % 2 ? copy_added(&alice, 'a', 'b') : copy_added(&alice, 'b', 'a');
        expect_turn(from[i]);
    }
    in_vain[0] = copy_added(&alice, 'c', 'a');
    in_vain[1] = copy_added(&alice, 'a', 'c');
    other = copy_added(&bob, 'c', 'd');
    expect_turn(other);
    finish(other);
    finish(from[0]);
    expect_turn(in_vain[0]);
    finish(in_vain[0]);
    expect_turn(in_vain[1]);
    go_on(in_vain[1]);
    for (size_t i = 1; i < ARRAY_SIZE(from); i++)
        go_on(from[i]);
}

static void refuse(struct client *client)
{
    struct copy *copy = copy_of(client, 'a', 'b');

    assert_false(copy_queue_add(&queue, copy));
    stateid_kill(&copy->stateid);
    stateid_put(&copy->stateid);
}

/* Those count whose end the client does not know. */
static void limit_of_a_client(void **unused)
{
    struct copy *first;

    (void)unused;
    first = copy_added(&alice, 'a', 'b');
    for (uint32_t i = 1; i < LIMIT_COPIES_PER_CLIENT; i++)
        (void)copy_added(&alice, 'a', 'b');
    refuse(&alice);
    (void)copy_added(&bob, 'a', 'b');
    expect_turn(first);
    assert_true(copy_queue_end(&queue, first, NFS4_OK));
    refuse(&alice);
    copy_queue_told(&queue, first, COPY_UNKNOWN);
    refuse(&alice);
    assert_int_equal(copy_queue_cancel(&queue, first), NFS4_OK);
    (void)copy_added(&alice, 'a', 'b');
    refuse(&alice);
}

static void limit_of_the_server(void **unused)
{
    static struct client clients[LIMIT_COPIES / LIMIT_COPIES_PER_CLIENT];

    (void)unused;
    for (uint32_t i = 0; i < LIMIT_COPIES; i++)
        (void)copy_added(&clients[i % ARRAY_SIZE(clients)], 'a', 'b');
    refuse(&alice);
    assert_int_equal(counted(COPY_COUNTER_begun), LIMIT_COPIES);
}

/* It has no turn any more, and nobody is told. */
static void cancelled_while_it_waits(void **unused)
{
    struct copy *copy, *other;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    other = copy_added(&alice, 'a', 'b');
    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4_OK);
    assert_int_equal(copies_settled(), 1);
    assert_int_equal(copies_freed(), 1);
    assert_int_equal(counted(COPY_COUNTER_cancelled), 1);
    expect_turn(other);
    go_on(other);
}

/* The turn is not over in time: DELAY, and the copy ends with its turn. */
static void cancelled_while_it_runs(void **unused)
{
    struct copy *copy;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    stateid_get(&copy->stateid);
    queue.cancel_s = 0;
    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4ERR_DELAY);
    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4ERR_DELAY);
    assert_int_equal(copy->phase, COPY_RUNS);
    assert_false(copy_queue_return(&queue, copy, 0));
    assert_false(copy_queue_end(&queue, copy, NFS4ERR_DELAY));
    assert_int_equal(counted(COPY_COUNTER_cancelled), 1);
    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4ERR_BAD_STATEID);
    assert_int_equal(copies_freed(), 0);
    stateid_put(&copy->stateid);
}

static void *cancel(void *arg)
{
    struct copy *copy = arg;

    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4_OK);
    assert_int_equal(copy->phase, COPY_GONE);
    stateid_put(&copy->stateid);
    return NULL;
}

static enum copy_phase phase_of(const struct copy *copy)
{
    enum copy_phase phase;

    pthread_mutex_lock(&queue.lock);
    phase = copy->phase;
    pthread_mutex_unlock(&queue.lock);
    return phase;
}

static bool is_cancelled(const struct copy *copy)
{
    bool cancelled;

    pthread_mutex_lock(&queue.lock);
    cancelled = copy->cancelled;
    pthread_mutex_unlock(&queue.lock);
    return cancelled;
}

/* Who cancels waits for the end of the turn, with which the copy ends. */
static void cancel_waits_for_the_turn(void **unused)
{
    struct copy *copy;
    pthread_t thread;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    stateid_get(&copy->stateid);
    assert_int_equal(pthread_create(&thread, NULL, cancel, copy), 0);
    while (!is_cancelled(copy))
        sched_yield();
    assert_false(copy_queue_return(&queue, copy, 0));
    assert_false(copy_queue_end(&queue, copy, NFS4ERR_DELAY));
    pthread_join(thread, NULL);
    assert_int_equal(copies_freed(), 1);
}

/* Its thread is late: the client has what it wants to know from OFFLOAD_CANCEL. */
static void cancelled_after_its_end(void **unused)
{
    struct copy *copy;
    enum nfsstat4 status;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    assert_false(copy_queue_status(&queue, copy, &status));
    assert_true(copy_queue_end(&queue, copy, NFS4ERR_NOSPC));
    assert_true(copy_queue_status(&queue, copy, &status));
    assert_int_equal(status, NFS4ERR_NOSPC);
    assert_int_equal(counted(COPY_COUNTER_failed), 1);
    assert_int_equal(copy_queue_cancel(&queue, copy), NFS4_OK);
    assert_int_equal(copies_freed(), 0);
    copy_queue_told(&queue, copy, COPY_KNOWN);
    assert_int_equal(copies_freed(), 1);
}

static struct copy *ended(struct client *client)
{
    struct copy *copy = copy_added(client, 'a', 'b');

    expect_turn(copy);
    assert_true(copy_queue_end(&queue, copy, NFS4_OK));
    return copy;
}

/* Again after 1, 2, 4 ... seconds, at most LIMIT_COPY_TELL_S; once at a time. */
static void told_until_it_is_known(void **unused)
{
    struct copy *copy;
    int64_t wait_s = 1;

    (void)unused;
    copy = ended(&alice);
    assert_null(copy_queue_due(&queue, INT64_MAX));
    for (int i = 0; i < 10; i++) {
        copy_queue_told(&queue, copy, COPY_UNKNOWN);
        assert_null(copy_queue_due(&queue, clock_now_ns() + (wait_s - 1) * NSEC_PER_SEC));
        assert_ptr_equal(copy_queue_due(&queue, clock_now_ns() + wait_s * NSEC_PER_SEC), copy);
        assert_null(copy_queue_due(&queue, INT64_MAX));
        wait_s = wait_s * 2 < LIMIT_COPY_TELL_S ? wait_s * 2 : LIMIT_COPY_TELL_S;
    }
    copy_queue_told(&queue, copy, COPY_KNOWN);
    assert_int_equal(copies_freed(), 1);
}

/* A client that says that there is no such copy is believed after some attempts. */
static void disowned(void **unused)
{
    struct copy *copy;
    int attempts = 1;

    (void)unused;
    copy = ended(&alice);
    for (;;) {
        copy_queue_told(&queue, copy, COPY_DISOWNED);
        if (copies_freed() > 0)
            break;
        assert_ptr_equal(copy_queue_due(&queue, INT64_MAX), copy);
        attempts++;
    }
    assert_int_equal(attempts, 5);
}

/* Its client is gone: nobody is told, whatever the phase. */
static void clients_that_go(void **unused)
{
    struct copy *copy, *late;

    (void)unused;
    late = ended(&alice);
    copy_queue_told(&queue, late, COPY_UNKNOWN);
    copy = copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    atomic_store(&alice.dead, true);
    assert_false(copy_queue_end(&queue, copy, NFS4_OK));
    assert_int_equal(copies_freed(), 1);
    assert_int_equal(counted(COPY_COUNTER_cancelled), 1);
    assert_null(copy_queue_due(&queue, 0));
    assert_int_equal(copies_freed(), 2);
}

/* Its client is gone: it has a turn to end with although all threads of its file system hang. */
static void clients_that_go_from_a_queue(void **unused)
{
    struct copy *hanging[LIMIT_COPY_THREADS_PER_VOLUME], *orphan;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        hanging[i] = copy_added(&bob, 'a', 'b');
        expect_turn(hanging[i]);
    }
    orphan = copy_added(&alice, 'a', 'b');
    atomic_store(&alice.dead, true);
    expect_turn(orphan);
    assert_false(copy_queue_end(&queue, orphan, NFS4ERR_EXPIRED));
    assert_int_equal(copies_freed(), 1);
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
        go_on(hanging[i]);
}

/* The end itself may hang, if it frees a removed file: others keep a thread. */
static void clients_that_go_leave_a_thread(void **unused)
{
    struct copy *hanging[LIMIT_COPY_THREADS_PER_VOLUME], *orphans[2], *other;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        hanging[i] = copy_added(&bob, 'a', 'b');
        expect_turn(hanging[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(orphans); i++)
        orphans[i] = copy_added(&alice, 'a', 'b');
    atomic_store(&alice.dead, true);
    expect_turn(orphans[0]);
    for (int i = 0; i < 2; i++) { /* the second time it would be alice's turn */
        other = copy_added(&bob, 'c', 'd');
        expect_turn(other);
        finish(other);
    }
    assert_false(copy_queue_end(&queue, orphans[0], NFS4ERR_EXPIRED));
    expect_turn(orphans[1]);
    assert_false(copy_queue_end(&queue, orphans[1], NFS4ERR_EXPIRED));
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
        go_on(hanging[i]);
}

static void *take(void *arg)
{
    return copy_queue_take(arg);
}

/* A thread that waits learns of it once a second. */
static void threads_look_for_clients_that_go(void **unused)
{
    struct copy *hanging[LIMIT_COPY_THREADS_PER_VOLUME], *orphan;
    pthread_t thread;
    void *taken;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        hanging[i] = copy_added(&bob, 'a', 'b');
        expect_turn(hanging[i]);
    }
    orphan = copy_added(&alice, 'a', 'b');
    assert_int_equal(pthread_create(&thread, NULL, take, &queue), 0);
    atomic_store(&alice.dead, true);
    while (phase_of(orphan) == COPY_WAITS) {
        assert_null(copy_queue_due(&queue, 0));
        sched_yield();
    }
    assert_int_equal(pthread_join(thread, &taken), 0);
    assert_ptr_equal(taken, orphan);
    assert_false(copy_queue_end(&queue, orphan, NFS4ERR_EXPIRED));
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
        go_on(hanging[i]);
}

static void ends_are_counted(void **unused)
{
    struct copy *all, *part;

    (void)unused;
    all = copy_added(&alice, 'a', 'b');
    part = copy_added(&bob, 'a', 'b');
    all->plan.length = part->plan.length = 10;
    atomic_store(&all->done, 10);
    atomic_store(&part->done, 9);
    expect_turn(all);
    finish(all);
    expect_turn(part);
    finish(part);
    assert_int_equal(counted(COPY_COUNTER_done), 1);
    assert_int_equal(counted(COPY_COUNTER_short), 1);
}

/* The server ends: no copy is begun, goes on or is told. */
static void stopped(void **unused)
{
    struct copy *copy, *told;

    (void)unused;
    told = ended(&bob);
    copy_queue_told(&queue, told, COPY_UNKNOWN);
    copy = copy_added(&alice, 'a', 'b');
    (void)copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    assert_true(copy_queue_stop(&queue));
    refuse(&alice);
    assert_null(copy_queue_take(&queue));
    assert_null(copy_queue_due(&queue, INT64_MAX));
    assert_false(copy_queue_return(&queue, copy, 0));
    assert_false(copy_queue_end(&queue, copy, NFS4ERR_DELAY));
}

/* A thread that hangs: what it uses must stay. */
static void stopped_in_vain(void **unused)
{
    (void)unused;
    queue.threads = 1;
    queue.stop_s = 0;
    assert_false(copy_queue_stop(&queue));
    queue.threads = 0;
}

/* It waits: the client is told at once, of an I/O error. */
static void aborted_while_it_waits(void **unused)
{
    struct copy *copy;
    enum nfsstat4 status;
    bool is_ended;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    assert_true(copy_queue_abort(&queue, copy, &is_ended));
    assert_true(is_ended);
    assert_true(copy_queue_status(&queue, copy, &status));
    assert_int_equal(status, NFS4ERR_IO);
    assert_int_equal(queue.live, 0);
    assert_int_equal(counted(COPY_COUNTER_failed), 1);
    assert_false(copy_queue_abort(&queue, copy, &is_ended));
    copy_queue_told(&queue, copy, COPY_KNOWN);
    assert_int_equal(copies_freed(), 1);
}

/* It runs: its thread learns it at the end of the turn. */
static void aborted_while_it_runs(void **unused)
{
    struct copy *copy;
    bool is_ended;

    (void)unused;
    copy = copy_added(&alice, 'a', 'b');
    expect_turn(copy);
    assert_true(copy_queue_abort(&queue, copy, &is_ended));
    assert_false(is_ended);
    assert_false(copy_queue_abort(&queue, copy, &is_ended));
    assert_false(copy_queue_return(&queue, copy, 0));
    assert_true(copy_queue_end(&queue, copy, NFS4ERR_IO));
    copy_queue_told(&queue, copy, COPY_KNOWN);
}

static void expect_listed(uint64_t *number, enum copy_state state, uint64_t clientid)
{
    struct copy_view view;

    assert_true(copy_list_next(&queue, number, &view));
    assert_int_equal(view.state, state);
    assert_int_equal(view.clientid, clientid);
    assert_int_equal(view.ended_ns != 0, state >= COPY_STATE_ENDED);
}

/* In the order in which they began, whatever has become of them. */
static void listed(void **unused)
{
    struct copy *over, *late, *cancelled, *runs;
    struct copy_view view;
    uint64_t number = 0;

    (void)unused;
    assert_false(copy_list_next(&queue, &number, &view));
    over = ended(&bob);
    late = ended(&alice);
    cancelled = copy_added(&alice, 'a', 'b');
    runs = copy_added(&bob, 'a', 'b');
    (void)copy_added(&bob, 'a', 'b');
    assert_int_equal(copy_queue_cancel(&queue, cancelled), NFS4_OK);
    expect_turn(runs);
    copy_queue_told(&queue, over, COPY_KNOWN);
    expect_listed(&number, COPY_STATE_OVER, bob.id);
    expect_listed(&number, COPY_STATE_ENDED, alice.id);
    expect_listed(&number, COPY_STATE_CANCELLED, alice.id);
    expect_listed(&number, COPY_STATE_RUNNING, bob.id);
    expect_listed(&number, COPY_STATE_WAITING, bob.id);
    assert_int_equal(number, 5);
    assert_false(copy_list_next(&queue, &number, &view));
    copy_queue_told(&queue, late, COPY_KNOWN);
    go_on(runs);
}

/* The oldest of those that are gone are forgotten. */
static void the_last_are_listed(void **unused)
{
    struct copy_view view;
    uint64_t number = 0;

    (void)unused;
    for (uint32_t i = 0; i < LIMIT_COPY_HISTORY + 3; i++)
        copy_queue_told(&queue, ended(&alice), COPY_KNOWN);
    for (uint64_t i = 4; i <= LIMIT_COPY_HISTORY + 3; i++) {
        assert_true(copy_list_next(&queue, &number, &view));
        assert_int_equal(number, i);
    }
    assert_false(copy_list_next(&queue, &number, &view));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, copy_set_up, copy_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clients_take_turns),
        TEST(later_means_later),
        TEST(volumes_share_threads),
        TEST(limit_of_a_client),
        TEST(limit_of_the_server),
        TEST(cancelled_while_it_waits),
        TEST(cancelled_while_it_runs),
        TEST(cancel_waits_for_the_turn),
        TEST(cancelled_after_its_end),
        TEST(told_until_it_is_known),
        TEST(disowned),
        TEST(clients_that_go),
        TEST(clients_that_go_from_a_queue),
        TEST(clients_that_go_leave_a_thread),
        TEST(threads_look_for_clients_that_go),
        TEST(ends_are_counted),
        TEST(aborted_while_it_waits),
        TEST(aborted_while_it_runs),
        TEST(listed),
        TEST(the_last_are_listed),
        TEST(stopped),
        TEST(stopped_in_vain),
    };

    return test_group_run(tests);
}
