/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/client/client_fixture.h"

#include <string.h>

#include "state/client/client_exchange.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"

const struct client_caller alice = CLIENT_CALLER_SYS(1000), bob = CLIENT_CALLER_SYS(1001);
struct state *state;
struct session_conn *conn;
_Atomic uint32_t released;
bool holds_state;

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

int client_set_up(void **unused)
{
    const struct state_config config = {.lease_s = LEASE_S, .server_owner = "test"};
    const struct state_client_hooks hooks = {hook_release, hook_has_state};

    (void)unused;
    clock_stop();
    state = state_create(&config);
    state_hook_clients(state, &hooks);
    conn = session_conn_create(NULL);
    released = 0;
    holds_state = false;
    return 0;
}

int client_tear_down(void **unused)
{
    (void)unused;
    holds_state = false;
    session_conn_destroy(conn);
    state_destroy(state);
    return 0;
}

struct EXCHANGE_ID4args exchange_args(const char *owner, uint8_t verifier, uint32_t flags)
{
    struct EXCHANGE_ID4args args = {.eia_flags = flags, .eia_state_protect = {.spa_how = SP4_NONE}};

    memset(args.eia_clientowner.co_verifier, verifier, NFS4_VERIFIER_SIZE);
    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    return args;
}

enum nfsstat4 exchange(const char *owner, uint8_t verifier, const struct client_caller *who,
                       uint32_t flags, struct client_exchange *out)
{
    struct EXCHANGE_ID4args args = exchange_args(owner, verifier, flags);

    return client_exchange_id(state, who, NULL, &args, clock_now_ns(), out);
}

enum nfsstat4 session_flagged(uint64_t clientid, uint32_t sequence, uint32_t flags,
                              const struct client_caller *who, struct CREATE_SESSION4resok *res)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                             .csa_sequence = sequence,
                                             .csa_flags = flags,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};

    return session_create(state, who, conn, 1, &args, clock_now_ns(), res);
}

enum nfsstat4 session(uint64_t clientid, uint32_t sequence, const struct client_caller *who,
                      struct CREATE_SESSION4resok *res)
{
    return session_flagged(clientid, sequence, 0, who, res);
}

struct client_exchange confirmed(const char *owner, uint8_t verifier,
                                 struct CREATE_SESSION4resok *res)
{
    struct client_exchange made;

    assert_int_equal(exchange(owner, verifier, &alice, 0, &made), NFS4_OK);
    assert_false(made.confirmed);
    assert_int_equal(made.sequence, 1);
    assert_int_equal(session(made.clientid, 1, &alice, res), NFS4_OK);
    return made;
}

bool session_lives(const struct CREATE_SESSION4resok *res)
{
    struct session *found = session_lookup(state, res->csr_sessionid);

    session_put(found);
    return found != NULL;
}

void drop_session(const struct CREATE_SESSION4resok *res)
{
    assert_int_equal(session_destroy(state, res->csr_sessionid, conn, NULL, 0), NFS4_OK);
}

struct party party_make(const char *owner, uint32_t flags)
{
    struct CREATE_SESSION4resok res;
    struct client_exchange new;
    struct party party;

    assert_int_equal(exchange(owner, 1, &alice, 0, &new), NFS4_OK);
    assert_int_equal(session_flagged(new.clientid, new.sequence, flags, &alice, &res), NFS4_OK);
    party.client = client_lookup(state, new.clientid);
    party.session = session_lookup(state, res.csr_sessionid);
    assert_true(party.client && party.session);
    return party;
}

void party_put(struct party *party)
{
    session_put(party->session);
    client_put(party->client);
}

void tick_after(int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    state_tick(state, clock_now_ns());
}

void tick_through(int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++)
        tick_after(1000);
}
