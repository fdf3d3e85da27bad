/* SPDX-License-Identifier: Apache-2.0 */
/* Size and change attribute of a file whose holder has newer values (RFC 8881 §10.4.3). */
#include <string.h>

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_getattr.h"
#include "state/delegation/delegation_waiter.h"
#include "unit/state/delegation/delegation_fixture.h"

static struct vfs_attr attr_of(struct vfs_object *obj)
{
    struct vfs_attr attr;

    assert_int_equal(obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE | VFS_ATTR_SIZE, &attr), VFS_OK);
    return attr;
}

static enum nfsstat4 ask(struct client *client, struct delegation_waiter *waiter,
                         struct delegation_attr *out)
{
    return delegation_getattr(fx.state, fx.files[0], client, DELEGATION_ASKED_MORE, clock_now_ns(),
                              waiter, out);
}

static void answer(uint64_t change, uint64_t size)
{
    delegation_attr_answer(hooked.asked, &(struct delegation_said){.change = change, .size = size});
}

static void no_newer_values(void **unused)
{
    struct delegation_attr attr;

    (void)unused;
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_false(attr.valid);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_false(attr.valid);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(ask(fx.alice, NULL, &attr), NFS4_OK); /* alice is the holder */
    assert_false(attr.valid);
    assert_int_equal(hooked.questions, 0);
}

static void not_modified(void **unused)
{
    struct counting_waiter waiter;
    struct delegation_attr attr;
    struct vfs_attr before = attr_of(fx.files[0]);

    (void)unused;
    counting_waiter_init(&waiter);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(ask(fx.bob, &waiter.waiter, &attr), NFS4ERR_DELAY);
    assert_true(delegation_waiter_queued(&waiter.waiter));
    assert_int_equal(hooked.questions, 1);
    answer(before.change, before.size);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(ask(fx.bob, &waiter.waiter, &attr), NFS4_OK);
    assert_true(attr.valid && attr.change == before.change && attr.size == before.size);
    assert_int_equal(attr_of(fx.files[0]).change, before.change);
    assert_int_equal(hooked.questions, 1);
    assert_int_equal(hooked.recalls, 0);
}

/* Each GETATTR returns a new change attribute, and it never goes back. */
static void modified(void **unused)
{
    struct vfs_attr before = attr_of(fx.files[0]);
    struct delegation_attr attr, again;
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    answer(before.change + 1, 5);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_true(attr.valid);
    assert_int_equal(attr.size, 5);
    assert_true(attr.change > before.change);
    assert_int_equal(ask(fx.carol, NULL, &again), NFS4_OK);
    assert_true(again.change > attr.change);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_true(attr_of(fx.files[0]).change >= again.change);
}

/* A different size is a change, whatever the change attribute says. */
static void size_alone(void **unused)
{
    struct vfs_attr before = attr_of(fx.files[0]);
    struct delegation_attr attr;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    answer(before.change, before.size + 1);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_true(attr.valid);
    assert_int_equal(attr.size, before.size + 1);
}

static void set(struct vfs_object *obj, struct vfs_attr attr)
{
    const struct vfs_cred cred = {0};
    uint32_t applied;

    assert_int_equal(obj->fs->ops->setattr(obj, &cred, &attr, true, &applied), VFS_OK);
}

static void touch(struct vfs_object *obj, int times)
{
    while (times-- > 0)
        set(obj, (struct vfs_attr){.mask = VFS_ATTR_MTIME_NOW});
}

static void resize(struct vfs_object *obj, uint64_t size)
{
    set(obj, (struct vfs_attr){.mask = VFS_ATTR_SIZE, .size = size});
}

/* bob's GETATTR gets alice's answer with change attribute `said`; does bob see a change? */
static bool seen_as_changed(uint64_t said)
{
    const struct vfs_attr before = attr_of(fx.files[0]);
    struct delegation_attr attr;

    pass_ms(DELEGATION_ANSWER_MS + 1);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    answer(said, before.size);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_true(attr.valid && attr.size == before.size);
    return attr.change != before.change;
}

/* A client that had a READ delegation, and has changed the file through the server, may report the
 * change attribute of that time, or that of the WRITE delegation. */
static void upgraded(void **unused)
{
    const uint64_t first = attr_of(fx.files[0]).change;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    touch(fx.files[0], 3);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_false(seen_as_changed(first));
    assert_true(seen_as_changed(first + 1));
    assert_false(seen_as_changed(first + 3));
    assert_true(seen_as_changed(first + 4));
    assert_false(seen_as_changed(first));
}

/* If the second value is the first plus one, it means a change. */
static void upgraded_by_one(void **unused)
{
    const uint64_t first = attr_of(fx.files[0]).change;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    touch(fx.files[0], 1);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_false(seen_as_changed(first));
    assert_true(seen_as_changed(first + 1));
}

/* A size that the holder has set meanwhile counts, in whichever order the two arrive. */
static void crossed(void **unused)
{
    struct vfs_object *obj = fx.files[0];
    struct delegation_attr first, second;

    (void)unused;
    (void)must_give(fx.alice, obj, DELEGATION_WRITE);
    assert_int_equal(ask(fx.bob, NULL, &first), NFS4ERR_DELAY);
    resize(obj, 6);
    answer(1, 4);
    assert_int_equal(ask(fx.bob, NULL, &first), NFS4_OK);
    assert_int_equal(first.size, 6);
    resize(obj, 10);
    assert_int_equal(ask(fx.carol, NULL, &second), NFS4_OK);
    assert_int_equal(second.size, 10);
    assert_true(second.change > first.change);
    resize(obj, 2);
    assert_int_equal(ask(fx.carol, NULL, &second), NFS4_OK);
    assert_int_equal(second.size, 2);
}

/* One CB_GETATTR at a time; a request that arrives after it was sent causes another. */
static void one_at_a_time(void **unused)
{
    struct counting_waiter bobs, carols;
    struct delegation_attr attr;

    (void)unused;
    counting_waiter_init(&bobs);
    counting_waiter_init(&carols);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(ask(fx.bob, &bobs.waiter, &attr), NFS4ERR_DELAY);
    pass_ms(1);
    assert_int_equal(ask(fx.carol, &carols.waiter, &attr), NFS4ERR_DELAY);
    assert_int_equal(hooked.questions, 1);
    answer(1, 7);
    assert_int_equal(bobs.woken, 1);
    assert_int_equal(carols.woken, 1);
    assert_false(delegation_waiter_cancel(&bobs.waiter));
    assert_false(delegation_waiter_cancel(&carols.waiter));
    assert_int_equal(ask(fx.carol, &carols.waiter, &attr), NFS4ERR_DELAY);
    assert_int_equal(hooked.questions, 2);
    answer(1, 8);
    assert_false(delegation_waiter_cancel(&carols.waiter));
    assert_int_equal(ask(fx.carol, &carols.waiter, &attr), NFS4_OK);
    assert_int_equal(attr.size, 8);
}

/* A request that got DELAY is retried, and finds the answer that arrived meanwhile. */
static void too_late(void **unused)
{
    struct delegation_attr attr;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    pass_ms(200);
    answer(1, 9);
    pass_ms(DELEGATION_ANSWER_MS);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_int_equal(attr.size, 9);
    pass_ms(1);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    assert_int_equal(hooked.questions, 2);
}

static void no_answer(void **unused)
{
    struct counting_waiter waiter;
    struct delegation_attr attr;
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(ask(fx.bob, &waiter.waiter, &attr), NFS4ERR_DELAY);
    delegation_attr_answer(hooked.asked, NULL);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(waiter.woken, 0); /* now it waits for the end */
    assert_int_equal(ask(fx.carol, NULL, &attr), NFS4ERR_DELAY);
    assert_int_equal(hooked.questions, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_false(attr.valid);
    answer(1, 1); /* the answer comes too late */
}

static void returned_instead(void **unused)
{
    struct counting_waiter waiter;
    struct delegation_attr attr;
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(ask(fx.bob, &waiter.waiter, &attr), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(ask(fx.bob, &waiter.waiter, &attr), NFS4_OK);
    assert_false(attr.valid);
}

/* The holder is writing back: its data will arrive soon. */
static void recalled(void **unused)
{
    struct delegation_attr attr;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4ERR_DELAY);
    assert_int_equal(hooked.questions, 0);
    assert_int_equal(hooked.recalls, 1);
}

static void silent_holder(void **unused)
{
    struct delegation_attr attr;
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    fall_silent(fx.alice);
    assert_int_equal(ask(fx.bob, NULL, &attr), NFS4_OK);
    assert_false(attr.valid);
    assert_int_equal(hooked.questions + hooked.recalls, 0);
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(no_newer_values),  DELEGATION_TEST(not_modified),
        DELEGATION_TEST(modified),         DELEGATION_TEST(size_alone),
        DELEGATION_TEST(upgraded),         DELEGATION_TEST(upgraded_by_one),
        DELEGATION_TEST(crossed),          DELEGATION_TEST(one_at_a_time),
        DELEGATION_TEST(too_late),         DELEGATION_TEST(no_answer),
        DELEGATION_TEST(returned_instead), DELEGATION_TEST(recalled),
        DELEGATION_TEST(silent_holder),
    };

    return test_group_run(tests);
}
