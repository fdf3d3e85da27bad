/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXCHANGE_ID's cases (RFC 8881 §18.35.4), DESTROY_CLIENTID, leases.
 */
#include "state/client.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/session.h"
#include "state/session_conn.h"

enum {
    LEASE_S = 10
};

static const struct client_principal alice = {1, 1000}, bob = {1, 1001};
static struct state *state;
static struct session_conn *conn;
static uint32_t released; /* clients that the hook was called for */
static bool holds_state;

static void hook_release(struct state *s, struct client *client)
{
    assert_ptr_equal(s, state);
    assert_true(client_dead(client));
    released++;
}

static bool hook_has_state(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
    return holds_state;
}

static int set_up(void **unused)
{
    const struct state_config config = {.lease_s = LEASE_S, .server_owner = "test"};
    const struct state_client_hooks hooks = {hook_release, hook_has_state};

    (void)unused;
    state = state_create(&config);
    state_hook_clients(state, &hooks);
    conn = session_conn_create(NULL);
    released = 0;
    holds_state = false;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    holds_state = false;
    session_conn_destroy(conn);
    state_destroy(state);
    return 0;
}

static struct EXCHANGE_ID4args exchange_args(const char *owner, uint8_t verifier, uint32_t flags)
{
    struct EXCHANGE_ID4args args = {.eia_flags = flags, .eia_state_protect = {.spa_how = SP4_NONE}};

    memset(args.eia_clientowner.co_verifier, verifier, NFS4_VERIFIER_SIZE);
    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    return args;
}

static enum nfsstat4 exchange(const char *owner, uint8_t verifier,
                              const struct client_principal *who, uint32_t flags,
                              struct client_exchange *out)
{
    struct EXCHANGE_ID4args args = exchange_args(owner, verifier, flags);

    return client_exchange_id(state, who, &args, clock_now_ns(), out);
}

static enum nfsstat4 session(uint64_t clientid, uint32_t sequence,
                             const struct client_principal *who, struct CREATE_SESSION4resok *res)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                             .csa_sequence = sequence,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};

    return session_create(state, who, conn, &args, clock_now_ns(), res);
}

/* A confirmed client with one session. */
static struct client_exchange confirmed(const char *owner, uint8_t verifier,
                                        struct CREATE_SESSION4resok *res)
{
    struct client_exchange made;

    assert_int_equal(exchange(owner, verifier, &alice, 0, &made), NFS4_OK);
    assert_false(made.confirmed);
    assert_int_equal(made.sequence, 1);
    assert_int_equal(session(made.clientid, 1, &alice, res), NFS4_OK);
    return made;
}

static bool session_lives(const struct CREATE_SESSION4resok *res)
{
    struct session *found = session_lookup(state, res->csr_sessionid);

    session_put(found);
    return found != NULL;
}

static void drop_session(const struct CREATE_SESSION4resok *res)
{
    assert_int_equal(session_destroy(state, res->csr_sessionid, conn, NULL, 0), NFS4_OK);
}

static void case1_new_owner(void **unused)
{
    struct client_exchange a, b;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 0, &a), NFS4_OK);
    assert_int_equal(exchange("b", 1, &alice, 0, &b), NFS4_OK);
    assert_true(a.clientid != 0 && a.clientid != b.clientid);
    assert_false(a.confirmed);
    assert_int_equal(a.sequence, 1);
}

static void case2_again(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange first = confirmed("a", 1, &res), again;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 0, &again), NFS4_OK);
    assert_true(again.confirmed);
    assert_int_equal(again.clientid, first.clientid);
    assert_int_equal(again.sequence, 2);
    assert_true(session_lives(&res));
}

/* W15: CLID_INUSE unless the old one has no state or its lease is over. */
static void case3_collision(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange first = confirmed("a", 1, &res), other;

    (void)unused;
    assert_int_equal(exchange("a", 1, &bob, 0, &other), NFS4ERR_CLID_INUSE);
    assert_true(session_lives(&res));
    drop_session(&res);
    holds_state = true;
    assert_int_equal(exchange("a", 2, &bob, 0, &other), NFS4ERR_CLID_INUSE);
    holds_state = false;
    assert_int_equal(exchange("a", 2, &bob, 0, &other), NFS4_OK);
    assert_true(other.clientid != first.clientid);
    assert_false(other.confirmed);
    assert_int_equal(released, 1);
    assert_int_equal(session(first.clientid, 2, &alice, &res), NFS4ERR_STALE_CLIENTID);
}

static void case3_collision_expired(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange other;

    (void)unused;
    confirmed("a", 1, &res);
    clock_advance_ns((LEASE_S + 1) * NSEC_PER_SEC);
    assert_int_equal(exchange("a", 1, &bob, 0, &other), NFS4_OK);
    assert_false(session_lives(&res));
}

static void case4_unconfirmed_replaced(void **unused)
{
    static const struct client_principal *const who[] = {&alice, &bob};
    struct client_exchange first, next;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 0, &first), NFS4_OK);
    for (uint8_t i = 0; i < 4; i++) {
        struct CREATE_SESSION4resok res;

        assert_int_equal(exchange("a", 1 + i % 2, who[i / 2], 0, &next), NFS4_OK);
        assert_true(next.clientid != first.clientid);
        assert_int_equal(session(first.clientid, 1, &alice, &res), NFS4ERR_STALE_CLIENTID);
        first = next;
    }
    assert_int_equal(state->clients.count, 1);
}

/* W15, SR-11: the old incarnation lives until CREATE_SESSION confirms the new one. */
static void case5_restart(void **unused)
{
    struct CREATE_SESSION4resok old, new;
    struct client_exchange first = confirmed("a", 1, &old), next;

    (void)unused;
    assert_int_equal(exchange("a", 2, &alice, 0, &next), NFS4_OK);
    assert_false(next.confirmed);
    assert_true(next.clientid != first.clientid);
    assert_true(session_lives(&old));
    assert_int_equal(session(next.clientid, 1, &alice, &new), NFS4_OK);
    assert_false(session_lives(&old));
    assert_true(session_lives(&new));
    assert_int_equal(released, 1);
    assert_int_equal(session(first.clientid, 2, &alice, &old), NFS4ERR_STALE_CLIENTID);
}

static void cases6_to_9_update(void **unused)
{
    const uint32_t update = EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
    struct CREATE_SESSION4resok res;
    struct client_exchange first, out;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, update, &out), NFS4ERR_NOENT);
    assert_int_equal(exchange("a", 1, &alice, 0, &first), NFS4_OK);
    assert_int_equal(exchange("a", 1, &alice, update, &out), NFS4ERR_NOENT);
    assert_int_equal(session(first.clientid, 1, &alice, &res), NFS4_OK);
    assert_int_equal(exchange("a", 1, &alice, update, &out), NFS4_OK);
    assert_true(out.confirmed && out.clientid == first.clientid);
    assert_int_equal(exchange("a", 2, &alice, update, &out), NFS4ERR_NOT_SAME);
    assert_int_equal(exchange("a", 2, &bob, update, &out), NFS4ERR_NOT_SAME);
    assert_int_equal(exchange("a", 1, &bob, update, &out), NFS4ERR_PERM);
    assert_true(session_lives(&res));
}

static void bad_flags(void **unused)
{
    struct client_exchange out;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 4, &out), NFS4ERR_INVAL);
    assert_int_equal(exchange("a", 1, &alice, EXCHGID4_FLAG_CONFIRMED_R, &out), NFS4ERR_INVAL);
    assert_int_equal(exchange("a", 1, &alice, EXCHGID4_FLAG_USE_PNFS_DS, &out), NFS4_OK);
}

static void protection_needs_gss(void **unused)
{
    struct EXCHANGE_ID4args args = exchange_args("a", 1, 0);
    struct wire_opaque alg = {(const uint8_t *)"x", 1};
    struct client_exchange out;

    (void)unused;
    args.eia_state_protect.spa_how = SP4_MACH_CRED;
    assert_int_equal(client_exchange_id(state, &alice, &args, 1, &out), NFS4ERR_INVAL);
    args.eia_state_protect.spa_how = SP4_SSV;
    args.eia_state_protect.spa_ssv_parms = (struct ssv_sp_parms4){.ssp_window = 1};
    assert_int_equal(client_exchange_id(state, &alice, &args, 1, &out), NFS4ERR_INVAL);
    args.eia_state_protect.spa_ssv_parms = (struct ssv_sp_parms4){.ssp_hash_algs = &alg,
                                                                  .ssp_hash_algs_count = 1,
                                                                  .ssp_encr_algs = &alg,
                                                                  .ssp_encr_algs_count = 1,
                                                                  .ssp_window = 1};
    assert_int_equal(client_exchange_id(state, &alice, &args, 1, &out), NFS4ERR_ENCR_ALG_UNSUPP);
}

static void impl_id_is_kept(void **unused)
{
    struct EXCHANGE_ID4args args = exchange_args("a", 1, 0);
    struct nfs_impl_id4 impl = {.nii_domain = {(const uint8_t *)"kernel.org", 10},
                                .nii_name = {(const uint8_t *)"Linux", 5}};
    struct client_exchange out;
    struct client *client;

    (void)unused;
    args.eia_client_impl_id = &impl;
    args.eia_client_impl_id_count = 1;
    assert_int_equal(client_exchange_id(state, &alice, &args, clock_now_ns(), &out), NFS4_OK);
    client = client_lookup(state, out.clientid);
    assert_string_equal(client->impl_name, "Linux");
    assert_string_equal(client->impl_domain, "kernel.org");
    client_put(client);
}

/* A client must not make us keep a megabyte for it. */
static void long_impl_id_is_cut(void **unused)
{
    static uint8_t name[LIMIT_CLIENT_IMPL_BYTES * 4];
    struct nfs_impl_id4 impl = {.nii_name = {name, sizeof(name)}};
    struct EXCHANGE_ID4args args = exchange_args("a", 1, 0);
    struct client_exchange made;
    struct client *client;

    (void)unused;
    memset(name, 'n', sizeof(name));
    args.eia_client_impl_id = &impl;
    args.eia_client_impl_id_count = 1;
    assert_int_equal(client_exchange_id(state, &alice, &args, clock_now_ns(), &made), NFS4_OK);
    client = client_lookup(state, made.clientid);
    assert_int_equal(strlen(client->impl_name), LIMIT_CLIENT_IMPL_BYTES);
    client_put(client);
}

/* SR-17. */
static void destroy_clientid(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made, unconfirmed;

    (void)unused;
    assert_int_equal(client_destroy_id(state, 0), NFS4ERR_STALE_CLIENTID);
    made = confirmed("a", 1, &res);
    assert_int_equal(client_destroy_id(state, made.clientid), NFS4ERR_CLIENTID_BUSY);
    drop_session(&res);
    holds_state = true;
    assert_int_equal(client_destroy_id(state, made.clientid), NFS4ERR_CLIENTID_BUSY);
    holds_state = false;
    assert_int_equal(client_destroy_id(state, made.clientid), NFS4_OK);
    assert_int_equal(client_destroy_id(state, made.clientid), NFS4ERR_STALE_CLIENTID);
    assert_int_equal(exchange("b", 1, &alice, 0, &unconfirmed), NFS4_OK);
    assert_int_equal(client_destroy_id(state, unconfirmed.clientid), NFS4_OK);
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->clients.by_owner.count, 0);
}

/* SR-20, L-11. */
static void reclaim_complete_once(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made = confirmed("a", 1, &res);
    struct client *client = client_lookup(state, made.clientid);

    (void)unused;
    assert_int_equal(client_reclaim_complete(client), NFS4_OK);
    assert_int_equal(client_reclaim_complete(client), NFS4ERR_COMPLETE_ALREADY);
    client_put(client);
}

static void tick_after(int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    state_tick(state, clock_now_ns());
}

/* L-04: state of an expired client goes, hook included. */
static void lease_runs_out(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made = confirmed("a", 1, &res);
    struct client *client = client_lookup(state, made.clientid);

    (void)unused;
    tick_after(LEASE_S * 1000 - 1000);
    assert_true(session_lives(&res));
    client_renew(client, clock_now_ns());
    tick_after(LEASE_S * 1000 + 100);
    assert_true(client_expired(client, clock_now_ns()));
    assert_true(session_lives(&res)); /* within the margin */
    tick_after(LEASE_S * 1000 / 8 + 100);
    assert_false(session_lives(&res));
    assert_true(client_dead(client));
    assert_int_equal(released, 1);
    assert_int_equal(session(made.clientid, 2, &alice, &res), NFS4ERR_STALE_CLIENTID);
    client_put(client);
}

static void running_request_keeps_client(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct slot_request request = {0};
    struct slot_replay replay = {0};
    struct session *held;

    (void)unused;
    confirmed("a", 1, &res);
    held = session_lookup(state, res.csr_sessionid);
    assert_int_equal(slot_acquire(slot_at(&held->slots, 0), 1, &request, &replay), SLOT_NEW);
    tick_after(2000 * (int64_t)LEASE_S);
    assert_true(session_lives(&res));
    session_slot_release(held, slot_at(&held->slots, 0), NULL, 0);
    tick_after(0);
    assert_false(session_lives(&res));
    session_put(held);
}

/* An unconfirmed record gets one lease, exactly (pynfs EID9). */
static void unconfirmed_runs_out(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made;

    (void)unused;
    assert_int_equal(exchange("a", 1, &alice, 0, &made), NFS4_OK);
    clock_advance_ns(LEASE_S * NSEC_PER_SEC + NSEC_PER_MSEC);
    assert_int_equal(session(made.clientid, 1, &alice, &res), NFS4ERR_STALE_CLIENTID);
    tick_after(0);
    assert_int_equal(state->clients.count, 0);
}

static void limit_is_an_error(void **unused)
{
    struct client_exchange out;

    (void)unused;
    state->clients_max = 2;
    assert_int_equal(exchange("a", 1, &alice, 0, &out), NFS4_OK);
    assert_int_equal(exchange("b", 1, &alice, 0, &out), NFS4_OK);
    assert_int_equal(exchange("c", 1, &alice, 0, &out), NFS4ERR_DELAY);
    assert_int_equal(exchange("b", 2, &alice, 0, &out), NFS4_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(case1_new_owner),
        TEST(case2_again),
        TEST(case3_collision),
        TEST(case3_collision_expired),
        TEST(case4_unconfirmed_replaced),
        TEST(case5_restart),
        TEST(cases6_to_9_update),
        TEST(bad_flags),
        TEST(protection_needs_gss),
        TEST(impl_id_is_kept),
        TEST(long_impl_id_is_cut),
        TEST(destroy_clientid),
        TEST(reclaim_complete_once),
        TEST(lease_runs_out),
        TEST(running_request_keeps_client),
        TEST(unconfirmed_runs_out),
        TEST(limit_is_an_error),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
