/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients register, complete, lose state, acknowledge, restart and leave, all at once, while others
 * conflict with them, the timer ticks and the disk is full from time to time. After a crash exactly
 * those clients may reclaim that have all their state, or know what they have lost (P-12, L-11; RFC
 * 8881 §8.4.3).
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/directory.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/client/client_table.h"
#include "state/file/revocation.h"
#include "state/recovery/recovery.h"
#include "state/recovery/recovery_grace.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "vfs/vfs_blocking.h"

enum {
    USERS = 6,
    THIEVES = 2,
    TURNS = 400,
    LIVES = 6
};

struct user {
    uint32_t number;
    unsigned seed;
    struct session_conn *conn;
    struct client *client; /* a reference, or NULL */
    _Atomic uint64_t id;   /* read by thieves */
    bool complete;
    uint32_t losses;
};

static char directory[64];
static int dir_fd;
static struct state *state;
static struct user users[USERS];
static _Atomic bool stop, failing;
static const struct client_caller who = CLIENT_CALLER_SYS(1000);

static bool no_state(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
    return false;
}

static void begin_life(uint32_t grace_s)
{
    const struct recovery_config recovery = {dir_fd, 1000, grace_s};
    struct state_config config = {.lease_s = 1000};
    char error[256] = "";

    config.recovery = recovery_open(&recovery, clock_now_ns(), error, sizeof(error));
    assert_string_equal(error, "");
    state = state_create(&config);
    state_hook_clients(state, &(struct state_client_hooks){.has_state = no_state});
}

/* EXCHANGE_ID as a new incarnation. */
static uint64_t introduce(const struct user *user, uint64_t verifier, uint32_t *sequence)
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
    struct client_exchange made;
    char name[16];

    (void)snprintf(name, sizeof(name), "user %u", user->number);
    memcpy(args.eia_clientowner.co_verifier, &verifier, sizeof(verifier));
    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)name, (uint32_t)strlen(name)};
    CHECK(client_exchange_id(state, &who, NULL, &args, clock_now_ns(), &made) == NFS4_OK);
    *sequence = made.sequence;
    return made.clientid;
}

static void forget(struct user *user)
{
    if (user->client)
        client_put(user->client);
    user->client = NULL;
    user->complete = false;
    user->losses = 0;
}

static void start_anew(struct user *user, uint64_t verifier)
{
    struct CREATE_SESSION4args args = {
        .csa_fore_chan_attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0},
        .csa_back_chan_attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0},
    };
    struct CREATE_SESSION4resok res;

    args.csa_clientid = introduce(user, verifier, &args.csa_sequence);
    CHECK(session_create(state, &who, user->conn, 1, &args, clock_now_ns(), &res) == NFS4_OK);
    CHECK(session_destroy(state, res.csr_sessionid, user->conn, NULL, 0) == NFS4_OK);
    forget(user);
    user->client = client_lookup(state, args.csa_clientid);
    CHECK(user->client != NULL);
    atomic_store(&user->id, args.csa_clientid);
}

static void lose(struct user *user)
{
    if (revocation_begin(user->client, NFS4ERR_EXPIRED))
        user->losses++;
    else
        revocation_end(user->client, NFS4ERR_EXPIRED);
}

static void acknowledge(struct user *user)
{
    for (; user->losses > 0; user->losses--)
        revocation_end(user->client, NFS4ERR_EXPIRED);
}

static void turn(struct user *user, uint32_t number)
{
    uint32_t what = (uint32_t)rand_r(&user->seed) % 8;

    if (!user->client || what == 0) {
        start_anew(user, number + 1);
    } else if (what == 1) {
        CHECK(client_destroy_id(state, user->client->id, &who, clock_now_ns()) == NFS4_OK);
        forget(user);
    } else if (what < 5) {
        enum nfsstat4 status = client_reclaim_complete(user->client);

        CHECK(status == (user->complete ? NFS4ERR_COMPLETE_ALREADY : NFS4_OK) ||
              (status == NFS4ERR_DELAY && atomic_load(&failing)));
        user->complete = user->complete || status == NFS4_OK;
    } else if (what < 7) {
        acknowledge(user);
    } else {
        lose(user);
    }
}

static void *user_run(void *arg)
{
    struct user *user = arg;

    user->conn = session_conn_create(NULL);
    for (uint32_t i = 0; i < TURNS; i++)
        turn(user, i);
    session_conn_destroy(user->conn);
    return NULL;
}

/* Meets a client's state, and finds that it did not conflict after all. */
static void *thief_run(void *arg)
{
    unsigned seed = *(unsigned *)arg;

    while (!atomic_load(&stop)) {
        struct user *user = &users[(uint32_t)rand_r(&seed) % USERS];
        struct client *client = client_lookup(state, atomic_load(&user->id));

        if (!client)
            continue;
        for (int i = rand_r(&seed) % 50; i > 0; i--)
            sched_yield();
        CHECK(revocation_begin(client, NFS4ERR_EXPIRED) || atomic_load(&failing));
        revocation_end(client, NFS4ERR_EXPIRED);
        client_put(client);
    }
    return NULL;
}

static void disk_full(bool full)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = full ? 1 : limit.rlim_max;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void *timer_run(void *arg)
{
    const struct timespec pause = {.tv_nsec = NSEC_PER_MSEC};

    for (uint32_t i = 0; !atomic_load(&stop); i++) {
        if (atomic_load(&failing))
            disk_full(i % 16 < 4);
        recovery_tick(state->recovery, clock_now_ns());
        (void)nanosleep(&pause, NULL);
    }
    return arg;
}

static void live(void)
{
    pthread_t threads[USERS], thieves[THIEVES], timer;
    unsigned seeds[THIEVES];

    atomic_store(&stop, false);
    CHECK(pthread_create(&timer, NULL, timer_run, NULL) == 0);
    for (unsigned i = 0; i < THIEVES; i++) {
        seeds[i] = i;
        CHECK(pthread_create(&thieves[i], NULL, thief_run, &seeds[i]) == 0);
    }
    for (uint32_t i = 0; i < USERS; i++)
        CHECK(pthread_create(&threads[i], NULL, user_run, &users[i]) == 0);
    for (uint32_t i = 0; i < USERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < THIEVES; i++)
        pthread_join(thieves[i], NULL);
    pthread_join(timer, NULL);
    disk_full(false);
    recovery_tick(state->recovery, clock_now_ns()); /* removes what could not be removed */
    assert_int_equal(recovery_grant_status(state->recovery) == NFS4ERR_DELAY, false);
}

/* The next life: which clients may reclaim? An acknowledgement that could not be written costs the
 * right. */
static void compare(const bool *whole, bool all)
{
    for (uint32_t i = 0; i < USERS; i++) {
        uint32_t sequence;
        struct client *client = client_lookup(state, introduce(&users[i], 0, &sequence));

        assert_non_null(client);
        if (client->may_reclaim && !whole[i])
            fail_msg("user %u may reclaim", i);
        if (!client->may_reclaim && whole[i] && all)
            fail_msg("user %u may not reclaim", i);
        client_put(client);
    }
}

/* Delays a thread that waits for the disk now and then, before it waits and when it is back. */
static void dawdle(void)
{
    static _Atomic unsigned turns;
    unsigned now = atomic_fetch_add(&turns, 1);
    const struct timespec pause = {.tv_nsec = (long)(now * 2654435761u >> 24) * 2000};

    if (now % 3 == 0)
        (void)nanosleep(&pause, NULL);
}

static void wait_begins(bool surely)
{
    (void)surely;
    dawdle();
}

static void lives(bool disk_fails)
{
    bool whole[USERS];

    for (int life = 0; life < LIVES; life++) {
        atomic_store(&failing, disk_fails);
        begin_life(0); /* no client has state */
        for (uint32_t i = 0; i < USERS; i++)
            users[i] = (struct user){.number = i, .seed = (unsigned)(life * USERS) + i};
        live();
        for (uint32_t i = 0; i < USERS; i++) {
            whole[i] = users[i].complete && users[i].losses == 0;
            forget(&users[i]);
        }
        state_destroy(state);
        begin_life(1000);
        compare(whole, !disk_fails);
        state_destroy(state);
    }
}

static int set_up(void **unused)
{
    (void)unused;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){wait_begins, dawdle};
    strcpy(directory, "/tmp/mainstay-recovery.XXXXXX");
    dir_fd = directory_make(directory);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    close(dir_fd);
    return directory_remove(directory);
}

static void all_at_once(void **unused)
{
    (void)unused;
    lives(false);
}

static void with_a_full_disk(void **unused)
{
    (void)unused;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    lives(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_a_full_disk, set_up, tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
