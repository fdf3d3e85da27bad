/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told, in which order, and when: one queue over all its directories, one sender
 * at a time, attributes of the directory at the end of each run, delays.  SR-16, L-06.
 */
#include "state/delegation/delegation_notify.h"

#include "unit/state/delegation/watch_fixture.h"

/* Events of two directories arrive in the order of the changes; so does a move from one to the
 * other. */
static void order_over_two(void **unused)
{
    struct vfs_object *one, *two;

    (void)unused;
    one = make_dir(fx.bob, fx.root, "one");
    two = make_dir(fx.bob, fx.root, "two");
    must_watch(fx.alice, one, ENTRIES);
    must_watch(fx.alice, two, ENTRIES);
    make_file(fx.bob, one, "x");
    make_file(fx.carol, two, "y");
    make_file(fx.bob, one, "z");
    move(fx.bob, one, "x", two, "w");
    move(fx.bob, one, "z", one, "v");
    take_away(fx.carol, two, "y");
    assert_int_equal(readied.calls, 1);
    /* "add x" and "add y" were made pointless. */
    assert_string_equal(told(fx.alice), "add z");
    assert_string_equal(told(fx.alice), "remove x");
    assert_string_equal(told(fx.alice), "add w");
    assert_string_equal(told(fx.alice), "rename z v");
    assert_string_equal(told(fx.alice), "remove y");
    assert_string_equal(told(fx.alice), "");
    vfs_object_put(one);
    vfs_object_put(two);
}

/* While somebody sends, events collect, and nobody else is asked to. */
static void one_sender(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ENTRIES);
    make_file(fx.bob, fx.root, "x");
    make_file(fx.bob, fx.root, "y");
    assert_int_equal(readied.calls, 1);
    assert_false(delegation_notify_rest(fx.alice));
    assert_string_equal(told(fx.alice), "add x");
    assert_false(delegation_notify_rest(fx.alice));
    assert_string_equal(told(fx.alice), "add y");
    delegation_notify_told(last_notice.delegation, 2);
    assert_int_equal(stats().notify_events_sent, 2);
    make_file(fx.bob, fx.root, "z");
    assert_int_equal(readied.calls, 1);
    assert_string_equal(told(fx.alice), "add z");
    assert_true(delegation_notify_rest(fx.alice));
    make_file(fx.bob, fx.root, "w");
    assert_int_equal(readied.calls, 2);
}

/* At the end of each run the holder hears up to which change it knows the directory, and no more:
 * not what it has not been told yet. */
static void directory_attributes(void **unused)
{
    struct vfs_object *other;
    uint64_t change;

    (void)unused;
    other = make_dir(fx.bob, fx.root, "other");
    must_watch(fx.alice, fx.root, ENTRIES | DIR_ATTRS);
    must_watch(fx.alice, other, ENTRIES);
    make_file(fx.bob, fx.root, "x");
    make_file(fx.bob, fx.root, "y");
    change = change_of(fx.root);
    make_file(fx.bob, other, "z");
    make_file(fx.bob, fx.root, "w");
    assert_string_equal(told(fx.alice), "add x");
    assert_string_equal(told(fx.alice), "add y");
    assert_string_equal(told(fx.alice), "dir");
    assert_true(last_notice.has_change && last_notice.has_obj);
    assert_int_equal(last_notice.change, change);
    assert_true(change_of(fx.root) > change);
    assert_string_equal(told(fx.alice), "add z");
    assert_string_equal(told(fx.alice), "add w");
    assert_false(delegation_notify_rest(fx.alice)); /* the end of the run is to come */
    assert_string_equal(told(fx.alice), "dir");
    assert_int_equal(last_notice.change, change_of(fx.root));
    assert_string_equal(told(fx.alice), "");
    assert_true(delegation_notify_rest(fx.alice));
    vfs_object_put(other);
}

static void its_own_attributes(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, DIR_ATTRS);
    set_mode(fx.alice, fx.root, 0750);
    assert_string_equal(told(fx.alice), "");
    set_mode(fx.bob, fx.root, 0755);
    set_mode(fx.bob, fx.root, 0711);
    assert_string_equal(told(fx.alice), "dir");
    assert_true(last_notice.has_change);
    assert_int_equal(last_notice.change, change_of(fx.root));
    assert_string_equal(told(fx.alice), "");
    assert_int_equal(hooked.recalls, 0);
}

/* A change attribute that includes what the holder is told only later is not told. */
static void attributes_before_entries(void **unused)
{
    (void)unused;
    must_watch(fx.alice, fx.root, ENTRIES | DIR_ATTRS);
    set_mode(fx.bob, fx.root, 0711);
    make_file(fx.bob, fx.root, "x");
    assert_string_equal(told(fx.alice), "dir");
    assert_false(last_notice.has_change);
    assert_string_equal(told(fx.alice), "add x");
    assert_string_equal(told(fx.alice), "dir");
    assert_true(last_notice.has_change);
    assert_int_equal(last_notice.change, change_of(fx.root));
    assert_string_equal(told(fx.alice), "");
}

/* Whoever may not list the directory any more is told nothing more about it. */
static void permission_lost(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES | DIR_ATTRS};
    const struct vfs_cred other = {.uid = 2000, .gid = 2000};

    (void)unused;
    must_watch_as(fx.alice, fx.root, &wants, &other);
    make_file(fx.bob, fx.root, "x");
    assert_string_equal(told(fx.alice), "add x");
    set_mode(fx.bob, fx.root, 0700);
    make_file(fx.bob, fx.root, "secret");
    assert_string_equal(told(fx.alice), "");
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(stats().notify_failures, 1);
}

/* Also if the notice of its attributes comes after those of entries: because they have changed once
 * more, or because it may wait. */
static void permission_lost_before(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES | DIR_ATTRS},
                                   later = {.types = ENTRIES | DIR_ATTRS,
                                            .dir_delay_ns = 3 * NSEC_PER_SEC};
    const struct vfs_cred other = {.uid = 2000, .gid = 2000};

    (void)unused;
    must_watch_as(fx.alice, fx.root, &wants, &other);
    must_watch_as(fx.carol, fx.root, &later, &other);
    set_mode(fx.bob, fx.root, 0700);
    make_file(fx.bob, fx.root, "secret");
    set_mode(fx.bob, fx.root, 0710);
    assert_string_equal(told(fx.alice), "");
    assert_string_equal(told(fx.carol), "");
    assert_int_equal(hooked.recalls, 2);
    assert_int_equal(stats().notify_failures, 2);
}

/* Nor if a local program has made the change, of which only the recall tells. */
static void permission_lost_unseen(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES | DIR_ATTRS};
    const struct vfs_cred other = {.uid = 2000, .gid = 2000};

    (void)unused;
    must_watch_as(fx.alice, fx.root, &wants, &other);
    delegation_watch_stop();
    set_mode(fx.bob, fx.root, 0700);
    delegation_watch_start(fx.state);
    delegation_recall_all(fx.state, fx.root, DELEGATION_USE_CHANGE, false, clock_now_ns());
    assert_int_equal(hooked.recalls, 1);
    make_file(fx.bob, fx.root, "secret");
    assert_string_equal(told(fx.alice), "");
}

/* Several changes of one child are told once, not after it is gone; after the time that the holder
 * is content to wait. */
static void child_attributes(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES | CHILD_ATTRS,
                                            .child_delay_ns = 5 * NSEC_PER_SEC};

    (void)unused;
    must_watch(fx.alice, fx.root, CHILD_ATTRS | ENTRIES);
    must_watch_as(fx.carol, fx.root, &wants, &fx.cred);
    for (uint32_t i = 0; i < 10; i++) {
        set_mode(fx.bob, fx.files[0], 0600 + i % 2);
        set_mode(fx.bob, fx.files[1], 0600 + i % 2);
    }
    assert_string_equal(told(fx.alice), "attrs a");
    take_away(fx.bob, fx.root, "b");
    assert_string_equal(told(fx.alice), "remove b");
    assert_string_equal(told(fx.alice), "");
    assert_string_equal(told(fx.carol), "remove b");
    assert_string_equal(told(fx.carol), "");
    assert_true(delegation_notify_rest(fx.carol));
    readied.calls = 0;
    pass_ms(4900);
    delegation_notify_tick(fx.state, clock_now_ns());
    assert_string_equal(told(fx.carol), "");
    pass_ms(200);
    delegation_notify_tick(fx.state, clock_now_ns());
    assert_int_equal(readied.calls, 1);
    assert_ptr_equal(readied.client, fx.carol);
    assert_string_equal(told(fx.carol), "attrs a");
    assert_string_equal(told(fx.carol), "");
}

static void delayed_directory_attributes(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES | DIR_ATTRS,
                                            .dir_delay_ns = 3 * NSEC_PER_SEC};

    (void)unused;
    must_watch_as(fx.alice, fx.root, &wants, &fx.cred);
    make_file(fx.bob, fx.root, "x");
    assert_string_equal(told(fx.alice), "add x");
    make_file(fx.bob, fx.root, "y");
    assert_string_equal(told(fx.alice), "add y");
    assert_string_equal(told(fx.alice), "");
    assert_true(delegation_notify_rest(fx.alice));
    pass_ms(3100);
    delegation_notify_tick(fx.state, clock_now_ns());
    assert_int_equal(readied.calls, 2);
    assert_string_equal(told(fx.alice), "dir");
    assert_int_equal(last_notice.change, change_of(fx.root));
    assert_string_equal(told(fx.alice), "");
    pass_ms(4000);
    delegation_notify_tick(fx.state, clock_now_ns());
    assert_string_equal(told(fx.alice), "");
}

/* A holder that needs the order gets every addition with its predecessor. */
static void predecessors(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES, .ordered = true};

    (void)unused;
    must_watch_as(fx.alice, fx.root, &wants, &fx.cred);
    make_file(fx.bob, fx.root, "x");
    take_away(fx.bob, fx.root, "x");
    make_file(fx.bob, fx.root, "x");
    assert_string_equal(told(fx.alice), "add x");
    assert_true(last_notice.has_prev);
    assert_string_equal(told(fx.alice), "remove x");
    assert_string_equal(told(fx.alice), "add x");
    assert_string_equal(told(fx.alice), "");
}

/* What may not have arrived breaks that one watch, or all of the client. */
static void losses(void **unused)
{
    struct vfs_object *dirs[3];
    struct stateid4 stateids[3];

    (void)unused;
    for (int i = 0; i < 3; i++) {
        dirs[i] = make_dir(fx.bob, fx.root, (const char *[]){"one", "two", "three"}[i]);
        stateids[i] = must_watch(fx.alice, dirs[i], ENTRIES);
        make_file(fx.bob, dirs[i], "x");
    }
    assert_string_equal(told(fx.alice), "add x");
    delegation_notify_lost(last_notice.delegation);
    delegation_notify_lost(last_notice.delegation);
    assert_int_equal(hooked.recalls, 1);
    assert_memory_equal(&hooked.recalled[0], &stateids[0], sizeof(stateids[0]));
    assert_string_equal(told(fx.alice), "add x");
    delegation_notify_lost_all(fx.alice);
    assert_int_equal(hooked.recalls, 3);
    assert_string_equal(told(fx.alice), "");
    assert_true(delegation_notify_rest(fx.alice));
    assert_int_equal(stats().notify_failures, 3);
    assert_int_equal(stats().notify_bytes, 0);
    for (int i = 0; i < 3; i++)
        vfs_object_put(dirs[i]);
}

/* A child that is gone, or has another name, by the time it is told. */
static void gone_meanwhile(void **unused)
{
    struct delegation_subscription wants = {.types = ENTRIES};

    (void)unused;
    bitmap4_set(&wants.child, FATTR4_FILEID);
    must_watch_as(fx.alice, fx.root, &wants, &fx.cred);
    make_file(fx.bob, fx.root, "x");
    move(fx.bob, fx.root, "x", fx.root, "y");
    assert_string_equal(told(fx.alice), "add x");
    assert_true(last_notice.has_obj);
    take_away(fx.bob, fx.root, "y");
    assert_string_equal(told(fx.alice), "rename x y");
    assert_false(last_notice.has_obj);
    assert_string_equal(told(fx.alice), "remove y");
    assert_false(last_notice.has_obj);
    assert_string_equal(told(fx.alice), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(order_over_two),
        WATCH_TEST(one_sender),
        WATCH_TEST(directory_attributes),
        WATCH_TEST(its_own_attributes),
        WATCH_TEST(attributes_before_entries),
        WATCH_TEST(permission_lost),
        WATCH_TEST(permission_lost_before),
        WATCH_TEST(permission_lost_unseen),
        WATCH_TEST(child_attributes),
        WATCH_TEST(delayed_directory_attributes),
        WATCH_TEST(predecessors),
        WATCH_TEST(losses),
        WATCH_TEST(gone_meanwhile),
    };

    return test_group_run(tests);
}
