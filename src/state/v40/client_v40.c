/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a 4.0 client, and what there is to tell about it. */
#include "state/v40/client_v40.h"

#include "state/client/client_info.h"
#include "state/client/client_lease.h"
#include "state/client/client_table.h"
#include "state/file/revocation.h"
#include "state/open/opener.h"

/* A revocation looks at `running` after that, all of it seq_cst: either it sees this request, or
 * the request will see the state gone. */
static void run_begin(struct client *client)
{
    client_get(client);
    atomic_fetch_add_explicit(&client->running, 1, memory_order_seq_cst);
}

/* Without renewing the lease. */
static enum nfsstat4 run_begin_id(struct state *state, uint64_t clientid, struct client **out)
{
    struct client *client;

    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_kind_locked(state, clientid, CLIENT_V40);
    if (client && !client->confirmed)
        client = NULL;
    if (client)
        run_begin(client);
    pthread_mutex_unlock(&state->clients.lock);
    *out = client;
    return client ? NFS4_OK : NFS4ERR_STALE_CLIENTID;
}

enum nfsstat4 client_v40_begin(struct state *state, uint64_t clientid, int64_t now_ns,
                               struct client **client)
{
    enum nfsstat4 status = run_begin_id(state, clientid, client);

    if (status == NFS4_OK)
        client_renew(*client, now_ns);
    return status;
}

bool client_v40_begin_of(struct client *client, int64_t now_ns)
{
    run_begin(client);
    client_renew(client, now_ns);
    if (!client_dead(client))
        return true;
    client_v40_end(client);
    return false;
}

void client_v40_end(struct client *client)
{
    uint32_t before = atomic_fetch_sub_explicit(&client->running, 1, memory_order_release);

    DCHECK(before > 0);
    (void)before;
    client_put(client);
}

uint32_t client_v40_callback(struct client *client, struct client_callback *out)
{
    struct state *state = client->state;
    uint32_t serial;

    pthread_mutex_lock(&state->clients.lock);
    *out = client->v40->callback;
    serial = client->v40->callback_serial;
    pthread_mutex_unlock(&state->clients.lock);
    return serial;
}

static bool has_open_of(struct client *client, struct client_principal principal)
{
    struct owner_table *table = owner_table_of(client);
    bool found;

    pthread_mutex_lock(&table->lock);
    found = opener_has_open_locked(table, principal);
    pthread_mutex_unlock(&table->lock);
    return found;
}

enum nfsstat4 client_renew_id(struct state *state, struct client_principal principal,
                              uint64_t clientid, int64_t now_ns)
{
    struct client *client;
    enum nfsstat4 status = run_begin_id(state, clientid, &client);

    if (status != NFS4_OK)
        return status;
    if (client_principal_equal(client->caller.principal, principal) ||
        has_open_of(client, principal)) {
        client_renew(client, now_ns);
        status = revocation_announce(client) ? NFS4ERR_EXPIRED : NFS4_OK;
    } else {
        status = NFS4ERR_ACCESS;
    }
    client_v40_end(client);
    return status;
}

void client_v40_loss_reported(struct client *client, struct stateid *sid, int64_t now_ns)
{
    DCHECK(sid->client == client);
    (void)client;
    revocation_reported(sid, now_ns);
}
