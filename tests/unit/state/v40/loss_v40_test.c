/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a silent client of 4.0 loses (RFC 7530 §9.6.3.1), how it is told, and when that counts as
 * acknowledged: there is no FREE_STATEID, and a reply may get lost.
 */

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/client/recovery_client.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_tables.h"
#include "state/file/revocation.h"
#include "unit/state/open/open_fixture.h"
#include "unit/state/v40/v40_fixture.h"

enum {
    LEASE_S = 10
};

static struct client *dave; /* of 4.0 */

static int set_up(void **state)
{
    int failed = fixture_set_up(state);

    dave = v40_client(fx.state, "dave", 1);
    return failed;
}

static int tear_down(void **state)
{
    client_put(dave);
    return fixture_tear_down(state);
}

static void tick(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        clock_advance_ns(NSEC_PER_SEC);
        state_tick(fx.state, clock_now_ns());
    }
}

/* It continues for that long without being told about its state. */
static void dave_lives(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        client_renew(dave, clock_now_ns());
        tick(1);
    }
}

/* Dave is silent, and all others renew their leases. */
static void dave_sleeps(void)
{
    clock_advance_ns(NSEC_PER_SEC * 3 * LEASE_S);
    client_renew(fx.alice, clock_now_ns());
    client_renew(fx.bob, clock_now_ns());
    assert_true(client_lapsed(dave, clock_now_ns()));
}

/* Bob opens dave's file, and denies it to dave. */
static void bob_takes(int file)
{
    struct stateid4 b = must_open(fx.bob, "b", fx.files[file], RW, RW);

    assert_int_equal(do_close(fx.bob, &b), NFS4_OK);
}

static enum nfsstat4 renew(void)
{
    return client_renew_id(fx.state, v40_alice.principal, dave->id, clock_now_ns());
}

static void tell(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, stateid);

    assert_non_null(sid);
    client_v40_loss_reported(sid->client, sid, clock_now_ns());
    stateid_put(sid);
}

static void set_client_id(void)
{
    struct client *same = v40_client(fx.state, "dave", 1);

    assert_ptr_equal(same, dave);
    client_put(same);
}

static uint32_t losses(void)
{
    return atomic_load(&dave->revoked_count);
}

/* Silent clients of each version lose conflicting state to clients of the other. */
static void both_kinds_give_way(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), d, again;

    (void)unused;
    assert_int_equal(do_open(dave, "d", fx.files[0], W, NONE, &d), NFS4ERR_SHARE_DENIED);
    clock_advance_ns(NSEC_PER_SEC * 3 * LEASE_S);
    client_renew(dave, clock_now_ns());
    assert_int_equal(do_open(dave, "d", fx.files[0], W, W, &d), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
    client_renew(fx.alice, clock_now_ns());
    assert_int_equal(do_open(fx.alice, "a", fx.files[0], W, NONE, &again), NFS4ERR_SHARE_DENIED);
    dave_sleeps();
    assert_int_equal(do_open(fx.alice, "a", fx.files[0], W, NONE, &again), NFS4_OK);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
}

/* During a request of dave's nothing is revoked. */
static void request_keeps_it(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, W), b;

    (void)unused;
    assert_true(client_v40_begin_of(dave, clock_now_ns()));
    clock_advance_ns(NSEC_PER_SEC * 3 * LEASE_S);
    client_renew(fx.bob, clock_now_ns());
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4ERR_DELAY);
    client_v40_end(dave);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4_OK);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
}

/* A revoked open conflicts with no request, least of all its own owner's. */
static void revoked_opens_do_not_conflict(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, W), again, lock;

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    client_renew(dave, clock_now_ns());
    again = must_open(dave, "d", fx.files[0], RW, W);
    assert_memory_not_equal(again.other, d.other, sizeof(d.other));
    assert_int_equal(again.seqid, 1);
    assert_int_equal(do_lock(dave, &again, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    tell(&d);
    assert_int_equal(revoked(dave, &again), NFS4_OK);
    assert_int_equal(do_close(dave, &again), NFS4_OK);
}

/* RENEW reports a loss until the client registers again; so does OPEN, since Linux would go on with
 * the lost locks of a file that it could open again. */
static void renew_says_so(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);
    struct stateid4 e = must_open(dave, "e", fx.files[1], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    bob_takes(1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(renew(), NFS4ERR_EXPIRED);
        assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4ERR_EXPIRED);
    }
    assert_false(client_lease_over(dave, clock_now_ns()));
    set_client_id();
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4_OK);
    assert_int_equal(losses(), 0);
    /* The stateid is unknown now. */
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(dave, &e), NFS4ERR_BAD_STATEID);
}

/* A client that has lost some state keeps the rest. */
static void lost_some(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);
    struct stateid4 e = must_open(dave, "e", fx.files[1], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    set_client_id();
    assert_int_equal(losses(), 1); /* dave has not been told, whatever it sends */
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    tell(&d);
    assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(dave, &e), NFS4_OK);
    set_client_id();
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(losses(), 0);
    assert_int_equal(do_close(dave, &e), NFS4_OK);
}

/* A loss after the client was told of one is another loss. */
static void renew_tells_what_was_before(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE), e, lock;

    (void)unused;
    assert_int_equal(do_lock(dave, &d, "l", true, 0, 1, &lock), NFS4_OK);
    dave_sleeps();
    bob_takes(0);
    assert_int_equal(renew(), NFS4ERR_EXPIRED);
    e = must_open(dave, "e", fx.files[1], RW, NONE);
    assert_int_equal(do_lock(dave, &e, "l", true, 0, 1, &lock), NFS4_OK);
    dave_sleeps();
    bob_takes(1);
    set_client_id();
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(dave, &e), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(dave, &lock), NFS4ERR_EXPIRED);
    assert_int_equal(losses(), 2);
    tell(&e);
    set_client_id();
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(losses(), 0);
}

/* SETCLIENTID of a client that has not been told acknowledges nothing. */
static void unknown_loss_stays(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    set_client_id();
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    assert_int_equal(losses(), 1);
    /* Dave may go on with other files until it uses this one. */
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4_OK);
    tell(&d);
    assert_int_equal(renew(), NFS4ERR_EXPIRED);
    assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4ERR_EXPIRED);
    set_client_id();
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(losses(), 0);
}

/* By the stateid: the loss is reported at each use, for a lease after the last one. */
static void told_by_an_operation(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    client_renew(dave, clock_now_ns());
    tell(&d);
    assert_int_equal(renew(), NFS4ERR_EXPIRED);
    dave_lives(LEASE_S - 1);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    tell(&d); /* the reply was lost */
    dave_lives(LEASE_S - 1);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    assert_int_equal(losses(), 1);
    dave_lives(4);
    assert_int_equal(losses(), 0);
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(renew(), NFS4_OK);
}

/* A client that was told and then is silent may not have got the reply. */
static void told_and_gone(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    client_renew(dave, clock_now_ns());
    tell(&d);
    tick(5 * LEASE_S);
    assert_int_equal(losses(), 1);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    dave_lives(4);
    assert_int_equal(losses(), 0);
}

/* An open and its locks are one loss, whichever of them is used. */
static void locks_go_with_their_open(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE), lock, other;
    struct stateid4 e = must_open(dave, "e", fx.files[1], RW, NONE), elsewhere;

    (void)unused;
    assert_int_equal(do_lock(dave, &d, "l", true, 0, 1, &lock), NFS4_OK);
    assert_int_equal(do_lock(dave, &d, "m", true, 5, 1, &other), NFS4_OK);
    assert_int_equal(do_lock(dave, &e, "l", true, 5, 1, &elsewhere), NFS4_OK);
    dave_sleeps();
    bob_takes(0);
    bob_takes(1);
    assert_int_equal(losses(), 5);
    client_renew(dave, clock_now_ns());
    tell(&lock);
    tell(&e);
    tell(&other);
    dave_lives(LEASE_S - 2);
    assert_int_equal(revoked(dave, &elsewhere), NFS4ERR_EXPIRED);
    tell(&lock);
    dave_lives(4);
    assert_int_equal(losses(), 3);
    assert_int_equal(revoked(dave, &e), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(dave, &elsewhere), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(dave, &other), NFS4ERR_EXPIRED);
    dave_lives(LEASE_S);
    assert_int_equal(losses(), 0);
    assert_int_equal(revoked(dave, &other), NFS4ERR_BAD_STATEID);
}

/* Told of one loss, the client registers again as if all state were gone: that acknowledges all. */
static void registration_acknowledges_all(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);
    struct stateid4 e = must_open(dave, "e", fx.files[1], RW, NONE);

    (void)unused;
    dave_sleeps();
    bob_takes(0);
    bob_takes(1);
    client_renew(dave, clock_now_ns());
    tell(&e);
    set_client_id();
    assert_int_equal(losses(), 0);
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(dave, &e), NFS4ERR_BAD_STATEID);
    assert_int_equal(renew(), NFS4_OK);
}

/* Dave's open of a file by an owner, opened or opened again by this principal. */
static struct stateid4 open_as(const char *owner, struct client_principal principal)
{
    struct open_request request = {.client = dave,
                                   .owner = name_of(owner),
                                   .obj = fx.files[0],
                                   .cred = &fx.cred,
                                   .access = R,
                                   .principal = principal,
                                   .now_ns = clock_now_ns()};
    struct stateid4 opened;

    assert_int_equal(fx.files[0]->fs->ops->open(fx.files[0], &fx.cred, VFS_WANT_READ, false), 0);
    assert_int_equal(open_reserve(&request), NFS4_OK);
    assert_int_equal(open_commit(&request, &opened), NFS4_OK);
    return opened;
}

static bool may_renew(struct client_principal principal)
{
    return client_renew_id(fx.state, principal, dave->id, clock_now_ns()) == NFS4_OK;
}

enum {
    OPENERS = 3,
    OPENS = 24
};

/* Opens of several principals come, change hands and go, in an order that is none. */
static void renew_by_principals_with_many_opens(void **unused)
{
    const struct client_principal who[OPENERS] = {
        CLIENT_PRINCIPAL_SYS(5001), CLIENT_PRINCIPAL_SYS(5002), CLIENT_PRINCIPAL_SYS(5003)};
    struct stateid4 opened[OPENS];
    unsigned left[OPENERS] = {0};
    char owner[16];

    (void)unused;
    for (unsigned i = 0; i < OPENS; i++) {
        (void)snprintf(owner, sizeof(owner), "many %u", i);
        opened[i] = open_as(owner, who[i % OPENERS]);
        if (i % 5 == 0) /* the next one takes it over */
            opened[i] = open_as(owner, who[(i + 1) % OPENERS]);
        left[(i + (i % 5 == 0)) % OPENERS]++;
    }
    for (unsigned i = 0, at = 0; i < OPENS; i++, at = (at + 7) % OPENS) {
        assert_int_equal(do_close(dave, &opened[at]), NFS4_OK);
        left[(at + (at % 5 == 0)) % OPENERS]--;
        for (unsigned j = 0; j < OPENERS; j++)
            assert_int_equal(may_renew(who[j]), left[j] > 0);
    }
}

/* RFC 7530 §16.28.5: a principal with an open may renew, too. */
static void renew_by_a_principal_with_an_open(void **unused)
{
    const struct client_principal root = CLIENT_PRINCIPAL_SYS(0);
    struct stateid4 opened;

    (void)unused;
    assert_int_equal(client_renew_id(fx.state, root, dave->id, clock_now_ns()), NFS4ERR_ACCESS);
    opened = open_as("root", root);
    assert_int_equal(client_renew_id(fx.state, root, dave->id, clock_now_ns()), NFS4_OK);
    assert_int_equal(client_renew_id(fx.state, v40_bob.principal, dave->id, clock_now_ns()),
                     NFS4ERR_ACCESS);
    assert_int_equal(do_close(dave, &opened), NFS4_OK);
    assert_int_equal(client_renew_id(fx.state, root, dave->id, clock_now_ns()), NFS4ERR_ACCESS);
    /* A principal that may not renew does not. */
    dave_sleeps();
    assert_int_equal(client_renew_id(fx.state, v40_bob.principal, dave->id, clock_now_ns()),
                     NFS4ERR_ACCESS);
    assert_true(client_lapsed(dave, clock_now_ns()));
    assert_int_equal(renew(), NFS4_OK);
    assert_false(client_lapsed(dave, clock_now_ns()));
}

/* An administrator's revocation is reported in the same way, except for the stateid's error. */
static void by_an_administrator(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE);
    uint32_t count;

    (void)unused;
    assert_true(open_client_revoke(dave, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(count, 1);
    assert_int_equal(revoked(dave, &d), NFS4ERR_ADMIN_REVOKED);
    tell(&d);
    assert_int_equal(renew(), NFS4ERR_EXPIRED);
    dave_lives(2 * LEASE_S);
    assert_int_equal(losses(), 0);
    assert_int_equal(atomic_load(&dave->revoked_admin), 0);
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
}

/* The client is removed after it was told of some losses and not of others: the fixture checks that
 * nothing is left. */
static void gone_with_losses(void **unused)
{
    struct stateid4 d = must_open(dave, "d", fx.files[0], RW, NONE), lock;
    struct client *reborn;

    (void)unused;
    must_open(dave, "e", fx.files[1], RW, NONE);
    must_open(dave, "e", fx.files[2], RW, NONE);
    assert_int_equal(do_lock(dave, &d, "l", true, 0, 1, &lock), NFS4_OK);
    dave_sleeps();
    bob_takes(0);
    bob_takes(1);
    client_renew(dave, clock_now_ns());
    tell(&lock);
    reborn = v40_client(fx.state, "dave", 2);
    assert_true(client_dead(dave));
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(losses(), 0);
    client_put(reborn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static bool always(struct client *client, void *context)
{
    (void)context;
    return client != NULL;
}

static void ignore(struct delegation *delegation, void *context)
{
    (void)delegation;
    (void)context;
}

static void bob_wants(struct vfs_object *obj)
{
    assert_int_equal(
        delegation_begin(fx.state, &(struct delegation_claim){fx.bob, obj, DELEGATION_USE_CHANGE},
                         clock_now_ns(), NULL),
        NFS4ERR_DELAY);
}

/* A READ delegation of the file, which dave loses when bob retries a change. */
static struct stateid4 lose_delegation(int file)
{
    const struct delegation_hooks hooks = {.reachable = always, .recall = ignore};
    const struct delegation_request request = {.client = dave,
                                               .obj = fx.files[file],
                                               .cred = &fx.cred,
                                               .kind = DELEGATION_READ,
                                               .fh = name_of("handle"),
                                               .now_ns = clock_now_ns()};
    enum why_no_delegation4 why;
    enum delegation_kind kind;
    struct stateid4 stateid;

    delegation_hook(fx.state, &hooks);
    assert_true(delegation_offer(fx.state, &request, &kind, &stateid, &why));
    bob_wants(fx.files[file]);
    dave_lives(LEASE_S);
    bob_wants(fx.files[file]);
    return stateid;
}

/* 4.0 has no DELEG_REVOKED: dave is told as of any other loss. */
static void delegation_not_returned(void **unused)
{
    struct stateid4 d = lose_delegation(0);
    struct stateid4 e = must_open(dave, "e", fx.files[1], RW, NONE);

    (void)unused;
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    assert_int_equal(renew(), NFS4ERR_EXPIRED);
    assert_int_equal(recovery_client_grant(fx.state->recovery, dave), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(dave, &e), NFS4_OK);
    set_client_id();
    assert_int_equal(renew(), NFS4_OK);
    assert_int_equal(losses(), 0);
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
}

/* Reported by DELEGRETURN, the loss is remembered for a lease, and no longer. */
static void delegation_told(void **unused)
{
    struct stateid4 d = lose_delegation(0);

    (void)unused;
    tell(&d);
    assert_int_equal(revoked(dave, &d), NFS4ERR_EXPIRED);
    dave_lives(2 * LEASE_S);
    assert_int_equal(revoked(dave, &d), NFS4ERR_BAD_STATEID);
    assert_int_equal(losses(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_kinds_give_way),
        TEST(request_keeps_it),
        TEST(revoked_opens_do_not_conflict),
        TEST(renew_says_so),
        TEST(lost_some),
        TEST(renew_tells_what_was_before),
        TEST(unknown_loss_stays),
        TEST(told_by_an_operation),
        TEST(told_and_gone),
        TEST(locks_go_with_their_open),
        TEST(registration_acknowledges_all),
        TEST(renew_by_a_principal_with_an_open),
        TEST(renew_by_principals_with_many_opens),
        TEST(by_an_administrator),
        TEST(gone_with_losses),
        TEST(delegation_not_returned),
        TEST(delegation_told),
    };

    return test_group_run(tests);
}
