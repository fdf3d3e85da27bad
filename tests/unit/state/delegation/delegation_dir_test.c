/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations of directories (RFC 8881 §10.9, §18.39): who gets one, what recalls it, what does
 * not.  W12, SR-16. */
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_fs.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_pressure.h"
#include "state/delegation/delegation_revoke.h"
#include "unit/state/delegation/delegation_fixture.h"

static int set_up(void **unused)
{
    int status = delegation_set_up(unused);

    delegation_dir_allow(fx.state, DELEGATION_DIR_RECALL);
    return status;
}

#define DIR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, delegation_tear_down)

static struct stateid4 must_delegate(struct client *client, struct vfs_object *dir)
{
    const struct delegation_request request = wish(client, dir, DELEGATION_DIRECTORY);
    enum delegation_counter why;
    struct stateid4 stateid;

    assert_true(delegation_dir_offer(fx.state, &request, &stateid, &why));
    return stateid;
}

static enum delegation_counter refusal(struct client *client, struct vfs_object *dir)
{
    const struct delegation_request request = wish(client, dir, DELEGATION_DIRECTORY);
    enum delegation_counter why;
    struct stateid4 stateid;

    assert_false(delegation_dir_offer(fx.state, &request, &stateid, &why));
    return why;
}

static void given_and_returned(void **unused)
{
    struct stateid4 stateid = must_delegate(fx.alice, fx.root);

    (void)unused;
    assert_int_equal(stateid.seqid, 1);
    assert_int_equal(stats().held_directory, 1);
    assert_int_equal(stats().held_read + stats().held_write, 0);
    assert_int_equal(stats().granted_directory, 1);
    assert_int_equal(do_return(fx.bob, &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(stats().held_directory, 0);
    assert_int_equal(hooked.recalls, 0);
}

/* A second one is refused, and the first remains as it is, also when it is being recalled. */
static void only_one_each(void **unused)
{
    struct stateid4 stateid = must_delegate(fx.alice, fx.root);

    (void)unused;
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_held);
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4ERR_DELAY);
    pass_rest();
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_held);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

static void several_holders(void **unused)
{
    struct stateid4 first = must_delegate(fx.alice, fx.root);
    struct stateid4 second = must_delegate(fx.bob, fx.root);
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(change(fx.carol, fx.root, &waiter.waiter), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 2);
    assert_int_equal(do_return(fx.alice, &first), NFS4_OK);
    assert_int_equal(waiter.woken, 0);
    assert_int_equal(do_return(fx.bob, &second), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(change(fx.carol, fx.root, NULL), NFS4_OK);
}

/* The holder's own change recalls the others', not its own. */
static void own_change(void **unused)
{
    (void)unused;
    (void)must_delegate(fx.alice, fx.root);
    assert_int_equal(change(fx.alice, fx.root, NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
    (void)must_delegate(fx.bob, fx.root);
    assert_int_equal(change(fx.alice, fx.root, NULL), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(stats().held_directory, 2);
}

/* The holder removes the directory: nothing remains to be recalled, nor to be returned. */
static void removed_by_its_holder(void **unused)
{
    struct stateid4 stateid = must_delegate(fx.alice, fx.root);

    (void)unused;
    delegation_dir_removed(fx.state, fx.root);
    assert_int_equal(stats().held_directory, 0);
    assert_int_equal(stats().removed, 1);
    assert_int_equal(hooked.recalls, 0);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_BAD_STATEID);
    pass_ms((LEASE_S + 1) * 1000);
    delegation_tick(fx.state, clock_now_ns());
    assert_int_equal(stats().revoked, 0);
    delegation_dir_removed(fx.state, fx.root);
    assert_int_equal(stats().removed, 1);
}

/* Who only looks recalls nothing; nor does a change of another object. */
static void harmless(void **unused)
{
    (void)unused;
    (void)must_delegate(fx.alice, fx.root);
    assert_int_equal(use(fx.bob, fx.root, NULL), NFS4_OK);
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
}

/* A change in progress may not have seen the delegation. */
static void not_during_a_change(void **unused)
{
    (void)unused;
    assert_int_equal(
        delegation_begin(fx.state,
                         &(struct delegation_claim){fx.bob, fx.root, DELEGATION_USE_CHANGE},
                         clock_now_ns(), NULL),
        NFS4_OK);
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_contention);
    delegation_end(fx.state, fx.root);
    assert_true(delegation_begin_fs(fx.state, fx.root->fs));
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_contention);
    delegation_end_fs(fx.state, fx.root->fs);
    (void)must_delegate(fx.alice, fx.root);
    assert_false(delegation_begin_fs(fx.state, fx.root->fs));
}

static void refused(void **unused)
{
    (void)unused;
    assert_int_equal(refusal(fx.alice, fx.files[0]), DELEGATION_COUNTER_refused_setting);
    delegation_dir_allow(fx.state, DELEGATION_DIR_NONE);
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_setting);
    delegation_dir_allow(fx.state, DELEGATION_DIR_RECALL);
    hooked.unreachable = true;
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_unreachable);
    hooked.unreachable = false;
    delegation_set_limit(fx.state, 0);
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_limit);
    delegation_set_limit(fx.state, 1);
    (void)must_delegate(fx.alice, fx.root);
    assert_int_equal(refusal(fx.bob, fx.root), DELEGATION_COUNTER_refused_limit);
}

/* After a conflict the directory is left alone for a while. */
static void rests_after_a_conflict(void **unused)
{
    struct stateid4 stateid = must_delegate(fx.alice, fx.root);

    (void)unused;
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_history);
    pass_rest();
    (void)must_delegate(fx.alice, fx.root);
}

/* The holder answers the recall and returns nothing, until it is revoked. */
static void stall(struct client *holder, enum delegation_counter meanwhile)
{
    (void)must_delegate(holder, fx.root);
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4ERR_DELAY);
    pass_ms(LEASE_S * 1000 - 100);
    assert_int_equal(refusal(fx.bob, fx.root), meanwhile);
    pass_ms(200);
    delegation_tick(fx.state, clock_now_ns());
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4_OK);
}

static void must_rest_ms(int64_t least, int64_t most)
{
    pass_ms(least);
    assert_int_equal(refusal(fx.bob, fx.root), DELEGATION_COUNTER_refused_history);
    pass_ms(most - least);
}

/* Nobody becomes the next holder between two attempts of a request that one has held up, nor soon
 * after: so requests are held up for a small part of the time only, however many clients come. */
static void rests_longer_than_held_up(void **unused)
{
    const int64_t lease_ms = LEASE_S * 1000, share = DELEGATION_COOLDOWN_SHARE;

    (void)unused;
    stall(fx.alice, DELEGATION_COUNTER_refused_contention);
    must_rest_ms(share * lease_ms, 2 * share * lease_ms);
    stall(fx.carol, DELEGATION_COUNTER_refused_history); /* that had not been forgotten */
    assert_int_equal(stats().revoked, 2);
    must_rest_ms(share * lease_ms, 4 * share * lease_ms);
    (void)must_delegate(fx.bob, fx.root);
}

/* A new directory has the number of one that has gone. */
static void new_after_a_conflict(void **unused)
{
    struct stateid4 stateid = must_delegate(fx.alice, fx.root);

    (void)unused;
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(refusal(fx.alice, fx.root), DELEGATION_COUNTER_refused_history);
    delegation_object_created(fx.state, fx.root);
    (void)must_delegate(fx.alice, fx.root);
}

/* A holder whose lease is over loses it to the first conflict. */
static void courtesy_ends(void **unused)
{
    (void)unused;
    (void)must_delegate(fx.alice, fx.root);
    fall_silent(fx.alice);
    assert_int_equal(change(fx.bob, fx.root, NULL), NFS4_OK);
    assert_int_equal(stats().held_directory, 0);
    assert_int_equal(stats().revoked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(given_and_returned),     DIR_TEST(only_one_each),
        DIR_TEST(several_holders),        DIR_TEST(own_change),
        DIR_TEST(removed_by_its_holder),  DIR_TEST(harmless),
        DIR_TEST(not_during_a_change),    DIR_TEST(refused),
        DIR_TEST(rests_after_a_conflict), DIR_TEST(new_after_a_conflict),
        DIR_TEST(courtesy_ends),          DIR_TEST(rests_longer_than_held_up),
    };

    return test_group_run(tests);
}
