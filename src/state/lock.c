/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

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

static void conflict_copy(const struct lock *lock, struct lock_conflict *out)
{
    const struct lock_range *range = &lock->in_file.range;
    const struct owner *owner = lock->set->holder->owner;

    out->offset = range->start;
    out->length = range->end == UINT64_MAX ? UINT64_MAX : range->end - range->start + 1;
    out->write = lock->write;
    out->clientid = owner->client->id;
    out->owner_len = owner->len;
    memcpy(out->owner, owner->name, owner->len);
}

/* The last reference is gone. */
static void state_release(struct stateid *sid)
{
    struct lock_state *ls = CONTAINER_OF(sid, struct lock_state, sid);

    stateid_put(&ls->open->sid);
    free(ls);
}

static struct lock_state *state_find_locked(const struct lock_holder *holder,
                                            const struct open *open)
{
    if (!holder)
        return NULL;
    LIST_FOREACH (set, &holder->sets, struct lock_set, holder_link) {
        struct lock_state *ls = CONTAINER_OF(set, struct lock_state, set);

        if (ls->open == open)
            return ls;
    }
    return NULL;
}

/* A lock state for a use of `owner`, which passes over to its holder; NULL, and the use is still
 * the caller's, at a limit. */
static struct lock_state *state_create_locked(struct open *open, struct owner *owner)
{
    struct owner_table *table = owner_table_of(open->client);
    struct lock_state *ls;
    bool fresh;

    if (atomic_load_explicit(&table->lock_state_count, memory_order_relaxed) >=
        LIMIT_LOCK_STATES_PER_CLIENT)
        return NULL;
    ls = must_calloc(1, sizeof(*ls));
    ls->open = open;
    if (!stateid_insert(open->client->state->opens->stateids, &ls->sid, STATEID_LOCK, open->client,
                        hash_u64((uint64_t)(uintptr_t)open), state_release)) {
        free(ls);
        return NULL;
    }
    stateid_get(&open->sid);
    atomic_fetch_add_explicit(&table->lock_state_count, 1, memory_order_relaxed);
    list_push_back(&open->lock_states, &ls->open_link);
    lock_set_init(&open->file->locks, &ls->set, owner, &fresh);
    if (!fresh)
        owner_drop(owner); /* the holder has a use already */
    return ls;
}

/* Locks under the table's eyes: the client's account follows the file's. */
static void account(struct client *client, uint32_t before, uint32_t after)
{
    atomic_fetch_add_explicit(&owner_table_of(client)->lock_count, after - before,
                              memory_order_relaxed);
}

static bool room_for_locks(struct open *open)
{
    struct owner_table *table = owner_table_of(open->client);

    return open->file->locks.count + 2 <= LIMIT_LOCKS_PER_FILE &&
           atomic_load_explicit(&table->lock_count, memory_order_relaxed) + 2 <=
               LIMIT_LOCKS_PER_CLIENT;
}

/* POSIX: a lock for writing needs the file open for writing (RFC 8881 §18.10.4). */
static enum nfsstat4 check_mode(const struct open *open, bool write)
{
    uint32_t need = write ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ;

    return open_access(open) & need ? NFS4_OK : NFS4ERR_OPENMODE;
}

static enum nfsstat4 check_conflict(const struct open *open, const struct lock_holder *self,
                                    const struct lock_request *request)
{
    const struct lock *lock =
        lock_table_conflict(&open->file->locks, self, request->write, &request->range);

    if (!lock)
        return NFS4_OK;
    conflict_copy(lock, request->conflict);
    return NFS4ERR_DENIED;
}

static void apply_locked(struct lock_state *ls, const struct lock_request *request)
{
    struct lock_table *locks = &ls->open->file->locks;
    uint32_t before = locks->count;

    lock_table_lock(locks, &ls->set, request->write, &request->range);
    account(ls->open->client, before, locks->count);
}

static enum nfsstat4 lock_open_owner_locked(struct open *open, uint32_t seqid, struct owner *owner,
                                            const struct lock_request *request, bool *use_taken)
{
    struct lock_holder *holder = lock_table_holder(&open->file->locks, owner);
    struct lock_state *ls = state_find_locked(holder, open);
    enum nfsstat4 status = NFS4ERR_BAD_STATEID;

    if (!open->closed)
        status = stateid_check_seqid(&open->sid, seqid);
    if (status == NFS4_OK)
        status = check_mode(open, request->write);
    if (status == NFS4_OK)
        status = check_conflict(open, holder, request);
    if (status == NFS4_OK && !room_for_locks(open))
        status = NFS4ERR_DELAY;
    if (status != NFS4_OK)
        return status;
    if (ls) {
        stateid_bump(&ls->sid);
    } else {
        ls = state_create_locked(open, owner);
        if (!ls)
            return NFS4ERR_DELAY;
        *use_taken = true;
    }
    apply_locked(ls, request);
    stateid_value(&ls->sid, request->out);
    return NFS4_OK;
}

enum nfsstat4 lock_open_owner(struct open *open, uint32_t seqid, const struct wire_opaque *name,
                              const struct lock_request *request)
{
    struct owner *owner = owner_use(owner_table_of(open->client), OWNER_LOCK, name);
    enum nfsstat4 status;
    bool use_taken = false;

    if (!owner)
        return NFS4ERR_DELAY;
    pthread_mutex_lock(&open->file->lock);
    status = lock_open_owner_locked(open, seqid, owner, request, &use_taken);
    pthread_mutex_unlock(&open->file->lock);
    if (!use_taken)
        owner_drop(owner);
    return status;
}

static enum nfsstat4 check_state_locked(const struct lock_state *ls, uint32_t seqid)
{
    return ls->freed ? NFS4ERR_BAD_STATEID : stateid_check_seqid(&ls->sid, seqid);
}

static enum nfsstat4 lock_again_locked(struct lock_state *ls, uint32_t seqid,
                                       const struct lock_request *request)
{
    enum nfsstat4 status = check_state_locked(ls, seqid);

    if (status == NFS4_OK)
        status = check_mode(ls->open, request->write);
    if (status == NFS4_OK)
        status = check_conflict(ls->open, ls->set.holder, request);
    if (status == NFS4_OK && !room_for_locks(ls->open))
        status = NFS4ERR_DELAY;
    if (status != NFS4_OK)
        return status;
    apply_locked(ls, request);
    stateid_bump(&ls->sid);
    stateid_value(&ls->sid, request->out);
    return NFS4_OK;
}

enum nfsstat4 lock_again(struct lock_state *ls, uint32_t seqid, const struct lock_request *request)
{
    enum nfsstat4 status;

    pthread_mutex_lock(&ls->open->file->lock);
    status = lock_again_locked(ls, seqid, request);
    pthread_mutex_unlock(&ls->open->file->lock);
    return status;
}

enum nfsstat4 lock_test(struct client *client, struct vfs_object *obj,
                        const struct wire_opaque *name, const struct lock_request *request)
{
    struct file *file = file_find(client->state->opens->files, obj);
    struct owner *owner;
    const struct lock *lock;

    if (!file)
        return NFS4_OK;
    owner = owner_find(owner_table_of(client), OWNER_LOCK, name);
    pthread_mutex_lock(&file->lock);
    lock = lock_table_conflict(&file->locks, lock_table_holder(&file->locks, owner), request->write,
                               &request->range);
    if (lock)
        conflict_copy(lock, request->conflict);
    pthread_mutex_unlock(&file->lock);
    if (owner)
        owner_drop(owner);
    file_put(file);
    return lock ? NFS4ERR_DENIED : NFS4_OK;
}

enum nfsstat4 lock_unlock(struct lock_state *ls, uint32_t seqid, const struct lock_range *range,
                          struct stateid4 *out)
{
    struct file *file = ls->open->file;
    enum nfsstat4 status;
    uint32_t before;

    pthread_mutex_lock(&file->lock);
    status = check_state_locked(ls, seqid);
    if (status == NFS4_OK && lock_table_splits(ls->set.holder, range) && !room_for_locks(ls->open))
        status = NFS4ERR_DELAY;
    if (status == NFS4_OK) {
        before = file->locks.count;
        lock_table_unlock(&file->locks, ls->set.holder, range);
        account(ls->open->client, before, file->locks.count);
        stateid_bump(&ls->sid);
        stateid_value(&ls->sid, out);
    }
    pthread_mutex_unlock(&file->lock);
    return status;
}

/* No lookup finds it any more, and its locks are gone. */
static void state_unhash_locked(struct lock_state *ls)
{
    struct lock_table *locks = &ls->open->file->locks;
    struct owner *owner = ls->set.holder->owner;
    struct client *client = ls->open->client;
    uint32_t before = locks->count;

    ls->freed = true;
    stateid_kill(&ls->sid);
    list_remove(&ls->open_link);
    lock_table_drop(locks, &ls->set);
    account(client, before, locks->count);
    if (lock_set_fini(locks, &ls->set))
        owner_drop(owner);
    atomic_fetch_sub_explicit(&owner_table_of(client)->lock_state_count, 1, memory_order_relaxed);
}

enum nfsstat4 lock_state_free(struct lock_state *ls, uint32_t seqid)
{
    struct file *file = ls->open->file;
    enum nfsstat4 status;

    pthread_mutex_lock(&file->lock);
    status = check_state_locked(ls, seqid);
    if (status == NFS4_OK && !list_empty(&ls->set.locks))
        status = NFS4ERR_LOCKS_HELD;
    if (status == NFS4_OK)
        state_unhash_locked(ls);
    pthread_mutex_unlock(&file->lock);
    if (status == NFS4_OK)
        stateid_put(&ls->sid);
    return status;
}

void lock_states_unhash_locked(struct open *open, struct list *doomed)
{
    LIST_FOREACH_SAFE (ls, &open->lock_states, struct lock_state, open_link) {
        state_unhash_locked(ls);
        list_push_back(doomed, &ls->open_link);
    }
}

void lock_states_bury(struct list *doomed)
{
    struct list *link;

    while ((link = list_pop_front(doomed)))
        stateid_put(&LIST_ENTRY(link, struct lock_state, open_link)->sid);
}
