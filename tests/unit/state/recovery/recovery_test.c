/* SPDX-License-Identifier: Apache-2.0 */
/* Which clients may reclaim after a restart, and how long the others wait. */
#include <pthread.h>

#include "base/check.h"
#include "base/clock.h"
#include "state/recovery/recovery_grace.h"
#include "unit/state/recovery/recovery_fixture.h"
#include "vfs/vfs_blocking.h"

static enum nfsstat4 reclaim(struct client *client)
{
    enum nfsstat4 status = recovery_client_reclaim_begin(state->recovery, client, clock_now_ns());

    if (status == NFS4_OK)
        recovery_reclaim_end(state->recovery);
    return status;
}

/* The client in the next life, after it completed in this one. */
static struct client *come_over_crash(const char *owner)
{
    come_and_complete(owner);
    crash();
    return come(owner);
}

static void no_client_to_wait_for(void **unused)
{
    struct client *alice;

    (void)unused;
    assert_false(in_grace());
    alice = come("alice");
    assert_false(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    crash(); /* she has not completed, so she has no record */
    assert_false(in_grace());
}

/* P-12, L-11: a recorded client reclaims until RECLAIM_COMPLETE, and no other client reclaims. */
static void reclaims(void **unused)
{
    struct client *alice, *bob;

    (void)unused;
    come_and_complete("alice");
    crash();
    assert_true(in_grace());
    alice = come("alice");
    bob = come("bob");
    assert_true(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4_OK);
    assert_int_equal(reclaim(bob), NFS4ERR_NO_GRACE);
    complete(bob);
    assert_true(in_grace());
    complete(alice);
    assert_false(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_COMPLETE_ALREADY);
    crash();
    assert_true(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
}

/* SR-20: RECLAIM_COMPLETE ends a client's reclaims while other clients continue theirs. */
static void completes_among_others(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    complete(alice);
    assert_true(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_COMPLETE_ALREADY);
    complete(come("bob"));
    assert_false(in_grace());
}

/* RFC 8881 §8.4.3, the second edge condition. */
static void comes_too_late(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    assert_int_equal(reclaim(alice), NFS4_OK);
    complete(come("bob"));
    tick_at(GRACE_S - 1);
    assert_true(in_grace());
    tick_at(GRACE_S);
    assert_false(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    crash();
    assert_true(in_grace());
    assert_false(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
}

/* The time that a server needs to start, when clients cannot reach it, does not count. */
static void comes_up_slowly(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    recovery_listening(state->recovery, born_ns + 100 * NSEC_PER_SEC);
    tick_at(99 + GRACE_S);
    assert_true(in_grace());
    assert_int_equal(reclaim(come("alice")), NFS4_OK);
    tick_at(100 + GRACE_S);
    assert_false(in_grace());
}

/* Nor does a stall of the server in the grace period; after the end it changes nothing. */
static void stalls_in_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    recovery_grace_prolong(state->recovery, born_ns + 100 * NSEC_PER_SEC);
    tick_at(99 + GRACE_S);
    assert_true(in_grace());
    tick_at(100 + GRACE_S);
    assert_false(in_grace());
    recovery_grace_prolong(state->recovery, born_ns + 200 * NSEC_PER_SEC);
    tick_at(201);
    assert_false(in_grace());
}

/* A late client may reclaim state that it gets after its RECLAIM_COMPLETE. */
static void completes_after_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    tick_at(GRACE_S);
    come_and_complete("alice");
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* A client that keeps reclaiming is not cut off, up to twice the time. */
static void goes_on_while_reclaiming(void **unused)
{
    struct client *alice = come_over_crash("alice");

    (void)unused;
    for (int second = GRACE_S - 1; second < 2 * GRACE_S; second++) {
        int64_t now_ns = born_ns + second * NSEC_PER_SEC;

        assert_int_equal(recovery_client_reclaim_begin(state->recovery, alice, now_ns), NFS4_OK);
        recovery_reclaim_end(state->recovery);
        tick_at(second);
        assert_true(in_grace());
    }
    tick_at(2 * GRACE_S);
    assert_false(in_grace());
}

static void pauses_too_long(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    crash();
    assert_int_equal(reclaim(come("alice")), NFS4_OK);
    tick_at(GRACE_S);
    assert_false(in_grace());
}

/* The period does not end while a reclaim is being granted. */
static void waits_for_reclaim(void **unused)
{
    struct client *alice = come_over_crash("alice");

    (void)unused;
    assert_int_equal(recovery_client_reclaim_begin(state->recovery, alice, born_ns), NFS4_OK);
    tick_at(2 * GRACE_S);
    assert_true(in_grace());
    recovery_reclaim_end(state->recovery);
    tick_at(2 * GRACE_S);
    assert_false(in_grace());
}

/* RFC 8881 §8.4.2: when an administrator ends it, what was not reclaimed is lost, as when its time
 * is up. */
static void ended_early(void **unused)
{
    struct recovery_grace_info info;
    struct recovery_awaited awaited[2];
    struct client *alice;
    size_t missing;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    assert_int_equal(recovery_grace_awaited(state->recovery, awaited, 2), 2);
    assert_int_equal(recovery_grace_awaited(state->recovery, awaited, 1), 1);
    recovery_grace_read(state->recovery, born_ns + NSEC_PER_SEC, &info);
    assert_true(info.active);
    assert_int_equal(info.awaited, 2);
    assert_true(info.left_ns > 0);
    assert_true(info.left_ns <= GRACE_S * NSEC_PER_SEC);
    complete(come("bob"));
    alice = come("alice");
    assert_int_equal(reclaim(alice), NFS4_OK);
    assert_true(in_grace());
    assert_int_equal(recovery_grace_awaited(state->recovery, awaited, 2), 1);
    assert_true(awaited[0].returned);
    assert_memory_equal(awaited[0].owner, "alice", awaited[0].owner_len);
    assert_true(recovery_grace_end_early(state->recovery, &missing));
    assert_int_equal(missing, 1);
    assert_false(in_grace());
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    recovery_grace_read(state->recovery, born_ns, &info);
    assert_false(info.active);
    assert_int_equal(info.left_ns, 0);
    assert_int_equal(info.awaited, 0);
    crash();
    assert_false(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
}

/* Not while a reclaim is being granted, but right after it. */
static void ended_early_while_reclaiming(void **unused)
{
    struct client *alice = come_over_crash("alice");
    size_t missing;

    (void)unused;
    assert_int_equal(recovery_client_reclaim_begin(state->recovery, alice, born_ns), NFS4_OK);
    assert_false(recovery_grace_end_early(state->recovery, &missing));
    assert_int_equal(missing, 0);
    assert_true(in_grace());
    recovery_reclaim_end(state->recovery);
    tick_at(1);
    assert_false(in_grace());
}

/* A crash during the grace period preserves the right to reclaim: of clients that have returned and
 * of the others. */
static void crashes_in_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    come_and_complete("carol");
    crash();
    come_and_complete("alice");
    (void)come("bob");
    crash();
    assert_true(in_grace());
    assert_true(come("alice")->may_reclaim);
    assert_true(come("bob")->may_reclaim);
    assert_true(come("carol")->may_reclaim);
    come_and_complete("dave");
    crash();
    assert_true(come("carol")->may_reclaim);
    assert_true(come("dave")->may_reclaim);
}

/* RFC 8881 §8.4.3, the first edge condition. */
static void lost_in_a_partition(void **unused)
{
    struct client *alice, *bob;

    (void)unused;
    alice = come_and_complete("alice");
    (void)come_and_complete("bob");
    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    crash();
    assert_true(in_grace());
    alice = come("alice");
    assert_false(alice->may_reclaim);
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    bob = come("bob");
    complete(bob); /* the server does not wait for alice */
    assert_false(in_grace());
    complete(alice);
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* A loss survives a second crash, and the server does not wait for that client. */
static void stays_lost(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    come_and_complete("bob");
    crash();
    assert_false(come("alice")->may_reclaim);
    crash();
    assert_false(come("alice")->may_reclaim);
    complete(come("bob"));
    assert_false(in_grace());
}

static void acknowledges_losses(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    count_revoked(alice, 2);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_clear_loss(state->recovery, alice); /* one loss is left */
    crash();
    assert_false(come("alice")->may_reclaim);

    alice = come_and_complete("alice");
    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_clear_loss(state->recovery, alice);
    crash();
    alice = come_and_complete("alice");
    assert_true(alice->may_reclaim);

    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    count_revoked(alice, -1);
    recovery_client_clear_loss(state->recovery, alice);
    count_revoked(alice, 1);
    assert_true(
        recovery_client_mark_loss(state->recovery, alice)); /* a second loss is recorded again */
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* Expired while others reclaim: the server no longer waits for it. */
static void lost_in_grace(void **unused)
{
    struct client *alice = come_over_crash("alice");

    (void)unused;
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    assert_int_equal(reclaim(alice), NFS4ERR_NO_GRACE);
    tick_at(1);
    assert_false(in_grace());
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* RFC 8881 §8.4.3: she completes late, and does not know yet that her lease expired and state was
 * given away. */
static void completes_with_losses(void **unused)
{
    struct client *alice = come_over_crash("alice");

    (void)unused;
    tick_at(GRACE_S);
    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    complete(alice);
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* The same within the grace period. */
static void completes_with_losses_in_grace(void **unused)
{
    struct client *alice;

    (void)unused;
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    alice = come("alice");
    count_revoked(alice, 1);
    assert_true(recovery_client_mark_loss(state->recovery, alice));
    complete(alice);
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* A request of a removed client comes last: there is no client to be recorded. */
static void completes_when_gone(void **unused)
{
    struct client *alice = client_get(come("alice"));

    (void)unused;
    leave(alice);
    assert_int_equal(client_reclaim_complete(alice), NFS4ERR_DELAY);
    client_put(alice);
    crash();
    assert_false(in_grace());
}

/* A request that met alice's expired state is late: alice has registered again. */
static void loses_after_reboot(void **unused)
{
    struct client *before = client_get(come_and_complete("alice"));

    (void)unused;
    complete(come_as("alice", 2, OWNER_UID));
    assert_true(recovery_client_mark_loss(state->recovery, before));
    client_put(before);
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
}

/* A client that rebooted has no state, and its former state is forgotten. */
static void reboots(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    (void)come_as("alice", 2, OWNER_UID);
    crash();
    assert_false(in_grace());
    complete(come_as("alice", 2, OWNER_UID));
    crash();
    assert_true(come_as("alice", 2, OWNER_UID)->may_reclaim);
    assert_false(come_as("alice", 3, OWNER_UID)->may_reclaim);
    assert_false(in_grace());
}

/* An EXCHANGE_ID without CREATE_SESSION changes nothing. */
static void reboots_half(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    (void)introduce_as("alice", 2, OWNER_UID);
    crash();
    assert_true(in_grace());
    (void)introduce_as("alice", 2, OWNER_UID);
    assert_true(come("alice")->may_reclaim);
}

static void leaves(void **unused)
{
    (void)unused;
    leave(come_and_complete("alice"));
    crash();
    assert_false(in_grace());
    come_and_complete("alice");
    come_and_complete("bob");
    crash();
    complete(come("bob"));
    assert_true(in_grace());
    leave(come("alice"));
    assert_false(in_grace());
    crash();
    assert_false(come("alice")->may_reclaim);
}

/* Dropping a client's state may take long: other clients need not wait for that. */
static void drops_aside(void **unused)
{
    struct client *alice = come_and_complete("alice");

    (void)unused;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){section_begin, section_end};
    leave(alice);
    assert_int_equal(released_in, 1);
    assert_int_equal(sections, 0);
}

/* Owner strings are compared in full, and belong to a principal. */
static void names(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    come_and_complete("");
    crash();
    assert_false(come("alic")->may_reclaim);
    assert_false(come("alice2")->may_reclaim);
    assert_true(come("")->may_reclaim);
    assert_false(come_as("alice", 1, OWNER_UID + 1)->may_reclaim);
    crash();
    assert_true(come("alice")->may_reclaim);
}

/* The machine credential of a client is known again by its name, when all else has changed. */
static void kerberos(void **unused)
{
    const uint32_t web1 = GSS_UIDS + 1, web2 = GSS_UIDS + 2;

    (void)unused;
    complete(come_as("alice", 1, web1));
    crash();
    assert_true(in_grace());
    assert_false(come_as("alice", 1, web2)->may_reclaim);
    assert_false(come_as("alice", 1, OWNER_UID)->may_reclaim);
    crash();
    assert_true(come_as("alice", 2, web1)->may_reclaim);
}

/* --grace 0: no client reclaims, so none may later. */
static void no_grace(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    begin_life_of(LEASE_S, 0);
    assert_false(in_grace());
    assert_int_equal(reclaim(come("alice")), NFS4ERR_NO_GRACE);
    crash();
    assert_false(in_grace());
}

/* RFC 8881 §8.4.2.1: as long as the lease of the former life, also when the restarted server
 * restarts. */
static void by_lease(void **unused)
{
    (void)unused;
    come_and_complete("alice");
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    tick_at(LEASE_S - 1);
    assert_true(in_grace());
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    tick_at(LEASE_S - 1);
    assert_true(in_grace());
    tick_at(LEASE_S);
    assert_false(in_grace());
    come_and_complete("alice");
    end_life();
    begin_life_of(1, RECOVERY_GRACE_BY_LEASE);
    assert_true(in_grace());
    tick_at(1);
    assert_false(in_grace());
}

/* Without a state directory. */
static void nothing_outlives(void **unused)
{
    const struct recovery_config config = {.dir = -1, .lease_s = LEASE_S, .grace_s = GRACE_S};
    char error[64];
    struct recovery *recovery = recovery_open(&config, clock_now_ns(), error, sizeof(error));

    (void)unused;
    assert_non_null(recovery);
    assert_false(recovery_in_grace(recovery));
    recovery_close(recovery);
}

enum {
    RECLAIMERS = 6
};

/* Reclaims until that is no longer allowed. None is granted outside the grace period. */
static void *reclaim_on(void *arg)
{
    struct recovery *recovery = state->recovery;
    enum nfsstat4 status;

    do {
        status = recovery_client_reclaim_begin(recovery, arg, born_ns);
        CHECK(status == NFS4_OK || status == NFS4ERR_DELAY || status == NFS4ERR_NO_GRACE);
        if (status != NFS4_OK)
            continue;
        for (int i = 0; i < 20; i++)
            CHECK(recovery_in_grace(recovery));
        recovery_reclaim_end(recovery);
    } while (status != NFS4ERR_NO_GRACE);
    return NULL;
}

static void ends_under_reclaims(void **unused)
{
    pthread_t threads[RECLAIMERS];
    struct client *clients[RECLAIMERS];
    char name[32];

    (void)unused;
    for (int life = 0; life < 2; life++) {
        for (int i = 0; i < RECLAIMERS; i++) {
            (void)snprintf(name, sizeof(name), "client %d", i);
            clients[i] = life == 0 ? come_and_complete(name) : come(name);
        }
        if (life == 0)
            crash();
    }
    for (int i = 0; i < RECLAIMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reclaim_on, clients[i]), 0);
    while (in_grace())
        tick_at(2 * GRACE_S);
    for (int i = 0; i < RECLAIMERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    crash();
    assert_false(in_grace());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(no_client_to_wait_for),
        RECOVERY_TEST(reclaims),
        RECOVERY_TEST(completes_among_others),
        RECOVERY_TEST(comes_too_late),
        RECOVERY_TEST(comes_up_slowly),
        RECOVERY_TEST(stalls_in_grace),
        RECOVERY_TEST(completes_after_grace),
        RECOVERY_TEST(goes_on_while_reclaiming),
        RECOVERY_TEST(pauses_too_long),
        RECOVERY_TEST(waits_for_reclaim),
        RECOVERY_TEST(ended_early),
        RECOVERY_TEST(ended_early_while_reclaiming),
        RECOVERY_TEST(crashes_in_grace),
        RECOVERY_TEST(lost_in_a_partition),
        RECOVERY_TEST(stays_lost),
        RECOVERY_TEST(acknowledges_losses),
        RECOVERY_TEST(lost_in_grace),
        RECOVERY_TEST(reboots),
        RECOVERY_TEST(reboots_half),
        RECOVERY_TEST(leaves),
        RECOVERY_TEST(drops_aside),
        RECOVERY_TEST(names),
        RECOVERY_TEST(kerberos),
        RECOVERY_TEST(no_grace),
        RECOVERY_TEST(by_lease),
        RECOVERY_TEST(nothing_outlives),
        RECOVERY_TEST(ends_under_reclaims),
        RECOVERY_TEST(completes_with_losses),
        RECOVERY_TEST(completes_with_losses_in_grace),
        RECOVERY_TEST(completes_when_gone),
        RECOVERY_TEST(loses_after_reboot),
    };

    return test_group_run(tests);
}
