/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_table.h"

#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/client/client_address.h"
#include "state/client/client_hooks.h"
#include "state/client/client_lease.h"
#include "state/client/client_queue.h"
#include "state/client/client_record.h"
#include "state/client/recovery_client.h"
#include "vfs/vfs_blocking.h"

enum {
    PAUSE_NS = 50000
};

bool client_busy_locked(struct client *client)
{
    struct state *state = client->state;

    if (client->session_count > 0)
        return true;
    return state->hooks.has_state && state->hooks.has_state(state, client);
}

static void owner_forget_locked(struct client *client)
{
    struct client_owner *owner = client->owner;

    if (owner->confirmed == client)
        owner->confirmed = NULL;
    if (owner->unconfirmed == client)
        owner->unconfirmed = NULL;
    client->owner = NULL;
    if (owner->confirmed || owner->unconfirmed)
        return;
    htable_remove(&client->state->clients.by_owner, &owner->by_owner);
    memory_free(MEMORY_clients, owner);
}

void client_unhash_locked(struct client *client, struct list *doomed)
{
    struct client_table *clients = &client->state->clients;

    atomic_store_explicit(&client->dead, true, memory_order_release);
    htable_remove(&clients->by_id, &client->by_id);
    owner_forget_locked(client);
    client_address_remove_locked(clients, client);
    clients->count--;
    state_limit_sub(client->state, STATE_LIMIT_clients, 1);
    client_unqueue_locked(client);
    list_push_back(doomed, &client->all_link);
    client->state->client_hooks->sessions_unhash_locked(client);
}

void client_confirm_locked(struct client *client, struct list *doomed)
{
    struct client_owner *owner = client->owner;

    CHECK(owner->unconfirmed == client);
    if (owner->confirmed) {
        client_peer_replace_locked(owner->confirmed, client->id, &client->peer, &client->caller);
        client_unhash_locked(owner->confirmed, doomed);
    }
    owner->confirmed = client;
    owner->unconfirmed = NULL;
    client_unqueue_locked(client);
    client->confirmed = true;
    client_address_confirm_locked(client);
    client_queue_locked(client);
}

static void release_one(struct state *state, struct client *client)
{
    /* At debug level if unconfirmed: a client can make any number of such records. */
    LOG_AT(client->confirmed ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "client.remove",
           LOG_ID("client", client->id), LOG_U64("confirmed", client->confirmed));
    client_peer_audit(state, client);
    state->client_hooks->sessions_release(&client->sessions);
    if (state->gone_hook.gone)
        state->gone_hook.gone(client, state->gone_hook.context);
    vfs_blocking_begin(false); /* releasing a great many opens takes long */
    if (state->hooks.release)
        state->hooks.release(state, client);
    client_put(client);
    vfs_blocking_end();
}

/* Stable storage must record that the clients have lost their state before the state is released,
 * since other clients can then acquire what they held. */
void client_release(struct state *state, struct list *doomed)
{
    while (!list_empty(doomed)) {
        struct client *batch[RECOVERY_GONE_MAX];
        size_t count = 0;

        while (count < RECOVERY_GONE_MAX && !list_empty(doomed))
            batch[count++] = LIST_ENTRY(list_pop_front(doomed), struct client, all_link);
        recovery_clients_gone(state->recovery, batch, count);
        for (size_t i = 0; i < count; i++)
            release_one(state, batch[i]);
    }
}

void client_table_let_others(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    (void)nanosleep(&pause, NULL);
}

/* The record may end in another thread as soon as the lock is released. */
struct removed {
    struct client_peer peer;
    uint32_t owner_len;
    uint8_t owner[LIMIT_CLIENT_OWNER_BYTES];
};

static void removed_log(uint64_t clientid, const struct removed *removed, const char *who)
{
    char peer[CLIENT_PEER_TEXT_BYTES];

    log_warn("client.evicted", LOG_ID("client", clientid),
             LOG_STRN("owner", removed->owner, removed->owner_len),
             LOG_STR("peer", client_peer_format(&removed->peer, peer)), LOG_STR("by", who));
}

bool client_remove_by_admin(struct state *state, uint64_t clientid, const char *who)
{
    struct removed removed;
    struct client *client;
    struct list doomed;

    list_init(&doomed);
    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_locked(state, clientid);
    if (client) {
        removed.peer = client->peer;
        removed.owner_len = client->owner->len;
        memcpy(removed.owner, client->owner->string, client->owner->len);
        client_unhash_locked(client, &doomed);
    }
    pthread_mutex_unlock(&state->clients.lock);
    if (!client)
        return false;
    removed_log(clientid, &removed, who);
    client_release(state, &doomed);
    return true;
}

enum nfsstat4 client_destroy_id(struct state *state, uint64_t clientid,
                                const struct client_caller *caller, int64_t now_ns)
{
    enum nfsstat4 status = NFS4_OK;
    struct client *client;
    struct list doomed;

    list_init(&doomed);
    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_kind_locked(state, clientid, CLIENT_V41);
    if (!client)
        status = NFS4ERR_STALE_CLIENTID;
    else if (!client_protection_admits(client, caller))
        status = NFS4ERR_WRONG_CRED;
    else if (client_busy_locked(client) && !client_lapsed_locked(client, now_ns))
        status = NFS4ERR_CLIENTID_BUSY;
    else
        client_unhash_locked(client, &doomed);
    pthread_mutex_unlock(&state->clients.lock);
    client_release(state, &doomed);
    return status;
}
