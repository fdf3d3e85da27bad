/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_revoke.h"

#include "state/client/courtesy.h"
#include "state/delegation/delegation_conflict.h"
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

static void revoke_blamed(const struct claim *claim, struct delegation_conflict *delegations,
                          struct courtesy *courtesy)
{
    struct delegation_gone gone;
    struct list revoked;

    list_init(&revoked);
    delegation_gone_init(&gone);
    pthread_mutex_lock(&claim->file->lock);
    if (delegations)
        delegation_conflict_revoke_locked(delegations, claim->file, courtesy, &gone);
    /* Somebody else may have come into the way: then nobody loses anything. */
    if (!denied_for_good_locked(claim, courtesy->now_ns)) {
        LIST_FOREACH_SAFE (open, &claim->file->opens, struct open, file_link) {
            if (in_the_way(open, claim) && courtesy_may_revoke(courtesy, open->client))
                open_revoke_locked(open, NFS4ERR_EXPIRED, &revoked);
        }
    }
    pthread_mutex_unlock(&claim->file->lock);
    open_revoke_settle(&revoked, NFS4ERR_EXPIRED);
    delegation_gone_settle(&gone);
}

/* Which delegations of others an OPEN meets: WRITE ones always, READ ones if it writes or denies
 * reading. */
static bool meets_all(const struct claim *claim)
{
    return (claim->access & OPEN4_SHARE_ACCESS_WRITE) || (claim->deny & OPEN4_SHARE_DENY_READ);
}

/* Who holds a WRITE delegation opens and closes on his own: before he is asked, nobody knows
 * whether his shares are in the way (RFC 8881 §10.4).  With READ ones in the way an OPEN that is
 * denied anyhow costs nobody his delegation. */
static enum nfsstat4 check_locked(const struct claim *claim,
                                  struct delegation_conflict *delegations, enum nfsstat4 denied,
                                  struct courtesy *courtesy)
{
    struct file *file = claim->file;

    if (delegations && delegation_conflict_find_locked(delegations, file, false, courtesy))
        return NFS4ERR_DELAY;
    if (file_share_conflict(&file->share, claim->access, claim->deny)) {
        if (!denied_for_good_locked(claim, courtesy->now_ns))
            blame_locked(claim, courtesy);
        return denied;
    }
    if (delegations && meets_all(claim) &&
        delegation_conflict_find_locked(delegations, file, true, courtesy))
        return NFS4ERR_DELAY;
    return NFS4_OK;
}

/* NFS4_OK: the claim has no conflict, and holds if it is an OPEN's. */
static enum nfsstat4 try_claim(const struct claim *claim, struct delegation_conflict *delegations,
                               enum nfsstat4 denied, struct courtesy *courtesy)
{
    struct file *file = claim->file;
    enum nfsstat4 status;

    pthread_mutex_lock(&file->lock);
    status = check_locked(claim, delegations, denied, courtesy);
    if (status == NFS4_OK && delegations)
        file_share_add(&file->share, claim->access, claim->deny);
    pthread_mutex_unlock(&file->lock);
    if (delegations)
        delegation_conflict_recall(delegations);
    return status;
}

/* `delegations`: NULL for who asks for no shares.  `denied` is the answer when shares of a client
 * in good standing are in the way. */
static enum nfsstat4 claim_shares(const struct claim *claim,
                                  struct delegation_conflict *delegations, int64_t now_ns,
                                  enum nfsstat4 denied)
{
    struct courtesy courtesy = {.now_ns = now_ns};
    enum nfsstat4 status;

    while ((status = try_claim(claim, delegations, denied, &courtesy)) != NFS4_OK) {
        if (courtesy.count == 0)
            return status;
        if (courtesy_begin(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
        revoke_blamed(claim, delegations, &courtesy);
        if (courtesy_end(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
    }
    return NFS4_OK;
}

enum nfsstat4 open_share_claim(struct file *file, const struct open_request *request)
{
    const struct claim claim = {file, request->access, request->deny};
    struct delegation_conflict delegations;

    delegation_conflict_init(&delegations, request->client->state, request->client,
                             request->waiter);
    return claim_shares(&claim, &delegations, request->now_ns, NFS4ERR_SHARE_DENIED);
}

enum nfsstat4 open_denied(struct state *state, struct vfs_object *obj, uint32_t access,
                          int64_t now_ns)
{
    const struct claim claim = {file_find(state->opens->files, obj), access, OPEN4_SHARE_DENY_NONE};
    enum nfsstat4 status;

    if (!claim.file)
        return NFS4_OK;
    status = claim_shares(&claim, NULL, now_ns, NFS4ERR_LOCKED);
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
    if (noted)
        delegation_client_revoke(client, why);
    revocation_end(client, why);
    return noted;
}
