/* SPDX-License-Identifier: Apache-2.0 */
/* Reported information on clients; the implementation id (RFC 8881 §18.35.3). */
#include "state/client/client_info.h"

#include <string.h>

#include "state/client/client_exchange.h"
#include "unit/state/client/client_fixture.h"

static struct client_info info_of(uint64_t clientid)
{
    struct client_info info;

    assert_true(client_info_get(state, clientid, clock_now_ns(), &info));
    assert_int_equal(info.id, clientid);
    return info;
}

static struct client_info exchange_impl(const char *name, uint32_t flags)
{
    struct EXCHANGE_ID4args args = exchange_args("a", 1, flags);
    struct nfs_impl_id4 impl = {.nii_domain = {(const uint8_t *)"kernel.org", 10},
                                .nii_name = {(const uint8_t *)name, (uint32_t)strlen(name)},
                                .nii_date = {.seconds = 1700000000}};
    struct client_exchange out;

    args.eia_client_impl_id = &impl;
    args.eia_client_impl_id_count = name[0] != '\0';
    assert_int_equal(client_exchange_id(state, &alice, NULL, &args, clock_now_ns(), &out), NFS4_OK);
    return info_of(out.clientid);
}

/* Stored, unchanged by a repeated request (case 2), replaced by an update (case 6). */
static void impl_id(void **unused)
{
    struct CREATE_SESSION4resok res;
    struct client_info info = exchange_impl("Linux", 0);

    (void)unused;
    assert_string_equal(info.impl_name, "Linux");
    assert_string_equal(info.impl_domain, "kernel.org");
    assert_int_equal(info.impl_date_s, 1700000000);
    assert_int_equal(session(info.id, 1, &alice, &res), NFS4_OK);
    info = exchange_impl("other", 0);
    assert_string_equal(info.impl_name, "Linux");
    info = exchange_impl("", EXCHGID4_FLAG_UPD_CONFIRMED_REC_A);
    assert_string_equal(info.impl_name, "Linux");
    info = exchange_impl("Linux 2", EXCHGID4_FLAG_UPD_CONFIRMED_REC_A);
    assert_string_equal(info.impl_name, "Linux 2");
}

/* A client must not make the server store a megabyte for it. */
static void long_impl_id_is_cut(void **unused)
{
    static char name[LIMIT_CLIENT_IMPL_BYTES * 4];

    (void)unused;
    memset(name, 'n', sizeof(name) - 1);
    assert_int_equal(strlen(exchange_impl(name, 0).impl_name), LIMIT_CLIENT_IMPL_BYTES);
}

static void unconfirmed(void **unused)
{
    struct client_exchange out;
    struct client_info info;

    (void)unused;
    assert_int_equal(exchange("owner", 1, &bob, 0, &out), NFS4_OK);
    clock_advance_ns(3 * state->lease_ns);
    info = info_of(out.clientid);
    assert_false(info.confirmed || info.courtesy || info.reclaim_complete || info.callback_path);
    assert_true(client_principal_equal(info.principal, bob.principal));
    assert_int_equal(info.owner_len, 5);
    assert_memory_equal(info.owner, "owner", 5);
    assert_int_equal(info.sessions + info.connections + info.revoked, 0);
    assert_string_equal(info.impl_name, "");
    assert_false(client_info_get(state, out.clientid + 1, clock_now_ns(), &info));
    assert_int_equal(info.id, 0);
}

static void life(void **unused)
{
    struct party party = party_make("a", CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    struct CREATE_SESSION4resok res;
    struct client_info info;

    (void)unused;
    assert_int_equal(session(party.client->id, 2, &alice, &res), NFS4_OK);
    assert_int_equal(client_reclaim_complete(party.client), NFS4_OK);
    client_revoked_add(party.client, NFS4ERR_EXPIRED);
    info = info_of(party.client->id);
    assert_true(info.confirmed && info.reclaim_complete && info.callback_path);
    assert_false(info.courtesy);
    assert_int_equal(info.sessions, 2);
    assert_int_equal(info.connections, 2);
    assert_int_equal(info.revoked, 1);
    session_conn_destroy(conn);
    conn = session_conn_create(NULL);
    clock_advance_ns(3 * state->lease_ns);
    info = info_of(party.client->id);
    assert_true(info.courtesy);
    assert_false(info.callback_path);
    assert_int_equal(info.connections, 0);
    assert_true(info.silent_ns >= 3 * state->lease_ns);
    party_put(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(impl_id),
        CLIENT_TEST(long_impl_id_is_cut),
        CLIENT_TEST(unconfirmed),
        CLIENT_TEST(life),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
