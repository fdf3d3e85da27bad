/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_revoke.h"

#include "state/delegation/delegation_revoke.h"
#include "state/file/revocation.h"
#include "state/lock/lock_notice_send.h"
#include "state/lock/lock_state.h"
#include "state/open/open_end.h"

void open_revoke_locked(struct open *open, enum nfsstat4 why, struct list *revoked)
{
    open_unhash_locked(open);
    if (!revocation_add(&open->sid, why)) {
        open->closed = true;
        stateid_kill(&open->sid);
    }
    list_push_back(revoked, &open->file_link);
}

/* The first batch of its lock states, and whether anybody waits for locks of the file.  True: there
 * are more. */
static bool end_locks(struct open *open, enum nfsstat4 why, struct list *doomed, bool *waiters)
{
    bool rest;

    pthread_mutex_lock(&open->file->lock);
    rest = lock_states_end_locked(open, why, doomed);
    *waiters = !list_empty(&open->file->waiters);
    pthread_mutex_unlock(&open->file->lock);
    return rest;
}

void open_revoke_settle(struct list *revoked, enum nfsstat4 why)
{
    struct list *link, doomed;
    bool waiters;

    list_init(&doomed);
    while ((link = list_pop_front(revoked))) {
        struct open *open = LIST_ENTRY(link, struct open, file_link);
        bool rest = end_locks(open, why, &doomed, &waiters);

        lock_states_end(open, why, &doomed, rest);
        open_vfs_close(open);
        /* All of the list are of one file: it is told once. */
        if (waiters && list_empty(revoked))
            lock_notice_send(open->client->state, open->file);
        stateid_put(&open->sid);
    }
}

/* Between revocation_begin() and _end().  False: it has ended already. */
static bool revoke_one(struct open *open, enum nfsstat4 why)
{
    struct list revoked;
    bool in_effect;

    list_init(&revoked);
    pthread_mutex_lock(&open->file->lock);
    in_effect = open->group && open_check_locked(open, 0) == NFS4_OK;
    if (in_effect)
        open_revoke_locked(open, why, &revoked);
    pthread_mutex_unlock(&open->file->lock);
    open_revoke_settle(&revoked, why);
    return in_effect;
}

enum nfsstat4 open_revoke(struct open *open, enum nfsstat4 why)
{
    enum nfsstat4 status = NFS4ERR_DELAY;

    if (revocation_begin(open->client, why))
        status = revoke_one(open, why) ? NFS4_OK : NFS4ERR_BAD_STATEID;
    revocation_end(open->client, why);
    return status;
}

bool open_client_revoke(struct client *client, enum nfsstat4 why, uint32_t *count)
{
    struct owner_table *table = owner_table_of(client);
    /* Those that it makes meanwhile may stay, or this need not end. */
    uint32_t left = atomic_load_explicit(&table->open_total, memory_order_relaxed);
    bool noted = revocation_begin(client, why);
    struct open *open;

    *count = 0;
    for (; noted && left > 0 && (open = open_get_first(table, false)); left--) {
        (void)revoke_one(open, why); /* or another thread has ended it */
        stateid_put(&open->sid);
        (*count)++;
    }
    if (noted)
        delegation_client_revoke(client, why);
    revocation_end(client, why);
    return noted;
}
