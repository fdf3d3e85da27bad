/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_state.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/memory.h"
#include "state/file/open_tables.h"
#include "state/file/revocation.h"
#include "vfs/vfs_blocking.h"

/* The last reference is gone. */
static void state_release(struct stateid *sid)
{
    struct lock_state *ls = CONTAINER_OF(sid, struct lock_state, sid);
    struct owner_table *table = owner_table_of(ls->open->client);

    CHECK(!ls->set.holder);
    atomic_fetch_sub_explicit(&table->lock_state_count, 1, memory_order_relaxed);
    state_limit_sub(table->client->state, STATE_LIMIT_lock_states, 1);
    owner_put(ls->owner);
    stateid_put(&ls->open->sid);
    memory_free(MEMORY_locks, ls);
}

/* Only 4.0 asks for the states of an owner (RELEASE_LOCKOWNER). */
static void owner_list_locked(struct lock_state *ls)
{
    struct owner_table *table = owner_table_of(ls->open->client);

    if (!ls->owner->seqid)
        return;
    pthread_mutex_lock(&table->lock);
    list_push_back(&ls->owner->lock_states, &ls->owner_link);
    pthread_mutex_unlock(&table->lock);
}

static void owner_unlist_locked(struct lock_state *ls)
{
    struct owner_table *table = owner_table_of(ls->open->client);

    if (!ls->owner->seqid)
        return;
    pthread_mutex_lock(&table->lock);
    list_remove(&ls->owner_link);
    pthread_mutex_unlock(&table->lock);
}

static uint64_t pair_hash(const struct owner *owner, const struct open *open)
{
    return hash_u64((uint64_t)(uintptr_t)owner) ^ hash_u64((uint64_t)(uintptr_t)open + 1);
}

struct lock_state *lock_state_lookup_locked(const struct owner *owner, const struct open *open)
{
    const struct file *file = open->file;
    struct hnode *node = NULL;

    if (file->lock_states_ready)
        node = htable_first(&file->lock_states, pair_hash(owner, open));
    for (; node; node = htable_next(node)) {
        struct lock_state *ls = CONTAINER_OF(node, struct lock_state, by_pair);

        if (ls->owner == owner && ls->open == open)
            return ls;
    }
    return NULL;
}

static void hash_locked(struct lock_state *ls)
{
    struct file *file = ls->open->file;

    if (!file->lock_states_ready) {
        htable_init(&file->lock_states, 4);
        file->lock_states_ready = true;
    }
    htable_insert(&file->lock_states, &ls->by_pair, pair_hash(ls->owner, ls->open));
}

static bool room_for_one(struct owner_table *table)
{
    struct state *state = table->client->state;
    uint32_t count = atomic_load_explicit(&table->lock_state_count, memory_order_relaxed);

    return state_limit_admits(state, STATE_LIMIT_lock_states_per_client, count, 1) &&
           state_limit_has_room(state, STATE_LIMIT_lock_states, count, 1);
}

/* With its place in the lists of the file; without the references that it has. */
static struct lock_state *make_locked(struct open *open, struct owner *owner)
{
    struct lock_state *ls = memory_zalloc(MEMORY_locks, sizeof(*ls));

    if (!ls)
        return NULL;
    ls->open = open;
    ls->owner = owner;
    ls->sid.head = &open->sid;
    list_init(&ls->owner_link);
    if (lock_set_init(&open->file->locks, &ls->set, owner)) {
        ls->set.total = &open->lock_count;
        if (stateid_insert(open->client->state->opens->stateids, &ls->sid, STATEID_LOCK,
                           open->client, hash_u64((uint64_t)(uintptr_t)open), state_release))
            return ls;
        lock_set_fini(&open->file->locks, &ls->set);
    }
    memory_free(MEMORY_locks, ls);
    return NULL;
}

struct lock_state *lock_state_create_locked(struct open *open, struct owner *owner)
{
    struct owner_table *table = owner_table_of(open->client);
    struct lock_state *ls = room_for_one(table) ? make_locked(open, owner) : NULL;

    if (!ls)
        return NULL;
    stateid_get(&open->sid);
    atomic_fetch_add_explicit(&table->lock_state_count, 1, memory_order_relaxed);
    state_limit_add(table->client->state, STATE_LIMIT_lock_states, 1);
    list_push_back(&open->lock_states, &ls->open_link);
    hash_locked(ls);
    owner_list_locked(ls);
    return ls;
}

enum nfsstat4 lock_state_check_locked(const struct lock_state *ls, uint32_t seqid)
{
    enum nfsstat4 status = stateid_revoked(&ls->sid);

    if (status == NFS4_OK && (ls->ended || ls->open->closed))
        status = NFS4ERR_BAD_STATEID;
    if (status == NFS4_OK)
        status = stateid_revoked(&ls->open->sid);
    return status == NFS4_OK ? stateid_check_seqid(&ls->sid, seqid) : status;
}

bool lock_state_in_effect(const struct lock *lock)
{
    const struct lock_state *ls = CONTAINER_OF(lock->set, struct lock_state, set);

    return !ls->ended && !ls->open->closed && stateid_revoked(&ls->open->sid) == NFS4_OK;
}

void lock_state_account(struct file *file, struct client *client, uint32_t before)
{
    uint32_t change = file->locks.count - before;

    atomic_fetch_add_explicit(&owner_table_of(client)->lock_count, change, memory_order_relaxed);
    state_limit_add(client->state, STATE_LIMIT_locks, change);
}

/* Drop a batch of its locks, no more than *budget, which pays for the state as well.  False: there
 * are more. */
static bool drop_locked(struct lock_state *ls, uint32_t *budget)
{
    struct file *file = ls->open->file;
    uint32_t before = file->locks.count, dropped;
    bool all = lock_table_drop(&file->locks, &ls->set, *budget);

    lock_state_account(file, ls->open->client, before);
    dropped = before - file->locks.count + 1;
    *budget -= dropped < *budget ? dropped : *budget;
    if (all)
        lock_set_fini(&file->locks, &ls->set);
    return all;
}

/* Off the open's list, whose reference passes to `to`; found as revoked or not at all. */
static void end_locked(struct lock_state *ls, enum nfsstat4 why, struct list *to)
{
    ls->ended = true;
    htable_remove(&ls->open->file->lock_states, &ls->by_pair);
    list_remove(&ls->open_link);
    list_push_back(to, &ls->open_link);
    owner_unlist_locked(ls);
    if (why == NFS4_OK || !revocation_add(&ls->sid, why))
        stateid_kill(&ls->sid);
}

enum nfsstat4 lock_state_free(struct lock_state *ls, uint32_t seqid)
{
    struct file *file = ls->open->file;
    uint32_t budget = 1;
    enum nfsstat4 status;
    struct list freed;

    list_init(&freed);
    pthread_mutex_lock(&file->lock);
    status = lock_state_check_locked(ls, seqid);
    if (status == stateid_revoked(&ls->open->sid) && status != NFS4_OK && !ls->ended)
        status = NFS4ERR_DELAY; /* it is about to be revoked with its open */
    if (status == NFS4_OK && !list_empty(&ls->set.locks))
        status = NFS4ERR_LOCKS_HELD;
    if (status == NFS4_OK) {
        CHECK(drop_locked(ls, &budget));
        end_locked(ls, NFS4_OK, &freed);
    }
    pthread_mutex_unlock(&file->lock);
    if (status == NFS4_OK)
        stateid_put(&ls->sid);
    return status;
}

bool lock_states_end_locked(struct open *open, enum nfsstat4 why, struct list *doomed)
{
    uint32_t budget = LIMIT_LOCK_DROP_BATCH;

    while (!list_empty(&open->lock_states)) {
        struct lock_state *ls = LIST_ENTRY(open->lock_states.next, struct lock_state, open_link);

        if (budget == 0 || !drop_locked(ls, &budget))
            return true;
        end_locked(ls, why, doomed);
    }
    return false;
}

static void end_rest(struct open *open, enum nfsstat4 why, struct list *doomed)
{
    bool rest = true;

    vfs_blocking_begin(false);
    while (rest) {
        file_lock_after_others(open->file);
        rest = lock_states_end_locked(open, why, doomed);
        pthread_mutex_unlock(&open->file->lock);
    }
    vfs_blocking_end();
}

void lock_states_end(struct open *open, enum nfsstat4 why, struct list *doomed, bool rest)
{
    struct list *link;

    if (rest)
        end_rest(open, why, doomed);
    while ((link = list_pop_front(doomed)))
        stateid_put(&LIST_ENTRY(link, struct lock_state, open_link)->sid);
}
