/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which clients of 4.0 may reclaim after a restart (RFC 7530 §9.6.2, §9.6.3), alone and beside
 * clients of 4.1 (P-06, SR-29).
 */
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "lib/disk.h"
#include "state/client/client_table.h"
#include "state/recovery/recovery_grace.h"
#include "unit/state/recovery/recovery_fixture.h"
#include "unit/state/v40/v40_fixture.h"

/* The table keeps a reference. */
static struct client *come_v40_as(const char *owner, uint8_t verifier)
{
    struct client *client = v40_client(state, owner, verifier);

    client_put(client);
    return client;
}

static struct client *come_v40(const char *owner)
{
    return come_v40_as(owner, 1);
}

/* May it open something? */
static enum nfsstat4 grant(struct client *client)
{
    return recovery_client_grant(state->recovery, client);
}

static struct client *come_and_open(const char *owner)
{
    struct client *client = come_v40(owner);

    assert_int_equal(grant(client), NFS4_OK);
    return client;
}

/* A reclaim with this outcome. */
static enum nfsstat4 reclaim_ending(struct client *client, bool granted)
{
    enum nfsstat4 status = recovery_client_reclaim_begin(state->recovery, client, clock_now_ns());

    if (status != NFS4_OK)
        return status;
    if (granted)
        recovery_client_reclaimed(state->recovery, client);
    recovery_reclaim_end(state->recovery);
    return NFS4_OK;
}

/* A reclaim that is granted. */
static enum nfsstat4 regain(struct client *client)
{
    return reclaim_ending(client, true);
}

static void grace_ends(void)
{
    assert_true(in_grace());
    tick_at(GRACE_S + 5);
    assert_false(in_grace());
}

/* A client is recorded at its first open, and not before. */
static void recorded_at_the_first_open(void **unused)
{
    struct client *client = come_v40("c");

    (void)unused;
    assert_false(client->may_reclaim);
    assert_int_equal(regain(client), NFS4ERR_NO_GRACE);
    crash();
    assert_false(in_grace());
    client = come_and_open("c");
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_true(in_grace());
    assert_false(come_v40("another")->may_reclaim);
    assert_false(come("c")->may_reclaim);
    assert_true(come_v40("c")->may_reclaim);
}

/* No client reports that it has reclaimed all: the grace period lasts its full time. */
static void grace_has_its_full_length(void **unused)
{
    struct client *client, *stranger;

    (void)unused;
    come_and_open("c");
    crash();
    client = come_v40("c");
    stranger = come_v40("stranger");
    assert_int_equal(regain(client), NFS4_OK);
    assert_int_equal(regain(client), NFS4_OK);
    assert_int_equal(regain(stranger), NFS4ERR_NO_GRACE);
    for (int i = 0; i < GRACE_S; i += 5) {
        tick_at(i);
        assert_int_equal(grant(client), NFS4ERR_GRACE);
        assert_int_equal(grant(stranger), NFS4ERR_GRACE);
        assert_int_equal(regain(client), NFS4_OK);
    }
    grace_ends();
    assert_int_equal(regain(client), NFS4ERR_NO_GRACE);
    assert_int_equal(grant(client), NFS4_OK);
    assert_int_equal(grant(stranger), NFS4_OK);
    /* The record has stayed. */
    crash();
    assert_true(come_v40("c")->may_reclaim);
    assert_true(come_v40("stranger")->may_reclaim);
}

/* A reclaim before a crash during the grace period stays valid. */
static void crash_in_grace(void **unused)
{
    (void)unused;
    come_and_open("c");
    come_and_open("d");
    crash();
    assert_int_equal(regain(come_v40("c")), NFS4_OK);
    crash();
    assert_int_equal(regain(come_v40("c")), NFS4_OK);
    assert_int_equal(regain(come_v40("d")), NFS4_OK);
    grace_ends();
    crash();
    assert_true(come_v40("c")->may_reclaim);
    assert_true(come_v40("d")->may_reclaim);
}

/* RFC 7530 §9.6.3.4.2: a client that reclaimed nothing in one life of the server has nothing to
 * reclaim in the next, whether it returned or not. */
static void second_edge_condition(void **unused)
{
    struct client *tried;

    (void)unused;
    come_and_open("stayed away");
    come_and_open("just came");
    come_and_open("tried in vain");
    come_and_open("came late");
    come_and_open("reclaimed");
    crash();
    (void)come_v40("just came");
    tried = come_v40("tried in vain");
    assert_int_equal(reclaim_ending(tried, false), NFS4_OK);
    assert_int_equal(regain(come_v40("reclaimed")), NFS4_OK);
    grace_ends();
    assert_int_equal(grant(come_v40("came late")), NFS4_OK); /* as a new client */
    crash();
    assert_false(come_v40("stayed away")->may_reclaim);
    assert_false(come_v40("just came")->may_reclaim);
    assert_false(come_v40("tried in vain")->may_reclaim);
    assert_true(come_v40("came late")->may_reclaim);
    assert_true(come_v40("reclaimed")->may_reclaim);
    assert_int_equal(regain(come_v40("stayed away")), NFS4ERR_NO_GRACE);
}

/* RFC 7530 §9.6.3.4.1: state of the client was given to another, and it has not been told. */
static void first_edge_condition(void **unused)
{
    struct client *lost = come_and_open("lost"), *knows = come_and_open("knows");

    (void)unused;
    count_revoked(lost, 1);
    assert_true(recovery_client_mark_loss(state->recovery, lost));
    count_revoked(knows, 1);
    assert_true(recovery_client_mark_loss(state->recovery, knows));
    count_revoked(knows, -1);
    recovery_client_clear_loss(state->recovery, knows);
    crash();
    lost = come_v40("lost");
    knows = come_v40("knows");
    assert_int_equal(regain(lost), NFS4ERR_NO_GRACE);
    assert_int_equal(regain(knows), NFS4_OK);
    grace_ends();
    /* And then its new opens are recorded. */
    assert_int_equal(grant(lost), NFS4_OK);
    crash();
    assert_true(come_v40("lost")->may_reclaim);
}

/* A client that lost all before its first open was recorded in this life. */
static void losses_stay_with_a_new_open(void **unused)
{
    struct client *client = come_and_open("c");

    (void)unused;
    count_revoked(client, 1);
    assert_true(recovery_client_mark_loss(state->recovery, client));
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_false(in_grace());
    assert_false(come_v40("c")->may_reclaim);
}

/* A client that has rebooted meanwhile has no state, and its record ends with the former state. */
static void another_incarnation(void **unused)
{
    struct client *first, *second;

    (void)unused;
    come_and_open("c");
    come_and_open("d");
    crash();
    first = come_v40_as("c", 1);
    assert_true(first->may_reclaim);
    assert_int_equal(regain(first), NFS4_OK);
    second = come_v40_as("c", 2);
    assert_false(second->may_reclaim);
    assert_int_equal(regain(second), NFS4ERR_NO_GRACE);
    assert_int_equal(grant(second), NFS4ERR_GRACE);
    crash();
    assert_false(come_v40("c")->may_reclaim);
    assert_true(come_v40("d")->may_reclaim);
}

/* A client that registers twice is the same client. */
static void same_incarnation(void **unused)
{
    struct client *client;

    (void)unused;
    come_and_open("c");
    crash();
    client = come_v40("c");
    assert_ptr_equal(come_v40("c"), client);
    assert_int_equal(regain(client), NFS4_OK);
    assert_ptr_equal(come_v40("c"), client);
    assert_int_equal(regain(client), NFS4_OK);
}

/* Both versions: each has its own end, and the period ends with the later one. */
static void both_kinds(void **unused)
{
    struct client *old, *new;

    (void)unused;
    come_and_open("host");
    assert_int_equal(client_reclaim_complete(come("host")), NFS4_OK);
    crash();
    old = come_v40("host");
    new = come("host");
    assert_true(old->may_reclaim && new->may_reclaim);
    assert_int_equal(regain(new), NFS4_OK);
    assert_int_equal(regain(old), NFS4_OK);
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_true(in_grace());
    tick_at(GRACE_S - 5);
    assert_int_equal(grant(old), NFS4ERR_GRACE);
    assert_int_equal(grant(new), NFS4ERR_GRACE);
    assert_int_equal(regain(new), NFS4ERR_NO_GRACE); /* it has sent RECLAIM_COMPLETE */
    assert_int_equal(regain(old), NFS4_OK);
    grace_ends();
    assert_int_equal(grant(old), NFS4_OK);
    assert_int_equal(grant(new), NFS4_OK);
    crash();
    assert_true(come_v40("host")->may_reclaim);
    assert_true(come("host")->may_reclaim);
}

/* The end of one is not the end of its namesake. */
static void one_version_ends(void **unused)
{
    struct client *new;

    (void)unused;
    come_and_open("host");
    new = come("host");
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_int_equal(client_destroy_id(state, new->id, &v40_alice, clock_now_ns()), NFS4_OK);
    crash();
    assert_true(in_grace());
    assert_false(come("host")->may_reclaim);
    assert_true(come_v40("host")->may_reclaim);
}

/* When only clients of 4.1 had state, their RECLAIM_COMPLETEs end the period. */
static void only_v41_awaited(void **unused)
{
    struct client *new;

    (void)unused;
    (void)come_v40("never opened");
    assert_int_equal(client_reclaim_complete(come("new")), NFS4_OK);
    crash();
    (void)come_v40("never opened");
    new = come("new");
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_false(in_grace());
}

/* A client that cannot be recorded gets no state yet. */
static void cannot_be_written(void **unused)
{
    struct client *client = come_v40("c"), *known = come_and_open("known");

    (void)unused;
    disk_full(true);
    assert_int_equal(grant(client), NFS4ERR_DELAY);
    assert_int_equal(grant(client), NFS4ERR_DELAY);
    assert_int_equal(grant(known), NFS4_OK);
    disk_full(false);
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_true(come_v40("c")->may_reclaim);
}

static void removed_client(void **unused)
{
    struct client *client = v40_client(state, "c", 1);

    (void)unused;
    (void)come_v40_as("c", 2);
    assert_true(client_dead(client));
    assert_int_equal(grant(client), NFS4ERR_DELAY);
    client_put(client);
    crash();
    assert_false(in_grace());
}

enum {
    THREADS = 16,
    ROUNDS = 20
};

static void *open_much(void *arg)
{
    struct client **clients = arg;

    for (int i = 0; i < ROUNDS; i++)
        CHECK(grant(clients[i]) == NFS4_OK);
    return NULL;
}

/* First opens of one client at the same time, and of many: all clients are recorded before the
 * opens are answered. */
static void first_opens_together(void **unused)
{
    static struct client *clients[THREADS][ROUNDS];
    pthread_t threads[THREADS];
    char name[32];

    (void)unused;
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < ROUNDS; i++) {
            (void)snprintf(name, sizeof(name), "%d %d", t / 2, i); /* two threads each */
            clients[t][i] = come_v40(name);
        }
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, open_much, clients[t]), 0);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    crash();
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < ROUNDS; i++) {
            (void)snprintf(name, sizeof(name), "%d %d", t / 2, i);
            assert_true(come_v40(name)->may_reclaim);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(recorded_at_the_first_open),
        RECOVERY_TEST(grace_has_its_full_length),
        RECOVERY_TEST(crash_in_grace),
        RECOVERY_TEST(second_edge_condition),
        RECOVERY_TEST(first_edge_condition),
        RECOVERY_TEST(losses_stay_with_a_new_open),
        RECOVERY_TEST(another_incarnation),
        RECOVERY_TEST(same_incarnation),
        RECOVERY_TEST(both_kinds),
        RECOVERY_TEST(one_version_ends),
        RECOVERY_TEST(only_v41_awaited),
        RECOVERY_TEST(cannot_be_written),
        RECOVERY_TEST(removed_client),
        RECOVERY_TEST(first_opens_together),
    };

    return test_group_run(tests);
}
