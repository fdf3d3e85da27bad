/* SPDX-License-Identifier: Apache-2.0 */
/* Silent clients (RFC 8881 §8.3, §8.4.3), and which client is evicted when a table is full. */
#include "state/client/client_lease.h"

#include "state/client/client_exchange.h"
#include "state/client/client_table.h"
#include "state/session/session_status.h"
#include "unit/state/client/client_fixture.h"

enum {
    OVER_MS = LEASE_S * 1000 + 1300 /* beyond the margin too */
};

static bool lives(const struct party *party)
{
    return !client_dead(party->client) && !session_dead(party->session);
}

static uint32_t speak(const struct party *party)
{
    return session_renew(party->session, clock_now_ns());
}

static struct slot *take_slot(const struct party *party, uint32_t seqid)
{
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct slot *slot = slot_at(&party->session->slots, 0);

    assert_int_equal(slot_acquire(slot, seqid, &request, &replay), SLOT_NEW);
    return slot;
}

/* P-11, W16: the client returns and has lost nothing. */
static void courtesy(void **unused)
{
    struct party party = party_make("a", 0);

    (void)unused;
    holds_state = true;
    tick_after(LEASE_S * 1000 - 100);
    assert_false(client_expired(party.client, clock_now_ns()));
    tick_after(200);
    assert_true(client_expired(party.client, clock_now_ns()));
    assert_false(client_lease_over(party.client, clock_now_ns())); /* within the margin */
    tick_through(2);
    assert_true(client_lease_over(party.client, clock_now_ns()));
    assert_true(client_lapsed(party.client, clock_now_ns()));
    assert_int_equal(state->clients.courtesy_count, 1);
    tick_after(3600 * 1000LL);
    assert_true(lives(&party));
    assert_int_equal(speak(&party), 0);
    assert_false(client_lapsed(party.client, clock_now_ns()));
    /* A request that arrived before the last one and is handled after it. */
    client_renew(party.client, clock_now_ns() - 5 * NSEC_PER_SEC);
    assert_true(client_silent_ns(party.client, clock_now_ns()) < NSEC_PER_SEC);
    tick_through(1);
    assert_int_equal(state->clients.courtesy_count, 0);
    assert_int_equal(released, 0);
    party_put(&party);
}

/* L-04: in the end the client's state is released, hook included. */
static void courtesy_ends(void **unused)
{
    struct party party = party_make("a", 0);
    uint64_t id = party.client->id;
    struct CREATE_SESSION4resok res;

    (void)unused;
    holds_state = true;
    tick_after((LEASE_S + LIMIT_COURTESY_S) * 1000ll - 500);
    assert_true(lives(&party));
    tick_after(1000);
    assert_false(lives(&party));
    assert_int_equal(released, 1);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->clients.courtesy_count, 0);
    assert_int_equal(state->session_count, 0);
    assert_int_equal(party.session->binding_count, 0);
    assert_int_equal(session(id, 2, &alice, &res), NFS4ERR_STALE_CLIENTID);
    assert_true(client_lapsed(party.client, clock_now_ns()));
    party_put(&party);
}

/* Without opens only the cached replies are kept for it. */
static void courtesy_without_state(void **unused)
{
    struct party idle = party_make("a", 0), revoked = party_make("b", 0);

    (void)unused;
    client_revoked_add(revoked.client, NFS4ERR_EXPIRED);
    tick_after((LEASE_S + LIMIT_COURTESY_IDLE_S) * 1000ll - 500);
    assert_true(lives(&idle));
    tick_after(1000);
    assert_false(lives(&idle));
    assert_true(lives(&revoked)); /* it has a loss to be told */
    party_put(&idle);
    party_put(&revoked);
}

/* RFC 8881 §8.3: the lease does not expire while a COMPOUND executes, and runs its full time after
 * it. */
static void request_holds_lease(void **unused)
{
    struct party party = party_make("a", 0);
    struct slot *slot = take_slot(&party, 1);
    int64_t end;

    (void)unused;
    tick_through(3LL * LEASE_S);
    assert_false(client_lease_over(party.client, clock_now_ns()));
    clock_advance_ns(NSEC_PER_SEC - 1); /* as late as the timer can be */
    end = clock_now_ns();
    session_slot_release(party.session, slot, NULL, 0);
    assert_false(client_lease_over(party.client, end + state->lease_ns));
    tick_through(LEASE_S);
    assert_int_equal(state->clients.courtesy_count, 0);
    tick_through(2);
    assert_int_equal(state->clients.courtesy_count, 1);
    party_put(&party);
}

/* The same with a lease so long that not every timer run checks all clients: requests of all
 * durations, begun at all times. */
static void request_holds_long_lease(void **unused)
{
    struct party party = party_make("a", 0);

    (void)unused;
    state->lease_ns = 90 * NSEC_PER_SEC;
    state->margin_ns = state->lease_ns / 8;
    for (uint32_t i = 0; i < 60; i++) {
        struct slot *slot;
        int64_t end;

        tick_after(1000 + i * 13);
        assert_int_equal(speak(&party), 0);
        slot = take_slot(&party, i + 1);
        for (uint32_t j = 0; j < i; j++)
            tick_after(1200);
        clock_advance_ns(NSEC_PER_SEC * 6 / 5);
        end = clock_now_ns();
        session_slot_release(party.session, slot, NULL, 0);
        assert_false(client_lease_over(party.client, end + state->lease_ns));
    }
    party_put(&party);
}

/* The timer did not run for long: a request in progress protects the lease all the same. */
static void request_without_timer(void **unused)
{
    struct party party = party_make("a", 0);
    struct slot *slot = take_slot(&party, 1);

    (void)unused;
    clock_advance_ns(NSEC_PER_SEC * 2 * LIMIT_COURTESY_S);
    assert_true(client_lease_over(party.client, clock_now_ns()));
    assert_false(client_lapsed(party.client, clock_now_ns()));
    assert_int_equal(client_destroy_id(state, party.client->id, &alice, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    tick_after(0);
    assert_true(lives(&party));
    assert_false(client_lease_over(party.client, clock_now_ns()));
    session_slot_release(party.session, slot, NULL, 0);
    party_put(&party);
}

/* An unconfirmed record lives for exactly one lease (pynfs EID9). */
static void unconfirmed_runs_out(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange new;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 0, &new), NFS4_OK);
    clock_advance_ns(LEASE_S * NSEC_PER_SEC + NSEC_PER_MSEC);
    assert_int_equal(session(new.clientid, 1, &alice, &res), NFS4ERR_STALE_CLIENTID);
    tick_after(0);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->clients.unconfirmed_count, 0);
}

/* W15, §18.35.4 case 3: state with an expired lease does not keep another principal out. */
static void collision_with_courtesy(void **unused)
{
    struct party party = party_make("a", 0);
    struct client_exchange other;
    struct slot *slot;

    (void)unused;
    holds_state = true;
    assert_int_equal(exchange("a", 1, &bob, 0, &other), NFS4ERR_CLID_INUSE);
    tick_after(OVER_MS);
    slot = take_slot(&party, 1);
    assert_int_equal(exchange("a", 1, &bob, 0, &other), NFS4ERR_CLID_INUSE);
    session_slot_release(party.session, slot, NULL, 0);
    assert_int_equal(exchange("a", 1, &bob, 0, &other), NFS4_OK);
    assert_false(other.confirmed);
    assert_false(lives(&party));
    assert_int_equal(released, 1);
    assert_int_equal(state->clients.courtesy_count, 0);
    party_put(&party);
}

/* W15: a new incarnation of a courtesy client; the old one stays until the new one is confirmed. */
static void restart_of_courtesy(void **unused)
{
    struct party party = party_make("a", 0);
    struct CREATE_SESSION4resok res;
    struct client_exchange next;

    (void)unused;
    holds_state = true;
    tick_after(OVER_MS);
    assert_int_equal(exchange("a", 2, &alice, 0, &next), NFS4_OK);
    assert_false(next.confirmed);
    assert_true(lives(&party));
    assert_int_equal(session(next.clientid, 1, &alice, &res), NFS4_OK);
    assert_false(lives(&party));
    assert_int_equal(released, 1);
    assert_int_equal(state->clients.count, 1);
    party_put(&party);
}

/* The same incarnation returns by EXCHANGE_ID (§18.35.4 case 2), or by CREATE_SESSION. */
static void courtesy_comes_back(void **unused)
{
    struct party party = party_make("a", 0);
    struct CREATE_SESSION4resok res;
    struct client_exchange again;

    (void)unused;
    holds_state = true;
    tick_after(OVER_MS);
    assert_int_equal(exchange("a", 1, &alice, 0, &again), NFS4_OK);
    assert_true(again.confirmed);
    assert_int_equal(again.clientid, party.client->id);
    assert_true(client_lease_over(party.client, clock_now_ns())); /* only SEQUENCE renews */
    assert_int_equal(session(again.clientid, again.sequence, &alice, &res), NFS4_OK);
    assert_false(client_lease_over(party.client, clock_now_ns()));
    assert_true(lives(&party));
    party_put(&party);
}

/* SR-17, §18.50.3: only a client with an unexpired lease is busy. */
static void destroy_courtesy(void **unused)
{
    struct party party = party_make("a", 0);

    (void)unused;
    holds_state = true;
    assert_int_equal(client_destroy_id(state, party.client->id, &alice, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    tick_after(OVER_MS);
    assert_int_equal(client_destroy_id(state, party.client->id, &alice, clock_now_ns()), NFS4_OK);
    assert_false(lives(&party));
    assert_int_equal(released, 1);
    party_put(&party);
}

/* The table is full: of the clients with expired leases the one that expired first is evicted, and
 * no other. */
static void evicts_longest_expired(void **unused)
{
    struct party first = party_make("1", 0), second, third;
    struct client_exchange out;

    (void)unused;
    holds_state = true;
    tick_after(2000);
    second = party_make("2", 0);
    tick_after(2000);
    third = party_make("3", 0);
    state_limit_set(state, STATE_LIMIT_clients, 3);
    assert_int_equal(exchange("4", 1, &alice, 0, &out), NFS4ERR_DELAY);
    tick_through(LEASE_S + 2);
    assert_int_equal(state->clients.courtesy_count, 3);
    speak(&first);
    assert_int_equal(exchange("4", 1, &alice, 0, &out), NFS4_OK);
    assert_true(lives(&first) && lives(&third));
    assert_false(lives(&second));
    assert_int_equal(released, 1);
    assert_int_equal(state->clients.count, 3);
    party_put(&first);
    party_put(&second);
    party_put(&third);
}

/* Before any client is refused, and until enough memory is free: silent clients are evicted with
 * their state. */
static void silent_clients_give_way_early(void **unused)
{
    struct party silent = party_make("1", 0), speaking = party_make("2", 0);

    (void)unused;
    holds_state = true;
    tick_through(LEASE_S + 2);
    assert_int_equal(state->clients.courtesy_count, 2);
    speak(&speaking);
    state_limit_add(state, STATE_LIMIT_opens, LIMIT_OPENS / 2);
    tick_after(0);
    assert_true(lives(&silent));
    state_limit_add(state, STATE_LIMIT_opens, 1);
    tick_after(0);
    assert_false(lives(&silent));
    assert_true(lives(&speaking));
    party_put(&silent);
    party_put(&speaking);
}

/* A client with a request in progress is never evicted. */
static void evicts_no_request(void **unused)
{
    struct party party = party_make("1", 0);
    struct client_exchange out;
    struct slot *slot;

    (void)unused;
    state_limit_set(state, STATE_LIMIT_clients, 1);
    tick_after(OVER_MS);
    slot = take_slot(&party, 1);
    assert_int_equal(exchange("2", 1, &alice, 0, &out), NFS4ERR_DELAY);
    assert_true(lives(&party));
    session_slot_release(party.session, slot, NULL, 0);
    tick_after(OVER_MS);
    assert_int_equal(exchange("2", 1, &alice, 0, &out), NFS4_OK);
    assert_false(lives(&party));
    party_put(&party);
}

static void flood(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct client_exchange out;
        char owner[24];

        (void)snprintf(owner, sizeof(owner), "flood %u", i);
        assert_int_equal(exchange(owner, 1, &alice, 0, &out), NFS4_OK);
    }
}

/* EXCHANGE_IDs without CREATE_SESSION keep no client out and cost none its state. */
static void flood_of_unconfirmed(void **unused)
{
    struct party silent = party_make("silent", 0), party;

    (void)unused;
    holds_state = true;
    state_limit_set(state, STATE_LIMIT_clients, 32);
    tick_after(OVER_MS);
    flood(1000);
    assert_int_equal(state->clients.count, 32);
    assert_int_equal(state->clients.unconfirmed_count, 31);
    party = party_make("new", 0);
    flood(1000);
    assert_true(lives(&silent) && lives(&party));
    assert_int_equal(released, 2002 - 32);
    party_put(&silent);
    party_put(&party);
}

/* All clients are live: a further unconfirmed record replaces the oldest unconfirmed one, and no
 * other. */
static void full_of_live_clients(void **unused)
{
    struct client_exchange first, second, third;
    struct CREATE_SESSION4resok live[15], res;

    (void)unused;
    for (uint32_t i = 0; i < ARRAY_SIZE(live); i++)
        confirmed((const char[]){(char)('a' + i), '\0'}, 1, &live[i]);
    state_limit_set(state, STATE_LIMIT_clients, ARRAY_SIZE(live));
    assert_int_equal(exchange("1", 1, &alice, 0, &first), NFS4ERR_DELAY);
    state_limit_set(state, STATE_LIMIT_clients, ARRAY_SIZE(live) + 2);
    assert_int_equal(exchange("1", 1, &alice, 0, &first), NFS4_OK);
    assert_int_equal(exchange("2", 1, &alice, 0, &second), NFS4_OK);
    assert_int_equal(exchange("3", 1, &alice, 0, &third), NFS4_OK);
    assert_int_equal(state->clients.count, state_limit_max(state, STATE_LIMIT_clients));
    assert_int_equal(session(first.clientid, 1, &alice, &res), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(session(second.clientid, 1, &alice, &res), NFS4_OK);
    assert_int_equal(session(third.clientid, 1, &alice, &res), NFS4_OK);
    for (uint32_t i = 0; i < ARRAY_SIZE(live); i++)
        assert_true(session_lives(&live[i]));
}

/* W10: NOSPC only when all sessions belong to clients with current leases. */
static void sessions_full(void **unused)
{
    struct party party = party_make("a", 0), silent = party_make("silent", 0);
    struct CREATE_SESSION4resok res;

    (void)unused;
    state_limit_set(state, STATE_LIMIT_sessions, 2);
    assert_int_equal(session(party.client->id, 2, &alice, &res), NFS4ERR_NOSPC);
    tick_after(OVER_MS);
    assert_int_equal(state->clients.courtesy_count, 2);
    /* A client's own sessions are not evicted for it. */
    assert_int_equal(session(party.client->id, 3, &alice, &res), NFS4_OK);
    assert_true(lives(&party));
    assert_false(lives(&silent));
    assert_int_equal(state->session_count, 2);
    assert_int_equal(session(party.client->id, 4, &alice, &res), NFS4ERR_NOSPC);
    party_put(&silent);
    party_put(&party);
}

/* W03, S20-08: reply memory of vanished clients is given to live ones. The vanished lose only their
 * sessions. */
static void scarce_replies(void **unused)
{
    struct party silent = party_make("silent", 0), other = party_make("other", 0);
    struct CREATE_SESSION4resok res;

    (void)unused;
    holds_state = true;
    tick_after(5000);
    speak(&other);
    tick_after(7000);
    assert_int_equal(state->clients.courtesy_count, 1);
    assert_false(session_dead(silent.session));
    state->reply_budget.bytes_max = state->reply_budget.charged + 1;
    tick_after(0);
    assert_true(session_dead(silent.session));
    assert_false(session_dead(other.session));
    assert_int_equal(state->reply_budget.tables, 1);
    assert_false(client_dead(silent.client));
    assert_int_equal(released, 0);
    tick_after(0);
    assert_int_equal(session(silent.client->id, 2, &alice, &res), NFS4_OK);
    tick_after(1000);
    assert_true(session_lives(&res));
    party_put(&other);
    party_put(&silent);
}

/* It takes as many turns as there are clients, and ends. */
static void sweep_of_many(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 1000; i++) {
        struct CREATE_SESSION4resok res;
        char owner[16];

        (void)snprintf(owner, sizeof(owner), "%u", i);
        confirmed(owner, 1, &res);
    }
    tick_after(OVER_MS);
    assert_int_equal(state->clients.courtesy_count, 1000);
    tick_after((LIMIT_COURTESY_IDLE_S + 1) * 1000ll);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(released, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(courtesy),
        CLIENT_TEST(courtesy_ends),
        CLIENT_TEST(courtesy_without_state),
        CLIENT_TEST(request_holds_lease),
        CLIENT_TEST(request_holds_long_lease),
        CLIENT_TEST(request_without_timer),
        CLIENT_TEST(unconfirmed_runs_out),
        CLIENT_TEST(collision_with_courtesy),
        CLIENT_TEST(restart_of_courtesy),
        CLIENT_TEST(courtesy_comes_back),
        CLIENT_TEST(destroy_courtesy),
        CLIENT_TEST(evicts_longest_expired),
        CLIENT_TEST(silent_clients_give_way_early),
        CLIENT_TEST(evicts_no_request),
        CLIENT_TEST(flood_of_unconfirmed),
        CLIENT_TEST(full_of_live_clients),
        CLIENT_TEST(sessions_full),
        CLIENT_TEST(scarce_replies),
        CLIENT_TEST(sweep_of_many),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
