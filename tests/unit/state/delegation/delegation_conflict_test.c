/* SPDX-License-Identifier: Apache-2.0 */
/* What delegations of others exclude, who is recalled for it, and who is woken (S22-08). */
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_waiter.h"
#include "unit/state/delegation/delegation_fixture.h"

static void no_conflict(void **unused)
{
    (void)unused;
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4_OK);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(change(fx.alice, fx.files[0], NULL), NFS4_OK); /* it is alice's own */
    assert_int_equal(change(fx.bob, fx.files[1], NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
    assert_int_equal(stats().conflicts, 0);
}

static void changed_by_another(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4_OK); /* bob reads, too */
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_memory_equal(&hooked.recalled[0], &stateid, sizeof(stateid));
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1); /* once */
    assert_int_equal(stats().recalls, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(stats().recalls, 0);
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4_OK);
}

static void read_by_another(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4_OK);
}

/* In 4.0 an operation's client may be unknown: then it conflicts with any client's delegation. */
static void changed_by_unknown_clients(void **unused)
{
    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    (void)must_give(fx.bob, fx.files[0], DELEGATION_READ);
    assert_int_equal(change(NULL, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 2);
}

static void recalled_for_no_client(void **unused)
{
    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    (void)must_give(fx.bob, fx.files[1], DELEGATION_READ);
    delegation_recall_all(fx.state, fx.files[0], DELEGATION_USE_READ, true, clock_now_ns());
    assert_int_equal(hooked.recalls, 0);
    delegation_recall_all(fx.state, fx.files[0], DELEGATION_USE_CHANGE, true, clock_now_ns());
    assert_int_equal(hooked.recalls, 1);
}

/* None is granted during a conflicting change, or while a request waits for one. */
static void none_in_between(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);
    struct counting_waiter waiter;
    struct stateid4 stateid;

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(
        delegation_begin(fx.state,
                         &(struct delegation_claim){fx.bob, fx.files[0], DELEGATION_USE_CHANGE},
                         clock_now_ns(), NULL),
        NFS4_OK);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    assert_int_equal(fx.files[0]->node->delegations, 0);
    delegation_end(fx.state, fx.files[0]);
    stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    /* An upgrade is refused as well. */
    assert_int_equal(
        delegation_begin(fx.state,
                         &(struct delegation_claim){fx.bob, fx.files[0], DELEGATION_USE_READ},
                         clock_now_ns(), NULL),
        NFS4_OK);
    request.kind = DELEGATION_WRITE;
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    delegation_end(fx.state, fx.files[0]);
    assert_int_equal(change(fx.bob, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    pass_rest();
    request = wish(fx.carol, fx.files[0], DELEGATION_READ);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    assert_true(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

static void waiters_are_woken(void **unused)
{
    struct stateid4 first = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    struct stateid4 second = must_give(fx.bob, fx.files[0], DELEGATION_READ);
    struct counting_waiter carols, bobs, cancelled;

    (void)unused;
    counting_waiter_init(&carols);
    counting_waiter_init(&bobs);
    counting_waiter_init(&cancelled);
    assert_false(delegation_waiter_queued(&carols.waiter));
    assert_int_equal(change(fx.carol, fx.files[0], &carols.waiter), NFS4ERR_DELAY);
    assert_int_equal(change(fx.bob, fx.files[0], &bobs.waiter), NFS4ERR_DELAY);
    assert_int_equal(change(fx.carol, fx.files[0], &cancelled.waiter), NFS4ERR_DELAY);
    assert_true(delegation_waiter_queued(&carols.waiter));
    assert_true(delegation_waiter_cancel(&cancelled.waiter));
    assert_false(delegation_waiter_queued(&cancelled.waiter));
    /* Bob's own does not conflict. */
    assert_int_equal(do_return(fx.alice, &first), NFS4_OK);
    assert_int_equal(bobs.woken, 1);
    assert_int_equal(carols.woken, 0);
    assert_int_equal(do_return(fx.bob, &second), NFS4_OK);
    assert_int_equal(carols.woken, 1);
    assert_int_equal(cancelled.woken, 0);
    assert_true(delegation_waiter_queued(&carols.waiter));
    assert_false(delegation_waiter_cancel(&carols.waiter));
    assert_false(delegation_waiter_cancel(&bobs.waiter));
    assert_true(delegation_waiter_cancel(&bobs.waiter)); /* no waiter is left */
    assert_int_equal(change(fx.carol, fx.files[0], &carols.waiter), NFS4_OK);
    assert_false(delegation_waiter_queued(&carols.waiter));
}

/* A reader waits for the WRITE delegation only. */
static void reader_waits(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(use(fx.bob, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
}

static void opens_for_reading(void **unused)
{
    struct stateid4 open, stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    (void)must_open(fx.bob, "o", fx.files[0], R, NONE);
    (void)must_open(fx.bob, "p", fx.files[0], R, OPEN4_SHARE_DENY_WRITE);
    assert_int_equal(hooked.recalls, 0);
    /* The holder must return its delegation when an OPEN denies reading. */
    assert_int_equal(do_open(fx.bob, "q", fx.files[1], R, OPEN4_SHARE_DENY_READ, &open), NFS4_OK);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

static void denies_reading(void **unused)
{
    struct stateid4 open, stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    assert_int_equal(do_open(fx.bob, "o", fx.files[0], R, OPEN4_SHARE_DENY_READ, &open),
                     NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(do_open(fx.bob, "o", fx.files[0], R, OPEN4_SHARE_DENY_READ, &open), NFS4_OK);
}

/* pynfs 4.1 DELEG23: the holder's own opens, even for writing, leave its READ delegation alone. */
static void opens_for_writing(void **unused)
{
    struct stateid4 open, stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    (void)must_open(fx.alice, "o", fx.files[0], W, NONE);
    assert_int_equal(hooked.recalls, 0);
    assert_int_equal(do_open(fx.bob, "o", fx.files[0], W, NONE, &open), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    (void)must_open(fx.bob, "o", fx.files[0], W, NONE);
}

static void waits_to_open(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct counting_waiter waiter;
    struct open_request request = {.client = fx.bob,
                                   .owner = name_of("o"),
                                   .obj = fx.files[0],
                                   .cred = &fx.cred,
                                   .access = R,
                                   .now_ns = clock_now_ns(),
                                   .waiter = &waiter.waiter};

    (void)unused;
    counting_waiter_init(&waiter);
    assert_int_equal(open_reserve(&request), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
    assert_int_equal(open_reserve(&request), NFS4_OK);
    assert_false(delegation_waiter_queued(&waiter.waiter));
    open_cancel(&request);
}

/* Only the holder of a WRITE delegation knows whether it still has the file open; a READ delegation
 * is not recalled for an OPEN that is denied anyway (pynfs 4.0 DELEG8). */
static void denied_anyhow(void **unused)
{
    struct stateid4 open;

    (void)unused;
    (void)must_open(fx.alice, "o", fx.files[0], R, OPEN4_SHARE_DENY_WRITE);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    assert_int_equal(do_open(fx.bob, "o", fx.files[0], W, NONE, &open), NFS4ERR_SHARE_DENIED);
    assert_int_equal(hooked.recalls, 0);
    (void)must_open(fx.alice, "o", fx.files[1], R, OPEN4_SHARE_DENY_WRITE);
    (void)must_give(fx.alice, fx.files[1], DELEGATION_WRITE);
    assert_int_equal(do_open(fx.bob, "o", fx.files[1], W, NONE, &open), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
}

/* After conflicts a file rests, longer each time; old conflicts are forgotten. */
static void rests(void **unused)
{
    const int64_t rest_ms = DELEGATION_COOLDOWN_MS;
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);
    struct stateid4 stateid;

    (void)unused;
    for (int i = 0; i < 3; i++) {
        stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
        assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
        assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
        pass_ms((rest_ms << i) - 200);
        request.now_ns = clock_now_ns();
        assert_int_equal(must_refuse(&request), WND4_CONTENTION);
        pass_ms(400);
    }
    assert_int_equal(stats().refused_history, 3);
    pass_rest();
    stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    pass_ms(rest_ms + 200);
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
}

/* So it is after a late return, and no other reader joins the one that is waited for. */
static void rests_after_a_late_return(void **unused)
{
    const int64_t late_ms = LEASE_S * 1000 / 2;
    struct delegation_request request = wish(fx.carol, fx.files[0], DELEGATION_READ);
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    assert_int_equal(change(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    pass_ms(late_ms);
    request.now_ns = clock_now_ns();
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    assert_int_equal(stats().refused_contention, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    pass_ms(late_ms * DELEGATION_COOLDOWN_SHARE);
    request.now_ns = clock_now_ns();
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    assert_int_equal(stats().refused_history, 1);
    pass_ms(late_ms * DELEGATION_COOLDOWN_SHARE);
    (void)must_give(fx.carol, fx.files[0], DELEGATION_READ);
}

/* A recall, and a return: now the file rests. */
static void have_a_conflict(struct vfs_object *file)
{
    struct stateid4 stateid = must_give(fx.alice, file, DELEGATION_READ);

    assert_int_equal(change(fx.bob, file, NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

/* Local file systems soon reuse the number of a removed file for a new one. */
static void new_file_does_not_rest(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    have_a_conflict(fx.files[0]);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    request.created = true;
    (void)must_give_by(&request);
}

/* Nor does it for the clients that open it after the one that made it. */
static void new_file_rests_for_nobody(void **unused)
{
    struct delegation_request request = wish(fx.carol, fx.files[0], DELEGATION_READ);

    (void)unused;
    have_a_conflict(fx.files[0]);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    delegation_object_created(fx.state, fx.files[0]);
    (void)must_give_by(&request);
}

/* A client with an expired lease gets no recall; only conflicting state is revoked. */
static void silent_holder(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct stateid4 other = must_give(fx.alice, fx.files[1], DELEGATION_WRITE);

    (void)unused;
    fall_silent(fx.alice);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4_OK);
    assert_int_equal(hooked.recalls, 0);
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &other), NFS4_OK);
    assert_int_equal(fx.alice->revoked_count, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(do_free(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(fx.alice->revoked_count, 0);
}

static void silent_holder_of_opened(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    (void)must_give(fx.carol, fx.files[1], DELEGATION_READ);
    fall_silent(fx.alice);
    fall_silent(fx.carol);
    (void)must_open(fx.bob, "o", fx.files[0], RW, NONE);
    (void)must_open(fx.bob, "o", fx.files[1], RW, OPEN4_SHARE_DENY_BOTH);
    assert_int_equal(revoked(fx.alice, &stateid), NFS4ERR_EXPIRED);
    assert_int_equal(fx.carol->revoked_count, 1);
    assert_int_equal(hooked.recalls, 0);
}

/* Silent holders don't keep waiters from being woken. */
static void silent_among_others(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    struct counting_waiter waiter;

    (void)unused;
    counting_waiter_init(&waiter);
    (void)must_give(fx.bob, fx.files[0], DELEGATION_READ);
    fall_silent(fx.bob);
    assert_int_equal(change(fx.carol, fx.files[0], &waiter.waiter), NFS4ERR_DELAY);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(fx.bob->revoked_count, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(waiter.woken, 1);
    assert_false(delegation_waiter_cancel(&waiter.waiter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(no_conflict),
        DELEGATION_TEST(changed_by_another),
        DELEGATION_TEST(read_by_another),
        DELEGATION_TEST(changed_by_unknown_clients),
        DELEGATION_TEST(recalled_for_no_client),
        DELEGATION_TEST(none_in_between),
        DELEGATION_TEST(waiters_are_woken),
        DELEGATION_TEST(reader_waits),
        DELEGATION_TEST(opens_for_reading),
        DELEGATION_TEST(denies_reading),
        DELEGATION_TEST(opens_for_writing),
        DELEGATION_TEST(waits_to_open),
        DELEGATION_TEST(denied_anyhow),
        DELEGATION_TEST(rests),
        DELEGATION_TEST(rests_after_a_late_return),
        DELEGATION_TEST(new_file_does_not_rest),
        DELEGATION_TEST(new_file_rests_for_nobody),
        DELEGATION_TEST(silent_holder),
        DELEGATION_TEST(silent_holder_of_opened),
        DELEGATION_TEST(silent_among_others),
    };

    return test_group_run(tests);
}
