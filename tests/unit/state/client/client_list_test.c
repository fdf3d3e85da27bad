/* SPDX-License-Identifier: Apache-2.0 */
/* Listing all clients in chunks while others come and go; removal by an administrator. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "state/client/client_info.h"
#include "state/client/client_table.h"
#include "state/session/session_end.h"
#include "unit/state/client/client_fixture.h"

enum {
    STAY = 200,
    COME = 400, /* clients that come, and as many go, while the others are listed */
    LISTINGS = 20
};

static uint64_t ids[STAY + COME];

static uint64_t make(uint32_t number)
{
    struct client_exchange out;
    char owner[24];

    (void)snprintf(owner, sizeof(owner), "%u", number);
    CHECK(exchange(owner, 1, &alice, 0, &out) == NFS4_OK);
    return out.clientid;
}

/* How often each of the owners "0" to STAY - 1 is listed. */
struct listing {
    struct htable_place place;
    uint32_t times[STAY];
    uint32_t chunks;
};

static void list_chunk(struct listing *listing)
{
    struct client_info infos[CLIENT_INFO_CHUNK];
    uint32_t count = client_info_next(state, clock_now_ns(), &listing->place, infos);

    listing->chunks++;
    for (uint32_t i = 0; i < count; i++) {
        char owner[24] = "";
        uint32_t number;

        CHECK(infos[i].id != 0 && infos[i].owner_len < sizeof(owner));
        memcpy(owner, infos[i].owner, infos[i].owner_len);
        CHECK(sscanf(owner, "%u", &number) == 1);
        if (number < STAY)
            listing->times[number]++;
    }
}

static void expect_each_once(const struct listing *listing)
{
    for (uint32_t i = 0; i < STAY; i++)
        assert_int_equal(listing->times[i], 1);
}

static void listed_once(void **unused)
{
    struct listing listing = {.chunks = 0};
    uint32_t next = STAY;

    (void)unused;
    for (uint32_t i = 0; i < STAY; i++)
        ids[i] = make(i);
    while (!listing.place.end) {
        list_chunk(&listing);
        for (uint32_t i = 0; i < 15 && next < STAY + COME; i++, next++) {
            ids[next] = make(next);
            if (next % 2)
                assert_true(client_remove_by_admin(state, ids[next], "test"));
        }
    }
    assert_true(listing.chunks >= STAY / CLIENT_INFO_CHUNK);
    assert_true(next > STAY + 100);
    expect_each_once(&listing);
}

static _Atomic bool stop;

static void *come_and_go(void *arg)
{
    uint32_t number = STAY;

    (void)arg;
    for (; !atomic_load(&stop); number = number < STAY + COME ? number + 1 : STAY) {
        uint64_t id = make(number);

        CHECK(client_remove_by_admin(state, id, "test"));
    }
    return NULL;
}

static void listed_beside_others(void **unused)
{
    pthread_t threads[2];

    (void)unused;
    for (uint32_t i = 0; i < STAY; i++)
        ids[i] = make(i);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&threads[0], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < LISTINGS; i++) {
        struct listing listing = {.chunks = 0};

        while (!listing.place.end)
            list_chunk(&listing);
        expect_each_once(&listing);
    }
    atomic_store(&stop, true);
    pthread_join(threads[0], NULL);
}

/* A full chunk of clients with many sessions is divided, so that the lock is not held for long. */
static void divided_by_sessions(void **unused)
{
    struct listing listing = {.chunks = 0};
    struct CREATE_SESSION4resok res;

    (void)unused;
    for (uint32_t i = 0; i < CLIENT_INFO_CHUNK; i++) {
        ids[i] = make(i);
        for (uint32_t j = 0; j < 16; j++)
            assert_int_equal(session(ids[i], j + 1, &alice, &res), NFS4_OK);
    }
    while (!listing.place.end)
        list_chunk(&listing);
    assert_true(listing.chunks >= CLIENT_INFO_CHUNK / 2);
    for (uint32_t i = 0; i < CLIENT_INFO_CHUNK; i++)
        assert_int_equal(listing.times[i], 1);
}

/* While its lease runs, with a session, a request in progress and state. */
static void removed_by_admin(void **unused)
{
    const struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct party party = party_make("a", CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    struct client_exchange again;
    struct client_info info;

    (void)unused;
    holds_state = true;
    assert_int_equal(session_slot_acquire(party.session, slot_at(&party.session->slots, 0), 1,
                                          &request, &replay),
                     SLOT_NEW);
    assert_true(client_remove_by_admin(state, party.client->id, "test"));
    holds_state = false;
    assert_int_equal(released, 1);
    assert_true(client_dead(party.client) && session_dead(party.session));
    assert_int_equal(party.session->binding_count, 0);
    assert_false(client_info_get(state, party.client->id, clock_now_ns(), &info));
    assert_false(client_remove_by_admin(state, party.client->id, "test"));
    session_slot_release(party.session, slot_at(&party.session->slots, 0), NULL, 0);

    /* It begins anew. */
    assert_int_equal(exchange("a", 1, &alice, 0, &again), NFS4_OK);
    assert_false(again.confirmed);
    assert_int_not_equal(again.clientid, party.client->id);
    party_put(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(listed_once),
        CLIENT_TEST(listed_beside_others),
        CLIENT_TEST(divided_by_sessions),
        CLIENT_TEST(removed_by_admin),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
