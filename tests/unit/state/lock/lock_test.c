/* SPDX-License-Identifier: Apache-2.0 */
/* Lock stateids: LOCK, LOCKT, LOCKU, FREE_STATEID, and CLOSE over locks. */
#include "state/lock/lock.h"

#include <string.h>

#include "state/recovery/recovery_record.h"
#include "unit/state/open/open_fixture.h"

static void test_ranges(void **unused)
{
    struct lock_range range;

    (void)unused;
    assert_int_equal(lock_range_decode(0, 0, &range), NFS4ERR_INVAL);
    assert_int_equal(lock_range_decode(5, 0, &range), NFS4ERR_INVAL);
    assert_int_equal(lock_range_decode(UINT64_MAX, 1, &range), NFS4ERR_INVAL);
    assert_int_equal(lock_range_decode(2, UINT64_MAX - 1, &range), NFS4ERR_INVAL);
    assert_int_equal(lock_range_decode(1, UINT64_MAX - 1, &range), NFS4_OK);
    assert_int_equal(range.end, UINT64_MAX - 1);
    assert_int_equal(lock_range_decode(UINT64_MAX, UINT64_MAX, &range), NFS4_OK);
    assert_int_equal(range.start, UINT64_MAX);
    assert_int_equal(range.end, UINT64_MAX);
    assert_int_equal(lock_range_decode(7, 1, &range), NFS4_OK);
    assert_int_equal(range.end, 7);
}

static void test_denied_names_the_holder(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    struct stateid4 b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    struct stateid4 la, lb;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "holder", true, 10, 20, &la), NFS4_OK);
    assert_int_equal(la.seqid, 1);
    assert_int_equal(do_lock(fx.bob, &b, "b", false, 29, 5, &lb), NFS4ERR_DENIED);
    assert_int_equal(fixture_conflict.offset, 10);
    assert_int_equal(fixture_conflict.length, 20);
    assert_true(fixture_conflict.write);
    assert_int_equal(fixture_conflict.clientid, fx.alice->id);
    assert_int_equal(fixture_conflict.owner_len, 6);
    assert_memory_equal(fixture_conflict.owner, "holder", 6);
    assert_int_equal(do_lock(fx.bob, &b, "b", true, 30, UINT64_MAX, &lb), NFS4_OK);
    assert_int_equal(do_test(fx.alice, "other", fx.files[0], false, 1000, 1), NFS4ERR_DENIED);
    assert_int_equal(fixture_conflict.length, UINT64_MAX);
}

static void test_readers_share(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l1, l2;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l1", false, 0, 10, &l1), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "l2", false, 5, 10, &l2), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &l1, true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_lock_again(fx.alice, &l1, true, 0, 5), NFS4_OK);
    assert_int_equal(l1.seqid, 2);
    assert_int_equal(do_unlock(fx.alice, &l2, 0, UINT64_MAX), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &l1, true, 0, 10), NFS4_OK);
}

static void test_test_sees_others_only(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l;

    (void)unused;
    assert_int_equal(do_test(fx.alice, "l", fx.files[0], true, 0, 1), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_test(fx.alice, "l", fx.files[0], true, 0, 10), NFS4_OK);
    assert_int_equal(do_test(fx.alice, "m", fx.files[0], true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(do_test(fx.bob, "l", fx.files[0], false, 9, 10), NFS4ERR_DENIED);
    assert_int_equal(do_test(fx.bob, "l", fx.files[0], false, 10, 10), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "l", fx.files[0], false, 10, 0), NFS4ERR_INVAL);
}

static void test_mode_of_the_open(void **unused)
{
    struct stateid4 r = must_open(fx.alice, "r", fx.files[0], R, NONE);
    struct stateid4 w = must_open(fx.alice, "w", fx.files[0], W, NONE), l;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &r, "l", true, 0, 10, &l), NFS4ERR_OPENMODE);
    assert_int_equal(do_lock(fx.alice, &w, "l", false, 0, 10, &l), NFS4ERR_OPENMODE);
    assert_int_equal(do_lock(fx.alice, &r, "l", false, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &l, true, 0, 10), NFS4ERR_OPENMODE);
}

static void test_seqids_are_checked(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), old = a, l, old_lock;

    (void)unused;
    a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &old, "l", true, 0, 10, &l), NFS4ERR_OLD_STATEID);
    old.seqid = 3;
    assert_int_equal(do_lock(fx.alice, &old, "l", true, 0, 10, &l), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    old_lock = l;
    assert_int_equal(do_unlock(fx.alice, &l, 0, 5), NFS4_OK);
    assert_int_equal(l.seqid, 2);
    assert_int_equal(do_unlock(fx.alice, &old_lock, 5, 5), NFS4ERR_OLD_STATEID);
    assert_int_equal(do_lock_again(fx.alice, &old_lock, true, 5, 5), NFS4ERR_OLD_STATEID);
    old_lock.seqid = 0;
    assert_int_equal(do_unlock(fx.alice, &old_lock, 5, 5), NFS4_OK);
    assert_int_equal(do_unlock(fx.bob, &old_lock, 5, 5), NFS4ERR_BAD_STATEID);
}

/* A client that has lost the stateid sends the LOCK as if for the first time. */
static void test_same_owner_gets_same_state(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l, again;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 20, 10, &again), NFS4_OK);
    assert_memory_equal(l.other, again.other, 12);
    assert_int_equal(again.seqid, 2);
}

/* RFC 8881 §9.5: the last request counts, through whichever open it came. */
static void test_one_lock_owner_two_opens(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    struct stateid4 b = must_open(fx.alice, "b", fx.files[0], RW, NONE);
    struct stateid4 la, lb;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 20, &la), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &b, "l", true, 10, 20, &lb), NFS4_OK);
    assert_memory_not_equal(la.other, lb.other, 12);
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 0, 10), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 10, 1), NFS4ERR_DENIED);
    assert_int_equal(do_unlock(fx.alice, &la, 0, 1), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_unlock(fx.alice, &lb, 0, UINT64_MAX), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 0, UINT64_MAX), NFS4_OK);
}

/* SR-18 */
static void test_free_when_nothing_is_held(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &l), NFS4ERR_LOCKS_HELD);
    assert_int_equal(do_unlock(fx.alice, &l, 0, 10), NFS4_OK);
    assert_int_equal(do_free(fx.bob, &l), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_free(fx.alice, &l), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &l), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(l.seqid, 1);
}

static void test_close_frees_locks(void **unused)
{
    struct owner_table *owners = owner_table_of(fx.alice);
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l, m;

    (void)unused;
    must_open(fx.bob, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "m", true, 10, 10, &m), NFS4_OK);
    assert_int_equal(owners->lock_count, 2);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 0, 20), NFS4ERR_DENIED);
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 0, 20), NFS4_OK);
    assert_int_equal(do_unlock(fx.alice, &l, 0, 10), NFS4ERR_BAD_STATEID);
    assert_int_equal(owners->lock_count, 0);
    assert_int_equal(owners->lock_state_count, 0);
}

static void test_denied_leaves_no_state(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    struct stateid4 b = must_open(fx.bob, "b", fx.files[0], RW, NONE), l, m;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    assert_int_equal(do_lock(fx.bob, &b, "m", true, 0, 10, &m), NFS4ERR_DENIED);
    assert_int_equal(owner_table_of(fx.bob)->lock_state_count, 0);
    assert_int_equal(do_unlock(fx.alice, &l, 3, 4), NFS4_OK);
    assert_int_equal(owner_table_of(fx.alice)->lock_count, 2);
    assert_int_equal(do_lock(fx.bob, &b, "m", true, 3, 4, &m), NFS4_OK);
}

/* One lock state for each pair, whichever of the two has more of the other. */
static void pairs(uint32_t open_count, uint32_t owner_count)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct stateid4 opens[5], locks[5][5], again;

    for (uint32_t i = 0; i < open_count; i++)
        opens[i] = must_open(fx.alice, names[i], fx.files[0], RW, NONE);
    for (uint32_t round = 1; round <= 2; round++) {
        for (uint32_t i = 0; i < open_count * owner_count; i++) {
            uint32_t open = i % open_count, owner = i / open_count;
            struct stateid4 *lock = round == 1 ? &locks[open][owner] : &again;

            assert_int_equal(do_lock(fx.alice, &opens[open], names[owner], true, 2ull * i, 1, lock),
                             NFS4_OK);
            assert_int_equal(lock->seqid, round);
            assert_memory_equal(lock->other, locks[open][owner].other, sizeof(lock->other));
        }
    }
    assert_int_equal(owner_table_of(fx.alice)->lock_state_count, open_count * owner_count);
    for (uint32_t i = 0; i < open_count; i++)
        assert_int_equal(do_close(fx.alice, &opens[i]), NFS4_OK);
}

static void test_owners_and_opens(void **unused)
{
    (void)unused;
    pairs(3, 5);
    pairs(5, 3);
}

/* More locks than are dropped at a time, with one LOCKU from the middle of the first lock to the
 * middle of the last. */
static void test_unlock_many(void **unused)
{
    enum {
        MANY = 3 * LIMIT_LOCK_DROP_BATCH
    };
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 5, &l), NFS4_OK);
    for (uint64_t i = 1; i < MANY; i++)
        assert_int_equal(do_lock_again(fx.alice, &l, true, 10 * i, 5), NFS4_OK);
    assert_int_equal(owner_table_of(fx.alice)->lock_count, MANY);
    assert_int_equal(do_unlock(fx.alice, &l, 2, 10ull * (MANY - 1)), NFS4_OK);
    assert_int_equal(l.seqid, MANY + 1);
    assert_int_equal(owner_table_of(fx.alice)->lock_count, 2);
    assert_int_equal(do_test(fx.bob, "b", fx.files[0], true, 1, 1), NFS4ERR_DENIED);
    assert_int_equal(do_test(fx.bob, "b", fx.files[0], true, 2, 10ull * (MANY - 1)), NFS4_OK);
    assert_int_equal(do_test(fx.bob, "b", fx.files[0], true, 10ull * (MANY - 1) + 2, 1),
                     NFS4ERR_DENIED);
}

/* Checked when there is no conflict: a former lock may have belonged to a client whose record
 * cannot be removed. */
static void test_blocked(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), l, m;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &l), NFS4_OK);
    atomic_store(&fx.state->recovery->blocked, 1);
    assert_int_equal(do_lock(fx.alice, &a, "m", true, 20, 10, &m), NFS4ERR_DELAY);
    assert_int_equal(do_lock_again(fx.alice, &l, true, 20, 10), NFS4ERR_DELAY);
    assert_int_equal(do_test(fx.bob, "b", fx.files[0], true, 20, 10), NFS4_OK);
    atomic_store(&fx.state->recovery->blocked, 0);
    assert_int_equal(do_lock(fx.alice, &a, "m", true, 20, 10, &m), NFS4_OK);
}

/* When the rest is reserved for clients with little, a client with much cannot lock, but it can
 * unlock: also in the middle, which takes another entry. */
static void test_much_can_be_given_back(void **state)
{
    enum {
        MOST = LIMIT_SHARED,
        MINE = MOST / LIMIT_SHARES
    };
    struct stateid4 open = must_open(fx.alice, "owner", fx.files[0], RW, NONE), lock;

    (void)state;
    state_limit_set(fx.state, STATE_LIMIT_locks, MOST);
    assert_int_equal(do_lock(fx.alice, &open, "locker", true, 0, 8, &lock), NFS4_OK);
    for (uint64_t i = 1; i < MINE; i++)
        assert_int_equal(do_lock_again(fx.alice, &lock, true, 100 * i, 1), NFS4_OK);
    state_limit_add(fx.state, STATE_LIMIT_locks, MOST - MOST / 4);
    assert_int_equal(do_lock_again(fx.alice, &lock, true, 90000, 1), NFS4ERR_DELAY);
    assert_int_equal(do_unlock(fx.alice, &lock, 3, 2), NFS4_OK);
    state_limit_sub(fx.state, STATE_LIMIT_locks, MOST - MOST / 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ranges),
        TEST(test_denied_names_the_holder),
        TEST(test_readers_share),
        TEST(test_test_sees_others_only),
        TEST(test_mode_of_the_open),
        TEST(test_seqids_are_checked),
        TEST(test_same_owner_gets_same_state),
        TEST(test_one_lock_owner_two_opens),
        TEST(test_free_when_nothing_is_held),
        TEST(test_close_frees_locks),
        TEST(test_denied_leaves_no_state),
        TEST(test_owners_and_opens),
        TEST(test_unlock_many),
        TEST(test_blocked),
        TEST(test_much_can_be_given_back),
    };

    return test_group_run(tests);
}
