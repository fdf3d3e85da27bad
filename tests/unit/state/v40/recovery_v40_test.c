/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who of 4.0 may reclaim after a restart (RFC 7530 §9.6.2, §9.6.3), alone and beside clients of 4.1 (P-06,
 * SR-29): lives of the state tables with one state directory.  A life ends as by a crash.
 */
#include "state/recovery/recovery.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "lib/test.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "unit/state/v40/v40_fixture.h"

enum {
    LEASE_S = 10,
    GRACE_S = 20
};

static char directory[64];
static int dir_fd;
static struct state *state;
static struct session_conn *conn;
static int64_t born_ns; /* when this life began */

static void hook_release(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
}

static bool hook_has_state(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
    return false;
}

static void begin_life(void)
{
    const struct recovery_config recovery = {dir_fd, LEASE_S, GRACE_S};
    struct state_config config = {.lease_s = LEASE_S, .server_owner = "test"};
    char error[256] = "";

    born_ns = clock_now_ns();
    config.recovery = recovery_open(&recovery, born_ns, error, sizeof(error));
    assert_string_equal(error, "");
    state = state_create(&config);
    state_hook_clients(state, &(struct state_client_hooks){hook_release, hook_has_state});
    conn = session_conn_create(NULL);
}

static void end_life(void)
{
    session_conn_destroy(conn);
    state_destroy(state);
    state = NULL;
}

static void crash(void)
{
    end_life();
    begin_life();
}

static int set_up(void **unused)
{
    (void)unused;
    strcpy(directory, "/tmp/mainstay-recovery40.XXXXXX");
    assert_non_null(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir_fd >= 0);
    begin_life();
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **unused)
{
    (void)unused;
    if (state)
        end_life();
    close(dir_fd);
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The table keeps it. */
static struct client *come_as(const char *owner, uint8_t verifier)
{
    struct client *client = v40_client(state, owner, verifier);

    client_put(client);
    return client;
}

static struct client *come(const char *owner)
{
    return come_as(owner, 1);
}

/* May it open something? */
static enum nfsstat4 grant(struct client *client)
{
    return recovery_client_grant(state->recovery, client);
}

static struct client *come_and_open(const char *owner)
{
    struct client *client = come(owner);

    assert_int_equal(grant(client), NFS4_OK);
    return client;
}

/* A reclaim that ends so. */
static enum nfsstat4 reclaim_ending(struct client *client, bool granted)
{
    enum nfsstat4 status = recovery_reclaim_begin(state->recovery, client, clock_now_ns());

    if (status != NFS4_OK)
        return status;
    if (granted)
        recovery_client_reclaimed(state->recovery, client);
    recovery_reclaim_end(state->recovery);
    return NFS4_OK;
}

static enum nfsstat4 reclaim(struct client *client)
{
    return reclaim_ending(client, true);
}

static bool in_grace(void)
{
    return recovery_in_grace(state->recovery);
}

/* The timer, so many seconds into this life. */
static void tick_at(int seconds)
{
    recovery_tick(state->recovery, born_ns + seconds * NSEC_PER_SEC);
}

static void grace_ends(void)
{
    assert_true(in_grace());
    tick_at(GRACE_S + 5);
    assert_false(in_grace());
}

/* One of 4.1 of that name, without a session. */
static struct client *come_v41(const char *owner)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
    struct CREATE_SESSION4args create = {.csa_fore_chan_attrs = attrs,
                                         .csa_back_chan_attrs = attrs};
    struct CREATE_SESSION4resok res;
    struct client_exchange made;
    struct client *client;

    memset(args.eia_clientowner.co_verifier, 1, NFS4_VERIFIER_SIZE);
    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    assert_int_equal(client_exchange_id(state, &v40_alice, &args, clock_now_ns(), &made), NFS4_OK);
    create.csa_clientid = made.clientid;
    create.csa_sequence = made.sequence;
    assert_int_equal(session_create(state, &v40_alice, conn, &create, clock_now_ns(), &res),
                     NFS4_OK);
    assert_int_equal(session_destroy(state, res.csr_sessionid, conn, NULL, 0), NFS4_OK);
    client = client_lookup(state, made.clientid);
    client_put(client);
    return client;
}

/* It is known from its first open on, and not before. */
static void recorded_at_the_first_open(void **unused)
{
    struct client *client = come("c");

    (void)unused;
    assert_false(client->may_reclaim);
    assert_int_equal(reclaim(client), NFS4ERR_NO_GRACE);
    crash();
    assert_false(in_grace());
    client = come_and_open("c");
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_true(in_grace());
    assert_false(come("another")->may_reclaim);
    assert_false(come_v41("c")->may_reclaim);
    assert_true(come("c")->may_reclaim);
}

/* Nobody says that he has reclaimed all: it takes its time. */
static void grace_has_its_full_length(void **unused)
{
    struct client *client, *stranger;

    (void)unused;
    come_and_open("c");
    crash();
    client = come("c");
    stranger = come("stranger");
    assert_int_equal(reclaim(client), NFS4_OK);
    assert_int_equal(reclaim(client), NFS4_OK);
    assert_int_equal(reclaim(stranger), NFS4ERR_NO_GRACE);
    for (int i = 0; i < GRACE_S; i += 5) {
        tick_at(i);
        assert_int_equal(grant(client), NFS4ERR_GRACE);
        assert_int_equal(grant(stranger), NFS4ERR_GRACE);
        assert_int_equal(reclaim(client), NFS4_OK);
    }
    grace_ends();
    assert_int_equal(reclaim(client), NFS4ERR_NO_GRACE);
    assert_int_equal(grant(client), NFS4_OK);
    assert_int_equal(grant(stranger), NFS4_OK);
    /* It has stayed. */
    crash();
    assert_true(come("c")->may_reclaim);
    assert_true(come("stranger")->may_reclaim);
}

/* What was reclaimed before a crash in the middle counts for nothing less. */
static void crash_in_grace(void **unused)
{
    (void)unused;
    come_and_open("c");
    come_and_open("d");
    crash();
    assert_int_equal(reclaim(come("c")), NFS4_OK);
    crash();
    assert_int_equal(reclaim(come("c")), NFS4_OK);
    assert_int_equal(reclaim(come("d")), NFS4_OK);
    grace_ends();
    crash();
    assert_true(come("c")->may_reclaim);
    assert_true(come("d")->may_reclaim);
}

/* RFC 7530 §9.6.3.4.2: who reclaimed nothing in one life has nothing to reclaim in the next, whether
 * he came or not. */
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
    (void)come("just came");
    tried = come("tried in vain");
    assert_int_equal(reclaim_ending(tried, false), NFS4_OK);
    assert_int_equal(reclaim(come("reclaimed")), NFS4_OK);
    grace_ends();
    assert_int_equal(grant(come("came late")), NFS4_OK); /* as a new one */
    crash();
    assert_false(come("stayed away")->may_reclaim);
    assert_false(come("just came")->may_reclaim);
    assert_false(come("tried in vain")->may_reclaim);
    assert_true(come("came late")->may_reclaim);
    assert_true(come("reclaimed")->may_reclaim);
    assert_int_equal(reclaim(come("stayed away")), NFS4ERR_NO_GRACE);
}

static void lose(struct client *client, int change)
{
    atomic_fetch_add(&client->revoked_count, (uint32_t)change);
}

/* RFC 7530 §9.6.3.4.1: something of his was given to somebody else, and he does not know. */
static void first_edge_condition(void **unused)
{
    struct client *lost = come_and_open("lost"), *knows = come_and_open("knows");

    (void)unused;
    lose(lost, 1);
    assert_true(recovery_client_lost(state->recovery, lost));
    lose(knows, 1);
    assert_true(recovery_client_lost(state->recovery, knows));
    lose(knows, -1);
    recovery_client_whole(state->recovery, knows);
    crash();
    lost = come("lost");
    knows = come("knows");
    assert_int_equal(reclaim(lost), NFS4ERR_NO_GRACE);
    assert_int_equal(reclaim(knows), NFS4_OK);
    grace_ends();
    /* And then he has what he opens. */
    assert_int_equal(grant(lost), NFS4_OK);
    crash();
    assert_true(come("lost")->may_reclaim);
}

/* One that lost all before its first open was recorded in this life. */
static void losses_stay_with_a_new_open(void **unused)
{
    struct client *client = come_and_open("c");

    (void)unused;
    lose(client, 1);
    assert_true(recovery_client_lost(state->recovery, client));
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_false(in_grace());
    assert_false(come("c")->may_reclaim);
}

/* A client that has booted in between has nothing, and its record goes with what it had. */
static void another_incarnation(void **unused)
{
    struct client *first, *second;

    (void)unused;
    come_and_open("c");
    come_and_open("d");
    crash();
    first = come_as("c", 1);
    assert_true(first->may_reclaim);
    assert_int_equal(reclaim(first), NFS4_OK);
    second = come_as("c", 2);
    assert_false(second->may_reclaim);
    assert_int_equal(reclaim(second), NFS4ERR_NO_GRACE);
    assert_int_equal(grant(second), NFS4ERR_GRACE);
    crash();
    assert_false(come("c")->may_reclaim);
    assert_true(come("d")->may_reclaim);
}

/* The same one that says its name twice is the same. */
static void same_incarnation(void **unused)
{
    struct client *client;

    (void)unused;
    come_and_open("c");
    crash();
    client = come("c");
    assert_ptr_equal(come("c"), client);
    assert_int_equal(reclaim(client), NFS4_OK);
    assert_ptr_equal(come("c"), client);
    assert_int_equal(reclaim(client), NFS4_OK);
}

/* Both kinds: each has its own end, and the period that of the later one. */
static void both_kinds(void **unused)
{
    struct client *old, *new;

    (void)unused;
    come_and_open("host");
    assert_int_equal(client_reclaim_complete(come_v41("host")), NFS4_OK);
    crash();
    old = come("host");
    new = come_v41("host");
    assert_true(old->may_reclaim && new->may_reclaim);
    assert_int_equal(reclaim(new), NFS4_OK);
    assert_int_equal(reclaim(old), NFS4_OK);
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_true(in_grace());
    tick_at(GRACE_S - 5);
    assert_int_equal(grant(old), NFS4ERR_GRACE);
    assert_int_equal(grant(new), NFS4ERR_GRACE);
    assert_int_equal(reclaim(new), NFS4ERR_NO_GRACE); /* it has said so */
    assert_int_equal(reclaim(old), NFS4_OK);
    grace_ends();
    assert_int_equal(grant(old), NFS4_OK);
    assert_int_equal(grant(new), NFS4_OK);
    crash();
    assert_true(come("host")->may_reclaim);
    assert_true(come_v41("host")->may_reclaim);
}

/* The end of one is not the end of its namesake. */
static void one_kind_goes(void **unused)
{
    struct client *new;

    (void)unused;
    come_and_open("host");
    new = come_v41("host");
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_int_equal(client_destroy_id(state, new->id, clock_now_ns()), NFS4_OK);
    crash();
    assert_true(in_grace());
    assert_false(come_v41("host")->may_reclaim);
    assert_true(come("host")->may_reclaim);
}

/* When only clients of 4.1 had state, their last word ends it. */
static void only_new_ones_awaited(void **unused)
{
    struct client *new;

    (void)unused;
    (void)come("never opened");
    assert_int_equal(client_reclaim_complete(come_v41("new")), NFS4_OK);
    crash();
    (void)come("never opened");
    new = come_v41("new");
    assert_int_equal(client_reclaim_complete(new), NFS4_OK);
    assert_false(in_grace());
}

/* As a full disk: what would make a file longer than it is fails. */
static void disk_full(bool full)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? 1 : limit.rlim_max;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Who cannot be recorded gets nothing yet. */
static void cannot_be_written(void **unused)
{
    struct client *client = come("c"), *known = come_and_open("known");

    (void)unused;
    disk_full(true);
    assert_int_equal(grant(client), NFS4ERR_DELAY);
    assert_int_equal(grant(client), NFS4ERR_DELAY);
    assert_int_equal(grant(known), NFS4_OK);
    disk_full(false);
    assert_int_equal(grant(client), NFS4_OK);
    crash();
    assert_true(come("c")->may_reclaim);
}

static void removed_client(void **unused)
{
    struct client *client = v40_client(state, "c", 1);

    (void)unused;
    (void)come_as("c", 2);
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

/* First opens of one client at the same time, and of many: all are known before they are answered. */
static void first_opens_together(void **unused)
{
    static struct client *clients[THREADS][ROUNDS];
    pthread_t threads[THREADS];
    char name[32];

    (void)unused;
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < ROUNDS; i++) {
            (void)snprintf(name, sizeof(name), "%d %d", t / 2, i); /* two threads each */
            clients[t][i] = come(name);
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
            assert_true(come(name)->may_reclaim);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(recorded_at_the_first_open),
        TEST(grace_has_its_full_length),
        TEST(crash_in_grace),
        TEST(second_edge_condition),
        TEST(first_edge_condition),
        TEST(losses_stay_with_a_new_open),
        TEST(another_incarnation),
        TEST(same_incarnation),
        TEST(both_kinds),
        TEST(one_kind_goes),
        TEST(only_new_ones_awaited),
        TEST(cannot_be_written),
        TEST(removed_client),
        TEST(first_opens_together),
    };

    return test_group_run(tests);
}
