/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads use, create, destroy and expire sessions at once, over connections that come and go
 * (S20-10, SR-07). The test checks that the sanitizer reports nothing, and that nothing leaks.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/client/client_lease.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"

enum {
    USERS = 3,
    TURNS = 20000,
    ENDS = 16384, /* or as many as fit into ENDS_MS */
    ENDS_MS = 5000,
    SHARED = 4 /* sessions that all users look up */
};

static const struct client_caller alice = CLIENT_CALLER_SYS(1000);
static struct state *state;
static pthread_mutex_t ids_lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t ids[SHARED][NFS4_SESSIONID_SIZE]; /* guarded by ids_lock */
static _Atomic bool stop;

static uint64_t client_make(uint8_t name)
{
    struct EXCHANGE_ID4args args = {.eia_clientowner = {.co_ownerid = {&name, 1}}};
    struct client_exchange out;

    CHECK(client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), &out) == NFS4_OK);
    return out.clientid;
}

static void id_get(uint32_t which, uint8_t *id)
{
    pthread_mutex_lock(&ids_lock);
    memcpy(id, ids[which % SHARED], NFS4_SESSIONID_SIZE);
    pthread_mutex_unlock(&ids_lock);
}

static void id_set(uint32_t which, const uint8_t *id)
{
    pthread_mutex_lock(&ids_lock);
    memcpy(ids[which % SHARED], id, NFS4_SESSIONID_SIZE);
    pthread_mutex_unlock(&ids_lock);
}

/* A SEQUENCE on the user's own slot; returns whether it executed. */
static bool use(struct session_conn *conn, uint32_t turn, uint32_t user)
{
    uint8_t id[NFS4_SESSIONID_SIZE];
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct session *session;
    struct session_binding *binding;
    struct slot *slot;
    bool executed = false;

    id_get(turn / 3, id);
    session = session_conn_lookup(state, conn, id, &binding);
    if (!session)
        return false;
    slot = slot_at(&session->slots, user);
    slot_acquire(slot, 0, &request, &replay);
    if (slot_acquire(slot, replay.expected, &request, &replay) == SLOT_NEW) {
        if (!binding)
            session_conn_bind_implicit(conn, session);
        client_renew(session->client, clock_now_ns());
        session_slot_release(session, slot, turn % 2 ? id : NULL, sizeof(id));
        executed = true;
    }
    session_conn_done(session, binding);
    return executed;
}

static void *user(void *arg)
{
    uint32_t me = *(const uint32_t *)arg;
    struct session_conn *conn = session_conn_create(NULL);

    for (uint32_t turn = 0, done = 0; done < TURNS; turn++) {
        done += use(conn, turn, me);
        if (turn % 100 == 99) {
            session_conn_destroy(conn);
            conn = session_conn_create(NULL);
        }
    }
    session_conn_destroy(conn);
    return NULL;
}

/* Creates sessions and destroys the ones that they replace; now and then for a client of its
 * own. */
static void *churn(void *arg)
{
    struct session_conn *conn = session_conn_create(NULL);
    uint64_t clientid = 0;
    uint32_t sequence = 0;

    (void)arg;
    for (uint32_t turn = 0; !atomic_load(&stop); turn++) {
        const struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, 8, {0}, 0};
        struct CREATE_SESSION4args args = {.csa_fore_chan_attrs = attrs,
                                           .csa_back_chan_attrs = attrs};
        struct CREATE_SESSION4resok res;
        uint8_t old[NFS4_SESSIONID_SIZE];

        if (turn % 20 == 0) {
            if (turn % 40 == 0)
                clock_advance_ns(NSEC_PER_SEC * 2 * LIMIT_COURTESY_IDLE_S);
            state_tick(state, clock_now_ns());
            clientid = client_make((uint8_t)(turn % 7));
            sequence = 0;
        }
        args.csa_clientid = clientid;
        args.csa_sequence = ++sequence;
        if (session_create(state, &alice, conn, 1, &args, clock_now_ns(), &res) != NFS4_OK)
            continue;
        id_get(turn, old);
        id_set(turn, res.csr_sessionid);
        session_destroy(state, old, conn, NULL, 0);
    }
    session_conn_destroy(conn);
    return NULL;
}

static void all_at_once(void **unused)
{
    const struct state_config config = {.lease_s = 10};
    uint32_t numbers[USERS] = {0, 1, 2};
    pthread_t users[USERS], churner;

    (void)unused;
    state = state_create(&config);
    assert_int_equal(pthread_create(&churner, NULL, churn, NULL), 0);
    for (uint32_t i = 0; i < USERS; i++)
        assert_int_equal(pthread_create(&users[i], NULL, user, &numbers[i]), 0);
    for (int i = 0; i < USERS; i++)
        pthread_join(users[i], NULL);
    atomic_store(&stop, true);
    pthread_join(churner, NULL);
    clock_advance_ns(NSEC_PER_SEC * 2 * LIMIT_COURTESY_IDLE_S);
    state_tick(state, clock_now_ns());
    assert_int_equal(state->session_count, 0);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->reply_bytes, 0);
    state_destroy(state);
}

/* A session, for a request and a DESTROY_SESSION that arrive at the same time; NULL at the end. */
static struct session *_Atomic meeting;
static _Atomic uint32_t arrived, decided;

static void meet(_Atomic uint32_t *count, uint32_t round)
{
    atomic_fetch_add(count, 1);
    while (atomic_load(count) < 2 * round)
        sched_yield();
}

/* Returns how often the request was accepted. */
static void *request_all(void *arg)
{
    uint32_t *executed = arg;

    for (uint32_t round = 1;; round++) {
        struct slot_request request = {0};
        struct slot_replay replay = {0};
        struct session *session;
        struct slot *slot;
        bool new;

        meet(&arrived, 2 * round - 1);
        session = atomic_load(&meeting);
        if (!session)
            return NULL;
        slot = slot_at(&session->slots, 0);
        meet(&arrived, 2 * round);
        for (uint32_t i = 0; i < round % 512; i++)
            (void)atomic_load(&meeting); /* a little later each time */
        new = session_slot_acquire(session, slot, 1, &request, &replay) == SLOT_NEW;
        *executed += new;
        meet(&decided, round); /* it executes until then */
        if (new)
            session_slot_release(session, slot, NULL, 0);
        session_put(session);
    }
}

static uint8_t *session_make(struct session_conn *conn, uint64_t clientid, uint32_t sequence,
                             struct CREATE_SESSION4resok *res)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, 64, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                             .csa_sequence = sequence,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};

    CHECK(session_create(state, &alice, conn, 1, &args, clock_now_ns(), res) == NFS4_OK);
    return res->csr_sessionid;
}

/* S20-12: either the session has ended or the request executes, never both. */
static void ends_or_executes(void **unused)
{
    const struct state_config config = {.lease_s = 10};
    struct session_conn *conn = session_conn_create(NULL);
    uint32_t round = 1, executed = 0, ended = 0, both = 0;
    int64_t end_ms = wait_now_ms() + ENDS_MS;
    pthread_t requester;
    uint64_t clientid;

    (void)unused;
    state = state_create(&config);
    clientid = client_make('e');
    assert_int_equal(pthread_create(&requester, NULL, request_all, &executed), 0);
    for (; round <= ENDS && wait_now_ms() < end_ms; round++) {
        struct CREATE_SESSION4resok res;
        uint8_t *id = session_make(conn, clientid, round, &res);
        uint32_t before = executed;
        bool destroyed;

        atomic_store(&meeting, session_lookup(state, id));
        meet(&arrived, 2 * round - 1);
        meet(&arrived, 2 * round);
        destroyed = session_destroy(state, id, conn, NULL, 0) == NFS4_OK;
        ended += destroyed;
        meet(&decided, round);
        both += destroyed && executed > before;
        while (!destroyed) {
            sched_yield();
            destroyed = session_destroy(state, id, conn, NULL, 0) == NFS4_OK;
        }
    }
    atomic_store(&meeting, NULL);
    meet(&arrived, 2 * round - 1);
    pthread_join(requester, NULL);
    print_message("%u executed, %u ended before\n", executed, ended);
    assert_int_equal(both, 0);
    assert_int_equal(executed + ended, round - 1);
    session_conn_destroy(conn);
    state_destroy(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(ends_or_executes),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
