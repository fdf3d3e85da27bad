/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_conflict.h"

#include <string.h>

#include "state/lock/lock_state.h"

void lock_conflict_copy(struct lock_conflict *out, const struct owner *owner, bool write,
                        const struct lock_range *range)
{
    out->offset = range->start;
    out->length = range->end == UINT64_MAX ? UINT64_MAX : range->end - range->start + 1;
    out->write = write;
    out->clientid = owner->client->id;
    out->owner_len = owner->len;
    memcpy(out->owner, owner->name, owner->len);
}

static const struct lock *find(struct file *file, const struct lock_wish *wish,
                               bool (*counts)(const struct lock *lock, void *arg), void *arg)
{
    const struct lock_filter filter = {counts, arg};

    return lock_table_conflict(&file->locks, lock_table_holder(&file->locks, wish->owner),
                               wish->write, &wish->range, &filter);
}

static struct client *client_of(const struct lock *lock)
{
    return lock->set->holder->owner->client;
}

/* One more lock was looked at.  True: that is enough. */
static bool spent(uint32_t *left)
{
    if (*left == 0)
        return true;
    (*left)--;
    return false;
}

struct lock_search lock_search_begin(int64_t now_ns)
{
    return (struct lock_search){.now_ns = now_ns, .left = LIMIT_LOCK_SEARCH};
}

/* Locks of one client mostly stand together, and its lease costs a look at the clock. */
static bool is_expired(struct lock_search *search, struct client *client)
{
    if (client == search->expired)
        return true;
    if (!client_lease_over(client, search->now_ns))
        return false;
    search->expired = client;
    return true;
}

static bool counts_unexpired(const struct lock *lock, void *arg)
{
    struct lock_search *search = arg;

    search->met = true;
    if (!lock_state_in_effect(lock))
        return false;
    if (!is_expired(search, client_of(lock)))
        return true;
    search->given_up = spent(&search->left);
    return search->given_up;
}

/* Where many expired locks come first, what is behind them is not looked for: they are revoked, as
 * if they alone were in the way, and the next look goes further. */
const struct lock *lock_conflict_find_locked(struct file *file, const struct lock_wish *wish,
                                             struct lock_search *search)
{
    const struct lock *lock;

    search->given_up = search->met = false;
    lock = find(file, wish, counts_unexpired, search);
    return search->given_up ? NULL : lock;
}

struct collecting {
    struct courtesy *courtesy;
    uint32_t left;
};

/* Counts none, so that all are seen, until there are enough. */
static bool add_expired(const struct lock *lock, void *arg)
{
    struct collecting *collecting = arg;
    struct courtesy *courtesy = collecting->courtesy;

    if (!lock_state_in_effect(lock))
        return false;
    if (client_lease_over(client_of(lock), courtesy->now_ns))
        courtesy_add(courtesy, client_of(lock));
    return courtesy->count == LIMIT_COURTESY_CLIENTS || spent(&collecting->left);
}

enum nfsstat4 lock_conflict_check_locked(struct file *file, const struct lock_wish *wish,
                                         struct courtesy *courtesy, struct lock_conflict *out)
{
    struct lock_search search = lock_search_begin(wish->now_ns);
    const struct lock *lock = lock_conflict_find_locked(file, wish, &search);
    struct collecting collecting = {courtesy, LIMIT_LOCK_SEARCH};

    if (lock) {
        lock_conflict_copy(out, lock->set->holder->owner, lock->write, &lock->in_file.range);
        return NFS4ERR_DENIED;
    }
    if (search.met) /* as a rule there is nothing, and no need to look again */
        (void)find(file, wish, add_expired, &collecting);
    return courtesy->count > 0 ? NFS4ERR_DENIED : NFS4_OK;
}

struct clearing {
    const struct lock_conflict_hooks *hooks;
    struct courtesy *courtesy;
    uint32_t left;
    struct list revoked;
};

/* Revoking leaves the trees as they are.  It is the whole open that goes: the Linux client, told
 * that some state was revoked, asks for its opens alone and gives all locks up for lost, without
 * acknowledging any. */
static bool revoke(const struct lock *lock, void *arg)
{
    struct clearing *clearing = arg;

    if (!lock_state_in_effect(lock))
        return false;
    if (courtesy_may_revoke(clearing->courtesy, client_of(lock)))
        clearing->hooks->revoke_locked(CONTAINER_OF(lock->set, struct lock_state, set)->open,
                                       NFS4ERR_EXPIRED, &clearing->revoked);
    return spent(&clearing->left);
}

enum nfsstat4 lock_conflict_clear(struct state *state, struct file *file,
                                  const struct lock_wish *wish, struct courtesy *courtesy)
{
    struct lock_search search = lock_search_begin(wish->now_ns);
    struct clearing clearing = {
        .hooks = state->lock_conflict_hooks, .courtesy = courtesy, .left = LIMIT_LOCK_SEARCH};

    list_init(&clearing.revoked);
    if (courtesy_begin(courtesy) != NFS4_OK)
        return NFS4ERR_DELAY;
    pthread_mutex_lock(&file->lock);
    /* A good client's lock may conflict by now: then no client loses anything. */
    if (!lock_conflict_find_locked(file, wish, &search))
        (void)find(file, wish, revoke, &clearing);
    pthread_mutex_unlock(&file->lock);
    clearing.hooks->revoke_settle(&clearing.revoked, NFS4ERR_EXPIRED);
    return courtesy_end(courtesy);
}
