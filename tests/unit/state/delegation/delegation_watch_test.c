/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a holder of a directory subscribed to: it is told instead of recalled; and whatever cannot
 * be kept to be told ends in a recall.  SR-16, P-14, W12.
 */
#include "state/delegation/delegation_watch.h"

#include <stdio.h>

#include "base/memory.h"
#include "state/delegation/delegation_revoke.h"
#include "unit/state/delegation/watch_fixture.h"

/* Only what it subscribed to goes on without its delegation being recalled. */
static void subscribed_or_recalled(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ADD | DIR_ATTRS);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD), NFS4_OK);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_DIR_ATTRS), NFS4_OK);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_READ), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD | DELEGATION_USE_REMOVE),
                     NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    /* What it is told needs not wait for the recall. */
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD), NFS4_OK);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_CHANGE), NFS4ERR_DELAY);
}

/* A change that nobody has subscribed to waits for those alone that are not told. */
static void waits_for_some(void **unused)
{
    struct client *dave = fixture_client("dave");
    struct stateid4 bobs;
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    must_watch(fx.alice, fx.root, ENTRIES);
    bobs = must_watch(fx.bob, fx.root, REMOVE);
    must_watch(dave, fx.root, ADD);
    assert_int_equal(
        delegation_begin(fx.state,
                         &(struct delegation_claim){fx.carol, fx.root, DELEGATION_USE_ADD},
                         clock_now_ns(), &waiter.waiter),
        NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_memory_equal(&hooked.recalled[0], &bobs, sizeof(bobs));
    assert_int_equal(do_return(fx.bob, &bobs), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    client_put(dave);
}

static void told_but_not_of_its_own(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ENTRIES);
    make_file(fx.alice, fx.root, "own");
    assert_int_equal(readied.calls, 0);
    assert_string_equal(told(fx.alice), "");
    make_file(fx.bob, fx.root, "x");
    assert_int_equal(readied.calls, 1);
    assert_ptr_equal(readied.client, fx.alice);
    assert_string_equal(told(fx.alice), "add x");
    assert_string_equal(told(fx.alice), "");
    assert_int_equal(stats().notify_events_queued, 1);
    assert_int_equal(stats().notify_bytes, 0);
    assert_int_equal(hooked.recalls, 0);
}

static void several_are_told(void **unused)
{
    struct stateid4 alices;

    (void)unused;
    alices = must_watch(fx.alice, fx.root, ENTRIES);
    must_watch(fx.bob, fx.root, ENTRIES);
    must_watch(fx.carol, fx.root, ADD);
    make_file(fx.bob, fx.root, "x");
    assert_string_equal(told(fx.carol), "add x");
    assert_string_equal(told(fx.bob), "");
    assert_true(stats().notify_bytes > 0);
    assert_int_equal(do_return(fx.alice, &alices), NFS4_OK);
    assert_int_equal(stats().notify_bytes, 0);
    assert_string_equal(told(fx.alice), "");
    take_away(fx.alice, fx.root, "x");
    assert_string_equal(told(fx.bob), "remove x");
}

/* Unless its back channel has room, and with the setting, it gets a delegation without notices. */
static void not_possible(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES};

    (void)unused;
    readied.impossible = true;
    must_watch_as(fx.alice, fx.root, &wants, &fx.cred);
    assert_int_equal(wants.types, 0);
    assert_int_equal(stats().notify_refused, 1);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
}

static void make_numbered(uint32_t first, uint32_t count, int length)
{
    char name[LIMIT_NAME_BYTES + 1];

    for (uint32_t i = first; i < first + count; i++) {
        snprintf(name, sizeof(name), "%0*u", length, i);
        make_file(fx.bob, fx.root, name);
    }
}

static void make_many(uint32_t count, int length)
{
    make_numbered(0, count, length);
}

/* Its delegation, and no other, was recalled because it could not be told. */
static void expect_broken(const struct stateid4 *stateid)
{
    assert_int_equal(hooked.recalls, 1);
    assert_memory_equal(&hooked.recalled[0], stateid, sizeof(*stateid));
    assert_int_equal(stats().notify_overflows, 1);
    assert_int_equal(stats().notify_bytes, 0);
    assert_string_equal(told(fx.alice), "");
    make_file(fx.bob, fx.root, "after");
    assert_int_equal(stats().notify_bytes, 0);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD), NFS4_OK); /* nobody waits */
    assert_int_equal(do_return(fx.alice, stateid), NFS4_OK);
    pass_ms(2000);
    assert_int_equal(stats().held_directory, 0);
}

static void too_many_events(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    stateid = must_watch(fx.alice, fx.root, ENTRIES);
    make_many(LIMIT_WATCH_EVENTS, 4);
    assert_int_equal(hooked.recalls, 0);
    make_file(fx.bob, fx.root, "one more");
    expect_broken(&stateid);
}

static void too_much_memory(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    stateid = must_watch(fx.alice, fx.root, ENTRIES);
    make_many(LIMIT_WATCH_BYTES / 2000, LIMIT_NAME_BYTES);
    assert_int_equal(hooked.recalls, 0);
    make_numbered(LIMIT_WATCH_BYTES / 2000, LIMIT_WATCH_EVENTS - LIMIT_WATCH_BYTES / 2000,
                  LIMIT_NAME_BYTES);
    expect_broken(&stateid);
}

/* Wherever memory ends while a change is made, the holder is told of it or recalled. */
static void no_memory(void **unused)
{
    const struct vfs_name name = {.data = "a", .len = 1};
    struct vfs_change_info info;
    struct vfs_cred cred = fx.cred;
    struct stateid4 stateid;

    (void)unused;
    cred.actor = fx.bob;
    stateid = must_watch(fx.alice, fx.root, ENTRIES);
    memory_fail_nth(1); /* removing an entry needs none but for the event */
    assert_int_equal(fx.root->fs->ops->remove(fx.root, &cred, &name, &info), VFS_OK);
    assert_true(memory_fail_done());
    memory_fail_nth(0);
    delegation_notify_run(fx.state);
    expect_broken(&stateid);
}

/* Those of the call are gone when it is told something. */
static void groups_are_kept(void **unused)
{
    uint32_t gids[] = {77, 88};
    struct delegation_subscription wants = {.types = ENTRIES};
    struct vfs_cred cred = fx.cred;
    const struct vfs_cred *kept;
    struct stateid4 stateid;
    struct stateid *sid;

    (void)unused;
    cred.gids = gids;
    cred.gid_count = ARRAY_SIZE(gids);
    stateid = must_watch_as(fx.alice, fx.root, &wants, &cred);
    gids[0] = gids[1] = 0;
    sid = stateid_lookup(fx.state->opens->stateids, &stateid, fx.alice);
    kept = &delegation_of_stateid(sid)->watch->cred;
    assert_int_equal(kept->gid_count, 2);
    assert_int_equal(kept->gids[0], 77);
    assert_int_equal(kept->gids[1], 88);
    stateid_put(sid);
}

/* The same name again and again never overflows. */
static void coalesced(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ENTRIES);
    for (uint32_t i = 0; i < LIMIT_WATCH_EVENTS; i++) {
        make_file(fx.bob, fx.root, "x");
        take_away(fx.bob, fx.root, "x");
    }
    assert_int_equal(stats().notify_events_queued, 2 * LIMIT_WATCH_EVENTS);
    assert_int_equal(stats().notify_events_coalesced, 2 * LIMIT_WATCH_EVENTS - 1);
    assert_string_equal(told(fx.alice), "remove x");
    assert_string_equal(told(fx.alice), "");
    assert_int_equal(hooked.recalls, 0);
}

/* The holder is silent: as a courtesy it keeps its delegation, and events; a change that it did not
 * subscribe to ends both. */
static void courtesy_ends(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ADD);
    fall_silent(fx.alice);
    make_file(fx.bob, fx.root, "x");
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_ADD), NFS4_OK);
    assert_true(stats().notify_bytes > 0);
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_REMOVE), NFS4_OK);
    assert_int_equal(stats().revoked, 1);
    assert_int_equal(stats().notify_bytes, 0);
    assert_string_equal(told(fx.alice), "");
}

/* A client that takes nothing, and holds many directories, leaves room for what others are to be
 * told. */
static void many_that_take_nothing(void **unused)
{
    struct vfs_object *carols, *dir;
    char name[LIMIT_NAME_BYTES + 1];

    (void)unused;
    carols = make_dir(fx.bob, fx.root, "carols");
    must_watch(fx.carol, carols, ENTRIES);
    for (uint32_t d = 0; d < 2 * LIMIT_NOTIFY_BYTES / LIMIT_WATCH_BYTES && hooked.recalls < 2;
         d++) {
        (void)snprintf(name, sizeof(name), "dir %u", d);
        dir = make_dir(fx.bob, fx.root, name);
        must_watch(fx.alice, dir, ENTRIES);
        for (uint32_t i = 0; i < 500 && stats().notify_bytes < LIMIT_NOTIFY_BYTES; i++) {
            (void)snprintf(name, sizeof(name), "%0200u", i);
            make_file(fx.bob, dir, name);
        }
        vfs_object_put(dir);
    }
    make_file(fx.bob, carols, "x");
    assert_string_equal(told(fx.carol), "add x");
    assert_true(stats().notify_bytes > LIMIT_NOTIFY_BYTES / 2);
    vfs_object_put(carols);
}

/* The directory itself goes: whoever did that, the delegation is recalled. */
static void directory_goes(void **unused)
{
    struct vfs_object *dir;

    (void)unused;
    dir = make_dir(fx.bob, fx.root, "dir");
    must_watch(fx.alice, dir, ENTRIES);
    take_away(fx.alice, fx.root, "dir");
    assert_int_equal(hooked.recalls, 1);
    vfs_object_put(dir);
}

/* A broken one that is not returned is revoked a lease later. */
static void broken_is_revoked(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    stateid = must_watch(fx.alice, fx.root, ENTRIES);
    make_many(LIMIT_WATCH_EVENTS + 1, 4);
    assert_int_equal(hooked.recalls, 1);
    pass_ms(LEASE_S * 1000 + 1);
    delegation_tick(fx.state, clock_now_ns());
    assert_int_equal(stats().revoked, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_DELEG_REVOKED);
}

/* Once it is recalled it is told nothing more, neither what is queued nor what comes. */
static void recalled_is_not_told(void **unused)
{
    struct stateid4 stateid;

    (void)unused;
    stateid = must_watch(fx.alice, fx.root, ADD | DIR_ATTRS);
    must_watch(fx.carol, fx.root, ENTRIES | DIR_ATTRS);
    make_file(fx.bob, fx.root, "x");
    assert_int_equal(claim(fx.bob, fx.root, DELEGATION_USE_REMOVE), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    make_file(fx.bob, fx.root, "y");
    set_mode(fx.bob, fx.root, 0750);
    assert_string_equal(told(fx.alice), "");
    assert_true(delegation_notify_rest(fx.alice));
    assert_string_equal(told(fx.carol), "add x");
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

static enum vfs_status lease_one(struct vfs_object *obj, enum vfs_lease kind)
{
    (void)kind;
    atomic_fetch_sub(&obj->fs->dir_leases_left, 1);
    return VFS_OK;
}

static void unlease_one(struct vfs_object *obj, enum vfs_lease kind)
{
    (void)kind;
    atomic_fetch_add(&obj->fs->dir_leases_left, 1);
}

/* How many of so many new directories it is given; the others are refused for a limit. */
static uint32_t ask_for_many(struct client *client, uint32_t count, struct stateid4 *first)
{
    uint32_t given = 0;

    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        struct delegation_request request;
        enum delegation_counter why;
        struct stateid4 stateid;
        struct vfs_object *dir;

        snprintf(name, sizeof(name), "%p %u", (void *)client, i);
        dir = make_dir(fx.bob, fx.root, name);
        request = wish(client, dir, DELEGATION_DIRECTORY);
        if (delegation_dir_offer(fx.state, &request, &stateid, &why))
            *(given++ == 0 ? first : &stateid) = stateid;
        else
            assert_int_equal(why, DELEGATION_COUNTER_refused_limit);
        vfs_object_put(dir);
    }
    return given;
}

/* A client that asks for all directories leaves half of what the backend can watch. */
static void share_of_watches(void **unused)
{
    struct vfs *fs = fx.root->fs;
    static struct vfs_ops with_leases; /* until delegations end with the test */
    struct stateid4 alices, carols;

    (void)unused;
    with_leases = *fs->ops;
    with_leases.lease = lease_one;
    with_leases.unlease = unlease_one;
    fs->ops = &with_leases;
    fs->caps |= VFS_CAP_LEASE;
    atomic_store(&fs->dir_leases_left, 16);
    assert_int_equal(ask_for_many(fx.alice, 20, &alices), 8);
    assert_int_equal(ask_for_many(fx.carol, 20, &carols), 4);
    assert_int_equal(do_return(fx.alice, &alices), NFS4_OK);
    assert_int_equal(atomic_load(&fs->dir_leases_left), 5);
    assert_int_equal(ask_for_many(fx.bob, 1, &alices), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(subscribed_or_recalled),
        WATCH_TEST(waits_for_some),
        WATCH_TEST(told_but_not_of_its_own),
        WATCH_TEST(several_are_told),
        WATCH_TEST(not_possible),
        WATCH_TEST(too_many_events),
        WATCH_TEST(too_much_memory),
        WATCH_TEST(share_of_watches),
        WATCH_TEST(no_memory),
        WATCH_TEST(groups_are_kept),
        WATCH_TEST(coalesced),
        WATCH_TEST(courtesy_ends),
        WATCH_TEST(many_that_take_nothing),
        WATCH_TEST(directory_goes),
        WATCH_TEST(broken_is_revoked),
        WATCH_TEST(recalled_is_not_told),
    };

    return test_group_run(tests);
}
