/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/revocation.h"

#include "state/client/recovery_client.h"
#include "state/file/owner.h"

bool revocation_begin(struct client *client, enum nfsstat4 why)
{
    /* Counted before it is written: a client that acknowledges everything else in the meantime is
     * not whole. */
    client_revoked_add(client, why);
    return recovery_client_mark_loss(client->state->recovery, client);
}

static void uncount(struct client *client, enum nfsstat4 why)
{
    if (client_revoked_sub(client, why))
        recovery_client_clear_loss(client->state->recovery, client);
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
    of_open = &stateid_head(sid)->revoked_link;
    return list_empty(of_open) ? NULL : of_open;
}

/* NULL: a lock counts with its open. */
static uint32_t *revoked_of_kind(struct owner_table *table, enum stateid_kind kind)
{
    switch (kind) {
    case STATEID_OPEN:
        return &table->revoked_opens;
    case STATEID_DELEGATION:
        return &table->revoked_delegations;
    case STATEID_LOCK:
    case STATEID_COPY:
        break;
    }
    return NULL;
}

static void count_locked(struct owner_table *table, struct stateid *sid)
{
    uint32_t *count = revoked_of_kind(table, sid->kind);

    if (!count)
        return;
    sid->loss = ++table->losses;
    (*count)++;
    if (sid->kind == STATEID_OPEN)
        state_limit_open_revoked(table->client->state, true);
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
        count_locked(table, sid);
        client_revoked_add(client, why);
        /* Pairs with stateid_revoked(): a thread that reads the reason sees the state gone.
         * seq_cst, as is what comes after it in courtesy_end(), slot_busy(): a request that is not
         * seen there reads it. */
        atomic_store_explicit(&sid->revoked, why, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&table->lock);
    return place != NULL;
}

/* For readers without the lock. */
static void note_reported_since_locked(struct owner_table *table)
{
    int64_t since = 0;

    if (!list_empty(&table->reported)) {
        struct stateid *first = LIST_ENTRY(table->reported.next, struct stateid, revoked_link);

        since = stateid_head(first)->reported_ns;
    }
    atomic_store_explicit(&table->client->reported_since_ns, since, memory_order_relaxed);
}

static void uncount_locked(struct owner_table *table, struct stateid *sid)
{
    uint32_t *count = revoked_of_kind(table, sid->kind);

    if (!count)
        return;
    (*count)--;
    if (sid->kind == STATEID_OPEN)
        state_limit_open_revoked(table->client->state, false);
    if (sid->reported_ns != 0)
        note_reported_since_locked(table);
}

/* The list's reference passes to the caller. */
static void take_locked(struct owner_table *table, struct stateid *sid)
{
    list_remove(&sid->revoked_link);
    stateid_kill(sid);
    uncount_locked(table, sid);
}

/* Is this, on one of the lists, a lock of the open?  Those stand right behind it. */
static bool is_lock_of(const struct owner_table *table, struct list *link,
                       const struct stateid *open)
{
    struct stateid *sid = LIST_ENTRY(link, struct stateid, revoked_link);

    return link != &table->revoked && link != &table->reported && sid->kind == STATEID_LOCK &&
           stateid_head(sid) == open;
}

/* The next to go when `sid` is acknowledged: first the locks of an open, one by one, then itself.
 * NULL: it is gone. */
static struct stateid *next_locked(struct owner_table *table, struct stateid *sid)
{
    struct list *link = &sid->revoked_link;

    if (list_empty(link))
        return NULL;
    if (sid->kind == STATEID_OPEN && is_lock_of(table, link->next, sid))
        return LIST_ENTRY(link->next, struct stateid, revoked_link);
    return sid;
}

static enum nfsstat4 acknowledge(struct stateid *sid)
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

enum nfsstat4 revocation_acknowledge(struct stateid *sid)
{
    return acknowledge(sid);
}

/* To the end of those that were told, with its locks behind it. */
static void move_locked(struct owner_table *table, struct stateid *head)
{
    struct list *link = &head->revoked_link, *next;

    do {
        next = link->next;
        list_remove(link);
        list_push_back(&table->reported, link);
        link = next;
    } while (is_lock_of(table, link, head));
    note_reported_since_locked(table);
}

void revocation_reported(struct stateid *sid, int64_t now_ns)
{
    struct owner_table *table = owner_table_of(sid->client);
    struct stateid *head = stateid_head(sid);

    pthread_mutex_lock(&table->lock);
    if (!list_empty(&head->revoked_link)) {
        head->reported_ns = now_ns;
        table->announced = table->losses;
        table->excused = 0;
        move_locked(table, head);
    }
    pthread_mutex_unlock(&table->lock);
}

bool revocation_announce(struct client *client)
{
    struct owner_table *table = client->owners;
    bool any;

    if (!table)
        return false;
    pthread_mutex_lock(&table->lock);
    any = table->revoked_opens + table->revoked_delegations > 0 && table->losses > table->excused;
    if (any)
        table->announced = table->losses;
    pthread_mutex_unlock(&table->lock);
    return any;
}

static struct stateid *first_reported_locked(struct owner_table *table, int64_t before_ns)
{
    struct stateid *head;

    if (list_empty(&table->reported))
        return NULL;
    head = stateid_head(LIST_ENTRY(table->reported.next, struct stateid, revoked_link));
    return head->reported_ns < before_ns ? head : NULL;
}

static struct stateid *first_announced_locked(struct owner_table *table)
{
    struct stateid *head;

    if (list_empty(&table->revoked))
        return NULL;
    head = stateid_head(LIST_ENTRY(table->revoked.next, struct stateid, revoked_link));
    return head->loss <= table->announced ? head : NULL;
}

static struct stateid *pick(struct owner_table *table, int64_t before_ns, bool announced)
{
    struct stateid *head;

    pthread_mutex_lock(&table->lock);
    head = first_reported_locked(table, before_ns);
    if (!head && announced)
        head = first_announced_locked(table);
    if (head)
        stateid_get(head);
    pthread_mutex_unlock(&table->lock);
    return head;
}

static void settle(struct client *client, int64_t before_ns, bool announced)
{
    struct owner_table *table = client->owners;
    struct stateid *head;

    while (table && (head = pick(table, before_ns, announced))) {
        (void)acknowledge(head); /* another one may have been quicker */
        stateid_put(head);
    }
}

void revocation_settle_reported(struct client *client, int64_t before_ns)
{
    settle(client, before_ns, false);
}

void revocation_settle_announced(struct client *client)
{
    struct owner_table *table = client->owners;

    settle(client, INT64_MAX, true);
    if (!table)
        return;
    pthread_mutex_lock(&table->lock);
    table->excused = table->losses;
    pthread_mutex_unlock(&table->lock);
}

void revocation_forget(struct client *client)
{
    struct owner_table *table = owner_table_of(client);
    struct list *from;
    struct stateid *sid;

    do {
        sid = NULL;
        pthread_mutex_lock(&table->lock);
        CHECK(table->closed);
        from = list_empty(&table->revoked) ? &table->reported : &table->revoked;
        if (!list_empty(from)) {
            sid = LIST_ENTRY(from->next, struct stateid, revoked_link);
            take_locked(table, sid);
            (void)client_revoked_sub(client, stateid_revoked(sid));
        }
        pthread_mutex_unlock(&table->lock);
        if (sid)
            stateid_put(sid);
    } while (sid);
}
