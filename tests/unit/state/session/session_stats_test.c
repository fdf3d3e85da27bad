/* SPDX-License-Identifier: Apache-2.0 */
/* Gauges of sessions that come and go while they are read (S20-32), and the counters meanwhile. */
#include "state/session/session_stats.h"

#include <pthread.h>
#include <string.h>

#include "state/client/client_exchange.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "unit/state/client/client_fixture.h"

enum {
    MAKERS = 2,
    ROUNDS = 300,
    SIGHTINGS = 50
};

static _Atomic uint32_t making, made, seen;

static void use_slots(const uint8_t *id)
{
    const struct slot_request request = {0};
    struct session *held = session_lookup(state, id);
    struct slot_replay replay = {0};

    CHECK(held != NULL);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(slot_acquire(slot_at(&held->slots, i), 1, &request, &replay) == SLOT_NEW);
    for (uint32_t i = 0; i < 3; i++)
        session_slot_release(held, slot_at(&held->slots, i), "reply", 5);
    session_put(held);
}

/* One client after the other, each with a session that ends. */
static void *make(void *arg)
{
    struct session_conn *own = session_conn_create(NULL);

    /* The reader must have had its chance. */
    for (uint32_t i = 0; i < ROUNDS || atomic_load(&seen) < SIGHTINGS; i++) {
        struct EXCHANGE_ID4args args = exchange_args(arg, (uint8_t)i, 0);
        struct CREATE_SESSION4args create = {

            .csa_fore_chan_attrs = {0, 8192, 8192, 4096, 16, 8, {0}, 0},
            .csa_back_chan_attrs = {0, 4096, 4096, 0, 2, 16, {0}, 0},
        };
        struct client_exchange out;
        struct CREATE_SESSION4resok res;

        CHECK(client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), &out) == NFS4_OK);

        create.csa_clientid = out.clientid;
        create.csa_sequence = out.sequence;
        CHECK(session_create(state, &alice, own, 1, &create, clock_now_ns(), &res) == NFS4_OK);
        atomic_fetch_add(&made, 1);
        session_count(state, SESSION_COUNTER_sequence_total);
        use_slots(res.csr_sessionid);
        CHECK(session_destroy(state, res.csr_sessionid, own, NULL, 0) == NFS4_OK);
    }
    session_conn_destroy(own);
    atomic_fetch_sub(&making, 1);
    return NULL;
}

static bool look(const struct session_gauges *gauges, void *arg)
{
    assert_int_equal(gauges->total_slots, 8);
    assert_true(gauges->slots_in_use <= 3);
    (void)arg;
    atomic_fetch_add(&seen, 1);
    return true;
}

static void read_while_made(void **unused)
{
    static char owners[MAKERS][2] = {"a", "b"};
    struct session_stats stats;
    pthread_t threads[MAKERS];

    (void)unused;
    atomic_store(&making, MAKERS);
    for (int i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make, owners[i]), 0);
    while (atomic_load(&making) > 0) {
        session_gauges_visit(state, look, NULL);
        session_stats_read(state, &stats);
        assert_true(stats.sessions <= MAKERS);
        assert_true(stats.sequence_total <= atomic_load(&made));
    }
    for (int i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&seen, 0);
    session_gauges_visit(state, look, NULL);
    assert_int_equal(seen, 0);
    session_stats_read(state, &stats);
    assert_int_equal(stats.sequence_total, atomic_load(&made));
    assert_int_equal(stats.sessions, 0);
    assert_int_equal(stats.reply_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(read_while_made),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
