/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be written: a thread that finds no other writing writes all that waits, in one go,
 * while the others sleep.  So many clients that come at once cost a few syncs.
 */
#include "state/recovery/recovery_queue.h"

#include "vfs/vfs_blocking.h"
#include "vfs/vfs_identity.h"

void recovery_queue_add_locked(struct recovery *r, struct recovery_change *change)
{
    if (change->record) {
        change->record->refs++;
        change->record->pending++;
    }
    list_push_back(&r->queue, &change->link);
}

/* Where SQLite sees no row it writes nothing, and one that is in the log for all that would
 * stay. */
static bool delete_one(struct recovery *r, const struct recovery_record *record)
{
    if (record->unsure && !recovery_db_put(r->db, &record->key, true))
        return false;
    return recovery_db_delete(r->db, &record->key);
}

static bool write_one(struct recovery *r, const struct recovery_change *change)
{
    switch (change->kind) {
    case CHANGE_PUT:
        return recovery_db_put(r->db, &change->record->key, change->lost);
    case CHANGE_DELETE:
        return delete_one(r, change->record);
    case CHANGE_NONE:
        return recovery_db_set_lease_s(r->db, recovery_db_lease_s(r->db));
    case CHANGE_LEASE:
        break;
    }
    return recovery_db_set_lease_s(r->db, r->lease_s);
}

static bool write_all(struct recovery *r, struct list *batch)
{
    if (!recovery_db_begin(r->db))
        return false;
    LIST_FOREACH (change, batch, struct recovery_change, link) {
        if (!write_one(r, change))
            return false;
    }
    return recovery_db_commit(r->db);
}

/* The waiter may go, and the change with it, as soon as the lock is back. */
static void change_done_locked(struct recovery *r, struct recovery_change *change, bool ok)
{
    struct recovery_record *record = change->record;

    change->ok = ok;
    change->done = true;
    if (!record)
        return;
    record->pending--;
    record->unsure = !ok;
    if (ok) {
        record->lost = change->kind == CHANGE_PUT && change->lost;
        recovery_record_set_undeleted_locked(r, record, false);
        recovery_record_set_stored_locked(record, change->kind == CHANGE_PUT);
    } else {
        /* A commit that SQLite could not finish may be in the log for the next life to find. */
        recovery_record_set_stored_locked(record, true);
    }
    recovery_record_put_locked(r, record);
}

static void write_batch_locked(struct recovery *r)
{
    struct list batch, *link;
    bool ok;

    list_init(&batch);
    while ((link = list_pop_front(&r->queue)))
        list_push_back(&batch, link);
    r->writing = true;
    pthread_mutex_unlock(&r->lock);
    ok = write_all(r, &batch);
    atomic_store_explicit(&r->failing, !ok, memory_order_relaxed);
    pthread_mutex_lock(&r->lock);
    r->writing = false;
    while ((link = list_pop_front(&batch)))
        change_done_locked(r, LIST_ENTRY(link, struct recovery_change, link), ok);
    pthread_cond_broadcast(&r->written);
}

static bool all_done(const struct recovery_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!changes[i].done)
            return false;
    }
    return true;
}

bool recovery_queue_has_room_locked(const struct recovery *r, uint32_t most)
{
    return r->waiting < most;
}

bool recovery_queue_wait_locked(struct recovery *r, const struct recovery_change *changes,
                                size_t count)
{
    bool ok = true;

    if (count == 0)
        return true;
    r->waiting++;
    pthread_mutex_unlock(&r->lock);
    vfs_blocking_begin(true);
    vfs_own_identity_begin();
    pthread_mutex_lock(&r->lock);
    while (!all_done(changes, count)) {
        if (r->writing)
            pthread_cond_wait(&r->written, &r->lock);
        else
            write_batch_locked(r);
    }
    pthread_mutex_unlock(&r->lock);
    vfs_own_identity_end();
    vfs_blocking_end();
    pthread_mutex_lock(&r->lock);
    r->waiting--;
    for (size_t i = 0; i < count; i++)
        ok = ok && changes[i].ok;
    return ok;
}
