/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/lock_owner.h"

#include "state/lock/lock_state.h"
#include "vfs/vfs_blocking.h"

/* The owner's first lock state, with a reference, which goes to the end of the list; or NULL. */
static struct lock_state *state_turn(struct owner *owner)
{
    struct owner_table *table = owner_table_of(owner->client);
    struct lock_state *ls = NULL;
    struct list *link;

    pthread_mutex_lock(&table->lock);
    link = list_pop_front(&owner->lock_states);
    if (link) {
        list_push_back(&owner->lock_states, link);
        ls = LIST_ENTRY(link, struct lock_state, owner_link);
        stateid_get(&ls->sid);
    }
    pthread_mutex_unlock(&table->lock);
    return ls;
}

static uint32_t state_count(struct owner *owner)
{
    struct owner_table *table = owner_table_of(owner->client);
    uint32_t count = 0;

    pthread_mutex_lock(&table->lock);
    for (const struct list *link = owner->lock_states.next; link != &owner->lock_states;
         link = link->next)
        count++;
    pthread_mutex_unlock(&table->lock);
    return count;
}

static bool holds_locks(struct lock_state *ls)
{
    bool holds;

    pthread_mutex_lock(&ls->open->file->lock);
    holds = !ls->ended && !list_empty(&ls->set.locks);
    pthread_mutex_unlock(&ls->open->file->lock);
    return holds;
}

static bool holds_any(struct owner *owner)
{
    struct lock_state *ls;
    bool holds = false;

    for (uint32_t left = state_count(owner); left > 0 && !holds; left--) {
        ls = state_turn(owner);
        if (!ls)
            return false;
        holds = holds_locks(ls);
        stateid_put(&ls->sid);
    }
    return holds;
}

/* None that ends otherwise meanwhile stays on the list for long. */
static enum nfsstat4 states_end(struct owner *owner)
{
    struct lock_state *ls;
    enum nfsstat4 status;

    for (uint32_t left = state_count(owner); left > 0; left--) {
        ls = state_turn(owner);
        if (!ls)
            return NFS4_OK;
        status = lock_state_free(ls, 0);
        stateid_put(&ls->sid);
        if (status == NFS4ERR_LOCKS_HELD)
            return status; /* it has just taken a lock */
    }
    return NFS4_OK;
}

enum nfsstat4 lock_owner_release(struct client *client, const struct wire_opaque *name)
{
    struct owner *owner = owner_lookup(owner_table_of(client), OWNER_LOCK, name);
    enum nfsstat4 status = NFS4_OK;

    if (!owner)
        return NFS4_OK;
    vfs_blocking_begin(false); /* there may be a great many states */
    status = holds_any(owner) ? NFS4ERR_LOCKS_HELD : states_end(owner);
    vfs_blocking_end();
    owner_put(owner);
    return status;
}
