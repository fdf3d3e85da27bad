/* SPDX-License-Identifier: Apache-2.0 */
/* Who is given a delegation, who is not, and how one is returned (RFC 8881 §10.4, §18.6). */
#include "state/client/client_table.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_pressure.h"
#include "state/delegation/delegation_tables.h"
#include "unit/state/delegation/delegation_fixture.h"

static bool can_get(struct client *client, struct vfs_object *obj, enum delegation_kind kind)
{
    const struct delegation_request request = wish(client, obj, kind);
    enum why_no_delegation4 why;
    enum delegation_kind got;
    struct stateid4 stateid;

    if (!delegation_offer(fx.state, &request, &got, &stateid, &why))
        return false;
    assert_int_equal(do_return(client, &stateid), NFS4_OK);
    return true;
}

static void given_and_returned(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ), wrong;

    (void)unused;
    assert_int_equal(stateid.seqid, 1);
    assert_true(open_client_has_state(fx.alice));
    assert_int_equal(stats().held_read, 1);
    /* The stateid is invalid for another client, and with a seqid that never was. */
    assert_int_equal(do_return(fx.bob, &stateid), NFS4ERR_BAD_STATEID);
    wrong = stateid;
    wrong.seqid = 2;
    assert_int_equal(do_return(fx.alice, &wrong), NFS4ERR_BAD_STATEID);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_BAD_STATEID);
    assert_false(open_client_has_state(fx.alice));
    assert_int_equal(stats().held_read, 0);
    assert_int_equal(stats().granted_read, 1);
    assert_int_equal(stats().returned, 1);
}

/* The file's data can be accessed without an open. */
static void outlives_open(void **unused)
{
    struct stateid4 open = must_open(fx.alice, "o", fx.files[0], R, NONE);
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    assert_int_equal(do_close(fx.alice, &open), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 1);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 0);
}

static void goes_with_client(void **unused)
{
    uint64_t id = fx.alice->id;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    (void)must_give(fx.alice, fx.files[1], DELEGATION_READ);
    assert_int_equal(client_destroy_id(fx.state, id, &fixture_caller, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    fall_silent(fx.alice);
    assert_int_equal(client_destroy_id(fx.state, id, &fixture_caller, clock_now_ns()), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 0);
    assert_int_equal(stats().held_read + stats().held_write, 0);
    assert_int_equal(stats().revoked, 0);
    /* The client gets no new delegation. */
    assert_false(can_get(fx.alice, fx.files[0], DELEGATION_READ));
    assert_true(can_get(fx.bob, fx.files[0], DELEGATION_WRITE));
}

static void many_readers_one_writer(void **unused)
{
    struct delegation_request request;

    (void)unused;
    (void)must_give(fx.alice, fx.files[0], DELEGATION_READ);
    (void)must_give(fx.bob, fx.files[0], DELEGATION_READ);
    request = wish(fx.carol, fx.files[0], DELEGATION_WRITE);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    (void)must_give(fx.alice, fx.files[1], DELEGATION_WRITE);
    assert_false(can_get(fx.bob, fx.files[1], DELEGATION_READ));
    assert_false(can_get(fx.bob, fx.files[1], DELEGATION_WRITE));
    assert_int_equal(hooked.recalls, 0); /* no delegation is recalled to grant another */
}

/* pynfs 4.1 DELEG9 */
static void others_write(void **unused)
{
    struct stateid4 open = must_open(fx.bob, "o", fx.files[0], W, NONE);

    (void)unused;
    assert_false(can_get(fx.alice, fx.files[0], DELEGATION_READ));
    assert_false(can_get(fx.alice, fx.files[0], DELEGATION_WRITE));
    assert_int_equal(do_close(fx.bob, &open), NFS4_OK);
    assert_true(can_get(fx.alice, fx.files[0], DELEGATION_WRITE));
}

static void others_read(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);
    enum why_no_delegation4 why;
    enum delegation_kind kind;
    struct stateid4 stateid;

    (void)unused;
    (void)must_open(fx.bob, "o", fx.files[0], R, NONE);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    request.read_ok = true;
    assert_true(delegation_offer(fx.state, &request, &kind, &stateid, &why));
    assert_int_equal(kind, DELEGATION_READ);
}

/* A reservation of an OPEN in progress counts, whichever client's it is. */
static void others_are_opening(void **unused)
{
    struct open_request request = {.client = fx.bob,
                                   .owner = name_of("o"),
                                   .obj = fx.files[0],
                                   .cred = &fx.cred,
                                   .access = W,
                                   .now_ns = clock_now_ns()};

    (void)unused;
    assert_int_equal(open_reserve(&request), NFS4_OK);
    assert_false(can_get(fx.alice, fx.files[0], DELEGATION_READ));
    open_cancel(&request);
    assert_true(can_get(fx.alice, fx.files[0], DELEGATION_READ));
}

static void others_deny(void **unused)
{
    (void)unused;
    (void)must_open(fx.bob, "o", fx.files[0], R, OPEN4_SHARE_DENY_READ);
    assert_false(can_get(fx.alice, fx.files[0], DELEGATION_READ));
    (void)must_open(fx.bob, "o", fx.files[1], R, OPEN4_SHARE_DENY_WRITE);
    assert_true(can_get(fx.alice, fx.files[1], DELEGATION_READ));
    assert_false(can_get(fx.alice, fx.files[1], DELEGATION_WRITE));
}

/* A client's own opens do not conflict; but READ is granted instead of WRITE only for a file that
 * the client does not have open for writing either. */
static void own_opens(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[1], DELEGATION_WRITE);

    (void)unused;
    (void)must_open(fx.alice, "o", fx.files[0], RW, OPEN4_SHARE_DENY_BOTH);
    (void)must_open(fx.alice, "o", fx.files[1], W, NONE);
    (void)must_open(fx.alice, "p", fx.files[1], RW, NONE);
    assert_true(can_get(fx.alice, fx.files[0], DELEGATION_WRITE));
    assert_true(can_get(fx.alice, fx.files[1], DELEGATION_READ));
    delegation_allow(fx.state, 1);
    request.read_ok = true;
    (void)must_refuse(&request);
}

static void held_already(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    assert_int_equal(must_refuse(&request), WND4_NOT_SUPP_DOWNGRADE);
    request.kind = DELEGATION_WRITE;
    (void)must_refuse(&request);
    assert_int_equal(stats().refused_held, 2);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
}

/* RFC 8881 §18.16.3 */
static void upgraded(void **unused)
{
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    struct stateid4 better = must_give(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    assert_memory_equal(stateid.other, better.other, sizeof(better.other));
    assert_int_equal(better.seqid, 2);
    assert_int_equal(stats().held_read, 0);
    assert_int_equal(stats().held_write, 1);
    assert_int_equal(stats().upgraded, 1);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    assert_int_equal(do_return(fx.alice, &stateid), NFS4ERR_OLD_STATEID);
    assert_int_equal(do_return(fx.alice, &better), NFS4_OK);
    assert_int_equal(fx.files[0]->node->delegations, 0);
}

/* RFC 8881 §2.10.6.3: a recall names the request whose reply may not have arrived yet. */
static void upgraded_by_another_call(void **unused)
{
    const struct session_call first = {.slotid = 1, .sequenceid = 7};
    const struct session_call second = {.slotid = 2, .sequenceid = 9};
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);
    struct delegation *delegation;
    struct stateid4 stateid;
    struct stateid *sid;

    (void)unused;
    request.call = &first;
    (void)must_give_by(&request);
    request.kind = DELEGATION_WRITE;
    request.call = &second;
    stateid = must_give_by(&request);
    sid = stateid_lookup(fx.state->opens->stateids, &stateid, fx.alice);
    delegation = delegation_of_stateid(sid);
    assert_true(delegation->in_session);
    assert_memory_equal(&delegation->given_to, &second, sizeof(second));
    stateid_put(sid);
}

static void not_upgraded(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    (void)must_give(fx.bob, fx.files[0], DELEGATION_READ);
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
    stateid.seqid = 1;
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 1);
}

static void settings(void **unused)
{
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    delegation_allow(fx.state, 0);
    assert_int_equal(must_refuse(&request), WND4_NOT_SUPP_FTYPE);
    delegation_allow(fx.state, 1);
    assert_int_equal(must_refuse(&request), WND4_WRITE_DELEG_NOT_SUPP_FTYPE);
    assert_true(can_get(fx.alice, fx.files[0], DELEGATION_READ));
    delegation_allow(fx.state, 2);
    assert_true(can_get(fx.alice, fx.files[0], DELEGATION_WRITE));
}

static void no_file(void **unused)
{
    const struct delegation_request request = wish(fx.alice, fx.root, DELEGATION_READ);

    (void)unused;
    assert_int_equal(must_refuse(&request), WND4_NOT_SUPP_FTYPE);
}

static void unreachable(void **unused)
{
    const struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    hooked.unreachable = true;
    assert_int_equal(must_refuse(&request), WND4_RESOURCE);
    assert_int_equal(stats().refused_unreachable, 1);
}

/* The caller needs permission for all that the delegation allows. */
static void no_right(void **unused)
{
    const struct vfs_cred stranger = {.uid = 2000, .gid = 2000};
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    request.cred = &stranger;
    request.read_ok = true;
    assert_int_equal(must_refuse(&request), WND4_RESOURCE);
    assert_int_equal(stats().refused_access, 2);
}

static void callers(void **unused)
{
    const struct vfs_cred other = {.uid = 0};
    struct stateid4 stateid = must_give(fx.alice, fx.files[0], DELEGATION_READ);
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, &stateid, fx.alice);
    struct delegation *delegation = delegation_of_stateid(sid);

    (void)unused;
    assert_ptr_equal(file_of_stateid(sid)->obj, fx.files[0]);
    assert_ptr_equal(stateid_head(sid), sid);
    assert_true(delegation_by_caller(delegation, &fx.cred));
    assert_false(delegation_by_caller(delegation, &other));
    assert_false(delegation_ended(delegation));
    assert_int_equal(do_return(fx.alice, &stateid), NFS4_OK);
    assert_true(delegation_ended(delegation));
    stateid_put(sid);
}

/* Reclaimed after a restart, whatever the policy says, and recalled if it cannot stay. */
static void reclaimed(void **unused)
{
    bool recall = true;
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);

    (void)unused;
    hooked.unreachable = true;
    request.reclaim = true;
    request.recall = &recall;
    (void)must_give_by(&request);
    assert_false(recall);
    assert_int_equal(hooked.recalls, 0);
    delegation_allow(fx.state, 1);
    request.obj = fx.files[1];
    (void)must_give_by(&request);
    assert_true(recall);
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(stats().reclaimed, 2);
    /* Two clients cannot both have had it. */
    request.client = fx.bob;
    assert_int_equal(must_refuse(&request), WND4_CONTENTION);
}

/* The reply may have been lost with the session: a repeated reclaim gets the same delegation. */
static void reclaimed_twice(void **unused)
{
    bool recall;
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_WRITE);
    struct stateid4 first, again;

    (void)unused;
    request.reclaim = true;
    request.recall = &recall;
    first = must_give_by(&request);
    again = must_give_by(&request);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_false(recall);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4ERR_DELAY);
    again = must_give_by(&request);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_true(recall); /* it conflicts with bob's request */
    assert_int_equal(hooked.recalls, 1);
    assert_int_equal(stats().reclaimed, 1);
    request.kind = DELEGATION_READ; /* not the kind that it had */
    assert_int_equal(must_refuse(&request), WND4_NOT_SUPP_DOWNGRADE);
    assert_int_equal(do_return(fx.alice, &first), NFS4_OK);
    assert_int_equal(use(fx.bob, fx.files[0], NULL), NFS4_OK);
}

/* RFC 8881 §18.16.3: a reclaim always grants the delegation, if only to recall it at once. */
static void reclaimed_beyond_the_limit(void **unused)
{
    bool recall = true;
    struct delegation_request request = wish(fx.alice, fx.files[0], DELEGATION_READ);

    (void)unused;
    delegation_set_limit(fx.state, 1);
    request.reclaim = true;
    request.recall = &recall;
    (void)must_give_by(&request);
    assert_false(recall);
    request.obj = fx.files[1];
    (void)must_give_by(&request);
    assert_true(recall);
    assert_int_equal(hooked.recalls, 1);
    request.reclaim = false;
    request.client = fx.bob;
    assert_int_equal(must_refuse(&request), WND4_RESOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELEGATION_TEST(given_and_returned),
        DELEGATION_TEST(outlives_open),
        DELEGATION_TEST(goes_with_client),
        DELEGATION_TEST(many_readers_one_writer),
        DELEGATION_TEST(others_write),
        DELEGATION_TEST(others_read),
        DELEGATION_TEST(others_are_opening),
        DELEGATION_TEST(others_deny),
        DELEGATION_TEST(own_opens),
        DELEGATION_TEST(held_already),
        DELEGATION_TEST(upgraded),
        DELEGATION_TEST(upgraded_by_another_call),
        DELEGATION_TEST(not_upgraded),
        DELEGATION_TEST(settings),
        DELEGATION_TEST(no_file),
        DELEGATION_TEST(unreachable),
        DELEGATION_TEST(no_right),
        DELEGATION_TEST(callers),
        DELEGATION_TEST(reclaimed),
        DELEGATION_TEST(reclaimed_twice),
        DELEGATION_TEST(reclaimed_beyond_the_limit),
    };

    return test_group_run(tests);
}
