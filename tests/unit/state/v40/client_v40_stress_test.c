/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of 4.0 and of 4.1 with the same owner strings (P-06, SR-29) register, reboot, are
 * confirmed, renew, fall silent, lose state and are removed, all at once. The test checks that the
 * sanitizer reports nothing, that no client is disturbed by its namesake, and that every count is
 * right at the end.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "lib/wait.h"
#include "state/client/client_exchange.h"
#include "state/client/client_info.h"
#include "state/client/client_lease.h"
#include "state/file/revocation.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "state/v40/client_setclientid.h"
#include "unit/state/open/open_fixture.h"
#include "unit/state/v40/v40_fixture.h"

enum {
    HOSTS = 3,
    TURNS = 2000, /* or as many as fit into TIME_S */
    TIME_S = 6,
    SHORT_OF_CLIENTS = 5
};

static const int64_t long_ago_ns = 3600 * NSEC_PER_SEC;
static int64_t end_ms;
static _Atomic bool stop;
static bool undisturbed;                  /* no client is evicted */
static uint32_t hosts[HOSTS] = {0, 1, 2}; /* argument of a thread: its number */

static bool more(uint32_t turn)
{
    return turn < TURNS && wait_now_ms() < end_ms;
}

static const char *host_name(uint32_t host)
{
    static const char *const names[HOSTS] = {"host one", "host two", "host three"};

    return names[host];
}

/* The client of 4.0 with that name: it reboots now and then, and its state ends only then. */
static void *old_host(void *arg)
{
    uint32_t host = *(const uint32_t *)arg;
    struct client_setclientid set;
    struct client *client = NULL, *found;
    unsigned seed = host + 1;
    uint8_t boot = 1;

    for (uint32_t turn = 0; more(turn); turn++) {
        enum nfsstat4 status;

        boot += (uint8_t)(rand_r(&seed) % 4 == 0);
        if (v40_set(fx.state, host_name(host), boot, &v40_alice, turn, &set) != NFS4_OK ||
            v40_confirm(fx.state, &set, &v40_alice, &found) != NFS4_OK) {
            CHECK(!undisturbed);
            continue;
        }
        CHECK(found->kind == CLIENT_V40 && found->id == set.clientid);
        if (client)
            client_put(client);
        client = found;
        status = client_renew_id(fx.state, v40_alice.principal, set.clientid, clock_now_ns());
        CHECK(status == NFS4_OK || (status == NFS4ERR_STALE_CLIENTID && !undisturbed));
        status = client_v40_begin(fx.state, set.clientid, clock_now_ns(), &found);
        CHECK(status == NFS4_OK || (status == NFS4ERR_STALE_CLIENTID && !undisturbed));
        if (status == NFS4_OK) {
            CHECK(found == client && atomic_load(&client->running) > 0);
            if (client_v40_begin_of(client, clock_now_ns()))
                client_v40_end(client);
            client_v40_end(found);
        }
    }
    if (client) {
        CHECK(atomic_load(&client->running) == 0);
        client_put(client);
    }
    return NULL;
}

/* Repeats the other thread's requests, as a network does. */
static void *echo(void *arg)
{
    uint32_t host = *(const uint32_t *)arg;
    struct client_setclientid set = {0};
    unsigned seed = host + 77;

    for (uint32_t turn = 0; !atomic_load(&stop); turn++) {
        if (rand_r(&seed) % 2)
            (void)v40_set(fx.state, host_name(host), 200, &v40_bob, turn, &set);
        else
            (void)client_renew_id(fx.state, v40_bob.principal, set.clientid, clock_now_ns());
        (void)v40_confirm(fx.state, &set, &v40_bob, NULL);
    }
    return NULL;
}

/* The client of 4.1 with that name. */
static void *new_host(void *arg)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, 8, {0}, 0};
    uint32_t host = *(const uint32_t *)arg;
    struct session_conn *conn = session_conn_create(NULL);
    struct CREATE_SESSION4resok res;
    struct client_exchange out;
    unsigned seed = host + 7;
    uint64_t last = 0;
    uint8_t boot = 1;

    for (uint32_t turn = 0; more(turn); turn++) {
        struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
        struct CREATE_SESSION4args create = {.csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};
        bool booted = rand_r(&seed) % 4 == 0;

        boot += booted;
        memset(args.eia_clientowner.co_verifier, boot, NFS4_VERIFIER_SIZE);
        args.eia_clientowner.co_ownerid = name_of(host_name(host));
        if (client_exchange_id(fx.state, &v40_alice, NULL, &args, clock_now_ns(), &out) !=
            NFS4_OK) {
            CHECK(!undisturbed);
            continue;
        }
        CHECK(!undisturbed || last == 0 || booted || (out.clientid == last && out.confirmed));
        create.csa_clientid = out.clientid;
        create.csa_sequence = out.sequence;
        last = 0;
        if (session_create(fx.state, &v40_alice, conn, 1, &create, clock_now_ns(), &res) !=
            NFS4_OK) {
            CHECK(!undisturbed);
            continue;
        }
        last = out.clientid;
        if (session_destroy(fx.state, res.csr_sessionid, conn, NULL, 0) != NFS4_OK)
            CHECK(!undisturbed);
        CHECK(client_renew_id(fx.state, v40_alice.principal, out.clientid, clock_now_ns()) ==
              NFS4ERR_STALE_CLIENTID);
    }
    session_conn_destroy(conn);
    return NULL;
}

static bool look(const struct client_info *info, void *arg)
{
    (void)arg;
    CHECK(info->kind == CLIENT_V40 ? info->sessions == 0 : info->callback.netid[0] == '\0');
    return true;
}

/* Time passes, but never so much that an idle client is removed. */
static void *timer(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        if (!undisturbed)
            clock_advance_ns(NSEC_PER_SEC);
        state_tick(fx.state, clock_now_ns());
        client_info_visit(fx.state, clock_now_ns(), 16, look, NULL);
        sched_yield();
    }
    return NULL;
}

static void namesakes(void)
{
    pthread_t old[HOSTS], new[HOSTS], noise[2];

    stop = false;
    end_ms = wait_now_ms() + TIME_S * 1000;
    assert_int_equal(pthread_create(&noise[0], NULL, timer, NULL), 0);
    for (uint32_t i = 0; i < HOSTS; i++) {
        assert_int_equal(pthread_create(&old[i], NULL, old_host, &hosts[i]), 0);
        assert_int_equal(pthread_create(&new[i], NULL, new_host, &hosts[i]), 0);
    }
    if (!undisturbed)
        assert_int_equal(pthread_create(&noise[1], NULL, echo, &hosts[HOSTS - 1]), 0);
    for (uint32_t i = 0; i < HOSTS; i++) {
        assert_int_equal(pthread_join(old[i], NULL), 0);
        assert_int_equal(pthread_join(new[i], NULL), 0);
    }
    stop = true;
    assert_int_equal(pthread_join(noise[0], NULL), 0);
    if (!undisturbed)
        assert_int_equal(pthread_join(noise[1], NULL), 0);
}

static void namesakes_undisturbed(void **unused)
{
    (void)unused;
    undisturbed = true;
    namesakes();
    /* The fixture's three, and two for each host. */
    assert_int_equal(fx.state->clients.count, 3 + 2 * HOSTS);
}

static void namesakes_evicted(void **unused)
{
    (void)unused;
    undisturbed = false;
    state_limit_set(fx.state, STATE_LIMIT_clients, SHORT_OF_CLIENTS);
    namesakes();
    assert_true(fx.state->clients.count <= SHORT_OF_CLIENTS);
}

static struct client *dave;

static void dave_asks(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup_any(fx.state->opens->stateids, stateid);

    if (!sid)
        return;
    CHECK(sid->client == dave);
    if (client_v40_begin_of(dave, clock_now_ns())) {
        if (stateid_revoked(sid) != NFS4_OK)
            client_v40_loss_reported(dave, sid, clock_now_ns());
        client_v40_end(dave);
    }
    stateid_put(sid);
}

/* Other threads may do the same: then the later call counts. */
static void dave_says_his_name(void)
{
    struct client_setclientid set;
    enum nfsstat4 status;

    CHECK(v40_set(fx.state, "dave", 1, &v40_alice, 1, &set) == NFS4_OK && set.clientid == dave->id);
    status = v40_confirm(fx.state, &set, &v40_alice, NULL);
    CHECK(status == NFS4_OK || status == NFS4ERR_STALE_CLIENTID);
}

/* It opens, locks, falls silent, uses its state, and registers again when RENEW reports a loss. */
static void *loser(void *arg)
{
    uint32_t self = *(const uint32_t *)arg;
    const char owner[2] = {(char)('0' + self), 0};
    unsigned seed = self + 1;

    for (uint32_t turn = 0; more(turn); turn++) {
        struct vfs_object *obj = fx.files[rand_r(&seed) % 2];
        struct stateid4 open = {0}, lock = {0};

        if (do_open(dave, owner, obj, RW, NONE, &open) == NFS4_OK)
            (void)do_lock(dave, &open, owner, true, 20ull * self, 10, &lock);
        if (rand_r(&seed) % 2)
            atomic_store(&dave->renewed_ns, clock_now_ns() - long_ago_ns);
        for (int i = rand_r(&seed) % 8; i > 0; i--)
            sched_yield();
        if (rand_r(&seed) % 2)
            dave_asks(rand_r(&seed) % 2 ? &open : &lock);
        if (client_renew_id(fx.state, v40_alice.principal, dave->id, clock_now_ns()) ==
                NFS4ERR_EXPIRED &&
            rand_r(&seed) % 2)
            dave_says_his_name();
        if (rand_r(&seed) % 2)
            revocation_settle_reported(dave, clock_now_ns());
        open.seqid = 0;
        (void)do_close(dave, &open);
    }
    return NULL;
}

static void *taker(void *arg)
{
    struct stateid4 open;

    while (!atomic_load(&stop)) {
        uint32_t count;

        client_renew(fx.carol, clock_now_ns());
        for (int file = 0; file < 2; file++) {
            if (do_open(fx.carol, arg, fx.files[file], RW, RW, &open) == NFS4_OK)
                CHECK(do_close(fx.carol, &open) == NFS4_OK);
        }
        if (atomic_load(&dave->renewed_ns) % 16 == 0)
            CHECK(open_client_revoke(dave, NFS4ERR_ADMIN_REVOKED, &count));
        state_tick(fx.state, clock_now_ns());
        clock_advance_ns(NSEC_PER_MSEC);
    }
    return NULL;
}

static void losses(void **unused)
{
    pthread_t losers[HOSTS], takers[2];

    (void)unused;
    dave = v40_client(fx.state, "dave", 1);
    stop = false;
    end_ms = wait_now_ms() + TIME_S * 1000;
    assert_int_equal(pthread_create(&takers[0], NULL, taker, "x"), 0);
    assert_int_equal(pthread_create(&takers[1], NULL, taker, "y"), 0);
    for (uint32_t i = 0; i < HOSTS; i++)
        assert_int_equal(pthread_create(&losers[i], NULL, loser, &hosts[i]), 0);
    for (uint32_t i = 0; i < HOSTS; i++)
        assert_int_equal(pthread_join(losers[i], NULL), 0);
    stop = true;
    assert_int_equal(pthread_join(takers[0], NULL), 0);
    assert_int_equal(pthread_join(takers[1], NULL), 0);
    /* The rest has been reported and acknowledged. */
    if (client_renew_id(fx.state, v40_alice.principal, dave->id, clock_now_ns()) == NFS4ERR_EXPIRED)
        dave_says_his_name();
    assert_int_equal(client_renew_id(fx.state, v40_alice.principal, dave->id, clock_now_ns()),
                     NFS4_OK);
    client_put(dave);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(namesakes_undisturbed),
        TEST(namesakes_evicted),
        TEST(losses),
    };

    return test_group_run(tests);
}
