/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revoked state: by requests that conflict with a silent client's state (courtesy, RFC 8881
 * §8.4.3), or by an administrator; what its stateids return (SR-19) until FREE_STATEID (SR-18) or
 * the end of the client (L-04).
 */
#include "state/file/revocation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/disk.h"
#include "state/file/courtesy.h"
#include "state/recovery/recovery.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "unit/state/open/open_fixture.h"
#include "vfs/vfs_blocking.h"

#define SILENCE_NS (30 * NSEC_PER_SEC) /* three lease times */

/* Time passes, and only this client renews its lease. */
static void silence_but(struct client *client)
{
    clock_advance_ns(SILENCE_NS);
    client_renew(client, clock_now_ns());
    assert_false(client_lease_over(client, clock_now_ns()));
}

static uint32_t revoked_count(const struct client *client)
{
    return atomic_load(&client->revoked_count);
}

static struct owner_table *table_of(struct client *client)
{
    return owner_table_of(client);
}

static void test_shares_of_the_silent_give_way(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), b, lock;

    (void)unused;
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, R, &b), NFS4ERR_SHARE_DENIED);
    assert_int_equal(revoked(fx.alice, &a), NFS4_OK);
    silence_but(fx.bob);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, R, &b), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_EXPIRED); /* locks go with their open */
    assert_int_equal(revoked_count(fx.alice), 2);
    assert_int_equal(atomic_load(&fx.alice->revoked_admin), 0);
    assert_false(open_client_has_state(fx.alice));
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 0, UINT64_MAX), NFS4_OK);
    assert_int_equal(table_of(fx.alice)->lock_count, 0);
    /* Whatever operation uses it. */
    assert_int_equal(do_close(fx.alice, &a), NFS4ERR_EXPIRED);
    assert_int_equal(do_downgrade(fx.alice, &a, R, NONE), NFS4ERR_EXPIRED);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4ERR_EXPIRED);
    assert_int_equal(do_lock_again(fx.alice, &lock, true, 0, 10), NFS4ERR_EXPIRED);
    assert_int_equal(do_unlock(fx.alice, &lock, 0, 10), NFS4ERR_EXPIRED);
}

/* Each combination: state that does not conflict is kept. */
static void test_only_what_conflicts_is_lost(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, NONE);
    struct stateid4 denier = must_open(fx.alice, "denier", fx.files[0], R, W);
    struct stateid4 elsewhere = must_open(fx.alice, "denier", fx.files[1], R, W), b;

    (void)unused;
    silence_but(fx.bob);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &a), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &denier), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &elsewhere), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 1);
    /* It continues with the rest. */
    client_renew(fx.alice, clock_now_ns());
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(do_close(fx.alice, &elsewhere), NFS4_OK);
    a = must_open(fx.alice, "denier", fx.files[0], R, NONE);
    assert_memory_not_equal(a.other, denier.other, sizeof(a.other));
    assert_int_equal(a.seqid, 1);
}

/* If a client with a current lease conflicts, too, no client loses anything. */
static void test_nothing_is_lost_in_vain(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, W), b, c, la, lc;
    struct open_request reserving = {.client = fx.carol,
                                     .owner = name_of("r"),
                                     .obj = fx.files[1],
                                     .cred = &fx.cred,
                                     .access = R,
                                     .deny = W};
    struct stateid4 a1 = must_open(fx.alice, "a", fx.files[1], R, W);

    (void)unused;
    c = must_open(fx.carol, "c", fx.files[0], R, W);
    assert_int_equal(do_lock(fx.alice, &a, "la", false, 0, 10, &la), NFS4_OK);
    assert_int_equal(do_lock(fx.carol, &c, "lc", false, 0, 10, &lc), NFS4_OK);
    clock_advance_ns(SILENCE_NS);
    client_renew(fx.bob, clock_now_ns());
    client_renew(fx.carol, clock_now_ns());
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4ERR_SHARE_DENIED);
    assert_true(denied(fx.files[0], W));
    assert_int_equal(do_test(fx.bob, "lb", fx.files[0], true, 0, 10), NFS4ERR_DENIED);
    assert_int_equal(fixture_conflict.clientid, fx.carol->id);
    assert_int_equal(revoked(fx.alice, &a), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &la), NFS4_OK);
    /* An OPEN in progress counts like one of a current client. */
    assert_int_equal(open_reserve(&reserving), NFS4_OK);
    assert_int_equal(do_open(fx.bob, "b", fx.files[1], W, NONE, &b), NFS4ERR_SHARE_DENIED);
    assert_int_equal(revoked(fx.alice, &a1), NFS4_OK);
    open_cancel(&reserving);
    assert_int_equal(do_open(fx.bob, "b", fx.files[1], W, NONE, &b), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &a1), NFS4ERR_EXPIRED);
}

static void test_a_returned_client_keeps_it(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, W), b;

    (void)unused;
    clock_advance_ns(SILENCE_NS);
    client_renew(fx.alice, clock_now_ns());
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4ERR_SHARE_DENIED);
    assert_int_equal(do_close(fx.alice, &a), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 0);
}

/* Between the two checks of a file: a client that conflicted and has returned loses nothing, nor
 * does one that did not conflict. */
static void test_back_in_the_middle(void **unused)
{
    struct courtesy courtesy = {.now_ns = clock_now_ns() + SILENCE_NS};

    (void)unused;
    courtesy_add(&courtesy, fx.alice);
    courtesy_add(&courtesy, fx.bob);
    courtesy_add(&courtesy, fx.alice);
    assert_int_equal(courtesy.count, 2);
    assert_int_equal(courtesy_begin(&courtesy), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 1); /* as long as the request lasts */
    client_renew(fx.alice, courtesy.now_ns);
    assert_false(courtesy_may_revoke(&courtesy, fx.alice));
    assert_true(courtesy_may_revoke(&courtesy, fx.bob));
    assert_false(courtesy_may_revoke(&courtesy, fx.carol));
    assert_int_equal(courtesy_end(&courtesy), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 0);
    assert_int_equal(courtesy.count, 0);
    /* The client returns before that, or never: DELAY, but not for ever. */
    courtesy_add(&courtesy, fx.bob);
    courtesy_add(&courtesy, fx.alice);
    assert_int_equal(courtesy_begin(&courtesy), NFS4ERR_DELAY);
    assert_int_equal(revoked_count(fx.bob), 0);
    courtesy.turns = LIMIT_COURTESY_TURNS;
    courtesy_add(&courtesy, fx.bob);
    assert_int_equal(courtesy_begin(&courtesy), NFS4ERR_DELAY);
    assert_int_equal(courtesy.count, 0);
}

/* I/O with a special stateid conflicts only with share reservations. */
static void test_io_without_a_stateid(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, W);

    (void)unused;
    assert_true(denied(fx.files[0], W));
    silence_but(fx.bob);
    assert_false(denied(fx.files[0], R));
    assert_int_equal(revoked(fx.alice, &a), NFS4_OK);
    assert_false(denied(fx.files[0], W));
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
}

/* An open with a conflicting lock is revoked as a whole, with all its locks; other opens stay. */
static void test_locks_of_the_silent_give_way(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), a2, b, l1, l2, l3, lb;

    (void)unused;
    a2 = must_open(fx.alice, "a2", fx.files[0], RW, NONE);
    b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l1", true, 0, 10, &l1), NFS4_OK);
    assert_int_equal(do_lock_again(fx.alice, &l1, true, 100, 10), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a2, "l2", true, 50, 10, &l2), NFS4_OK);
    assert_int_equal(do_lock(fx.bob, &b, "lb", true, 5, 1, &lb), NFS4ERR_DENIED);
    silence_but(fx.bob);
    assert_int_equal(do_lock(fx.bob, &b, "lb", true, 5, 1, &lb), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &l1), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &l2), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &a2), NFS4_OK);
    assert_int_equal(table_of(fx.alice)->lock_count, 1);
    assert_int_equal(do_test(fx.bob, "x", fx.files[0], true, 100, 10), NFS4_OK);
    /* LOCKT reports a range as free only when it is. */
    assert_int_equal(do_test(fx.bob, "lb", fx.files[0], true, 50, 1), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &l2), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &a2), NFS4ERR_EXPIRED);
    /* The same owners get new state beside the old. */
    client_renew(fx.alice, clock_now_ns());
    a2 = must_open(fx.alice, "a", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a2, "l1", true, 200, 10, &l3), NFS4_OK);
    assert_memory_not_equal(l1.other, l3.other, sizeof(l1.other));
    assert_int_equal(revoked(fx.alice, &l1), NFS4ERR_EXPIRED);
    assert_int_equal(do_free(fx.alice, &a), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &l1), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(fx.alice, &l3), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 2);
    assert_int_equal(do_close(fx.alice, &a2), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &l2), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 1);
    assert_int_equal(table_of(fx.alice)->lock_state_count, 0);
}

/* SR-18. A client may acknowledge a lock first, or all at once with the open. */
static void test_acknowledged(void **unused)
{
    for (int with_lock = 0; with_lock <= 1; with_lock++) {
        struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), b, lock;

        (void)unused;
        assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
        silence_but(fx.bob);
        b = must_open(fx.bob, "b", fx.files[0], W, NONE);
        client_renew(fx.alice, clock_now_ns());
        assert_int_equal(revoked_count(fx.alice), 2);
        if (with_lock) {
            assert_int_equal(do_free(fx.alice, &lock), NFS4_OK);
            assert_int_equal(revoked_count(fx.alice), 1);
        }
        assert_int_equal(do_free(fx.bob, &a), NFS4ERR_BAD_STATEID); /* not bob's */
        a.seqid = 77; /* the loss is checked first (RFC 8881 §8.2.4) */
        assert_int_equal(do_free(fx.alice, &a), NFS4_OK);
        assert_int_equal(revoked_count(fx.alice), 0);
        assert_int_equal(do_free(fx.alice, &a), NFS4ERR_BAD_STATEID);
        assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_BAD_STATEID);
        assert_int_equal(table_of(fx.alice)->revoked_opens, 0);
        assert_int_equal(table_of(fx.alice)->lock_state_count, 0);
        assert_int_equal(do_close(fx.bob, &b), NFS4_OK);
        assert_null(fx.files[0]->node->state);
    }
}

/* The backend's opens end with the revocation, not with its acknowledgement. */
static void test_the_backend_is_told(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], R, NONE), b, lock;

    (void)unused;
    a = must_open(fx.alice, "a", fx.files[0], W, W);
    b = must_open(fx.alice, "b", fx.files[1], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &b, "l", true, 0, 10, &lock), NFS4_OK);
    assert_int_equal(fixture_vfs_opens, 3);
    silence_but(fx.bob);
    assert_false(denied(fx.files[0], W));
    assert_int_equal(fixture_vfs_opens, 1);
    /* Nor does a revoked lock keep its open. */
    assert_int_equal(do_test(fx.bob, "l", fx.files[1], true, 0, 1), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_EXPIRED);
    assert_int_equal(do_close(fx.alice, &b), NFS4ERR_EXPIRED);
    assert_int_equal(fixture_vfs_opens, 0);
}

static void test_administrator(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), b, c, lock;
    uint32_t count = 0;

    (void)unused;
    b = must_open(fx.alice, "b", fx.files[1], R, NONE);
    c = must_open(fx.bob, "c", fx.files[1], R, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(count, 2);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.alice, &b), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(revoked(fx.bob, &c), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 3);
    assert_int_equal(atomic_load(&fx.alice->revoked_admin), 3);
    assert_int_equal(do_close(fx.alice, &a), NFS4ERR_ADMIN_REVOKED);
    assert_int_equal(do_open(fx.bob, "b", fx.files[0], RW, RW, &c), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &lock), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &a), NFS4_OK);
    assert_int_equal(do_free(fx.alice, &b), NFS4_OK);
    assert_int_equal(revoked_count(fx.alice), 0);
    assert_int_equal(atomic_load(&fx.alice->revoked_admin), 0);
    assert_true(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    assert_int_equal(count, 0);
}

/* L-04: all state ends with the client, acknowledged or not. */
static void test_goes_with_its_client(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), b, lock;

    (void)unused;
    b = must_open(fx.alice, "a", fx.files[1], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &lock), NFS4_OK);
    silence_but(fx.bob);
    assert_false(denied(fx.files[0], W));
    assert_int_equal(revoked_count(fx.alice), 2);
    open_client_release(fx.alice);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(fx.alice, &lock), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked(fx.alice, &b), NFS4ERR_BAD_STATEID);
    assert_int_equal(revoked_count(fx.alice), 0);
    assert_int_equal(table_of(fx.alice)->lock_state_count, 0);
    assert_null(fx.files[0]->node->state);
    assert_null(fx.files[1]->node->state);
}

/* More clients than can lose their state in one turn. */
static void test_many_silent_clients(void **unused)
{
    enum {
        MANY = 3 * LIMIT_COURTESY_CLIENTS + 1
    };
    struct client *clients[MANY];
    struct stateid4 opens[MANY], locks[MANY], b, lb;

    (void)unused;
    for (uint32_t i = 0; i < MANY; i++) {
        char name[24];

        (void)snprintf(name, sizeof(name), "silent%u", i);
        clients[i] = fixture_client(name);
        opens[i] = must_open(clients[i], "o", fx.files[0], R, NONE);
        assert_int_equal(do_lock(clients[i], &opens[i], "l", false, 0, 10, &locks[i]), NFS4_OK);
    }
    silence_but(fx.bob);
    b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.bob, &b, "l", true, 0, 1, &lb), NFS4_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(revoked(clients[i], &locks[i]), NFS4ERR_EXPIRED);
        assert_int_equal(revoked(clients[i], &opens[i]), NFS4ERR_EXPIRED);
        assert_int_equal(revoked_count(clients[i]), 2);
        client_put(clients[i]);
    }
}

/* A lock state with more locks than are dropped at a time is revoked as a whole. */
static void test_many_locks(void **unused)
{
    enum {
        MANY = 10 * LIMIT_LOCK_DROP_BATCH
    };
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, NONE), b, l, lb;

    (void)unused;
    b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 1, &l), NFS4_OK);
    for (uint64_t i = 1; i < MANY; i++)
        assert_int_equal(do_lock_again(fx.alice, &l, true, 2 * i, 1), NFS4_OK);
    silence_but(fx.bob);
    assert_int_equal(do_lock(fx.bob, &b, "l", true, 0, UINT64_MAX, &lb), NFS4_OK);
    assert_int_equal(table_of(fx.alice)->lock_count, 0);
    assert_int_equal(
        fx.files[0]->node->state ? ((struct file *)fx.files[0]->node->state)->locks.count : 0, 1);
}

/* State whose loss cannot be recorded is not revoked: DELAY. */
static void test_loss_that_cannot_be_noted(void **unused)
{
    struct stateid4 a = must_open(fx.alice, "a", fx.files[0], RW, W), b, la, lb;
    uint32_t count;

    (void)unused;
    assert_int_equal(client_reclaim_complete(fx.alice), NFS4_OK);
    assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 10, &la), NFS4_OK);
    b = must_open(fx.bob, "b", fx.files[0], R, NONE);
    silence_but(fx.bob);
    disk_full(true);
    assert_int_equal(do_open(fx.bob, "c", fx.files[0], W, NONE, &lb), NFS4ERR_DELAY);
    assert_int_equal(do_lock(fx.bob, &b, "l", false, 0, 1, &lb), NFS4ERR_DELAY);
    assert_int_equal(do_test(fx.bob, "l", fx.files[0], false, 0, 1), NFS4ERR_DELAY);
    assert_false(open_client_revoke(fx.alice, NFS4ERR_ADMIN_REVOKED, &count));
    disk_full(false);
    assert_int_equal(revoked_count(fx.alice), 0);
    assert_int_equal(revoked(fx.alice, &a), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &la), NFS4_OK);
    assert_int_equal(do_lock(fx.bob, &b, "l", false, 0, 1, &lb), NFS4_OK);
    assert_int_equal(revoked(fx.alice, &la), NFS4ERR_EXPIRED);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
    assert_int_equal(do_open(fx.bob, "c", fx.files[0], W, NONE, &lb), NFS4_OK);
}

static struct session *alices;
static const struct slot_request a_write = {.digest = 1};

/* While the disk is awaited: her request has its slot, and its renewal is in progress. */
static void alice_comes(bool surely)
{
    struct slot_replay replay = {0};

    (void)surely;
    if (slot_table_busy(&alices->slots, UINT32_MAX) == 0)
        assert_int_equal(
            session_slot_acquire(alices, slot_at(&alices->slots, 0), 1, &a_write, &replay),
            SLOT_NEW);
}

static void wait_ends(void)
{
}

static struct session *session_of(struct client *client, struct session_conn *conn)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = client->id,
                                             .csa_sequence = 1,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};
    struct CREATE_SESSION4resok res;

    assert_int_equal(
        session_create(fx.state, &client->caller, conn, 1, &args, clock_now_ns(), &res), NFS4_OK);
    return session_lookup(fx.state, res.csr_sessionid);
}

/* A WRITE that was checked against its open must not take effect after another client's OPEN that
 * denies it: before a revocation the server checks for requests in progress once more. */
static void came_while_losing(bool lock)
{
    struct session_conn *conn = session_conn_create(NULL);
    struct stateid4 a, b = {0}, l;
    enum nfsstat4 status;

    alices = session_of(fx.alice, conn);
    assert_int_equal(client_reclaim_complete(fx.alice), NFS4_OK);
    a = must_open(fx.alice, "a", fx.files[0], RW, lock ? NONE : W);
    if (lock) {
        assert_int_equal(do_lock(fx.alice, &a, "l", true, 0, 1, &l), NFS4_OK);
        b = must_open(fx.bob, "b", fx.files[0], RW, NONE);
    }
    silence_but(fx.bob);
    vfs_blocking_hooks = (struct vfs_blocking_hooks){alice_comes, wait_ends};
    if (lock)
        status = do_lock(fx.bob, &b, "l", true, 0, 1, &l);
    else
        status = do_open(fx.bob, "b", fx.files[0], W, NONE, &b);
    vfs_blocking_hooks = (struct vfs_blocking_hooks){0};
    assert_int_equal(status, NFS4ERR_DELAY);
    assert_int_equal(revoked(fx.alice, &a), NFS4ERR_EXPIRED);
    session_slot_release(alices, slot_at(&alices->slots, 0), NULL, 0);
    if (lock)
        assert_int_equal(do_lock(fx.bob, &b, "l", true, 0, 1, &l), NFS4_OK);
    else
        assert_int_equal(do_open(fx.bob, "b", fx.files[0], W, NONE, &b), NFS4_OK);
    session_put(alices);
    session_conn_destroy(conn);
}

static void test_came_while_losing_an_open(void **unused)
{
    (void)unused;
    came_while_losing(false);
}

static void test_came_while_losing_a_lock(void **unused)
{
    (void)unused;
    came_while_losing(true);
}

static char directory[] = "/tmp/mainstay-revocation.XXXXXX";

static int set_up_on_disk(void **unused)
{
    char error[256] = "";
    struct recovery_config config = {.lease_s = 10, .grace_s = 0};

    memset(directory + sizeof(directory) - 7, 'X', 6);
    assert_non_null(mkdtemp(directory));
    config.dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fixture_recovery = recovery_open(&config, clock_now_ns(), error, sizeof(error));
    assert_non_null(fixture_recovery);
    close(config.dir);
    return fixture_set_up(unused);
}

static int tear_down_on_disk(void **unused)
{
    char command[64];

    assert_int_equal(fixture_tear_down(unused), 0);
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    return system(command);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_shares_of_the_silent_give_way),
        TEST(test_only_what_conflicts_is_lost),
        TEST(test_nothing_is_lost_in_vain),
        TEST(test_a_returned_client_keeps_it),
        TEST(test_back_in_the_middle),
        TEST(test_io_without_a_stateid),
        TEST(test_locks_of_the_silent_give_way),
        TEST(test_acknowledged),
        TEST(test_the_backend_is_told),
        TEST(test_administrator),
        TEST(test_goes_with_its_client),
        TEST(test_many_silent_clients),
        TEST(test_many_locks),
        cmocka_unit_test_setup_teardown(test_loss_that_cannot_be_noted, set_up_on_disk,
                                        tear_down_on_disk),
        cmocka_unit_test_setup_teardown(test_came_while_losing_an_open, set_up_on_disk,
                                        tear_down_on_disk),
        cmocka_unit_test_setup_teardown(test_came_while_losing_a_lock, set_up_on_disk,
                                        tear_down_on_disk),
    };

    return test_group_run(tests);
}
