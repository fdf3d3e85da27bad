/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_lease.h"

#include "state/client/client_hooks.h"

/* seq_cst: see stateid_revoked(). */
bool client_request_runs_locked(struct client *client)
{
    if (atomic_load_explicit(&client->running, memory_order_seq_cst) > 0)
        return true;
    return client->state->client_hooks->sessions_busy_locked(client);
}

bool client_lapsed_locked(struct client *client, int64_t now_ns)
{
    return client_lease_over(client, now_ns) && !client_request_runs_locked(client);
}

bool client_lapsed(struct client *client, int64_t now_ns)
{
    struct state *state = client->state;
    bool lapsed;

    if (!client_lease_over(client, now_ns))
        return false;
    pthread_mutex_lock(&state->clients.lock);
    /* The sessions of a dead client must not be accessed here. */
    lapsed = client_dead(client) || client_lapsed_locked(client, now_ns);
    pthread_mutex_unlock(&state->clients.lock);
    return lapsed;
}

bool client_request_runs(struct client *client)
{
    struct state *state = client->state;
    bool runs;

    pthread_mutex_lock(&state->clients.lock);
    runs = !client_dead(client) && client_request_runs_locked(client);
    pthread_mutex_unlock(&state->clients.lock);
    return runs;
}
