/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client records of 4.0: the cases of SETCLIENTID (RFC 7530 §16.33.5), of SETCLIENTID_CONFIRM
 * (§16.34.5) and of RENEW (§16.28), leases, and their independence of 4.1's records of the same
 * name (P-06, SR-29).
 */
#include "state/v40/client_v40.h"

#include <string.h>

#include "state/client/client_exchange.h"
#include "state/client/client_record.h"
#include "state/client/client_table.h"
#include "state/v40/client_setclientid.h"
#include "unit/state/client/client_fixture.h"
#include "unit/state/v40/v40_fixture.h"

static enum nfsstat4 set(const char *owner, uint8_t verifier, const struct client_caller *who,
                         struct client_setclientid *out)
{
    return v40_set(state, owner, verifier, who, 1, out);
}

static struct client_setclientid must_set(const char *owner, uint8_t verifier)
{
    struct client_setclientid out;

    assert_int_equal(set(owner, verifier, &alice, &out), NFS4_OK);
    return out;
}

static enum nfsstat4 confirm(const struct client_setclientid *what)
{
    return v40_confirm(state, what, &alice, NULL);
}

static struct client_setclientid must_come(const char *owner, uint8_t verifier)
{
    struct client_setclientid out = must_set(owner, verifier);

    assert_int_equal(confirm(&out), NFS4_OK);
    return out;
}

static enum nfsstat4 renew_as(uint64_t id, const struct client_caller *who)
{
    return client_renew_id(state, who->principal, id, clock_now_ns());
}

static enum nfsstat4 renew(uint64_t id)
{
    return renew_as(id, &alice);
}

static bool confirm_equal(const struct client_setclientid *a, const struct client_setclientid *b)
{
    return memcmp(a->confirm, b->confirm, NFS4_VERIFIER_SIZE) == 0;
}

static bool is_zero(const uint8_t *verifier)
{
    return memcmp(verifier, "\0\0\0\0\0\0\0", NFS4_VERIFIER_SIZE) == 0;
}

static uint32_t ident_of(uint64_t id)
{
    struct client_info info;

    assert_true(client_info_get(state, id, clock_now_ns(), &info));
    assert_int_equal(info.kind, CLIENT_V40);
    return info.callback.ident;
}

/* No record of that name is confirmed: an unconfirmed one is replaced. */
static void unconfirmed_is_replaced(void **unused)
{
    struct client_setclientid first = must_set("c", 1), second = must_set("c", 1), third, others;

    (void)unused;
    assert_int_not_equal(first.clientid, second.clientid);
    assert_false(confirm_equal(&first, &second));
    assert_false(is_zero(first.confirm) || is_zero(second.confirm));
    assert_int_equal(confirm(&first), NFS4ERR_STALE_CLIENTID);
    third = must_set("c", 2);
    assert_int_equal(confirm(&second), NFS4ERR_STALE_CLIENTID);
    /* Also another principal's: an unconfirmed name belongs to no client yet. */
    assert_int_equal(set("c", 3, &bob, &others), NFS4_OK);
    assert_int_equal(confirm(&third), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(state->clients.count, 1);
    assert_int_equal(v40_confirm(state, &others, &bob, NULL), NFS4_OK);
    assert_int_equal(renew(third.clientid), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(renew_as(others.clientid, &bob), NFS4_OK);
}

/* The same incarnation: the client id and all state stay, and the callback changes once the new one
 * is confirmed. */
static void callback_update(void **unused)
{
    struct client_setclientid first, update, again;
    struct client *client, *same;
    struct client_callback callback;

    (void)unused;
    assert_int_equal(v40_set(state, "c", 1, &alice, 11, &first), NFS4_OK);
    assert_int_equal(v40_confirm(state, &first, &alice, &client), NFS4_OK);
    assert_int_equal(client_v40_callback(client, &callback), 1);
    assert_string_equal(callback.netid, "tcp");
    assert_string_equal(callback.addr, "127.0.0.1.8.1");
    assert_int_equal(callback.program, 0x40000000);
    holds_state = true;
    assert_int_equal(v40_set(state, "c", 1, &alice, 12, &update), NFS4_OK);
    assert_int_equal(update.clientid, first.clientid);
    assert_false(confirm_equal(&update, &first));
    assert_int_equal(ident_of(first.clientid), 11);
    /* A repeated confirmation changes nothing. */
    assert_int_equal(confirm(&first), NFS4_OK);
    assert_int_equal(ident_of(first.clientid), 11);
    /* A later SETCLIENTID takes its place. */
    assert_int_equal(v40_set(state, "c", 1, &alice, 13, &again), NFS4_OK);
    assert_int_equal(confirm(&update), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(v40_confirm(state, &again, &alice, &same), NFS4_OK);
    assert_ptr_equal(same, client);
    assert_int_equal(ident_of(first.clientid), 13);
    assert_int_equal(client_v40_callback(client, &callback), 2);
    assert_int_equal(callback.ident, 13);
    assert_int_equal(confirm(&again), NFS4_OK); /* the reply was lost */
    assert_int_equal(confirm(&first), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(released, 0);
    assert_int_equal(state->clients.count, 1);
    assert_int_equal(client_v40_callback(client, &callback), 2);
    client_put(same);
    client_put(client);
}

/* It lives no longer than an unconfirmed record. */
static void callback_update_too_late(void **unused)
{
    struct client_setclientid first = must_come("c", 1), update = must_set("c", 1);

    (void)unused;
    for (int i = 0; i < LEASE_S; i++) {
        tick_after(1000);
        assert_int_equal(renew(first.clientid), NFS4_OK);
    }
    tick_after(1);
    assert_int_equal(confirm(&update), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(confirm(&first), NFS4_OK);
}

/* Another incarnation: the state of the former one ends when the new one is confirmed. */
static void reboot(void **unused)
{
    struct client_setclientid first = must_come("c", 1), second, third;

    (void)unused;
    holds_state = true;
    second = must_set("c", 2);
    assert_int_not_equal(second.clientid, first.clientid);
    assert_false(confirm_equal(&second, &first));
    third = must_set("c", 2);
    assert_int_not_equal(third.clientid, first.clientid);
    assert_int_not_equal(third.clientid, second.clientid);
    assert_int_equal(confirm(&second), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(renew(first.clientid), NFS4_OK);
    assert_int_equal(renew(third.clientid), NFS4ERR_STALE_CLIENTID);
    /* A late retry from before it was replaced. */
    assert_int_equal(confirm(&first), NFS4_OK);
    released = 0;
    assert_int_equal(confirm(&third), NFS4_OK);
    assert_int_equal(released, 1);
    assert_int_equal(renew(first.clientid), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(renew(third.clientid), NFS4_OK);
    assert_int_equal(confirm(&third), NFS4_OK);
    assert_int_equal(confirm(&first), NFS4ERR_STALE_CLIENTID);
}

/* A new incarnation has registered, and then the old one asks for another callback: either may be
 * confirmed. */
static void update_beside_reboot(void **unused)
{
    struct client_setclientid first = must_come("c", 1), reborn = must_set("c", 2), update;

    (void)unused;
    assert_int_equal(v40_set(state, "c", 1, &alice, 77, &update), NFS4_OK);
    assert_int_equal(update.clientid, first.clientid);
    assert_int_equal(confirm(&update), NFS4_OK);
    assert_int_equal(ident_of(first.clientid), 77);
    assert_int_equal(confirm(&reborn), NFS4_OK);
    assert_int_equal(renew(first.clientid), NFS4ERR_STALE_CLIENTID);
}

static void another_principals_name(void **unused)
{
    struct client_setclientid mine = must_come("c", 1), theirs;

    (void)unused;
    holds_state = true;
    assert_int_equal(set("c", 1, &bob, &theirs), NFS4ERR_CLID_INUSE);
    assert_string_equal(theirs.using.netid, "tcp");
    assert_string_equal(theirs.using.addr, "127.0.0.1.8.1");
    assert_int_equal(set("c", 2, &bob, &theirs), NFS4ERR_CLID_INUSE);
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    /* Without state the name is free, RFC 7530 §9.1.2. */
    holds_state = false;
    assert_int_equal(set("c", 1, &bob, &theirs), NFS4_OK);
    assert_int_not_equal(theirs.clientid, mine.clientid);
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    /* But not if there is state at the confirmation. */
    holds_state = true;
    assert_int_equal(v40_confirm(state, &theirs, &bob, NULL), NFS4ERR_CLID_INUSE);
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    holds_state = false;
    assert_int_equal(v40_confirm(state, &theirs, &bob, NULL), NFS4_OK);
    assert_int_equal(renew(mine.clientid), NFS4ERR_STALE_CLIENTID);
}

/* AUTH_SYS makes all machines one principal; certificates tell them apart. */
static void another_machines_name(void **unused)
{
    struct client_caller first = alice, second = alice;
    struct client_setclientid mine, theirs;

    (void)unused;
    first.machine = 11;
    second.machine = 22;
    assert_int_equal(set("c", 1, &first, &mine), NFS4_OK);
    assert_int_equal(v40_confirm(state, &mine, &first, NULL), NFS4_OK);
    assert_int_equal(set("c", 2, &second, &theirs), NFS4_OK); /* no state yet */
    holds_state = true;
    assert_int_equal(v40_confirm(state, &theirs, &second, NULL), NFS4ERR_CLID_INUSE);
    assert_int_equal(set("c", 2, &second, &theirs), NFS4ERR_CLID_INUSE);
    assert_int_equal(set("c", 2, &alice, &theirs), NFS4ERR_CLID_INUSE);
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    assert_int_equal(set("c", 1, &alice, &theirs), NFS4_OK); /* the same verifier */
    assert_int_equal(theirs.clientid, mine.clientid);
    assert_int_equal(set("c", 2, &first, &theirs), NFS4_OK);
    assert_int_equal(v40_confirm(state, &theirs, &first, NULL), NFS4_OK);
    assert_int_equal(renew(mine.clientid), NFS4ERR_STALE_CLIENTID);
}

/* State with an expired lease protects no name. */
static void expired_name(void **unused)
{
    struct client_setclientid mine = must_come("c", 1), theirs;

    (void)unused;
    holds_state = true;
    tick_through(2 * LEASE_S);
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    assert_int_equal(set("c", 9, &bob, &theirs), NFS4ERR_CLID_INUSE);
    tick_through(2 * LEASE_S);
    assert_int_equal(set("c", 9, &bob, &theirs), NFS4_OK);
    assert_int_equal(v40_confirm(state, &theirs, &bob, NULL), NFS4_OK);
    assert_int_equal(renew(mine.clientid), NFS4ERR_STALE_CLIENTID);
}

/* A request in progress keeps the lease. */
static void name_of_a_busy_client(void **unused)
{
    struct client_setclientid mine = must_come("c", 1), theirs;
    struct client *client;

    (void)unused;
    holds_state = true;
    assert_int_equal(client_v40_begin(state, mine.clientid, clock_now_ns(), &client), NFS4_OK);
    clock_advance_ns(3 * LEASE_S * NSEC_PER_SEC);
    assert_int_equal(set("c", 9, &bob, &theirs), NFS4ERR_CLID_INUSE);
    client_v40_end(client);
    assert_int_equal(set("c", 9, &bob, &theirs), NFS4_OK);
}

static void confirm_by_another(void **unused)
{
    struct client_setclientid first = must_set("c", 1), update;

    (void)unused;
    assert_int_equal(v40_confirm(state, &first, &bob, NULL), NFS4ERR_CLID_INUSE);
    assert_int_equal(confirm(&first), NFS4_OK);
    assert_int_equal(v40_confirm(state, &first, &bob, NULL), NFS4ERR_CLID_INUSE);
    update = must_set("c", 1);
    assert_int_equal(v40_confirm(state, &update, &bob, NULL), NFS4ERR_CLID_INUSE);
    assert_int_equal(confirm(&update), NFS4_OK);
}

static void confirm_unknown(void **unused)
{
    struct client_setclientid first = must_set("c", 1), wrong = first;
    struct client_exchange other;

    (void)unused;
    wrong.clientid++;
    assert_int_equal(confirm(&wrong), NFS4ERR_STALE_CLIENTID);
    wrong = first;
    wrong.confirm[7] ^= 1;
    assert_int_equal(confirm(&wrong), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(confirm(&first), NFS4_OK);
    assert_int_equal(confirm(&wrong), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(exchange("c", 1, &alice, 0, &other), NFS4_OK);
    wrong.clientid = other.clientid;
    assert_int_equal(confirm(&wrong), NFS4ERR_STALE_CLIENTID);
}

static void confirm_too_late(void **unused)
{
    struct client_setclientid first = must_set("c", 1);

    (void)unused;
    clock_advance_ns(LEASE_S * NSEC_PER_SEC + 1);
    assert_int_equal(confirm(&first), NFS4ERR_STALE_CLIENTID);
    tick_after(0);
    assert_int_equal(state->clients.count, 0);
}

/* The server stores only a limited part of a client's strings. */
static void long_addresses(void **unused)
{
    static uint8_t longest[LIMIT_CALLBACK_ADDR_BYTES + 1];
    struct SETCLIENTID4args args = {.client.id = {(const uint8_t *)"c", 1}};
    struct netaddr4 *location = &args.callback.cb_location;
    struct client_setclientid out;
    struct client_info info;

    (void)unused;
    memset(longest, '1', sizeof(longest));
    location->na_r_netid = (struct wire_opaque){longest, LIMIT_CALLBACK_NETID_BYTES};
    location->na_r_addr = (struct wire_opaque){longest, LIMIT_CALLBACK_ADDR_BYTES};
    assert_int_equal(client_setclientid(state, &alice, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    assert_true(client_info_get(state, out.clientid, clock_now_ns(), &info));
    assert_int_equal(strlen(info.callback.netid), LIMIT_CALLBACK_NETID_BYTES);
    assert_int_equal(strlen(info.callback.addr), LIMIT_CALLBACK_ADDR_BYTES);
    location->na_r_addr.len++;
    assert_int_equal(client_setclientid(state, &alice, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    assert_true(client_info_get(state, out.clientid, clock_now_ns(), &info));
    assert_string_equal(info.callback.netid, "");
    assert_string_equal(info.callback.addr, "");
    location->na_r_addr.len = 3;
    longest[1] = '\0';
    assert_int_equal(client_setclientid(state, &alice, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    assert_true(client_info_get(state, out.clientid, clock_now_ns(), &info));
    assert_string_equal(info.callback.addr, "");
}

/* P-06, SR-29: one name, two clients. First 4.0's, then 4.1's. */
static void same_name_v40_first(void **unused)
{
    struct client_setclientid old = must_come("host", 1), reborn;
    struct CREATE_SESSION4resok session_made, another;
    struct client_exchange new, again;

    (void)unused;
    holds_state = true;
    assert_int_equal(exchange("host", 1, &alice, 0, &new), NFS4_OK);
    assert_false(new.confirmed); /* the incarnation is unknown, even with this verifier */
    assert_int_not_equal(new.clientid, old.clientid);
    assert_int_equal(session(new.clientid, 1, &alice, &session_made), NFS4_OK);
    assert_int_equal(renew(old.clientid), NFS4_OK);
    /* Another principal may use the name in 4.1, whatever state 4.0 has. */
    assert_int_equal(exchange("host2", 1, &bob, 0, &again), NFS4_OK);
    /* A reboot of one is none of the other. */
    reborn = must_come("host", 2);
    assert_true(session_lives(&session_made));
    assert_int_equal(exchange("host", 3, &alice, 0, &again), NFS4_OK);
    assert_int_equal(session(again.clientid, 1, &alice, &another), NFS4_OK);
    assert_false(session_lives(&session_made));
    assert_int_equal(renew(reborn.clientid), NFS4_OK);
    assert_int_equal(state->clients.count, 3);
}

/* First 4.1's, then 4.0's. */
static void same_name_v41_first(void **unused)
{
    struct CREATE_SESSION4resok session_made;
    struct client_exchange new = confirmed("host", 1, &session_made), again;
    struct client_setclientid old, theirs;

    (void)unused;
    holds_state = true;
    /* In 4.0 the name is free, even for another principal. */
    assert_int_equal(set("host", 1, &bob, &theirs), NFS4_OK);
    old = must_come("host", 1);
    assert_int_not_equal(new.clientid, old.clientid);
    assert_true(session_lives(&session_made));
    assert_int_equal(exchange("host", 1, &alice, 0, &again), NFS4_OK);
    assert_true(again.confirmed);
    assert_int_equal(again.clientid, new.clientid);
    must_come("host", 7);
    assert_true(session_lives(&session_made));
    assert_int_equal(exchange("host", 1, &alice, EXCHGID4_FLAG_UPD_CONFIRMED_REC_A, &again),
                     NFS4_OK);
    assert_int_equal(again.clientid, new.clientid);
}

/* The operations of each version reject the other's ids. */
static void ids_of_the_other_kind(void **unused)
{
    struct client_setclientid old = must_set("host", 1);
    struct CREATE_SESSION4resok made;
    struct client_exchange new;
    struct client *client;

    (void)unused;
    assert_int_equal(session(old.clientid, 1, &alice, &made), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(client_destroy_id(state, old.clientid, &v40_alice, clock_now_ns()),
                     NFS4ERR_STALE_CLIENTID);
    assert_int_equal(confirm(&old), NFS4_OK);
    assert_int_equal(session(old.clientid, 1, &alice, &made), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(client_destroy_id(state, old.clientid, &v40_alice, clock_now_ns()),
                     NFS4ERR_STALE_CLIENTID);
    assert_int_equal(exchange("host", 1, &alice, EXCHGID4_FLAG_UPD_CONFIRMED_REC_A, &new),
                     NFS4ERR_NOENT);
    new = confirmed("host", 1, &made);
    assert_int_equal(renew(new.clientid), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(client_v40_begin(state, new.clientid, clock_now_ns(), &client),
                     NFS4ERR_STALE_CLIENTID);
    assert_null(client);
}

static void renewing(void **unused)
{
    struct client_setclientid unconfirmed = must_set("d", 1), mine = must_come("c", 1);

    (void)unused;
    assert_int_equal(renew(0), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(renew(unconfirmed.clientid), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(renew_as(mine.clientid, &bob), NFS4ERR_ACCESS);
    for (int i = 0; i < 4; i++) {
        tick_through(LEASE_S - 1);
        assert_int_equal(renew(mine.clientid), NFS4_OK);
        assert_int_equal(state->clients.courtesy_count, 0);
    }
}

/* The lease does not expire during a request of the client, and starts anew at its end. */
static void running_request(void **unused)
{
    struct client_setclientid mine = must_come("c", 1);
    struct client *client, *again;

    (void)unused;
    holds_state = true;
    assert_int_equal(client_v40_begin(state, mine.clientid, clock_now_ns(), &client), NFS4_OK);
    assert_true(client_v40_begin_of(client, clock_now_ns()));
    assert_int_equal(atomic_load(&client->running), 2);
    client_v40_end(client);
    tick_through(5 * LEASE_S);
    assert_false(client_lapsed(client, clock_now_ns()));
    assert_true(client_request_runs(client));
    client_v40_end(client);
    assert_false(client_request_runs(client));
    tick_through(LEASE_S - 1);
    assert_false(client_lease_over(client, clock_now_ns()));
    tick_through(LEASE_S);
    assert_true(client_lapsed(client, clock_now_ns()));
    assert_int_equal(state->clients.courtesy_count, 1);
    /* It returns. */
    assert_int_equal(client_v40_begin(state, mine.clientid, clock_now_ns(), &again), NFS4_OK);
    assert_ptr_equal(again, client);
    client_v40_end(again);
    assert_false(client_lapsed(again, clock_now_ns()));
}

/* Without state a record lasts an hour, with state a day; then nothing is left. */
static void silence_ends_a_record(void **unused)
{
    struct client *idle = v40_client(state, "idle", 1);

    (void)unused;
    tick_after(1000 * (int64_t)(LIMIT_COURTESY_IDLE_S + LEASE_S) - 1);
    assert_false(client_dead(idle));
    tick_after(60000);
    assert_true(client_dead(idle));
    assert_int_equal(released, 1);
    assert_int_equal(renew(idle->id), NFS4ERR_STALE_CLIENTID);
    assert_false(client_v40_begin_of(idle, clock_now_ns()));
    client_put(idle);
    assert_int_equal(state->clients.count, 0);
}

/* A full table: unconfirmed records are replaced, and silent clients. */
static void full_table(void **unused)
{
    struct client_setclientid mine, out;
    char name[32];

    (void)unused;
    state_limit_set(state, STATE_LIMIT_clients, 8);
    mine = must_come("mine", 1);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(name, sizeof(name), "flood %d", i);
        assert_int_equal(set(name, 1, &bob, &out), NFS4_OK);
        assert_true(state->clients.count <= 8);
    }
    assert_int_equal(renew(mine.clientid), NFS4_OK);
    for (int i = 0; i < 7; i++) {
        (void)snprintf(name, sizeof(name), "real %d", i);
        must_come(name, 1);
    }
    assert_int_equal(set("more", 1, &bob, &out), NFS4ERR_DELAY);
    tick_through(2 * LEASE_S);
    assert_int_equal(set("more", 1, &bob, &out), NFS4_OK);
    assert_int_equal(state->clients.count, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(unconfirmed_is_replaced),
        CLIENT_TEST(callback_update),
        CLIENT_TEST(callback_update_too_late),
        CLIENT_TEST(reboot),
        CLIENT_TEST(update_beside_reboot),
        CLIENT_TEST(another_principals_name),
        CLIENT_TEST(another_machines_name),
        CLIENT_TEST(expired_name),
        CLIENT_TEST(name_of_a_busy_client),
        CLIENT_TEST(confirm_by_another),
        CLIENT_TEST(confirm_unknown),
        CLIENT_TEST(confirm_too_late),
        CLIENT_TEST(long_addresses),
        CLIENT_TEST(same_name_v40_first),
        CLIENT_TEST(same_name_v41_first),
        CLIENT_TEST(ids_of_the_other_kind),
        CLIENT_TEST(renewing),
        CLIENT_TEST(running_request),
        CLIENT_TEST(silence_ends_a_record),
        CLIENT_TEST(full_table),
    };

    log_set_level(LOG_LEVEL_WARN);
    return test_group_run(tests);
}
