/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/back_link.h"

#include "base/memory.h"
#include "callback/back_slot.h"
#include "callback/callback.h"
#include "transport/connection.h"

static struct back_link *link_create(struct connection *conn)
{
    struct back_link *link = memory_zalloc(MEMORY_callbacks, sizeof(*link));

    if (!link)
        return NULL;
    atomic_init(&link->refs, 1);
    link->conn = connection_get(conn);
    CHECK(pthread_mutex_init(&link->lock, NULL) == 0);
    htable_init(&link->pending, LIMIT_BACK_SLOTS);
    return link;
}

struct back_link *back_link_get(struct back_link *link)
{
    atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
    return link;
}

void back_link_put(struct back_link *link)
{
    if (atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
        return;
    htable_fini(&link->pending);
    pthread_mutex_destroy(&link->lock);
    connection_put(link->conn);
    memory_free(MEMORY_callbacks, link);
}

struct back_link *back_link_of(struct connection *conn)
{
    struct back_link *link = connection_user(conn, CALLBACK_CONNECTION_SLOT);
    struct back_link *mine;

    if (!link) {
        mine = link_create(conn);
        if (!mine)
            return NULL;
        link = connection_user_init(conn, CALLBACK_CONNECTION_SLOT, mine);
        if (link != mine)
            back_link_put(mine);
    }
    return back_link_get(link);
}

bool back_link_add(struct back_link *link, struct back_slot *slot, uint32_t xid)
{
    bool added;

    pthread_mutex_lock(&link->lock);
    added = !link->closed;
    if (added) {
        slot->xid = xid;
        htable_insert(&link->pending, &slot->pending, hash_u64(xid));
    }
    pthread_mutex_unlock(&link->lock);
    return added;
}

/* The first slot with this xid; if `slot` is given, only that one. */
static struct back_slot *find_locked(struct back_link *link, uint32_t xid,
                                     const struct back_slot *slot)
{
    struct hnode *node = htable_first(&link->pending, hash_u64(xid));

    for (; node; node = htable_next(node)) {
        struct back_slot *it = CONTAINER_OF(node, struct back_slot, pending);

        if (it->xid == xid && (!slot || it == slot))
            return it;
    }
    return NULL;
}

bool back_link_take(struct back_link *link, struct back_slot *slot)
{
    bool found;

    pthread_mutex_lock(&link->lock);
    found = find_locked(link, slot->xid, slot) != NULL;
    if (found)
        htable_remove(&link->pending, &slot->pending);
    pthread_mutex_unlock(&link->lock);
    return found;
}

struct back_slot *back_link_pop(struct connection *conn, uint32_t xid)
{
    struct back_link *link = connection_user(conn, CALLBACK_CONNECTION_SLOT);
    struct back_slot *slot;

    if (!link)
        return NULL;
    pthread_mutex_lock(&link->lock);
    slot = find_locked(link, xid, NULL);
    if (slot)
        htable_remove(&link->pending, &slot->pending);
    pthread_mutex_unlock(&link->lock);
    return slot;
}

struct back_link *back_link_detach(struct connection *conn)
{
    struct back_link *link = connection_user(conn, CALLBACK_CONNECTION_SLOT);

    if (link)
        connection_user_set(conn, CALLBACK_CONNECTION_SLOT, NULL);
    return link;
}

/* Pick any one of them, so that it can be handled without the lock. */
static bool any_take(struct hnode *node, void *arg)
{
    struct back_slot **slot = arg;

    *slot = CONTAINER_OF(node, struct back_slot, pending);
    return false;
}

struct back_slot *back_link_close(struct back_link *link)
{
    struct back_slot *slot = NULL;

    pthread_mutex_lock(&link->lock);
    link->closed = true;
    htable_visit(&link->pending, any_take, &slot);
    if (slot)
        htable_remove(&link->pending, &slot->pending);
    pthread_mutex_unlock(&link->lock);
    return slot;
}
