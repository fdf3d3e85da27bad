/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file with as many opens as a client may have owners: the cost of a delegation offer, a
 * conflict and a LOCK then, and their revocation.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_offer.h"
#include "unit/state/delegation/delegation_fixture.h"

enum {
    MANY = 65000,
    REVOKED = 20000,
    PROBES = 200,
    ROUNDS = 8, /* the fastest counts */
};

static struct stateid4 opens[MANY];

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void open_by(struct client *client, uint32_t i, uint32_t access)
{
    char owner[24];

    (void)snprintf(owner, sizeof(owner), "owner%u", i);
    opens[i] = must_open(client, owner, fx.files[0], access, NONE);
}

/* The opens belong to two clients, so no delegation is offered: the check must find that out. */
static void probe_offer(void)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);

    (void)must_refuse(&request);
}

/* Of all opens only bob's conflicts, which is the last. */
static void probe_conflict(void)
{
    struct stateid4 stateid;

    assert_int_equal(do_open(fx.carol, "c", fx.files[0], R, W, &stateid), NFS4ERR_SHARE_DENIED);
}

static struct stateid4 lock_open;

static void probe_lock(void)
{
    struct stateid4 lock;

    assert_int_equal(do_lock(fx.alice, &lock_open, "l", false, 0, 8, &lock), NFS4_OK);
}

static double cost_of(void (*probe)(void))
{
    double least = 0;

    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_ns(), each;

        for (int i = 0; i < PROBES; i++)
            probe();
        each = (cpu_ns() - start) / PROBES;
        if (r == 0 || each < least)
            least = each;
    }
    return least;
}

/* With a thousand opens and with all of them. Linear searches would make it 65 times as much. */
static void grow(const char *what, uint32_t access, void (*probe)(void))
{
    struct stateid4 bobs;
    double few, many;
    uint32_t i = 0;

    for (; i < 1000; i++)
        open_by(fx.alice, i, access);
    bobs = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    few = cost_of(probe);
    assert_int_equal(do_close(fx.bob, &bobs), NFS4_OK);
    for (; i < MANY; i++)
        open_by(fx.alice, i, access);
    must_open(fx.bob, "b", fx.files[0], RW, NONE);
    many = cost_of(probe);
    print_message("%s: %.0f ns with 1,000 opens, %.0f ns with %d\n", what, few, many, MANY);
    assert_true(many < 4 * few + 20000);
}

static void test_offer(void **unused)
{
    (void)unused;
    grow("offer", RW, probe_offer);
}

static void test_conflict(void **unused)
{
    (void)unused;
    grow("share conflict", R, probe_conflict);
}

/* One lock owner under `count` more opens, and under a new one after so many lock owners. */
static double lock_cost(uint32_t count)
{
    struct stateid4 lock;
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "with %u", count);
    lock_open = must_open(fx.alice, owner, fx.files[0], RW, NONE);
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(owner, sizeof(owner), "%u of %u", i, count);
        opens[i] = must_open(fx.alice, owner, fx.files[0], RW, NONE);
        assert_int_equal(do_lock(fx.alice, &opens[i], "l", false, 0, 8, &lock), NFS4_OK);
        assert_int_equal(do_lock(fx.alice, &lock_open, owner, false, 0, 8, &lock), NFS4_OK);
    }
    return cost_of(probe_lock);
}

static void test_lock(void **unused)
{
    double few = lock_cost(1000), many = lock_cost(30000);

    (void)unused;
    print_message("lock: %.0f ns with 1,000 lock states, %.0f ns with 30,000\n", few, many);
    assert_true(many < 4 * few + 20000);
}

static long sleeps(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_nvcsw;
}

static void many_of_alice(uint32_t deny)
{
    for (uint32_t i = 0; i < REVOKED; i++) {
        char owner[24];

        (void)snprintf(owner, sizeof(owner), "owner%u", i);
        opens[i] = must_open(fx.alice, owner, fx.files[0], R, deny);
    }
}

/* It may sleep only for the locks of a file, a batch at a time. */
static void test_revocation(void **unused)
{
    uint32_t count;
    long before;

    (void)unused;
    many_of_alice(NONE);
    before = sleeps();
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(count, REVOKED);
    assert_true(sleeps() - before < REVOKED / 10);
}

/* Another client's OPEN revokes them a batch at a time, and succeeds in the end. */
static void test_conflict_revokes(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    many_of_alice(W);
    fall_silent(fx.alice);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &stateid), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &opens[0]), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &opens[REVOKED - 1]), NFS4ERR_EXPIRED);
}

/* Expired locks in front of a current one are not searched again and again. */
static void test_expired_locks(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "a", fx.files[0], RW, NONE), lock;
    double few;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &open, "a", false, 0, 8, &lock), NFS4_OK);
    for (uint64_t i = 1; i < 50000; i++)
        assert_int_equal(do_lock_again(fx.alice, &lock, false, 16 * i, 8), NFS4_OK);
    open = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.bob, &open, "b", false, 1ull << 40, 8, &lock), NFS4_OK);
    fall_silent(fx.alice);
    assert_int_equal(do_test(fx.carol, "c", fx.files[0], true, 0, UINT64_MAX), NFS4ERR_DENIED);
    few = cpu_ns();
    for (int i = 0; i < PROBES; i++)
        assert_int_equal(do_test(fx.carol, "c", fx.files[0], true, 0, UINT64_MAX), NFS4ERR_DENIED);
    few = (cpu_ns() - few) / PROBES;
    print_message("LOCKT behind 50,000 expired locks: %.0f ns\n", few);
    assert_true(few < 200000);
    assert_int_equal(fixture_conflict.clientid, fx.bob->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DELEGATION_TEST(test_offer),
                                       DELEGATION_TEST(test_conflict),
                                       DELEGATION_TEST(test_lock),
                                       DELEGATION_TEST(test_revocation),
                                       DELEGATION_TEST(test_conflict_revokes),
                                       DELEGATION_TEST(test_expired_locks)};

    return test_group_run(tests);
}
