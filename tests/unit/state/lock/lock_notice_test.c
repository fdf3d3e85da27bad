/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which waiters for byte-range locks are notified (RFC 8881 §20.11), and that the range is then
 * reserved for them for a while.
 */
#include "state/lock/lock_notice.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/lock/lock_notice_send.h"
#include "state/lock/lock_wait.h"
#include "unit/state/open/open_fixture.h"

enum {
    HOLDER, /* alice */
    BOB,
    CAROL,
    CLIENTS,
    NOTICES_MOST = 2048
};

static struct stateid4 opens[CLIENTS], held;

/* The notices in order, and their fate. */
static struct lock_notice *under_way[NOTICES_MOST];
static char told[NOTICES_MOST][24];
static uint32_t told_count;
static bool answers = true, reachable = true;

static bool tell(struct lock_notice *notice, void *context)
{
    assert_ptr_equal(context, &told_count);
    if (!reachable)
        return false;
    assert_true(told_count < NOTICES_MOST);
    assert_int_equal(notice->fh_len, 3);
    assert_memory_equal(notice->fh, "abc", 3);
    (void)snprintf(told[told_count], sizeof(told[0]), "%.*s", (int)notice->owner_len,
                   (const char *)notice->owner);
    under_way[told_count++] = answers ? NULL : notice;
    if (answers)
        lock_notice_done(notice, true);
    return true;
}

static struct client *client_at(int who)
{
    struct client *const clients[] = {fx.alice, fx.bob, fx.carol};

    return clients[who];
}

static int set_up(void **unused)
{
    const struct lock_notice_hook hook = {tell, &told_count};
    int status = fixture_set_up(unused);

    lock_notice_hook(fx.state, &hook);
    told_count = 0;
    answers = reachable = true;
    fixture_fh = name_of("abc");
    for (int who = HOLDER; who < CLIENTS; who++) {
        atomic_store(&client_at(who)->back_sessions, 1);
        opens[who] = must_open(client_at(who), "o", fx.files[0], RW, NONE);
    }
    return status;
}

static struct file *file(void)
{
    return fx.files[0]->node->state;
}

/* All clients renew their leases, without running the timer. */
static void pass_ms(int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    for (int who = HOLDER; who < CLIENTS; who++)
        client_renew(client_at(who), clock_now_ns());
}

static void tick(void)
{
    lock_notice_tick(fx.state);
}

static enum nfsstat4 want(int who, const char *owner, bool write, uint64_t offset, uint64_t length)
{
    struct stateid4 lock;
    enum nfsstat4 status;

    fixture_wait = true;
    status = do_lock(client_at(who), &opens[who], owner, write, offset, length, &lock);
    fixture_wait = false;
    return status;
}

static void hold(uint64_t offset, uint64_t length)
{
    assert_int_equal(do_lock(fx.alice, &opens[HOLDER], "holder", true, offset, length, &held),
                     NFS4_OK);
}

static void let_go(uint64_t offset, uint64_t length)
{
    assert_int_equal(do_unlock(fx.alice, &held, offset, length), NFS4_OK);
}

#define assert_told(count, last)                                                                   \
    do {                                                                                           \
        assert_int_equal(told_count, count);                                                       \
        assert_string_equal(told[(count)-1], last);                                                \
    } while (0)

static void test_in_order(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "c", true, 5, 10), NFS4ERR_DENIED);
    assert_int_equal(told_count, 0);
    let_go(0, 10);
    assert_told(1, "b"); /* and not carol, who is behind it */
    /* A notified waiter has precedence at once, not only in the waiters' phase. */
    assert_int_equal(want(CAROL, "c", true, 5, 10), NFS4ERR_DENIED);
    assert_int_equal(want(HOLDER, "x", false, 0, 1), NFS4ERR_DENIED);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4_OK);
    assert_int_equal(told_count, 1);
    assert_int_equal(do_close(fx.bob, &opens[BOB]), NFS4_OK);
    assert_told(3, "x");
    assert_string_equal(told[1], "c");
    assert_int_equal(want(CAROL, "c", true, 5, 10), NFS4_OK);
    assert_int_equal(want(HOLDER, "x", false, 0, 1), NFS4_OK);
    assert_int_equal(file()->waiter_count, 0);
}

static void test_only_waiters_that_fit(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "both", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "half", true, 0, 5), NFS4ERR_DENIED);
    let_go(0, 2);
    assert_int_equal(told_count, 0); /* no waiter fits */
    let_go(2, 3);
    assert_told(1, "half");
    assert_int_equal(want(CAROL, "half", true, 0, 5), NFS4_OK);
    let_go(5, 5);
    assert_int_equal(told_count, 1);
    assert_int_equal(do_close(fx.carol, &opens[CAROL]), NFS4_OK);
    assert_told(2, "both");
}

/* Downgrading a write lock lets readers in, all of them. */
static void test_readers(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "r1", false, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(BOB, "r2", false, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "w", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "r3", false, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_lock_again(fx.alice, &held, false, 0, 10), NFS4_OK);
    assert_told(3, "r3");
    assert_string_equal(told[0], "r1");
    assert_string_equal(told[1], "r2");
}

/* In the waiters' phase no waiter is notified of a range reserved for another; in the open one it
 * is. */
static void test_behind_a_waiter_for_more(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "all", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "half", true, 0, 5), NFS4ERR_DENIED);
    pass_ms(2000);
    let_go(0, 5);
    assert_int_equal(told_count, 0);
    tick();
    assert_int_equal(told_count, 0);
    pass_ms(2000);
    tick();
    assert_told(1, "half");
    tick();
    assert_int_equal(told_count, 1); /* once only */
}

static void test_a_waiter_that_does_not_retry(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_told(1, "b");
    pass_ms(900);
    tick();
    assert_int_equal(told_count, 1);
    pass_ms(200);
    tick();
    assert_told(2, "c");
    /* A late waiter reserves nothing, but is still ahead of those that came after it. */
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4_OK);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_close(fx.bob, &opens[BOB]), NFS4_OK);
    assert_told(3, "c");
    pass_ms(2100);
    tick();
    assert_int_equal(told_count, 3); /* not notified again before it retries */
    assert_int_equal(do_lock(fx.alice, &opens[HOLDER], "x", true, 0, 10, &held), NFS4_OK);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_unlock(fx.alice, &held, 0, 10), NFS4_OK);
    assert_told(4, "c");
}

/* A request that does not wait sees an unlocked range as free, except in the waiters' phase. */
static void test_requests_that_do_not_wait(void **unused)
{
    struct stateid4 lock;

    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_told(1, "b");
    assert_int_equal(do_lock(fx.alice, &opens[HOLDER], "t", true, 0, 10, &lock), NFS4_OK);
    pass_ms(2000);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_unlock(fx.alice, &lock, 0, 10), NFS4_OK);
    assert_told(2, "b");
    assert_int_equal(do_lock(fx.alice, &opens[HOLDER], "t", true, 0, 10, &lock), NFS4ERR_DENIED);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4_OK);
}

static void test_an_unreachable_waiter(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    reachable = false;
    let_go(0, 10);
    assert_int_equal(told_count, 0);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4_OK);
    /* With the path up again it is notified, after it has retried. */
    reachable = true;
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_close(fx.carol, &opens[CAROL]), NFS4_OK);
    assert_told(1, "b");
}

static void test_refused(void **unused)
{
    (void)unused;
    answers = false;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_told(1, "b");
    tick();
    assert_int_equal(told_count, 1);
    lock_notice_done(under_way[0], false);
    tick();
    assert_told(2, "c"); /* a waiter known not to return delays no other */
    lock_notice_done(under_way[1], true);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4_OK);
}

/* A notice in progress outlives the waiter; one is in progress at a time. */
static void test_gone_meanwhile(void **unused)
{
    (void)unused;
    answers = false;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_told(1, "b");
    hold(20, 1);
    assert_int_equal(want(CAROL, "c", true, 20, 1), NFS4ERR_DENIED);
    assert_int_equal(do_close(fx.bob, &opens[BOB]), NFS4_OK);
    assert_null(under_way[0]->waiter);
    lock_notice_done(under_way[0], true);
    let_go(20, 1);
    assert_told(2, "c");
    hold(21, 1);
    assert_int_equal(want(CAROL, "c", true, 20, 1), NFS4_OK);
    assert_null(under_way[1]->waiter);
    assert_int_equal(want(BOB, "b", true, 20, 1), NFS4ERR_BAD_STATEID);
    lock_notice_done(under_way[1], true);
    assert_int_equal(file()->waiter_count, 0);
}

/* Also when the client leaves, an administrator revokes, or just a lease expires. */
static void test_whatever_frees(void **unused)
{
    uint32_t count;

    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_told(1, "b");
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4_OK);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4ERR_DENIED);
    clock_advance_ns(30 * NSEC_PER_SEC); /* bob's lease is 10 s */
    client_renew(fx.carol, clock_now_ns());
    tick();
    assert_told(2, "c");
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4_OK);
    client_renew(fx.bob, clock_now_ns());
}

static void test_a_client_that_goes(void **unused)
{
    (void)unused;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    open_client_release(fx.alice);
    assert_told(1, "b");
}

/* 4.0 has no such callback, and without a back channel no notice is promised. */
static void test_waiters_without_notices(void **unused)
{
    (void)unused;
    atomic_store(&fx.bob->back_sessions, 0);
    assert_false(lock_notice_possible(fx.bob));
    assert_true(lock_notice_possible(fx.carol));
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(fx.state->lock_notices->watched_count, 0);
    let_go(0, 10);
    assert_int_equal(told_count, 0);
    assert_int_equal(want(CAROL, "c", true, 0, 10), NFS4_OK);
    atomic_store(&fx.bob->back_sessions, 1);
}

/* An open that claims a delegation says nothing of notices, and so nothing is reserved for those
 * who poll by it.  Another OPEN by the same owner may say it. */
static void test_opens_without_notices(void **unused)
{
    (void)unused;
    fixture_notifiable = false;
    opens[BOB] = must_open(fx.bob, "claims", fx.files[0], RW, NONE);
    fixture_notifiable = true;
    hold(0, 10);
    assert_int_equal(want(BOB, "b", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_int_equal(told_count, 0);
    hold(0, 10);
    opens[BOB] = must_open(fx.bob, "claims", fx.files[0], RW, NONE);
    assert_int_equal(want(BOB, "again", true, 0, 10), NFS4ERR_DENIED);
    let_go(0, 10);
    assert_told(1, "again");
}

/* Many waiters: as many as the limit allows are notified at once, and further ones as these
 * retry. */
static void test_a_crowd(void **unused)
{
    char owner[24];

    (void)unused;
    hold(0, 10);
    for (uint32_t i = 0; i < 1000; i++) {
        (void)snprintf(owner, sizeof(owner), "r%u", i);
        assert_int_equal(want(BOB, owner, false, 0, 10), NFS4ERR_DENIED);
    }
    let_go(0, 10);
    assert_told(LIMIT_LOCK_NOTICES_PER_FILE, "r63");
    for (uint32_t i = 0; i < 1000; i++) {
        (void)snprintf(owner, sizeof(owner), "r%u", i);
        assert_string_equal(told[i], owner);
        assert_int_equal(want(BOB, owner, false, 0, 10), NFS4_OK);
    }
    assert_int_equal(told_count, 1000);
    assert_int_equal(file()->waiter_count, 0);
    assert_int_equal(fx.state->lock_notices->watched_count, 1);
    tick();
    assert_int_equal(fx.state->lock_notices->watched_count, 0);
    opens[BOB].seqid = 0;
}

enum {
    EXPIRED = 1000,
    WAITERS = 1000,
    PROBES = 20,
};

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
}

/* A vanished client holds many locks, and a thousand waiters behind them wait for a lock of another
 * client. The expired locks are not searched for each waiter, nor with each LOCK. */
static void test_many_behind_expired(void **unused)
{
    const uint64_t far = 1ull << 40;
    struct stateid4 lock, other;
    char name[24];
    double ms;

    (void)unused;
    hold(1, 1);
    for (uint64_t i = 1; i < EXPIRED; i++)
        assert_int_equal(do_lock_again(fx.alice, &held, true, 4 * i, 1), NFS4_OK);
    assert_int_equal(do_lock(fx.carol, &opens[CAROL], "c", true, far, 8, &lock), NFS4_OK);
    assert_int_equal(do_lock(fx.carol, &opens[CAROL], "c2", true, 2 * far, 8, &other), NFS4_OK);
    clock_advance_ns(fx.state->lease_ns + fx.state->margin_ns + 1);
    client_renew(fx.bob, clock_now_ns());
    client_renew(fx.carol, clock_now_ns());
    for (unsigned i = 0; i < WAITERS; i++) {
        (void)snprintf(name, sizeof(name), "w%u", i);
        assert_int_equal(want(BOB, name, true, 0, far + 8), NFS4ERR_DENIED);
    }
    assert_int_equal(file()->waiter_count, WAITERS);
    ms = cpu_ms();
    for (unsigned i = 0; i < PROBES; i++) {
        assert_int_equal(do_unlock(fx.carol, &other, 2 * far, 8), NFS4_OK);
        assert_int_equal(do_lock_again(fx.carol, &other, true, 2 * far, 8), NFS4_OK);
    }
    ms = (cpu_ms() - ms) / PROBES;
    print_message("LOCKU and LOCK with %d waiters behind %d expired locks: %.2f ms\n", WAITERS,
                  EXPIRED, ms);
    assert_true(ms < 15);
    assert_int_equal(told_count, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_in_order),
        TEST(test_only_waiters_that_fit),
        TEST(test_readers),
        TEST(test_behind_a_waiter_for_more),
        TEST(test_a_waiter_that_does_not_retry),
        TEST(test_requests_that_do_not_wait),
        TEST(test_an_unreachable_waiter),
        TEST(test_refused),
        TEST(test_gone_meanwhile),
        TEST(test_whatever_frees),
        TEST(test_a_client_that_goes),
        TEST(test_waiters_without_notices),
        TEST(test_opens_without_notices),
        TEST(test_a_crowd),
        TEST(test_many_behind_expired),
    };

    return test_group_run(tests);
}
