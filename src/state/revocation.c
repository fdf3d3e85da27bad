/* SPDX-License-Identifier: Apache-2.0 */
#include "state/revocation.h"

#include "state/owner.h"
#include "state/recovery.h"

bool revocation_begin(struct client *client, enum nfsstat4 why)
{
    /* Counted before it is written: whoever acknowledges everything else in the meantime does not
     * make the client whole. */
    client_revoked_add(client, why);
    return recovery_client_lost(client->state->recovery, client);
}

static void uncount(struct client *client, enum nfsstat4 why)
{
    if (client_revoked_sub(client, why))
        recovery_client_whole(client->state->recovery, client);
}

void revocation_end(struct client *client, enum nfsstat4 why)
{
    uncount(client, why);
}

bool revocation_add(struct stateid *sid, enum nfsstat4 why)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    bool open;

    CHECK(why != NFS4_OK && list_empty(&sid->revoked_link));
    pthread_mutex_lock(&table->lock);
    open = !table->closed;
    if (open) {
        stateid_get(sid);
        list_push_back(&table->revoked, &sid->revoked_link);
        table->revoked_opens += sid->kind == STATEID_OPEN;
        client_revoked_add(client, why);
        /* Pairs with stateid_revoked(): who reads the reason sees the state gone. */
        atomic_store_explicit(&sid->revoked, why, memory_order_release);
    }
    pthread_mutex_unlock(&table->lock);
    return open;
}

/* The list's reference passes to the caller. */
static void take_locked(struct owner_table *table, struct stateid *sid)
{
    list_remove(&sid->revoked_link);
    stateid_kill(sid);
    table->revoked_opens -= sid->kind == STATEID_OPEN;
}

enum nfsstat4 revocation_acknowledge(struct stateid *sid)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    enum nfsstat4 why = stateid_revoked(sid);
    bool listed;

    pthread_mutex_lock(&table->lock);
    listed = !list_empty(&sid->revoked_link);
    if (listed)
        take_locked(table, sid);
    pthread_mutex_unlock(&table->lock);
    if (!listed)
        return NFS4ERR_BAD_STATEID;
    stateid_put(sid);
    uncount(client, why);
    return NFS4_OK;
}

void revocation_forget(struct client *client)
{
    struct owner_table *table = owner_table_of(client);
    struct stateid *sid;

    do {
        sid = NULL;
        pthread_mutex_lock(&table->lock);
        CHECK(table->closed);
        if (!list_empty(&table->revoked)) {
            sid = LIST_ENTRY(table->revoked.next, struct stateid, revoked_link);
            take_locked(table, sid);
            (void)client_revoked_sub(client, stateid_revoked(sid));
        }
        pthread_mutex_unlock(&table->lock);
        if (sid)
            stateid_put(sid);
    } while (sid);
}
