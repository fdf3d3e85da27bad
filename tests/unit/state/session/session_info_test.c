/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a session; listing all in chunks while others come and go; closing one. */
#include "state/session/session_info.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "state/session/session_back.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "unit/state/client/client_fixture.h"

enum {
    PORT = 700,
    STAY = 300,
    COME = 300,
    CLIENTS = 10,
    LISTINGS = 20
};

static void peer_of(void *transport, struct session_peer *peer)
{
    (void)transport;
    peer->address.family = AF_INET;
    peer->port = PORT;
}

static struct session_info info_of(const uint8_t *id)
{
    struct session_info info;

    assert_true(session_info_get(state, id, clock_now_ns(), peer_of, &info));
    assert_memory_equal(info.id, id, sizeof(info.id));
    return info;
}

static void members(void **unused)
{
    const struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct party party = party_make("owner", 0);
    struct session *own = party.session;
    struct session_info info = info_of(own->id);

    (void)unused;
    assert_int_equal(info.clientid, party.client->id);
    assert_int_equal(info.minor_version, 1);
    assert_int_equal(info.owner_len, 5);
    assert_memory_equal(info.owner, "owner", 5);
    assert_int_equal(info.slots, 8);
    assert_int_equal(info.slots_in_use + info.slots_peak + info.reply_bytes, 0);
    assert_int_equal(info.back, SESSION_BACK_NONE);
    assert_int_equal(info.connection_count, 1);
    assert_int_equal(info.connections[0].peer.port, PORT);
    assert_true(info.connections[0].fore && !info.connections[0].back);

    clock_advance_ns(5 * NSEC_PER_SEC);
    assert_int_equal(info_of(own->id).idle_ns, 5 * NSEC_PER_SEC);
    assert_int_equal(session_slot_acquire(own, slot_at(&own->slots, 2), 1, &request, &replay),
                     SLOT_NEW);
    (void)session_slots_note(own, slot_at(&own->slots, 2), 2, 3, clock_now_ns());
    info = info_of(own->id);
    assert_int_equal(info.slots_in_use, 1);
    assert_int_equal(info.slots_peak, 4);
    assert_int_equal(info.idle_ns, 0);
    session_slot_release(own, slot_at(&own->slots, 2), "reply", 5);
    info = info_of(own->id);
    assert_int_equal(info.slots_in_use, 0);
    assert_true(info.reply_bytes >= 5);
    assert_int_equal(info.reply_bytes, state->reply_bytes);
    party_put(&party);
}

static void back_channel(void **unused)
{
    struct party party = party_make("a", CREATE_SESSION4_FLAG_CONN_BACK_CHAN);

    (void)unused;
    assert_int_equal(info_of(party.session->id).back, SESSION_BACK_UP);
    assert_true(info_of(party.session->id).connections[0].back);
    session_back_set_faulty(party.session);
    assert_int_equal(info_of(party.session->id).back, SESSION_BACK_DOWN);
    party_put(&party);
    party = party_make("b", CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    session_conn_destroy(conn);
    conn = session_conn_create(NULL);
    assert_int_equal(info_of(party.session->id).back, SESSION_BACK_DOWN);
    assert_int_equal(info_of(party.session->id).connection_count, 0);
    party_put(&party);
}

static void ids_of_client(void **unused)
{
    uint8_t ids[LIMIT_SESSIONS_PER_CLIENT][NFS4_SESSIONID_SIZE];
    struct CREATE_SESSION4resok first, second;
    struct client_exchange made = confirmed("a", 1, &first);

    (void)unused;
    assert_int_equal(session(made.clientid, 2, &alice, &second), NFS4_OK);
    assert_int_equal(session_info_ids(state, made.clientid, ids), 2);
    assert_memory_equal(ids[0], first.csr_sessionid, NFS4_SESSIONID_SIZE);
    assert_memory_equal(ids[1], second.csr_sessionid, NFS4_SESSIONID_SIZE);
    assert_int_equal(session_info_ids(state, made.clientid + 1, ids), 0);
}

/* ---- lists ---- */

static uint64_t clients[CLIENTS];
static uint32_t sequences[CLIENTS];

static void clients_make(void)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client_exchange out;
        char owner[24];

        (void)snprintf(owner, sizeof(owner), "%u", i);
        assert_int_equal(exchange(owner, 1, &alice, 0, &out), NFS4_OK);
        clients[i] = out.clientid;
        sequences[i] = out.sequence;
    }
}

static void session_make(struct session_conn *over, uint32_t number, uint8_t *id)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 1, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clients[number],
                                             .csa_sequence = sequences[number]++,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};
    struct CREATE_SESSION4resok res;

    CHECK(session_create(state, &alice, over, 1, &args, clock_now_ns(), &res) == NFS4_OK);
    memcpy(id, res.csr_sessionid, NFS4_SESSIONID_SIZE);
}

static uint8_t there[STAY][NFS4_SESSIONID_SIZE];

static void all_make(void)
{
    clients_make();
    for (uint32_t i = 0; i < STAY; i++)
        session_make(conn, i % (CLIENTS - 1), there[i]);
}

struct listing {
    struct session_place place;
    uint32_t times[STAY];
    uint32_t chunks;
};

static void list_chunk(struct listing *listing)
{
    static struct session_info infos[SESSION_INFO_CHUNK];
    uint32_t count = session_info_next(state, clock_now_ns(), peer_of, &listing->place, infos);

    listing->chunks++;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < STAY; j++)
            listing->times[j] += memcmp(infos[i].id, there[j], NFS4_SESSIONID_SIZE) == 0;
        assert_int_equal(infos[i].owner_len, 1);
    }
}

static void expect_each_once(const struct listing *listing)
{
    for (uint32_t i = 0; i < STAY; i++)
        assert_int_equal(listing->times[i], 1);
}

/* The tables of the shards grow meanwhile. */
static void listed_once(void **unused)
{
    static uint8_t more[COME][NFS4_SESSIONID_SIZE];
    struct listing listing = {.chunks = 0};
    uint32_t next = 0;

    (void)unused;
    all_make();
    while (!listing.place.end) {
        list_chunk(&listing);
        for (uint32_t i = 0; i < 10 && next < COME; i++, next++) {
            session_make(conn, next % CLIENTS, more[next]);
            if (next % 2)
                assert_int_equal(session_close_by_admin(state, more[next], "test"), NFS4_OK);
        }
    }
    assert_true(listing.chunks > SESSION_SHARDS / 2); /* some may be empty */
    assert_int_equal(next, COME);
    expect_each_once(&listing);
}

static _Atomic bool stop;

/* The last client has no sessions that stay. */
static void *come_and_go(void *arg)
{
    struct session_conn *own = session_conn_create(NULL);
    uint8_t id[NFS4_SESSIONID_SIZE];

    (void)arg;
    while (!atomic_load(&stop)) {
        session_make(own, CLIENTS - 1, id);
        CHECK(session_close_by_admin(state, id, "test") == NFS4_OK);
    }
    session_conn_destroy(own);
    return NULL;
}

static void listed_beside_others(void **unused)
{
    pthread_t thread;

    (void)unused;
    all_make();
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, NULL), 0);
    for (int i = 0; i < LISTINGS; i++) {
        struct listing listing = {.chunks = 0};

        while (!listing.place.end)
            list_chunk(&listing);
        expect_each_once(&listing);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

/* ---- closing ---- */

static void closed_by_admin(void **unused)
{
    const struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct party party = party_make("a", 0);
    struct slot *slot = slot_at(&party.session->slots, 0);
    struct CREATE_SESSION4resok res;

    (void)unused;
    assert_int_equal(session_slot_acquire(party.session, slot, 1, &request, &replay), SLOT_NEW);
    assert_int_equal(session_close_by_admin(state, party.session->id, "test"), NFS4ERR_DELAY);
    assert_false(session_dead(party.session));
    session_slot_release(party.session, slot, NULL, 0);
    assert_int_equal(session_close_by_admin(state, party.session->id, "test"), NFS4_OK);
    assert_true(session_dead(party.session));
    assert_int_equal(party.session->binding_count, 0);
    assert_int_equal(party.client->session_count, 0);
    assert_int_equal(session_close_by_admin(state, party.session->id, "test"), NFS4ERR_BADSESSION);
    assert_int_equal(session(party.client->id, 2, &alice, &res), NFS4_OK);
    party_put(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(members),     CLIENT_TEST(back_channel),         CLIENT_TEST(ids_of_client),
        CLIENT_TEST(listed_once), CLIENT_TEST(listed_beside_others), CLIENT_TEST(closed_by_admin),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
