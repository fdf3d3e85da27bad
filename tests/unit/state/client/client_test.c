/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXCHANGE_ID's cases (RFC 8881 §18.35.4), DESTROY_CLIENTID, RECLAIM_COMPLETE.
 */
#include "state/client/client.h"

#include <string.h>

#include "state/client/client_exchange.h"
#include "state/client/client_table.h"
#include "unit/state/client/client_fixture.h"

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

/* W15: CLID_INUSE unless the old client has no state or its lease has expired
 * (client_lease_test.c). */
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

/* AUTH_SYS makes all machines one principal; certificates tell them apart. */
static const struct client_caller of_none = CLIENT_CALLER_SYS(1000);
static const struct client_caller of_first = {
    .principal = CLIENT_PRINCIPAL_SYS(1000), .flavor = "sys", .transport = "mtls", .machine = 11};
static const struct client_caller of_second = {
    .principal = CLIENT_PRINCIPAL_SYS(1000), .flavor = "sys", .transport = "mtls", .machine = 22};

static struct client_exchange confirmed_by(const struct client_caller *who,
                                           struct CREATE_SESSION4resok *res)
{
    struct client_exchange made;

    assert_int_equal(exchange("a", 1, who, 0, &made), NFS4_OK);
    assert_int_equal(session(made.clientid, 1, who, res), NFS4_OK);
    return made;
}

static void case3_another_machine(void **unused)
{
    const uint32_t update = EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
    struct CREATE_SESSION4resok res;
    struct client_exchange first = confirmed_by(&of_first, &res), other;

    (void)unused;
    assert_int_equal(exchange("a", 2, &of_second, 0, &other), NFS4ERR_CLID_INUSE);
    assert_int_equal(exchange("a", 2, &of_none, 0, &other), NFS4ERR_CLID_INUSE);
    assert_int_equal(exchange("a", 2, &of_none, update, &other), NFS4ERR_NOT_SAME);
    assert_true(session_lives(&res));
    /* Without state the string is free, and the client is gone at once. */
    drop_session(&res);
    holds_state = true;
    assert_int_equal(exchange("a", 2, &of_second, 0, &other), NFS4ERR_CLID_INUSE);
    holds_state = false;
    assert_int_equal(exchange("a", 2, &of_second, 0, &other), NFS4_OK);
    assert_int_equal(released, 1);
    assert_int_equal(session(first.clientid, 2, &of_first, &res), NFS4ERR_STALE_CLIENTID);
}

/* After a reboot, with a certificate that may be a new one; by a mount without it, since only the
 * machine knows its verifier; and once the lease is over. */
static void case5_same_machine(void **unused)
{
    struct CREATE_SESSION4resok res, again;
    struct client_exchange first = confirmed_by(&of_first, &res), other;

    (void)unused;
    assert_int_equal(exchange("a", 1, &of_none, 0, &other), NFS4_OK);
    assert_true(other.confirmed && other.clientid == first.clientid);
    assert_int_equal(exchange("a", 2, &of_first, 0, &other), NFS4_OK);
    assert_false(other.confirmed);
    assert_true(session_lives(&res));
    assert_int_equal(session(other.clientid, 1, &of_second, &again), NFS4ERR_CLID_INUSE);
    assert_int_equal(session(other.clientid, 1, &of_none, &again), NFS4ERR_CLID_INUSE);
    assert_true(session_lives(&res));
    assert_int_equal(session(other.clientid, 2, &of_first, &again), NFS4_OK);
    assert_false(session_lives(&res));
    tick_through(2 * LEASE_S);
    assert_int_equal(exchange("a", 3, &of_second, 0, &other), NFS4_OK);
}

/* A client that was registered without a certificate is as it was. */
static void machine_unknown(void **unused)
{
    struct CREATE_SESSION4resok old, new;
    struct client_exchange next;

    (void)unused;
    confirmed_by(&of_none, &old);
    assert_int_equal(exchange("a", 2, &of_first, 0, &next), NFS4_OK);
    assert_int_equal(session(next.clientid, 1, &of_first, &new), NFS4_OK);
    assert_false(session_lives(&old));
    assert_int_equal(exchange("a", 3, &of_none, 0, &next), NFS4ERR_CLID_INUSE);
}

/* A principal of Kerberos has proved who it is, with whatever certificate: it was rebooted. */
static void machine_with_kerberos(void **unused)
{
    static const struct client_caller before = {.principal = {CLIENT_PRINCIPAL_GSS | 5},
                                                .flavor = "krb5i",
                                                .name = "host/a@R",
                                                .integrity = true,
                                                .transport = "mtls",
                                                .machine = 11};
    struct client_caller after = before;
    struct CREATE_SESSION4resok old, new;
    struct client_exchange next;

    (void)unused;
    after.transport = "tcp";
    after.machine = 0;
    confirmed_by(&before, &old);
    assert_int_equal(exchange("a", 2, &after, 0, &next), NFS4_OK);
    assert_true(session_lives(&old));
    assert_int_equal(session(next.clientid, 1, &after, &new), NFS4_OK);
    assert_false(session_lives(&old));
}

static void case4_unconfirmed_replaced(void **unused)
{
    static const struct client_caller *const who[] = {&alice, &bob};
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

/* W15, SR-11: the old incarnation stays until CREATE_SESSION confirms the new one. */
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
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, 1, &out), NFS4ERR_INVAL);
    args.eia_state_protect.spa_how = SP4_SSV;
    args.eia_state_protect.spa_ssv_parms = (struct ssv_sp_parms4){.ssp_window = 1};
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, 1, &out), NFS4ERR_INVAL);
    args.eia_state_protect.spa_ssv_parms = (struct ssv_sp_parms4){.ssp_hash_algs = &alg,
                                                                  .ssp_hash_algs_count = 1,
                                                                  .ssp_encr_algs = &alg,
                                                                  .ssp_encr_algs_count = 1,
                                                                  .ssp_window = 1};
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, 1, &out),
                     NFS4ERR_ENCR_ALG_UNSUPP);
}

/* SR-17. */
static void destroy_clientid(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange made, unconfirmed;

    (void)unused;
    assert_int_equal(client_destroy_id(state, 0, &alice, clock_now_ns()), NFS4ERR_STALE_CLIENTID);
    made = confirmed("a", 1, &res);
    assert_int_equal(client_destroy_id(state, made.clientid, &alice, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    drop_session(&res);
    holds_state = true;
    assert_int_equal(client_destroy_id(state, made.clientid, &alice, clock_now_ns()),
                     NFS4ERR_CLIENTID_BUSY);
    holds_state = false;
    assert_int_equal(client_destroy_id(state, made.clientid, &alice, clock_now_ns()), NFS4_OK);
    assert_int_equal(client_destroy_id(state, made.clientid, &alice, clock_now_ns()),
                     NFS4ERR_STALE_CLIENTID);
    assert_int_equal(exchange("b", 1, &alice, 0, &unconfirmed), NFS4_OK);
    assert_int_equal(client_destroy_id(state, unconfirmed.clientid, &alice, clock_now_ns()),
                     NFS4_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(case1_new_owner),
        CLIENT_TEST(case2_again),
        CLIENT_TEST(case3_collision),
        CLIENT_TEST(case3_another_machine),
        CLIENT_TEST(case5_same_machine),
        CLIENT_TEST(machine_unknown),
        CLIENT_TEST(machine_with_kerberos),
        CLIENT_TEST(case4_unconfirmed_replaced),
        CLIENT_TEST(case5_restart),
        CLIENT_TEST(cases6_to_9_update),
        CLIENT_TEST(bad_flags),
        CLIENT_TEST(protection_needs_gss),
        CLIENT_TEST(destroy_clientid),
        CLIENT_TEST(reclaim_complete_once),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
