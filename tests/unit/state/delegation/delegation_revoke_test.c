/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations that their holders lose (RFC 8881 §10.4.5, §10.4.6; RFC 7530 §10.4.6). */
#include "state/client/client_table.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_revoke.h"
#include "state/delegation/delegation_waiter.h"
#include "unit/state/delegation/delegation_fixture.h"

static struct stateid4 recall_of(struct client *client, struct vfs_object *obj)
{
    struct stateid4 stateid = must_give(client, obj, DELEGATION_READ);

    assert_int_equal(change(fx.carol, obj, NULL), NFS4ERR_DELAY);
    return stateid;
}

static void tick(void)
{
    delegation_tick(fx.state, clock_now_ns());
}

static void not_returned(void **unused)
{
    struct stateid4 stateid = recall_of(fx.alice, fx.files[0]);
    struct delegation_request request;
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(change(fx.carol, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    pass_ms(LEASE_S * 1000 - 1);
    assert_int_equal(stats().oldest_recall_ns, LEASE_S * NSEC_PER_SEC - NSEC_PER_MSEC);
    tick();
    assert_int_equal(revoked(fx.alice, &stateid), NFS4_OK);
    pass_ms(1);
    tick();
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_DELEG_REVOKED);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(stats().revoked, 1);
    assert_int_equal(stats().oldest_recall_ns, 0);
    assert_int_equal(fixture_vfs_opens, 0);
    assert_int_equal(change(fx.carol, fx.files[0], NULL), NFS4_OK);
    /* It stays revoked until it is acknowledged, and no new one is granted. */
    request = wish(fx.alice, fx.files[1], DELEGATION_READ);
    assert_int_equal(must_refuse(&request), WND4_RESOURCE);
    assert_int_equal(stats().refused_revoked, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_DELEG_REVOKED);
    assert_int_equal(fx.alice->revoked_count, 1);
    assert_int_equal(fx.alice->revoked_recalled, 1);
    assert_int_equal(do_free(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(fx.alice->revoked_count, 0);
    assert_int_equal(fx.alice->revoked_recalled, 0);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_BAD_STATEID);
    (void)must_give(fx.alice, fx.files[1], DELEGATION_READ);
}

/* Each holder has a lease's time from its own recall on, and one that returns in time loses
 * nothing. */
static void in_order(void **unused)
{
    struct stateid4 first = recall_of(fx.alice, fx.files[0]), second, third;

    (void)unused;
    pass_ms(1000);
    second = recall_of(fx.alice, fx.files[1]);
    pass_ms(1000);
    third = recall_of(fx.bob, fx.files[2]);
    assert_int_equal(do_return(fx.alice, &second), NFS4_OK);
    pass_ms((LEASE_S - 2) * 1000);
    tick();
    assert_int_equal(revoked(fx.alice, &first), NFS4ERR_DELEG_REVOKED);
    assert_int_equal(revoked(fx.bob, &third), NFS4_OK);
    assert_int_equal(stats().recalls, 1);
    pass_ms(2 * 1000);
    tick();
    assert_int_equal(revoked(fx.bob, &third), NFS4ERR_DELEG_REVOKED);
}

/* The tick is late: a conflicting request does not wait for it. */
static void asked_for_again(void **unused)
{
    struct stateid4 stateid = recall_of(fx.alice, fx.files[0]);
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    pass_ms(LEASE_S * 1000);
    assert_int_equal(change(fx.carol, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_DELEG_REVOKED);
    assert_int_equal(change(fx.carol, fx.files[0], NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 1);
}

/* A client of 4.0 would be told that its lease has expired: so its delegation is revoked only while
 * another request needs that. */
static void wanted_no_more_in_v40(void **unused)
{
    struct stateid4 kept, other;

    (void)unused;
    fx.alice->kind = CLIENT_V40;
    kept = recall_of(fx.alice, fx.files[0]);
    pass_ms(1000);
    other = recall_of(fx.bob, fx.files[1]);
    pass_ms(2 * LEASE_S * 1000 - 1001);
    tick();
    assert_int_equal(revoked(fx.alice, &kept), NFS4_OK);
    assert_int_equal(revoked(fx.bob, &other), NFS4ERR_DELEG_REVOKED);
    assert_int_equal(stats().recalls, 1);
    assert_int_equal(stats().oldest_recall_ns, (2 * LEASE_S * 1000 - 1) * NSEC_PER_MSEC);
    pass_ms(1);
    tick();
    assert_int_equal(revoked(fx.alice, &kept), NFS4ERR_EXPIRED);
    assert_int_equal(stats().recalls, 0);
    fx.alice->kind = CLIENT_V41;
}

static void wanted_still_in_v40(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    fx.alice->kind = CLIENT_V40;
    stateid = recall_of(fx.alice, fx.files[0]);
    pass_ms(LEASE_S * 1000 - 1);
    assert_int_equal(change(fx.carol, fx.files[0], NULL), NFS4ERR_DELAY);
    pass_ms(1);
    tick();
    assert_int_equal(revoked(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(change(fx.carol, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(change(fx.carol, fx.files[0], NULL), NFS4_OK);
    fx.alice->kind = CLIENT_V41;
}

/* A local process that waits in the kernel does not retry. */
static void wanted_on_the_machine_in_v40(void **unused)
{
    struct stateid4 held_up, other;

    (void)unused;
    fx.alice->kind = CLIENT_V40;
    held_up = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    other = must_give(fx.alice, fx.files[1], DELEGATION_READ);
    delegation_recall_all(fx.state, fx.files[0], DELEGATION_USE_CHANGE, true, clock_now_ns());
    delegation_recall_all(fx.state, fx.files[1], DELEGATION_USE_CHANGE, false, clock_now_ns());
    pass_ms(LEASE_S * 1000 - 1);
    tick();
    assert_int_equal(revoked(fx.alice, &held_up), NFS4_OK);
    pass_ms(1);
    tick();
    assert_int_equal(revoked(fx.alice, &held_up), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &other), NFS4_OK);
    fx.alice->kind = CLIENT_V41;
}

/* A client that was silent for as long has lost its lease, not just this delegation. */
static void not_returned_and_silent(void **unused)
{
    struct stateid4 stateid = recall_of(fx.alice, fx.files[0]);

    (void)unused;
    pass_ms(LEASE_S * 1000);
    fall_silent(fx.alice);
    tick();
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(fx.alice->revoked_recalled, 0);
}

static void by_administrator(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "o", fx.files[1], R, NONE);
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    uint32_t count;

    (void)unused;
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(count, 1); /* opens */
    assert_int_equal(revoked(fx.alice, &open), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(fx.alice->revoked_admin, 2);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(do_free(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &open), NFS4_OK);
    assert_int_equal(fx.alice->revoked_count, 0);
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
}

static void goes_with_client(void **unused)
{
    (void)unused;
    (void)recall_of(fx.alice, fx.files[0]);
    (void)recall_of(fx.alice, fx.files[1]);
    pass_ms(LEASE_S * 1000);
    (void)recall_of(fx.alice, fx.files[2]);
    tick();
    assert_int_equal(fx.alice->revoked_count, 2);
    fall_silent(fx.alice);
    assert_int_equal(client_destroy_id(fx.state, fx.alice->id, &fixture_caller, clock_now_ns()),
                     NFS4_OK);
    assert_int_equal(stats().recalls, 0);
    assert_int_equal(fx.alice->revoked_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(not_returned),
        DELEGATION_TEST(in_order),
        DELEGATION_TEST(asked_for_again),
        DELEGATION_TEST(wanted_no_more_in_v40),
        DELEGATION_TEST(wanted_still_in_v40),
        DELEGATION_TEST(wanted_on_the_machine_in_v40),
        DELEGATION_TEST(not_returned_and_silent),
        DELEGATION_TEST(by_administrator),
        DELEGATION_TEST(goes_with_client),
    };

    return test_group_run(tests);
}
