/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/recovery/recovery_fixture.h"

#include <unistd.h>

#include "base/clock.h"
#include "lib/directory.h"
#include "state/client/client_exchange.h"
#include "state/client/client_table.h"
#include "state/recovery/recovery_grace.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "vfs/vfs_blocking.h"

struct state *state;
int64_t born_ns;
bool holds_state;
char directory[64];
int dir_fd;
int sections, released_in;

static struct session_conn *conn;
static uint32_t next_sequence; /* for a CREATE_SESSION after the last EXCHANGE_ID */

void section_begin(bool surely)
{
    (void)surely;
    sections++;
}

void section_end(void)
{
    sections--;
}

static void hook_release(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
    released_in = sections;
}

static bool hook_has_state(struct state *s, struct client *client)
{
    (void)s;
    (void)client;
    return holds_state;
}

void begin_life_of(uint32_t lease_s, uint32_t grace_s)
{
    const struct recovery_config recovery = {dir_fd, lease_s, grace_s};
    struct state_config config = {.lease_s = lease_s, .server_owner = "test"};
    char error[256] = "";

    born_ns = clock_now_ns();
    config.recovery = recovery_open(&recovery, born_ns, error, sizeof(error));
    assert_string_equal(error, "");
    assert_non_null(config.recovery);
    state = state_create(&config);
    state_hook_clients(state, &(struct state_client_hooks){hook_release, hook_has_state});
    conn = session_conn_create(NULL);
}

void begin_life(void)
{
    begin_life_of(LEASE_S, GRACE_S);
}

void end_life(void)
{
    holds_state = false;
    session_conn_destroy(conn);
    state_destroy(state);
    state = NULL;
}

void crash(void)
{
    end_life();
    begin_life();
}

int recovery_set_up(void **unused)
{
    (void)unused;
    strcpy(directory, "/tmp/mainstay-recovery.XXXXXX");
    dir_fd = directory_make(directory);
    begin_life();
    return 0;
}

int recovery_tear_down(void **unused)
{
    (void)unused;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){0};
    if (state)
        end_life();
    close(dir_fd);
    return directory_remove(directory);
}

/* A principal of Kerberos has the same name in each life, but not the same number. */
static struct client_caller caller_of(uint32_t uid)
{
    static _Thread_local char name[64];

    if (uid < GSS_UIDS)
        return (struct client_caller)CLIENT_CALLER_SYS(uid);
    (void)snprintf(name, sizeof(name), "host/web%u@LAB.EXAMPLE", uid);
    return (struct client_caller){.principal = client_principal_gss(uid ^ state->boot_id >> 1),
                                  .integrity = true,
                                  .flavor = "krb5i",
                                  .name = name,
                                  .transport = "tcp"};
}

struct client *introduce_as(const char *owner, uint8_t verifier, uint32_t uid)
{
    struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
    const struct client_caller who = caller_of(uid);
    struct client_exchange made;
    struct client *client;

    memset(args.eia_clientowner.co_verifier, verifier, NFS4_VERIFIER_SIZE);
    args.eia_clientowner.co_ownerid =
        (struct wire_opaque){(const uint8_t *)owner, (uint32_t)strlen(owner)};
    assert_int_equal(client_exchange_id(state, &who, NULL, &args, clock_now_ns(), &made), NFS4_OK);
    next_sequence = made.sequence;
    client = client_lookup(state, made.clientid);
    assert_non_null(client);
    client_put(client); /* the table keeps a reference */
    return client;
}

void confirm(uint64_t clientid, uint32_t uid)
{
    const struct channel_attrs4 attrs = {0, 8192, 8192, 8192, 16, 8, {0}, 0};
    const struct CREATE_SESSION4args args = {.csa_clientid = clientid,
                                             .csa_sequence = next_sequence,
                                             .csa_fore_chan_attrs = attrs,
                                             .csa_back_chan_attrs = attrs};
    const struct client_caller who = caller_of(uid);
    struct CREATE_SESSION4resok res;

    assert_int_equal(session_create(state, &who, conn, 1, &args, clock_now_ns(), &res), NFS4_OK);
    assert_int_equal(session_destroy(state, res.csr_sessionid, conn, NULL, 0), NFS4_OK);
}

struct client *come_as(const char *owner, uint8_t verifier, uint32_t uid)
{
    struct client *client = introduce_as(owner, verifier, uid);

    confirm(client->id, uid);
    return client;
}

struct client *come(const char *owner)
{
    return come_as(owner, 1, OWNER_UID);
}

void complete(struct client *client)
{
    assert_int_equal(client_reclaim_complete(client), NFS4_OK);
}

struct client *come_and_complete(const char *owner)
{
    struct client *client = come(owner);

    complete(client);
    return client;
}

void leave(struct client *client)
{
    const struct client_caller root = CLIENT_CALLER_SYS(0);

    assert_int_equal(client_destroy_id(state, client->id, &root, clock_now_ns()), NFS4_OK);
}

bool in_grace(void)
{
    enum nfsstat4 grant = recovery_grant_status(state->recovery);

    assert_int_equal(grant, recovery_in_grace(state->recovery) ? NFS4ERR_GRACE : NFS4_OK);
    return grant == NFS4ERR_GRACE;
}

void tick_at(int seconds)
{
    recovery_tick(state->recovery, born_ns + seconds * NSEC_PER_SEC);
}

void count_revoked(struct client *client, int count)
{
    atomic_fetch_add(&client->revoked_count, (uint32_t)count);
}
