/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/revocation.h"

#include "state/open/open.h"
#include "state/open/owner.h"
#include "state/recovery/recovery.h"

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

/* Where it goes on its client's list: a lock state is revoked after its open, and stands behind it.
 * NULL: the client has acknowledged the open already, and its locks with it. */
static struct list *place_locked(struct owner_table *table, struct stateid *sid)
{
    struct list *of_open;

    if (sid->kind != STATEID_LOCK)
        return table->revoked.prev;
    of_open = &open_of_stateid(sid)->sid.revoked_link;
    return list_empty(of_open) ? NULL : of_open;
}

bool revocation_add(struct stateid *sid, enum nfsstat4 why)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    struct list *place = NULL;

    CHECK(why != NFS4_OK && list_empty(&sid->revoked_link));
    pthread_mutex_lock(&table->lock);
    if (!table->closed)
        place = place_locked(table, sid);
    if (place) {
        stateid_get(sid);
        list_push_front(place, &sid->revoked_link); /* that is behind it */
        table->revoked_opens += sid->kind == STATEID_OPEN;
        client_revoked_add(client, why);
        /* Pairs with stateid_revoked(): who reads the reason sees the state gone.  seq_cst, as is what
         * comes after it in courtesy_end(), slot_busy(): a request that is not seen there reads it. */
        atomic_store_explicit(&sid->revoked, why, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&table->lock);
    return place != NULL;
}

/* The list's reference passes to the caller. */
static void take_locked(struct owner_table *table, struct stateid *sid)
{
    list_remove(&sid->revoked_link);
    stateid_kill(sid);
    table->revoked_opens -= sid->kind == STATEID_OPEN;
}

/* The next to go when `sid` is acknowledged: first the locks of an open, one by one, then itself.
 * NULL: it is gone. */
static struct stateid *next_locked(struct owner_table *table, struct stateid *sid)
{
    struct list *link = &sid->revoked_link;
    struct stateid *behind = LIST_ENTRY(link->next, struct stateid, revoked_link);

    if (list_empty(link))
        return NULL;
    if (link->next != &table->revoked && sid->kind == STATEID_OPEN &&
        behind->kind == STATEID_LOCK && &open_of_stateid(behind)->sid == sid)
        return behind;
    return sid;
}

enum nfsstat4 revocation_acknowledge(struct stateid *sid)
{
    struct client *client = sid->client;
    struct owner_table *table = owner_table_of(client);
    struct stateid *next;

    do {
        enum nfsstat4 why;

        pthread_mutex_lock(&table->lock);
        next = next_locked(table, sid);
        if (next)
            take_locked(table, next);
        pthread_mutex_unlock(&table->lock);
        if (!next)
            return NFS4ERR_BAD_STATEID;
        why = stateid_revoked(next);
        stateid_put(next);
        uncount(client, why);
    } while (next != sid);
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
