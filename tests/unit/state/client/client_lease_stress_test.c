/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients fall silent and return while tables are full, the timer runs, their state is revoked and
 * connections come and go. The test checks that the sanitizer reports nothing, that nothing leaks,
 * and that no client is told of a loss that it did not have.
 */
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client_exchange.h"
#include "state/client/client_info.h"
#include "state/client/client_lease.h"
#include "state/client/client_table.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_status.h"

enum {
    USERS = 3,
    LOSSES = 150, /* how often each client is evicted and registers again */
    CLIENTS_MAX = 4,
    SESSIONS_MAX = 4,
    MEETINGS = 100, /* with a client that was told of a revocation */
    MEET_TRIES = 1000
};

struct user {
    uint32_t number;
    struct session_conn *conn;
    uint64_t clientid;
    uint32_t sequence;
    uint8_t session[NFS4_SESSIONID_SIZE];
    bool has_session;
    _Atomic uint64_t known; /* clientid, read by other threads */
    _Atomic uint32_t turns;
};

static const struct client_caller alice = CLIENT_CALLER_SYS(1000);
static struct state *state;
static struct user users[USERS];
static _Atomic uint32_t revocations, acknowledged;
static _Atomic bool stop;

static bool no_state(struct state *s, struct client *client)
{
    (void)s;
    return client->id % 2;
}

static enum nfsstat4 exchange(const char *owner, struct client_exchange *out)
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};

    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    return client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), out);
}

static void reconnect(struct user *user)
{
    session_conn_destroy(user->conn);
    user->conn = session_conn_create(NULL);
}

static bool session_make(struct user *user)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, 8, {0}, 0};
    struct CREATE_SESSION4args args = {.csa_clientid = user->clientid,
                                       .csa_sequence = ++user->sequence,
                                       .csa_flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN,
                                       .csa_fore_chan_attrs = attrs,
                                       .csa_back_chan_attrs = attrs};
    struct CREATE_SESSION4resok res;

    if (session_create(state, &alice, user->conn, 1, &args, clock_now_ns(), &res) != NFS4_OK)
        return false;
    memcpy(user->session, res.csr_sessionid, NFS4_SESSIONID_SIZE);
    return true;
}

static void start_anew(struct user *user)
{
    struct client_exchange out;
    char owner[16];

    (void)snprintf(owner, sizeof(owner), "user %u", user->number);
    if (exchange(owner, &out) != NFS4_OK)
        return;
    if (!out.confirmed) {
        user->clientid = out.clientid;
        user->sequence = 0;
    }
    atomic_store(&user->known, user->clientid);
    user->has_session = session_make(user);
}

/* Stands for TEST_STATEID and FREE_STATEID. */
static void acknowledge(struct client *client)
{
    uint32_t count = atomic_load(&client->revoked_count);

    for (uint32_t i = 0; i < count; i++) {
        client_revoked_sub(client, NFS4ERR_EXPIRED);
        atomic_fetch_add(&acknowledged, 1);
    }
}

/* One SEQUENCE.  False: the session is gone. */
static bool speak(struct user *user)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct session_binding *binding;
    struct session *session = session_conn_lookup(state, user->conn, user->session, &binding);
    struct slot *slot;
    uint32_t flags;

    if (!session)
        return false;
    slot = slot_at(&session->slots, 0);
    slot_acquire(slot, 0, &request, &replay);
    if (slot_acquire(slot, replay.expected, &request, &replay) != SLOT_NEW) {
        CHECK(session_dead(session)); /* since the lookup */
        session_conn_done(session, binding);
        return false;
    }
    if (!binding)
        session_conn_bind_implicit(user->conn, session);
    flags = session_renew(session, clock_now_ns());
    if (flags & SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED)
        acknowledge(session->client);
    CHECK(!(flags & SEQ4_STATUS_CB_PATH_DOWN) || !binding || session_dead(session));
    if (flags & SEQ4_STATUS_CB_PATH_DOWN_SESSION) {
        enum channel_dir_from_server4 got;

        (void)session_conn_bind_request(user->conn, session, CDFC4_FORE_OR_BOTH, &got);
    }
    session_slot_release(session, slot, &flags, sizeof(flags));
    session_conn_done(session, binding);
    return true;
}

static bool enough(uint32_t losses)
{
    return losses >= LOSSES && atomic_load(&acknowledged) >= MEETINGS;
}

static void *user_run(void *arg)
{
    struct user *user = arg;

    user->conn = session_conn_create(NULL);
    for (uint32_t turn = 0, losses = 0; !enough(losses); turn++) {
        if (!user->has_session)
            start_anew(user);
        else if (!speak(user)) {
            user->has_session = false;
            losses++;
        }
        if (turn % 16 == 15)
            reconnect(user);
        atomic_fetch_add(&user->turns, 1);
        sched_yield();
    }
    session_conn_destroy(user->conn);
    return NULL;
}

/* Revoke state of silent clients, as a conflicting request does. */
static void revoke_some(uint64_t clientid)
{
    struct client *client = client_lookup(state, clientid);

    if (!client)
        return;
    if (client_lapsed(client, clock_now_ns())) {
        client_revoked_add(client, NFS4ERR_EXPIRED);
        atomic_fetch_add(&revocations, 1);
    }
    client_put(client);
}

/* Let the user's thread run before time advances, since it might not run on a single processor. It
 * may have ended. */
static void meet(struct user *user)
{
    uint32_t before = atomic_load(&user->turns);

    for (int i = 0; i < MEET_TRIES && atomic_load(&user->turns) == before; i++)
        sched_yield();
}

static void *timer_run(void *arg)
{
    (void)arg;
    for (uint32_t turn = 0; !atomic_load(&stop); turn++) {
        struct client_info info;
        struct user *user = &users[turn % USERS];
        uint64_t id = atomic_load(&user->known);

        clock_advance_ns(turn % 4 ? NSEC_PER_SEC : 2 * state->lease_ns);
        revoke_some(id);
        if (atomic_load(&acknowledged) < MEETINGS)
            meet(user);
        (void)client_info_get(state, id, clock_now_ns(), &info);
        state_tick(state, clock_now_ns());
        if (turn % 64 == 0)
            (void)client_destroy_id(state, id, &alice, clock_now_ns());
    }
    return NULL;
}

static void *flood_run(void *arg)
{
    (void)arg;
    for (uint32_t turn = 0; !atomic_load(&stop); turn++) {
        struct client_exchange out;
        char owner[24];

        (void)snprintf(owner, sizeof(owner), "flood %u", turn % 100);
        (void)exchange(owner, &out);
        sched_yield();
    }
    return NULL;
}

static void all_at_once(void **unused)
{
    const struct state_config config = {
        .lease_s = 10, .clients_max = CLIENTS_MAX, .sessions_max = SESSIONS_MAX};
    const struct state_client_hooks hooks = {.has_state = no_state};
    pthread_t threads[USERS], timer, flooder;

    (void)unused;
    state = state_create(&config);
    state_hook_clients(state, &hooks);
    assert_int_equal(pthread_create(&timer, NULL, timer_run, NULL), 0);
    assert_int_equal(pthread_create(&flooder, NULL, flood_run, NULL), 0);
    for (uint32_t i = 0; i < USERS; i++) {
        users[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, user_run, &users[i]), 0);
    }
    for (int i = 0; i < USERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(timer, NULL);
    pthread_join(flooder, NULL);
    clock_advance_ns(NSEC_PER_SEC * 2 * LIMIT_COURTESY_S);
    state_tick(state, clock_now_ns());
    assert_int_equal(state->session_count, 0);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->clients.unconfirmed_count, 0);
    assert_int_equal(state->clients.courtesy_count, 0);
    assert_int_equal(state->reply_bytes, 0);
    assert_true(acknowledged > 0 && acknowledged <= revocations);
    state_destroy(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_at_once)};

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
