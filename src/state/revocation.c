/* SPDX-License-Identifier: Apache-2.0 */
#include "state/revocation.h"

#include "state/lock_state.h"
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

/* A lock state is revoked after its open.  The client may have acknowledged that already. */
static bool acknowledged_with_open_locked(const struct stateid *sid)
{
    const struct stateid *of_open;

    if (sid->kind != STATEID_LOCK)
        return false;
    of_open = &CONTAINER_OF(sid, struct lock_state, sid)->open->sid;
    return list_empty(&of_open->revoked_link);
}

bool revocation_add(struct stateid *sid, enum nfsstat4 why)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    bool open;

    CHECK(why != NFS4_OK && list_empty(&sid->revoked_link));
    pthread_mutex_lock(&table->lock);
    open = !table->closed && !acknowledged_with_open_locked(sid);
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

static bool has_lost_locks(const struct open *open)
{
    return atomic_load_explicit(&open->lost_locks, memory_order_relaxed);
}

/* With its open a client acknowledges the locks under it, too. */
static void take_locks_locked(struct owner_table *table, const struct open *open,
                              struct list *taken)
{
    LIST_FOREACH_SAFE (sid, &table->revoked, struct stateid, revoked_link) {
        if (sid->kind != STATEID_LOCK || open_of_stateid(sid) != open)
            continue;
        take_locked(table, sid);
        list_push_back(taken, &sid->revoked_link);
    }
}

static void drop_taken(struct client *client, struct list *taken)
{
    struct list *link;

    while ((link = list_pop_front(taken))) {
        struct stateid *sid = LIST_ENTRY(link, struct stateid, revoked_link);
        enum nfsstat4 why = stateid_revoked(sid);

        stateid_put(sid);
        uncount(client, why);
    }
}

enum nfsstat4 revocation_acknowledge(struct stateid *sid)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    enum nfsstat4 why = stateid_revoked(sid);
    struct list locks;
    bool listed;

    list_init(&locks);
    pthread_mutex_lock(&table->lock);
    listed = !list_empty(&sid->revoked_link);
    if (listed) {
        take_locked(table, sid);
        if (sid->kind == STATEID_OPEN && has_lost_locks(open_of_stateid(sid)))
            take_locks_locked(table, open_of_stateid(sid), &locks);
    }
    pthread_mutex_unlock(&table->lock);
    if (!listed)
        return NFS4ERR_BAD_STATEID;
    drop_taken(client, &locks);
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
