/* SPDX-License-Identifier: Apache-2.0 */
/* Concurrent events while a request waits for the disk that records clients for reclaim. */
#include "lib/disk.h"
#include "unit/state/recovery/recovery_fixture.h"
#include "vfs/vfs_blocking.h"

/* Run once while a thread waits for the disk: before it waits, or when it is back. */
static void (*before_wait)(void), (*after_wait)(void);

static void take_turn(void (**what)(void))
{
    void (*turn)(void) = *what;

    *what = NULL;
    if (turn)
        turn();
}

static void wait_begins(bool surely)
{
    (void)surely;
    take_turn(&before_wait);
}

static void wait_ends(void)
{
    take_turn(&after_wait);
}

static void meanwhile(void (*before)(void), void (*after)(void))
{
    before_wait = before;
    after_wait = after;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){wait_begins, wait_ends};
}

static struct client *one, *another; /* used by the functions below */
static uint64_t another_id;

static void acknowledge_one(void)
{
    count_revoked(one, -1);
    recovery_client_clear_loss(state->recovery, one);
}

/* The last loss is acknowledged while the completion is written. */
static void acknowledges_meanwhile(void **unused)
{
    (void)unused;
    one = come("alice");
    count_revoked(one, 1);
    meanwhile(acknowledge_one, NULL);
    complete(one);
    crash();
    assert_true(come("alice")->may_reclaim);
}

static void want_from_one(void)
{
    count_revoked(one, 1);
    assert_true(recovery_client_mark_loss(state->recovery, one));
    acknowledge_one();
}

/* A request conflicts with her state while the completion is written, and then no longer does. */
static void wanted_meanwhile(void **unused)
{
    (void)unused;
    one = come("alice");
    meanwhile(want_from_one, NULL);
    complete(one);
    crash();
    assert_true(come("alice")->may_reclaim);
}

static void one_leaves(void)
{
    leave(one);
}

static void goes_while_completing(void **unused)
{
    (void)unused;
    one = client_get(come("alice"));
    meanwhile(one_leaves, NULL);
    (void)client_reclaim_complete(one);
    client_put(one);
    (void)come_and_complete("alice");
    (void)come_as("alice", 2, OWNER_UID);
    crash();
    assert_false(in_grace());
}

static void tick_on(void)
{
    tick_at(1);
}

/* The next incarnation takes over the row that could not be removed, before the timer tries again
 * ... */
static void takes_over_meanwhile(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    disk_full(true);
    another = come_as("alice", 2, OWNER_UID);
    disk_full(false);
    meanwhile(tick_on, NULL);
    complete(another);
    tick_at(2);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

/* CREATE_SESSION is retried, and answered before the old incarnation is gone. */
static void another_completes(void)
{
    disk_full(false);
    another = client_lookup(state, another_id);
    assert_non_null(another);
    complete(another);
    client_put(another);
}

/* ... and before it is known that it could not be removed. */
static void takes_over_at_once(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    another_id = introduce_as("alice", 2, OWNER_UID)->id;
    disk_full(true);
    meanwhile(NULL, another_completes);
    confirm(another_id, OWNER_UID);
    tick_at(1);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(acknowledges_meanwhile), RECOVERY_TEST(wanted_meanwhile),
        RECOVERY_TEST(goes_while_completing),  RECOVERY_TEST(takes_over_meanwhile),
        RECOVERY_TEST(takes_over_at_once),
    };

    return test_group_run(tests);
}
