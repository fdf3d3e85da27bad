/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, retries and every change of size at once (S20-10, W02): one thread at a time owns a
 * slot, whatever happens to the table, and nothing leaks. The requests ignore the target.
 */
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"

enum {
    THREADS = 3,
    TURNS = 60000,
    EXECUTED_MIN = TURNS / 10, /* however the threads are scheduled */
    SLOTS = 48,
    CYCLES = 50 /* of shrinking and growing again */
};

static const struct client_caller alice = CLIENT_CALLER_SYS(1000);
static struct state *state;
static struct session *session;
static uint32_t owned[SLOTS]; /* not atomic: owning the slot protects it */
static _Atomic uint32_t executed, cycles;
static _Atomic bool stop;

static struct session *session_make_one(struct session_conn *conn)
{
    const uint8_t name = 'a';
    const struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, LIMIT_SLOTS, {0}, 0};
    struct EXCHANGE_ID4args who = {.eia_clientowner = {.co_ownerid = {&name, 1}}};
    struct CREATE_SESSION4args args = {.csa_fore_chan_attrs = attrs, .csa_back_chan_attrs = attrs};
    struct client_exchange out;
    struct CREATE_SESSION4resok res;

    CHECK(client_exchange_id(state, &alice, NULL, &who, clock_now_ns(), &out) == NFS4_OK);
    args.csa_clientid = out.clientid;
    args.csa_sequence = out.sequence;
    CHECK(session_create(state, &alice, conn, 1, &args, clock_now_ns(), &res) == NFS4_OK);
    return session_lookup(state, res.csr_sessionid);
}

static void execute(struct slot *slot, uint32_t id, uint32_t turn)
{
    uint8_t reply[200];

    owned[id]++;
    atomic_fetch_add(&executed, 1);
    memset(reply, (int)owned[id], sizeof(reply));
    session_slots_note(session, slot, id, turn % 5 ? 0 : SLOTS - 1, clock_now_ns());
    session_slot_release(session, slot, turn % 7 ? reply : NULL, 8 + turn % 190);
}

static void request(uint32_t turn, uint32_t id)
{
    struct slot_request request = {0};
    uint8_t buffer[200];
    struct slot_replay replay = {.data = buffer, .size = sizeof(buffer)};
    struct slot *slot = slot_at(&session->slots, id);
    int64_t grown;

    assert_true(session_slots_use(session, id));
    if (id >= slot_table_grant(&session->slots).enforced) {
        slot_acquire_retry(slot, turn, &request, &replay, &grown); /* for replay.expected */
        session_reply_bytes_add(session, grown);
        slot_acquire_retry(slot, replay.expected - turn % 2, &request, &replay, &grown);
        session_reply_bytes_add(session, grown);
        return;
    }
    slot_acquire(slot, UINT32_MAX, &request, &replay);
    if (slot_acquire(slot, turn % 3 ? replay.expected : replay.expected - 1, &request, &replay) ==
        SLOT_NEW)
        execute(slot, id, turn);
}

static void *requester(void *arg)
{
    uint32_t random = *(const uint32_t *)arg * 2654435761u + 1;

    for (uint32_t turn = 0;
         turn < TURNS || atomic_load(&cycles) < CYCLES || atomic_load(&executed) < EXECUTED_MIN;
         turn++) {
        random = random * 1664525u + 1013904223u;
        request(turn, (random >> 16) % SLOTS);
    }
    return NULL;
}

static void resize(uint32_t turn)
{
    struct slot_table *slots = &session->slots;
    struct slot_grant grant = slot_table_grant(slots);

    if (grant.target == grant.enforced && slot_table_kept(slots) == grant.enforced) {
        if (grant.enforced < SLOTS) {
            atomic_fetch_add(&cycles, 1);
            slot_table_grow(slots, grant.enforced + reply_budget_grow(&state->reply_budget,
                                                                      session->demand.cost,
                                                                      SLOTS - grant.enforced));
        }
        slot_table_set_target(slots, 1 + turn % slot_table_grant(slots).enforced);
    } else if (turn % 8 == 0) {
        (void)slot_table_enforce_target(slots);
    }
}

static void *resizer(void *arg)
{
    (void)arg;
    for (uint32_t turn = 0; !atomic_load(&stop); turn++) {
        if (!slot_table_resize_try(&session->slots))
            continue;
        resize(turn);
        slot_table_resize_end(&session->slots);
    }
    return NULL;
}

static void all_at_once(void **unused)
{
    const struct state_config config = {.lease_s = 10, .slots_initial = SLOTS};
    struct session_conn *conn = session_conn_create(NULL);
    uint32_t numbers[THREADS] = {0, 1, 2}, sum = 0;
    uint8_t id[NFS4_SESSIONID_SIZE];
    pthread_t threads[THREADS], resizing;

    (void)unused;
    state = state_create(&config);
    session = session_make_one(conn);
    assert_int_equal(pthread_create(&resizing, NULL, resizer, NULL), 0);
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, requester, &numbers[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(resizing, NULL);
    for (uint32_t i = 0; i < SLOTS; i++)
        sum += owned[i];
    assert_int_equal(sum, executed);
    assert_int_equal(state->reply_bytes, slot_table_reply_bytes(&session->slots));
    memcpy(id, session->id, sizeof(id));
    session_put(session);
    assert_int_equal(session_destroy(state, id, conn, NULL, 0), NFS4_OK);
    assert_int_equal(state->reply_bytes, 0);
    assert_int_equal(state->reply_budget.charged, 0);
    session_conn_destroy(conn);
    state_destroy(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_at_once)};

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
