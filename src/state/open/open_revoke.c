/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_revoke.h"

#include "state/client/courtesy.h"
#include "state/lock/lock_state.h"
#include "state/open/open_internal.h"
#include "state/open/revocation.h"

/* Shares that somebody asks for, or just I/O (deny is none then). */
struct claim {
    struct file *file;
    uint32_t access, deny;
};

static bool in_the_way(const struct open *open, const struct claim *claim)
{
    return (open_access(open) & claim->deny) || (open->deny & claim->access);
}

/* Is anything but opens of expired clients in the way?  Reservations that are no opens yet are
 * counted in the file's shares, too. */
static bool denied_for_good_locked(const struct claim *claim, int64_t now_ns)
{
    struct file_share left = claim->file->share;

    LIST_FOREACH (open, &claim->file->opens, struct open, file_link) {
        if (!in_the_way(open, claim))
            continue;
        if (!client_lease_over(open->client, now_ns))
            return true;
        file_share_sub(&left, open_access(open), open->deny);
    }
    return file_share_conflict(&left, claim->access, claim->deny);
}

static void blame_locked(const struct claim *claim, struct courtesy *courtesy)
{
    LIST_FOREACH (open, &claim->file->opens, struct open, file_link) {
        if (in_the_way(open, claim) && client_lease_over(open->client, courtesy->now_ns))
            courtesy_blame(courtesy, open->client);
    }
}

void open_revoke_locked(struct open *open, enum nfsstat4 why, struct list *revoked)
{
    open_unhash_locked(open);
    if (!revocation_add(&open->sid, why)) {
        open->closed = true;
        stateid_kill(&open->sid);
    }
    list_push_back(revoked, &open->file_link);
}

void open_revoke_settle(struct list *revoked, enum nfsstat4 why)
{
    struct list *link, doomed;

    list_init(&doomed);
    while ((link = list_pop_front(revoked))) {
        struct open *open = LIST_ENTRY(link, struct open, file_link);

        lock_states_end(open, why, &doomed, true);
        open_vfs_close(open);
        lock_notice_send(open->client->state, open->file);
        stateid_put(&open->sid);
    }
}

static void revoke_blamed(const struct claim *claim, struct courtesy *courtesy)
{
    struct list revoked;

    list_init(&revoked);
    pthread_mutex_lock(&claim->file->lock);
    /* Somebody else may have come into the way: then nobody loses anything. */
    if (!denied_for_good_locked(claim, courtesy->now_ns)) {
        LIST_FOREACH_SAFE (open, &claim->file->opens, struct open, file_link) {
            if (in_the_way(open, claim) && courtesy_may_revoke(courtesy, open->client))
                open_revoke_locked(open, NFS4ERR_EXPIRED, &revoked);
        }
    }
    pthread_mutex_unlock(&claim->file->lock);
    open_revoke_settle(&revoked, NFS4ERR_EXPIRED);
}

/* True: the claim has no conflict, and holds if it is to be taken. */
static bool try_claim(const struct claim *claim, bool take, struct courtesy *courtesy)
{
    struct file *file = claim->file;
    bool free;

    pthread_mutex_lock(&file->lock);
    free = !file_share_conflict(&file->share, claim->access, claim->deny);
    if (free && take)
        file_share_add(&file->share, claim->access, claim->deny);
    if (!free && !denied_for_good_locked(claim, courtesy->now_ns))
        blame_locked(claim, courtesy);
    pthread_mutex_unlock(&file->lock);
    return free;
}

/* `denied` is the answer when a client in good standing is in the way. */
static enum nfsstat4 claim_shares(const struct claim *claim, bool take, int64_t now_ns,
                                  enum nfsstat4 denied)
{
    struct courtesy courtesy = {.now_ns = now_ns};

    while (!try_claim(claim, take, &courtesy)) {
        if (courtesy.count == 0)
            return denied;
        if (courtesy_begin(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
        revoke_blamed(claim, &courtesy);
        if (courtesy_end(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
    }
    return NFS4_OK;
}

enum nfsstat4 open_share_claim(struct file *file, uint32_t access, uint32_t deny, int64_t now_ns)
{
    const struct claim claim = {file, access, deny};

    return claim_shares(&claim, true, now_ns, NFS4ERR_SHARE_DENIED);
}

enum nfsstat4 open_denied(struct state *state, struct vfs_object *obj, uint32_t access,
                          int64_t now_ns)
{
    const struct claim claim = {file_find(state->opens->files, obj), access, OPEN4_SHARE_DENY_NONE};
    enum nfsstat4 status;

    if (!claim.file)
        return NFS4_OK;
    status = claim_shares(&claim, false, now_ns, NFS4ERR_LOCKED);
    file_put(claim.file);
    return status;
}

static void revoke_one(struct open *open, enum nfsstat4 why)
{
    struct list revoked;

    list_init(&revoked);
    pthread_mutex_lock(&open->file->lock);
    if (open_check_locked(open, 0) == NFS4_OK)
        open_revoke_locked(open, why, &revoked);
    pthread_mutex_unlock(&open->file->lock);
    open_revoke_settle(&revoked, why);
}

bool open_client_revoke(struct client *client, enum nfsstat4 why, uint32_t *count)
{
    struct owner_table *table = owner_table_of(client);
    /* Those that it makes meanwhile may stay, or this need not end. */
    uint32_t left = atomic_load_explicit(&table->open_total, memory_order_relaxed);
    bool noted = revocation_begin(client, why);
    struct open *open;

    *count = 0;
    for (; noted && left > 0 && (open = open_pick(table, false)); left--) {
        revoke_one(open, why);
        stateid_put(&open->sid);
        (*count)++;
    }
    revocation_end(client, why);
    return noted;
}
