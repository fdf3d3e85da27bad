/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens, byte-range locks and delegations as users are shown them: what is shown of each, the
 * filters, and walks that pause while others come and go.
 */
#include "state/open/open_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_view.h"
#include "state/lock/lock_view.h"
#include "unit/state/delegation/delegation_fixture.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MANY 20000u
#else
#define MANY 100000u
#endif

enum {
    KEPT = 1000, /* states that exist throughout a walk */
    PAGE = 64,
};

static const struct state_filter all;

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static bool is_of(const struct state_view *view, const struct stateid4 *stateid)
{
    return memcmp(view->other, stateid->other, sizeof(view->other)) == 0;
}

static uint32_t opens_count(const struct state_filter *filter)
{
    struct open_view view;
    struct state_cursor cursor = {.at = 0};
    uint32_t count = 0;

    for (; open_view_next(fx.state, filter, &cursor, &view); count++)
        vfs_object_put(view.state.obj);
    return count;
}

static uint32_t locks_count(const struct state_filter *filter)
{
    struct state_cursor cursor = {.at = 0};
    struct lock_view view;
    uint32_t count = 0;

    for (; lock_view_next(fx.state, filter, &cursor, &view); count++)
        vfs_object_put(view.state.obj);
    return count;
}

static uint32_t delegations_count(const struct state_filter *filter)
{
    struct delegation_view view;
    struct state_cursor cursor = {.at = 0};
    uint32_t count = 0;

    for (; delegation_view_next(fx.state, filter, &cursor, &view); count++)
        vfs_object_put(view.state.obj);
    return count;
}

static void shows_an_open(void **unused)
{
    struct stateid4 open, lock;
    struct open_view view;
    struct state_cursor cursor = {.at = 0};

    (void)unused;
    open = must_open(fx.alice, "owner", fx.files[1], RW, W);
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &lock, false, 20, 10), NFS4_OK);
    assert_true(open_view_next(fx.state, &all, &cursor, &view));
    assert_true(is_of(&view.state, &open));
    assert_true(view.state.clientid == fx.alice->id);
    assert_ptr_equal(view.state.obj, fx.files[1]);
    assert_int_equal(view.owner.len, 5);
    assert_memory_equal(view.owner.name, "owner", 5);
    assert_int_equal(view.access, RW);
    assert_int_equal(view.deny, W);
    assert_int_equal(view.locks, 2);
    vfs_object_put(view.state.obj);
    assert_false(open_view_next(fx.state, &all, &cursor, &view));
    assert_int_equal(do_unlock(fx.alice, &lock, 5, 100), NFS4_OK); /* one and a half */
    assert_int_equal(do_downgrade(fx.alice, &open, RW, W), NFS4_OK);
    cursor.at = 0;
    assert_true(open_view_next(fx.state, &all, &cursor, &view));
    assert_int_equal(view.locks, 1);
    vfs_object_put(view.state.obj);
}

/* The same owner locks by two opens: what one takes, the other has no more. */
static void counts_the_locks_of_an_open(void **unused)
{
    struct stateid4 a, b, lock_a, lock_b;
    struct open_view view;
    struct state_cursor cursor = {.at = 0};
    uint32_t seen = 0;

    (void)unused;
    a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    b = must_open(fx.alice, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock_a), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "m", true, 20, 10, &lock_a), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &b, "l", true, 0, 10, &lock_b), NFS4_OK);
    while (open_view_next(fx.state, &all, &cursor, &view)) {
        assert_int_equal(view.locks, 1);
        vfs_object_put(view.state.obj);
        seen++;
    }
    assert_int_equal(seen, 2);
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(locks_count(&all), 1);
}

/* The lock with that first byte, or NULL. */
static bool lock_at(const struct state_filter *filter, uint64_t start, struct lock_view *view)
{
    struct state_cursor cursor = {.at = 0};

    while (lock_view_next(fx.state, filter, &cursor, view)) {
        vfs_object_put(view->state.obj);
        if (view->range.start == start)
            return true;
    }
    return false;
}

static void shows_a_lock(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "owner", fx.files[0], RW, NONE), lock;
    struct lock_view view;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &open, "lock", true, 100, 50, &lock), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &lock, false, 0, 50), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &lock, true, 1000, UINT64_MAX), NFS4_OK);
    assert_int_equal(locks_count(&all), 3);
    assert_true(lock_at(&all, 100, &view));
    assert_true(is_of(&view.state, &lock));
    assert_true(view.state.clientid == fx.alice->id);
    assert_memory_equal(view.owner.name, "lock", view.owner.len);
    assert_true(view.write);
    assert_true(view.range.end == 149);
    assert_true(lock_at(&all, 0, &view));
    assert_false(view.write);
    assert_true(lock_at(&all, 1000, &view));
    assert_true(view.range.end == UINT64_MAX);
}

/* The walk ends behind a lock of the last byte, and begins with one of the first. */
static void shows_locks_at_the_ends(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "owner", fx.files[0], RW, NONE), lock;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 1, &lock), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &lock, true, UINT64_MAX, UINT64_MAX), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &open, "m", true, 5, 1, &lock), NFS4_OK);
    assert_int_equal(locks_count(&all), 3);
}

/* An owner has many locks by one open, and few by another. */
static void finds_few_locks_among_many(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), b, many, few;
    struct state_cursor cursor = {.at = 0};
    struct lock_view view;
    uint32_t count_few = 0;

    (void)unused;
    b = must_open(fx.alice, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 1, &many), NFS4_OK);
    for (uint64_t i = 1; i < KEPT; i++)
        assert_int_equal(do_lock_again(fx.alice, &many, true, 2 * i, 1), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &b, "l", true, 4 * KEPT, 1, &few), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &few, true, 501, 1), NFS4_OK);
    while (lock_view_next(fx.state, &all, &cursor, &view)) {
        count_few += is_of(&view.state, &few);
        vfs_object_put(view.state.obj);
    }
    assert_int_equal(count_few, 2);
    assert_int_equal(locks_count(&all), KEPT + 2);
}

static void shows_a_delegation(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    int64_t granted_ns = clock_now_ns();
    struct delegation_view view;
    struct state_cursor cursor = {.at = 0};

    (void)unused;
    pass_ms(2000);
    assert_true(delegation_view_next(fx.state, &all, &cursor, &view));
    vfs_object_put(view.state.obj);
    assert_true(is_of(&view.state, &stateid));
    assert_true(view.state.clientid == fx.alice->id);
    assert_int_equal(view.kind, DELEGATION_WRITE);
    assert_int_equal(view.phase, DELEGATION_HELD);
    assert_true(view.recalled_ns == 0);
    assert_true(view.granted_ns <= granted_ns &&
                clock_now_ns() - view.granted_ns >= 2 * NSEC_PER_SEC);
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    cursor.at = 0;
    assert_true(delegation_view_next(fx.state, &all, &cursor, &view));
    vfs_object_put(view.state.obj);
    assert_int_equal(view.phase, DELEGATION_RECALLED);
    assert_true(view.recalled_ns != 0);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(delegations_count(&all), 0);
}

static void filters_by_client_and_file(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), b, lock;
    struct state_filter alices = {.clientid = fx.alice->id}, carols = {.clientid = fx.carol->id};
    struct state_filter first = {.clientid = 0}, second = {.clientid = 0};

    (void)unused;
    b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    must_open(fx.bob, "b", fx.files[1], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(do_lock(fx.bob, &b, "l", true, 10, 10, &lock), NFS4_OK);
    must_give(fx.alice, fx.files[2], DELEGATION_READ);
    must_give(fx.bob, fx.files[2], DELEGATION_READ);
    first.file = file_lookup(fx.state->opens->files, fx.files[0]);
    second.file = file_lookup(fx.state->opens->files, fx.files[2]);
    assert_int_equal(opens_count(&all), 3);
    assert_int_equal(opens_count(&alices), 1);
    assert_int_equal(opens_count(&carols), 0);
    assert_int_equal(opens_count(&first), 2);
    assert_int_equal(opens_count(&second), 0);
    assert_int_equal(locks_count(&alices), 1);
    assert_int_equal(locks_count(&first), 2);
    assert_int_equal(locks_count(&second), 0);
    assert_int_equal(delegations_count(&alices), 1);
    assert_int_equal(delegations_count(&second), 2);
    assert_int_equal(delegations_count(&first), 0);
    first.clientid = fx.bob->id;
    assert_int_equal(opens_count(&first), 1);
    file_put((struct file *)first.file);
    file_put((struct file *)second.file);
}

/* What was revoked holds nothing, even if its client does not know that yet. */
static void what_is_revoked_is_not_shown(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "a", fx.files[0], RW, NONE), lock;
    uint32_t count;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &lock), NFS4_OK);
    must_give(fx.alice, fx.files[1], DELEGATION_READ);
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(opens_count(&all) + locks_count(&all) + delegations_count(&all), 0);
    assert_int_equal(revoked(fx.alice, &open), NFS4ERR_ADMIN_REVOKED);
}

static void open_by(uint32_t i, struct stateid4 *stateid)
{
    struct client *const clients[] = {fx.alice, fx.bob, fx.carol};
    char owner[24];

    (void)snprintf(owner, sizeof(owner), "%u", i);
    *stateid = must_open(clients[i % 3], owner, fx.files[i / 3 % FIXTURE_FILES], R, NONE);
}

static void close_by(uint32_t i, const struct stateid4 *stateid)
{
    struct client *const clients[] = {fx.alice, fx.bob, fx.carol};

    assert_int_equal(do_close(clients[i % 3], stateid), NFS4_OK);
}

/* Which of the kept ones it is, or KEPT. */
static uint32_t which(const struct state_view *view, const struct stateid4 *kept)
{
    uint32_t i = 0;

    while (i < KEPT && !is_of(view, &kept[i]))
        i++;
    return i;
}

/* Between pages half of the others are closed, and new ones take their places. */
static void a_paused_walk_meets_what_stays_once(void **unused)
{
    static struct stateid4 kept[KEPT], others[KEPT];
    static uint32_t met[KEPT + 1];
    struct open_view view;
    struct state_cursor cursor = {.at = 0};
    uint32_t count = 0;

    (void)unused;
    srandom(1);
    memset(met, 0, sizeof(met));
    for (uint32_t i = 0; i < KEPT; i++) {
        open_by(i, &kept[i]);
        open_by(KEPT + i, &others[i]);
    }
    for (; open_view_next(fx.state, &all, &cursor, &view); count++) {
        met[which(&view.state, kept)]++;
        vfs_object_put(view.state.obj);
        if (count % PAGE != 0)
            continue;
        for (uint32_t i = (uint32_t)random() % 2; i < KEPT; i += 2) {
            close_by(KEPT + i, &others[i]);
            open_by(KEPT + i, &others[i]);
        }
    }
    for (uint32_t i = 0; i < KEPT; i++)
        assert_int_equal(met[i], 1);
    assert_true(count >= KEPT);
}

/* The same with the locks of one state. */
static void a_paused_walk_meets_locks_once(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "a", fx.files[0], RW, NONE), lock;
    struct state_cursor cursor = {.at = 0};
    struct lock_view view;
    uint32_t met[KEPT] = {0}, count = 0;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 1, &lock), NFS4_OK);
    for (uint64_t i = 1; i < KEPT; i++)
        assert_int_equal(do_lock_again(fx.alice, &lock, true, 4 * i, 1), NFS4_OK);
    for (; lock_view_next(fx.state, &all, &cursor, &view); count++) {
        vfs_object_put(view.state.obj);
        if (view.range.start % 4 == 0)
            met[view.range.start / 4]++;
        /* One behind and one before the walk. */
        assert_int_equal(do_lock_again(fx.alice, &lock, true, 4 * (count * 7 % KEPT) + 2, 1),
                         NFS4_OK);
        assert_int_equal(do_unlock(fx.alice, &lock, 4 * (count * 5 % KEPT) + 2, 1), NFS4_OK);
    }
    for (uint32_t i = 0; i < KEPT; i++)
        assert_int_equal(met[i], 1);
}

/* The cost is printed; what is asserted is that each is met. */
static void many_opens_are_walked(void **unused)
{
    struct stateid4 *opens = calloc(MANY, sizeof(*opens));
    double start;

    (void)unused;
    assert_non_null(opens);
    for (uint32_t i = 0; i < MANY; i++)
        open_by(i, &opens[i]);
    start = cpu_ns();
    assert_int_equal(opens_count(&all), MANY);
    print_message("%u opens: %.1f ms\n", MANY, (cpu_ns() - start) / 1e6);
    for (uint32_t i = 0; i < MANY; i++)
        close_by(i, &opens[i]);
    assert_int_equal(opens_count(&all), 0);
    free(opens);
}

/* Neither the client's other opens nor others' are touched. */
static void one_open_is_revoked(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "a", fx.files[0], RW, W), kept, bobs, lock;
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, &open);

    (void)unused;
    kept = must_open(fx.alice, "a", fx.files[1], RW, W);
    assert_int_equal(do_lock(fx.alice, &open, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(open_revoke(CONTAINER_OF(sid, struct open, sid), NFS4ERR_ADMIN_REVOKED),
                     NFS4_OK);
    assert_int_equal(open_revoke(CONTAINER_OF(sid, struct open, sid), NFS4ERR_ADMIN_REVOKED),
                     NFS4ERR_BAD_STATEID);
    stateid_put(sid);
    assert_int_equal(revoked(fx.alice, &open), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.alice, &kept), NFS4_OK);
    bobs = must_open(fx.bob, "b", fx.files[0], RW, W);
    assert_int_equal(do_close(fx.bob, &bobs), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &open), NFS4_OK);
    assert_int_equal(atomic_load(&fx.alice->revoked_admin), 0);
}

/* A request that waits for it is woken. */
static void one_delegation_is_revoked(void **unused)
{
    struct stateid4 lost = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct stateid4 kept = must_give(fx.alice, fx.files[1], DELEGATION_WRITE);
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, &lost);
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(change(fx.bob, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    assert_int_equal(delegation_revoke(delegation_of_stateid(sid), NFS4ERR_ADMIN_REVOKED), NFS4_OK);
    assert_int_equal(delegation_revoke(delegation_of_stateid(sid), NFS4ERR_ADMIN_REVOKED),
                     NFS4ERR_BAD_STATEID);
    stateid_put(sid);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4_OK);
    assert_int_equal(do_return(fx.alice, &lost), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(do_free(fx.alice, &lost), NFS4_OK);
    assert_int_equal(atomic_load(&fx.alice->revoked_count), 0);
    assert_int_equal(do_return(fx.alice, &kept), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(shows_an_open),
        DELEGATION_TEST(counts_the_locks_of_an_open),
        DELEGATION_TEST(shows_a_lock),
        DELEGATION_TEST(shows_locks_at_the_ends),
        DELEGATION_TEST(finds_few_locks_among_many),
        DELEGATION_TEST(shows_a_delegation),
        DELEGATION_TEST(filters_by_client_and_file),
        DELEGATION_TEST(what_is_revoked_is_not_shown),
        DELEGATION_TEST(a_paused_walk_meets_what_stays_once),
        DELEGATION_TEST(a_paused_walk_meets_locks_once),
        DELEGATION_TEST(many_opens_are_walked),
        DELEGATION_TEST(one_open_is_revoked),
        DELEGATION_TEST(one_delegation_is_revoked),
    };

    return test_group_run(tests);
}
