/* SPDX-License-Identifier: Apache-2.0 */
/* Share reservations, upgrade and downgrade, CLOSE, and the end of a client (RFC 8881 §9.7 to
 * §9.9). */
#include "state/open/open.h"

#include <string.h>

#include "base/clock.h"
#include "state/client/client_table.h"
#include "unit/state/open/open_fixture.h"

/* Every pair of OPENs by two owners, against the rule of RFC 8881 §9.7. */
static void test_share_matrix(void **unused)
{
    struct vfs_object *obj = fx.files[0];

    (void)unused;
    for (uint32_t a1 = R; a1 <= RW; a1++) {
        for (uint32_t d1 = 0; d1 <= 3; d1++) {
            struct stateid4 first = must_open(fx.alice, "a", obj, a1, d1);

            for (uint32_t a2 = R; a2 <= RW; a2++) {
                for (uint32_t d2 = 0; d2 <= 3; d2++) {
                    bool conflict = (a1 & d2) || (a2 & d1);
                    struct stateid4 second;
                    enum nfsstat4 status = do_open(fx.bob, "b", obj, a2, d2, &second);

                    assert_int_equal(status, conflict ? NFS4ERR_SHARE_DENIED : NFS4_OK);
                    if (status == NFS4_OK)
                        assert_int_equal(do_close(fx.bob, &second), NFS4_OK);
                }
            }
            assert_int_equal(do_close(fx.alice, &first), NFS4_OK);
            assert_null(obj->node->state); /* every count is back to zero */
        }
    }
}

static void test_own_deny_counts_too(void **unused)
{
    struct stateid4 stateid, again;

    (void)unused;
    stateid = must_open(fx.alice, "a", fx.files[0], RW, W);
    assert_int_equal(do_open(fx.alice, "a", fx.files[0], W, NONE, &again), NFS4ERR_SHARE_DENIED);
    assert_int_equal(do_close(fx.alice, &stateid), NFS4_OK);
}

static void test_upgrade_keeps_the_stateid(void **unused)
{
    struct stateid4 first = must_open(fx.alice, "a", fx.files[0], R, NONE);
    struct stateid4 second = must_open(fx.alice, "a", fx.files[0], W, NONE);
    struct stateid4 same = must_open(fx.alice, "a", fx.files[0], R, NONE);
    struct stateid4 denied;

    (void)unused;
    assert_memory_equal(first.other, second.other, 12);
    assert_int_equal(first.seqid, 1);
    assert_int_equal(second.seqid, 2);
    assert_int_equal(same.seqid, 3); /* also without a change */
    assert_int_equal(do_close(fx.alice, &second), NFS4ERR_OLD_STATEID);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], R, W, &denied), NFS4ERR_SHARE_DENIED);
    assert_int_equal(do_close(fx.alice, &same), NFS4_OK);
    assert_int_equal(do_close(fx.alice, &same), NFS4ERR_BAD_STATEID);
    assert_null(fx.files[0]->node->state);
}

/* However often it was opened, one CLOSE ends all of its shares. */
static void test_shares_count_once(void **unused)
{
    struct stateid4 s, other = must_open(fx.bob, "b", fx.files[0], W, NONE);

    (void)unused;
    must_open(fx.alice, "a", fx.files[0], R, NONE);
    must_open(fx.alice, "a", fx.files[0], RW, NONE);
    s = must_open(fx.alice, "a", fx.files[0], R, NONE);
    assert_int_equal(do_close(fx.alice, &s), NFS4_OK);
    must_open(fx.alice, "c", fx.files[0], W, R);
    assert_int_equal(do_close(fx.bob, &other), NFS4_OK);
}

static void test_owners_and_files_open_apart(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, NONE);
    struct stateid4 b = must_open(fx.alice, "b", fx.files[0], R, NONE);
    struct stateid4 c = must_open(fx.alice, "a", fx.files[1], R, NONE);
    struct stateid4 d = must_open(fx.bob, "a", fx.files[0], R, NONE);

    (void)unused;
    assert_memory_not_equal(a.other, b.other, 12);
    assert_memory_not_equal(a.other, c.other, 12);
    assert_memory_not_equal(a.other, d.other, 12);
    assert_int_equal(do_close(fx.bob, &a), NFS4ERR_BAD_STATEID); /* not bob's */
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(do_close(fx.alice, &b), NFS4_OK);
    assert_int_equal(do_close(fx.alice, &c), NFS4_OK);
    assert_int_equal(do_close(fx.bob, &d), NFS4_OK);
}

static void test_reopened_after_close_is_new(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, NONE), b;

    (void)unused;
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    b = must_open(fx.alice, "a", fx.files[0], R, NONE);
    assert_memory_not_equal(a.other, b.other, 12);
    assert_int_equal(b.seqid, 1);
}

static void test_downgrade_needs_such_an_open(void **unused)
{
    struct stateid4 s = must_open(fx.alice, "a", fx.files[0], RW, NONE), other;

    (void)unused;
    assert_int_equal(do_downgrade(fx.alice, &s, R, NONE), NFS4ERR_INVAL);
    s = must_open(fx.alice, "a", fx.files[0], R, NONE);
    assert_int_equal(do_downgrade(fx.alice, &s, W, NONE), NFS4ERR_INVAL);
    assert_int_equal(do_downgrade(fx.alice, &s, R, W), NFS4ERR_INVAL);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], R, W, &other), NFS4ERR_SHARE_DENIED);
    assert_int_equal(do_downgrade(fx.alice, &s, R, NONE), NFS4_OK);
    assert_int_equal(s.seqid, 3);
    other = must_open(fx.bob, "b", fx.files[0], R, W);
    assert_int_equal(do_downgrade(fx.alice, &s, RW, NONE), NFS4ERR_INVAL); /* no upgrade */
    assert_int_equal(do_downgrade(fx.alice, &s, R, NONE), NFS4_OK);
    assert_int_equal(s.seqid, 4);
    assert_int_equal(do_close(fx.bob, &other), NFS4_OK);
}

/* The union of OPENs is as good as one of them. */
static void test_downgrade_to_a_union(void **unused)
{
    struct stateid4 s;

    (void)unused;
    must_open(fx.alice, "a", fx.files[0], R, NONE);
    must_open(fx.alice, "a", fx.files[0], W, NONE);
    s = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    assert_int_equal(do_downgrade(fx.alice, &s, RW, NONE), NFS4_OK);
    assert_int_equal(do_downgrade(fx.alice, &s, W, NONE), NFS4_OK);
    assert_int_equal(do_downgrade(fx.alice, &s, R, NONE), NFS4ERR_INVAL);
}

static void test_downgrade_of_deny(void **unused)
{
    struct stateid4 s, other;

    (void)unused;
    must_open(fx.alice, "a", fx.files[0], R, NONE);
    s = must_open(fx.alice, "a", fx.files[0], R, W);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &other), NFS4ERR_SHARE_DENIED);
    assert_true(denied(fx.files[0], W));
    assert_false(denied(fx.files[0], R));
    assert_int_equal(do_downgrade(fx.alice, &s, R, NONE), NFS4_OK);
    assert_false(denied(fx.files[0], W));
    must_open(fx.bob, "b", fx.files[0], W, NONE);
}

static void test_cancel_leaves_no_trace(void **unused)
{
    struct open_request request = {.client = fx.alice,
                                   .owner = name_of("a"),
                                   .obj = fx.files[0],
                                   .cred = &fx.cred,
                                   .access = RW,
                                   .deny = RW};
    struct stateid4 other;

    (void)unused;
    assert_int_equal(open_reserve(&request), NFS4_OK);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], R, NONE, &other), NFS4ERR_SHARE_DENIED);
    open_cancel(&request);
    assert_null(fx.files[0]->node->state);
    assert_false(open_client_has_state(fx.alice));
}

/* RFC 8881 §18.16.4: another caller's permission has to be checked by itself. */
static void test_callers_are_told_apart(void **unused)
{
    struct stateid4 s = must_open(fx.alice, "a", fx.files[0], R, NONE);
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, &s, fx.alice);
    struct open *open = open_of_stateid(sid);
    const uint32_t mine[] = {7, 8}, same[] = {7, 8}, others[] = {7, 9};
    struct vfs_cred other = fx.cred;

    (void)unused;
    assert_true(open_by_caller(open, R, &fx.cred));
    assert_false(open_by_caller(open, W, &fx.cred));
    other.uid++;
    assert_false(open_by_caller(open, R, &other));
    other = fx.cred;
    other.gids = mine;
    other.gid_count = 2;
    assert_false(open_by_caller(open, R, &other));
    assert_int_equal(
        open_caller_hash(fx.state->opens, &other),
        open_caller_hash(
            fx.state->opens,
            &(struct vfs_cred){.uid = other.uid, .gid = other.gid, .gid_count = 2, .gids = same}));
    assert_int_not_equal(open_caller_hash(fx.state->opens, &other),
                         open_caller_hash(fx.state->opens, &(struct vfs_cred){.uid = other.uid,
                                                                              .gid = other.gid,
                                                                              .gid_count = 2,
                                                                              .gids = others}));
    stateid_put(sid);
}

/* I/O that has begun keeps the file open beyond a CLOSE. */
static void test_close_waits_for_io(void **unused)
{
    struct stateid4 s = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, &s, fx.alice);

    (void)unused;
    assert_int_equal(do_close(fx.alice, &s), NFS4_OK);
    assert_null(stateid_lookup(fx.state->opens->stateids, &s, fx.alice));
    assert_false(open_client_has_state(fx.alice));
    assert_non_null(fx.files[0]->node->state);
    stateid_put(sid);
    assert_null(fx.files[0]->node->state);
}

/* L-04: a client's state ends with it. */
static void test_state_goes_with_its_client(void **unused)
{
    struct stateid4 s = must_open(fx.alice, "a", fx.files[0], RW, RW), lock, other;

    (void)unused;
    must_open(fx.alice, "b", fx.files[1], R, NONE);
    assert_int_equal(do_lock(fx.alice, &s, "l", true, 0, 10, &lock), NFS4_OK);
    assert_true(open_client_has_state(fx.alice));
    assert_int_equal(client_destroy_id(fx.state, fx.alice->id, &fixture_caller, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    open_client_release(fx.alice);
    assert_false(open_client_has_state(fx.alice));
    assert_int_equal(do_close(fx.alice, &s), NFS4ERR_BAD_STATEID);
    assert_null(fx.files[0]->node->state);
    assert_null(fx.files[1]->node->state);
    must_open(fx.bob, "b", fx.files[0], RW, RW);
    assert_int_equal(do_open(fx.alice, "a", fx.files[2], R, NONE, &other), NFS4ERR_DELAY);
    assert_null(fx.files[2]->node->state);
}

static void test_busy_until_closed(void **unused)
{
    struct stateid4 s = must_open(fx.alice, "a", fx.files[0], R, NONE);

    (void)unused;
    assert_int_equal(client_destroy_id(fx.state, fx.alice->id, &fixture_caller, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    assert_int_equal(do_close(fx.alice, &s), NFS4_OK);
    assert_int_equal(client_destroy_id(fx.state, fx.alice->id, &fixture_caller, clock_now_ns()),
                     NFS4_OK);
}

/* Only while nobody has been told of it but by the OPEN that made it. */
static void withdrawn(void **unused)
{
    const struct stateid4 alone = must_open(fx.alice, "o", fx.files[0], R, NONE);
    struct stateid4 first, second;

    (void)unused;
    assert_true(open_withdraw(fx.alice, &alone));
    assert_false(open_withdraw(fx.alice, &alone));
    assert_int_equal(fixture_vfs_opens, 0);
    assert_false(open_client_has_state(fx.alice));
    first = must_open(fx.alice, "o", fx.files[0], R, NONE);
    second = must_open(fx.alice, "o", fx.files[0], W, NONE);
    assert_false(open_withdraw(fx.alice, &first));
    assert_int_equal(do_close(fx.alice, &second), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_share_matrix),
        TEST(test_own_deny_counts_too),
        TEST(test_upgrade_keeps_the_stateid),
        TEST(test_shares_count_once),
        TEST(test_owners_and_files_open_apart),
        TEST(test_reopened_after_close_is_new),
        TEST(test_downgrade_needs_such_an_open),
        TEST(test_downgrade_to_a_union),
        TEST(test_downgrade_of_deny),
        TEST(test_cancel_leaves_no_trace),
        TEST(test_callers_are_told_apart),
        TEST(test_close_waits_for_io),
        TEST(test_state_goes_with_its_client),
        TEST(test_busy_until_closed),
        TEST(withdrawn),
    };

    return test_group_run(tests);
}
