/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of owners that poll for byte-range locks (RFC 8881 §9.6): first come, first served, and
 * no owner waits for one that has stopped polling.
 */
#include "state/lock/lock_wait.h"

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "unit/state/open/open_fixture.h"

static struct stateid4 opens[3]; /* of alice, bob and carol */

static struct client *client_at(int who)
{
    struct client *const clients[] = {fx.alice, fx.bob, fx.carol};

    return clients[who];
}

enum {
    ALICE,
    BOB,
    CAROL,
};

static int set_up(void **unused)
{
    int status = fixture_set_up(unused);

    for (int who = ALICE; who <= CAROL; who++)
        opens[who] = must_open(client_at(who), "o", fx.files[0], RW, NONE);
    return status;
}

static struct file *file(void)
{
    return fx.files[0]->node->state;
}

/* All clients renew their leases. */
static void pass_ms(int64_t ms)
{
    clock_advance_ns(ms * (NSEC_PER_SEC / 1000));
    for (int who = ALICE; who <= CAROL; who++)
        client_renew(client_at(who), clock_now_ns());
}

static enum nfsstat4 lock_as(int who, const char *owner, bool wait, bool write, uint64_t offset,
                             uint64_t length)
{
    struct stateid4 lock;
    enum nfsstat4 status;

    fixture_wait = wait;
    status = do_lock(client_at(who), &opens[who], owner, write, offset, length, &lock);
    fixture_wait = false;
    return status;
}

/* LOCK of all ten bytes, for writing. */
static enum nfsstat4 ask(int who)
{
    return lock_as(who, "w", true, true, 0, 10);
}

static enum nfsstat4 try(int who)
{
    return lock_as(who, "w", false, true, 0, 10);
}

/* Wait until the waiters' phase begins. */
static void pass_a_turn(void)
{
    pass_ms(2000);
}

static void give_back(int who)
{
    /* CLOSE is the way to unlock without a lock stateid at hand. */
    assert_int_equal(do_close(client_at(who), &opens[who]), NFS4_OK);
    opens[who] = must_open(client_at(who), "o", fx.files[0], RW, NONE);
}

static void test_longest_waiter_first(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    pass_ms(100);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    pass_a_turn();
    give_back(ALICE);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    assert_int_equal(fixture_conflict.clientid, fx.bob->id);
    assert_int_equal(fixture_conflict.offset, 0);
    assert_int_equal(fixture_conflict.length, 10);
    assert_true(fixture_conflict.write);
    assert_int_equal(try(ALICE), NFS4ERR_DENIED);
    /* LOCKT sees locks only, and there is none; another range is free. */
    assert_int_equal(do_test(fx.alice, "t", fx.files[0], true, 0, 10), NFS4_OK);
    assert_int_equal(lock_as(ALICE, "x", false, true, 10, 10), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4_OK);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    give_back(BOB);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    assert_int_equal(ask(CAROL), NFS4_OK);
    assert_int_equal(file()->waiter_count, 1); /* bob */
}

/* In the open phase any owner gets the lock: it is used rather than kept for a waiter that polls
 * later. */
static void test_turns(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    for (int i = 0; i < 10; i++) {
        pass_ms(190);
        give_back(ALICE);
        assert_int_equal(ask(ALICE), NFS4_OK);
    }
    pass_ms(150);
    give_back(ALICE);
    assert_int_equal(ask(ALICE), NFS4ERR_DENIED);
    assert_int_equal(try(CAROL), NFS4ERR_DENIED);
    assert_int_equal(ask(BOB), NFS4_OK);
    /* Now alice waits, but not for long yet. */
    give_back(BOB);
    assert_int_equal(ask(BOB), NFS4_OK);
    pass_a_turn();
    give_back(BOB);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    assert_int_equal(ask(ALICE), NFS4_OK);
}

/* However many polls come between two of the first waiter. */
static void test_asking_keeps_the_place(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    for (int i = 0; i < 50; i++) {
        pass_ms(1000);
        assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
        assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
        assert_int_equal(ask(BOB), NFS4ERR_DENIED);
        assert_int_equal(file()->waiter_count, 2);
    }
    give_back(ALICE);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    assert_int_equal(ask(BOB), NFS4_OK);
}

/* Its range is reserved for twice the time between its last two requests, plus a second. */
static void test_a_waiter_that_stops(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    give_back(ALICE);
    pass_ms(2990);
    assert_int_equal(try(CAROL), NFS4ERR_DENIED);
    pass_ms(20);
    assert_int_equal(try(CAROL), NFS4_OK);
    /* It returns after three and a half seconds: it has its old place, and more time for the next
     * retry. */
    assert_int_equal(ask(ALICE), NFS4ERR_DENIED);
    pass_ms(500);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    give_back(CAROL);
    pass_ms(8000);
    assert_int_equal(try(CAROL), NFS4ERR_DENIED);
    pass_ms(200);
    /* Bob's claim has expired, alice's too. */
    assert_int_equal(try(CAROL), NFS4_OK);
    pass_ms(10000);
    assert_int_equal(lock_as(CAROL, "c", false, false, 50, 1), NFS4_OK);
    assert_int_equal(file()->waiter_count, 0);
}

/* A request that does not wait means that its owner gives up (§9.6). */
static void test_giving_up(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    assert_int_equal(try(BOB), NFS4ERR_DENIED);
    assert_int_equal(file()->waiter_count, 0);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    give_back(BOB);
    assert_int_equal(file()->waiter_count, 0); /* ended with its open */
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    open_client_release(fx.bob);
    assert_int_equal(file()->waiter_count, 0);
    assert_int_equal(owner_table_of(fx.bob)->waiter_count, 0);
}

static void test_a_silent_client_does_not_wait(void **unused)
{
    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    assert_int_equal(ask(BOB), NFS4ERR_DENIED);
    clock_advance_ns(15 * NSEC_PER_SEC);
    client_renew(fx.alice, clock_now_ns());
    client_renew(fx.carol, clock_now_ns());
    give_back(ALICE);
    assert_int_equal(try(CAROL), NFS4_OK);
}

/* Bob waits for two ranges, and alice holds one of them: carol may lock the other unless she would
 * be a waiter for it, too. */
static void test_a_writer_among_readers(void **unused)
{
    (void)unused;
    assert_int_equal(lock_as(ALICE, "r", true, false, 0, 10), NFS4_OK);
    assert_int_equal(lock_as(BOB, "w", true, true, 0, 10), NFS4ERR_DENIED);
    /* Half of the time, in phases of two seconds. */
    for (int s = 1; s < 60; s++) {
        enum nfsstat4 status;

        pass_ms(1000);
        assert_int_equal(lock_as(BOB, "w", true, true, 0, 10), NFS4ERR_DENIED);
        status = lock_as(CAROL, "r", true, false, 0, 10);
        assert_int_equal(status, s / 2 % 2 ? NFS4ERR_DENIED : NFS4_OK);
        if (status == NFS4ERR_DENIED) {
            assert_int_equal(fixture_conflict.clientid, fx.bob->id);
            assert_int_equal(lock_as(CAROL, "try", false, false, 0, 10), NFS4_OK);
        }
        give_back(CAROL);
    }
    give_back(ALICE);
    assert_int_equal(lock_as(CAROL, "r", true, false, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(lock_as(BOB, "w", true, true, 0, 10), NFS4_OK);
}

/* An owner that blocks the first waiter is not queued behind it: otherwise both would wait for
 * ever. */
static void test_no_deadlock(void **unused)
{
    (void)unused;
    assert_int_equal(lock_as(ALICE, "a", true, true, 0, 10), NFS4_OK);
    assert_int_equal(lock_as(BOB, "b", true, true, 0, 20), NFS4ERR_DENIED);
    assert_int_equal(lock_as(ALICE, "a", true, true, 10, 10), NFS4_OK);
    give_back(ALICE);
    /* Two waiters with overlapping ranges: the first gets the lock, then the second. */
    assert_int_equal(lock_as(CAROL, "c", true, true, 50, 1), NFS4_OK);
    assert_int_equal(lock_as(ALICE, "a", true, true, 40, 20), NFS4ERR_DENIED);
    assert_int_equal(lock_as(ALICE, "b", true, true, 45, 20), NFS4ERR_DENIED);
    pass_a_turn();
    give_back(CAROL);
    assert_int_equal(lock_as(ALICE, "b", true, true, 45, 20), NFS4ERR_DENIED);
    assert_int_equal(lock_as(ALICE, "a", true, true, 40, 20), NFS4_OK);
    give_back(ALICE);
    assert_int_equal(lock_as(ALICE, "b", true, true, 45, 20), NFS4_OK);
}

/* An owner does not conflict with its own waiting; it may change what it holds. */
static void test_own_claims(void **unused)
{
    struct stateid4 lock;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &opens[ALICE], "a", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(lock_as(BOB, "b", true, true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(lock_as(ALICE, "a", true, false, 2, 2), NFS4_OK);
    assert_int_equal(lock_as(ALICE, "a", true, true, 0, 10), NFS4_OK);
    assert_int_equal(lock_as(CAROL, "c", true, true, 5, 1), NFS4ERR_DENIED);
    lock.seqid = 0;
    pass_a_turn();
    assert_int_equal(do_unlock(fx.alice, &lock, 0, UINT64_MAX), NFS4_OK);
    assert_int_equal(lock_as(ALICE, "a", true, true, 0, 1), NFS4ERR_DENIED);
    assert_int_equal(lock_as(BOB, "b", false, true, 0, 5), NFS4_OK); /* less than it waits for */
    assert_int_equal(lock_as(BOB, "b", true, true, 0, 10), NFS4_OK);
}

static void test_limits(void **unused)
{
    char owner[24];

    (void)unused;
    assert_int_equal(ask(ALICE), NFS4_OK);
    for (uint32_t i = 0; i < LIMIT_LOCK_WAITERS_PER_FILE + 10; i++) {
        (void)snprintf(owner, sizeof(owner), "waiter%u", i);
        assert_int_equal(lock_as(BOB, owner, true, true, 0, 10), NFS4ERR_DENIED);
    }
    assert_int_equal(file()->waiter_count, LIMIT_LOCK_WAITERS_PER_FILE);
    assert_int_equal(owner_table_of(fx.bob)->waiter_count, LIMIT_LOCK_WAITERS_PER_FILE);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED); /* but it is not queued */
    pass_ms(11000);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    give_back(ALICE);
    assert_int_equal(ask(CAROL), NFS4_OK);
    assert_int_equal(file()->waiter_count, 0);
    assert_int_equal(owner_table_of(fx.bob)->waiter_count, 0);
}

static void test_limit_of_a_client(void **unused)
{
    char owner[24];

    (void)unused;
    atomic_store(&owner_table_of(fx.bob)->waiter_count, LIMIT_LOCK_WAITERS_PER_CLIENT - 1);
    assert_int_equal(ask(ALICE), NFS4_OK);
    for (uint32_t i = 0; i < 3; i++) {
        (void)snprintf(owner, sizeof(owner), "waiter%u", i);
        assert_int_equal(lock_as(BOB, owner, true, true, 0, 10), NFS4ERR_DENIED);
    }
    assert_int_equal(file()->waiter_count, 1);
    assert_int_equal(ask(CAROL), NFS4ERR_DENIED);
    assert_int_equal(file()->waiter_count, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_longest_waiter_first),
        TEST(test_turns),
        TEST(test_asking_keeps_the_place),
        TEST(test_a_waiter_that_stops),
        TEST(test_giving_up),
        TEST(test_a_silent_client_does_not_wait),
        TEST(test_a_writer_among_readers),
        TEST(test_no_deadlock),
        TEST(test_own_claims),
        TEST(test_limits),
        TEST(test_limit_of_a_client),
    };

    return test_group_run(tests);
}
