/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock.h"

#include "base/check.h"
#include "state/file/open_tables.h"
#include "state/lock/lock_notice_send.h"
#include "state/lock/lock_wait.h"
#include "state/recovery/recovery_grace.h"
#include "vfs/vfs_blocking.h"

enum nfsstat4 lock_range_decode(uint64_t offset, uint64_t length, struct lock_range *range)
{
    if (length == 0)
        return NFS4ERR_INVAL;
    if (length != UINT64_MAX && length > UINT64_MAX - offset)
        return NFS4ERR_INVAL;
    range->start = offset;
    range->end = length == UINT64_MAX ? UINT64_MAX : offset + length - 1;
    return NFS4_OK;
}

/* One LOCK: the same steps, whichever stateid it came with. */
struct locking {
    struct open *open;
    const struct lock_request *request;
    struct lock_wish wish; /* its owner has a use */
    struct courtesy courtesy;
    bool frees; /* when it is granted */
};

static struct locking locking_begin(struct open *open, struct owner *owner,
                                    const struct lock_request *request)
{
    return (struct locking){
        .open = open,
        .request = request,
        .wish = {owner, request->write, request->wait, request->range, request->now_ns},
        .courtesy = {.now_ns = request->now_ns},
    };
}

/* With the memory for what a request adds at the most. */
static bool room_for_locks(struct open *open, bool unlocks)
{
    struct owner_table *table = owner_table_of(open->client);
    struct state *state = open->client->state;
    uint32_t count = atomic_load_explicit(&table->lock_count, memory_order_relaxed);
    /* An unlock may need a lock more, and is granted whatever the client has. */
    uint32_t mine = unlocks ? 0 : count;

    return open->file->locks.count + LOCK_TABLE_ADDS <= LIMIT_LOCKS_PER_FILE &&
           state_limit_admits(state, STATE_LIMIT_locks_per_client, count, LOCK_TABLE_ADDS) &&
           state_limit_has_room(state, STATE_LIMIT_locks, mine, LOCK_TABLE_ADDS) &&
           lock_table_reserve(&open->file->locks);
}

/* POSIX: a lock for writing needs the file open for writing (RFC 8881 §18.10.4). */
static enum nfsstat4 check_mode(const struct open *open, bool write)
{
    uint32_t need = write ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ;

    return open_access(open) & need ? NFS4_OK : NFS4ERR_OPENMODE;
}

/* Locks of other owners first, then owners that have waited longer. */
static enum nfsstat4 check_others_locked(struct locking *l)
{
    struct file *file = l->open->file;
    enum nfsstat4 status =
        lock_conflict_check_locked(file, &l->wish, &l->courtesy, l->request->conflict);
    const struct lock_waiter *first;

    if (status == NFS4_OK) {
        first = lock_wait_first_locked(file, &l->wish);
        if (!first)
            return NFS4_OK;
        lock_conflict_copy(l->request->conflict, first->owner, first->write, &first->range);
    }
    if (l->courtesy.count > 0)
        return NFS4ERR_DENIED; /* for now */
    if (l->wish.wait)
        lock_wait_join_locked(l->open, &l->wish, &l->request->fh);
    else
        (void)lock_wait_leave_locked(file, l->wish.owner, &l->wish.range);
    return NFS4ERR_DENIED;
}

static enum nfsstat4 check_locked(struct locking *l)
{
    enum nfsstat4 status = check_mode(l->open, l->wish.write);

    if (status == NFS4_OK)
        status = check_others_locked(l);
    /* The conflicting lock may have gone with its client, though the record could not. */
    if (status == NFS4_OK && !l->request->reclaim)
        status = recovery_grant_status(l->open->client->state->recovery);
    if (status == NFS4_OK && !room_for_locks(l->open, false))
        status = NFS4ERR_DELAY;
    return status;
}

static void apply_locked(struct locking *l, struct lock_state *ls)
{
    struct file *file = l->open->file;
    uint32_t before = file->locks.count;
    bool frees = lock_table_replaces(&ls->set, l->wish.write, &l->wish.range);

    lock_table_lock(&file->locks, &ls->set, l->wish.write, &l->wish.range);
    lock_state_account(file, l->open->client, before);
    frees |= lock_wait_leave_locked(file, l->wish.owner, &l->wish.range);
    l->frees = frees && !list_empty(&file->waiters);
    stateid_value(&ls->sid, l->request->out);
}

/* A LOCK may also free a range: a lock for writing becomes one for reading; a waiter that had
 * precedence has come. */
static void tell_others(const struct locking *l)
{
    if (l->frees)
        lock_notice_send(l->open->client->state, l->open->file);
}

/* Only expired clients were in the way: revoke that, without the lock, and ask again. */
static bool retry_after_revoking(struct locking *l, enum nfsstat4 *status)
{
    if (*status != NFS4ERR_DENIED || l->courtesy.count == 0)
        return false;
    *status = lock_conflict_clear(l->open->client->state, l->open->file, &l->wish, &l->courtesy);
    return *status == NFS4_OK;
}

static enum nfsstat4 lock_open_owner_locked(struct locking *l, uint32_t seqid, bool *use_taken)
{
    struct open *open = l->open;
    enum nfsstat4 status = open_check_locked(open, seqid);
    struct lock_state *ls;

    if (status == NFS4_OK)
        status = check_locked(l);
    if (status != NFS4_OK)
        return status;
    ls = lock_state_lookup_locked(l->wish.owner, open);
    if (ls) {
        stateid_bump(&ls->sid);
    } else {
        ls = lock_state_create_locked(open, l->wish.owner);
        if (!ls)
            return NFS4ERR_DELAY;
        *use_taken = true;
    }
    apply_locked(l, ls);
    return NFS4_OK;
}

enum nfsstat4 lock_open_owner(struct open *open, uint32_t seqid, const struct wire_opaque *name,
                              const struct lock_request *request)
{
    struct owner *owner = owner_get_or_create(owner_table_of(open->client), OWNER_LOCK, name);
    struct locking l = locking_begin(open, owner, request);
    bool use_taken = false;
    enum nfsstat4 status;

    if (!owner)
        return NFS4ERR_DELAY;
    do {
        pthread_mutex_lock(&open->file->lock);
        status = lock_open_owner_locked(&l, seqid, &use_taken);
        pthread_mutex_unlock(&open->file->lock);
    } while (retry_after_revoking(&l, &status));
    if (!use_taken)
        owner_put(owner);
    tell_others(&l);
    return status;
}

static enum nfsstat4 lock_existing_owner_locked(struct locking *l, struct lock_state *ls,
                                                uint32_t seqid)
{
    enum nfsstat4 status = lock_state_check_locked(ls, seqid);

    if (status != NFS4_OK)
        return status;
    l->wish.owner = ls->set.holder->owner;
    status = check_locked(l);
    if (status != NFS4_OK)
        return status;
    stateid_bump(&ls->sid);
    apply_locked(l, ls);
    return NFS4_OK;
}

enum nfsstat4 lock_existing_owner(struct lock_state *ls, uint32_t seqid,
                                  const struct lock_request *request)
{
    struct locking l = locking_begin(ls->open, NULL, request);
    enum nfsstat4 status;

    do {
        pthread_mutex_lock(&ls->open->file->lock);
        status = lock_existing_owner_locked(&l, ls, seqid);
        pthread_mutex_unlock(&ls->open->file->lock);
    } while (retry_after_revoking(&l, &status));
    tell_others(&l);
    return status;
}

static enum nfsstat4 test_file(struct state *state, struct file *file, const struct lock_wish *wish,
                               struct lock_conflict *conflict)
{
    struct courtesy courtesy = {.now_ns = wish->now_ns};
    enum nfsstat4 status;

    do {
        pthread_mutex_lock(&file->lock);
        status = lock_conflict_check_locked(file, wish, &courtesy, conflict);
        pthread_mutex_unlock(&file->lock);
        if (status == NFS4_OK || courtesy.count == 0)
            return status;
        status = lock_conflict_clear(state, file, wish, &courtesy);
    } while (status == NFS4_OK);
    return status;
}

enum nfsstat4 lock_test(struct client *client, struct vfs_object *obj,
                        const struct wire_opaque *name, const struct lock_request *request)
{
    struct file *file = file_lookup(client->state->opens->files, obj);
    struct lock_wish wish = {NULL, request->write, false, request->range, request->now_ns};
    enum nfsstat4 status;

    if (!file)
        return NFS4_OK;
    wish.owner = owner_lookup(owner_table_of(client), OWNER_LOCK, name);
    status = test_file(client->state, file, &wish, request->conflict);
    if (wish.owner)
        owner_put(wish.owner);
    file_put(file);
    return status;
}

/* A batch.  *rest: there is more to unlock. */
static enum nfsstat4 unlock_locked(struct lock_state *ls, uint32_t seqid,
                                   const struct lock_range *range, bool *rest)
{
    struct file *file = ls->open->file;
    uint32_t before = file->locks.count;
    enum nfsstat4 status = lock_state_check_locked(ls, seqid);

    *rest = false;
    if (status == NFS4_OK && lock_table_splits(ls->set.holder, range) &&
        !room_for_locks(ls->open, true))
        status = NFS4ERR_DELAY;
    if (status != NFS4_OK)
        return status;
    *rest = !lock_table_unlock(&file->locks, ls->set.holder, range, LIMIT_LOCK_DROP_BATCH);
    lock_state_account(file, ls->open->client, before);
    return NFS4_OK;
}

/* What the client does to the state meanwhile is its own affair: the seqid has been checked. */
static enum nfsstat4 unlock_rest(struct lock_state *ls, const struct lock_range *range)
{
    enum nfsstat4 status;
    bool rest;

    vfs_blocking_begin(false);
    do {
        pthread_mutex_unlock(&ls->open->file->lock);
        file_lock_after_others(ls->open->file);
        status = unlock_locked(ls, 0, range, &rest);
    } while (rest);
    vfs_blocking_end();
    return status;
}

enum nfsstat4 lock_unlock(struct lock_state *ls, uint32_t seqid, const struct lock_range *range,
                          struct stateid4 *out)
{
    struct file *file = ls->open->file;
    enum nfsstat4 status;
    bool rest, waiters;

    pthread_mutex_lock(&file->lock);
    status = unlock_locked(ls, seqid, range, &rest);
    if (rest)
        status = unlock_rest(ls, range);
    if (status == NFS4_OK) {
        (void)lock_wait_leave_locked(file, ls->set.holder->owner, range);
        stateid_bump(&ls->sid);
        stateid_value(&ls->sid, out);
    }
    waiters = !list_empty(&file->waiters);
    pthread_mutex_unlock(&file->lock);
    if (waiters)
        lock_notice_send(ls->open->client->state, file);
    return status;
}
