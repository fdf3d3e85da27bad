/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/open_share.h"

#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_gone.h"
#include "state/file/courtesy.h"
#include "state/open/open_revoke.h"

/* Shares that a request asks for, or just I/O (deny is none then). */
struct wish {
    struct file *file;
    uint32_t access, deny;
};

static bool conflicts(const struct open *open, const struct wish *wish)
{
    return (open_access(open) & wish->deny) || (open->deny & wish->access);
}

/* Looking for a conflicting client whose lease is good. */
struct search {
    int64_t now_ns;
    bool found;
};

static bool look_for_unexpired(struct share_group *group, void *arg)
{
    struct search *search = arg;

    search->found = !client_lease_over(group->client, search->now_ns);
    return !search->found;
}

/* Does anything but opens of expired clients conflict?  Reservations that are not opens yet count
 * as those of good clients. */
static bool denied_by_unexpired_locked(const struct wish *wish, int64_t now_ns)
{
    struct search search = {.now_ns = now_ns};

    if (file_share_conflict(&wish->file->reserved, wish->access, wish->deny))
        return true;
    share_table_visit(&wish->file->opens, wish->access, wish->deny, look_for_unexpired, &search);
    return search.found;
}

static bool add_expired(struct share_group *group, void *arg)
{
    struct courtesy *courtesy = arg;

    if (client_lease_over(group->client, courtesy->now_ns))
        courtesy_add(courtesy, group->client);
    return courtesy->count < LIMIT_COURTESY_CLIENTS;
}

static void add_expired_locked(const struct wish *wish, struct courtesy *courtesy)
{
    share_table_visit(&wish->file->opens, wish->access, wish->deny, add_expired, courtesy);
}

/* What of those noted is in the way. */
struct clearing {
    const struct wish *wish;
    struct courtesy *courtesy;
    struct list *revoked;
};

/* A batch of it; the next attempt meets the rest. */
static bool revoke_group(struct share_group *group, void *arg)
{
    const struct clearing *clearing = arg;
    uint32_t left = LIMIT_OPEN_REVOKE_BATCH;
    bool last = false;

    if (!courtesy_may_revoke(clearing->courtesy, group->client))
        return true;
    /* The group goes with its last open. */
    for (struct list *link = group->opens.next, *next; !last && left > 0; link = next) {
        struct open *open = LIST_ENTRY(link, struct open, file_link);

        next = link->next;
        last = next == &group->opens;
        if (!conflicts(open, clearing->wish))
            continue;
        open_revoke_locked(open, NFS4ERR_EXPIRED, clearing->revoked);
        left--;
    }
    return true;
}

static void revoke_expired(const struct wish *wish, struct delegation_conflict *delegations,
                           struct courtesy *courtesy)
{
    struct delegation_gone gone;
    struct list revoked;
    struct clearing clearing = {wish, courtesy, &revoked};

    list_init(&revoked);
    delegation_gone_init(&gone);
    pthread_mutex_lock(&wish->file->lock);
    if (delegations)
        delegation_conflict_revoke_locked(delegations, wish->file, courtesy, &gone);
    /* A good client's open may conflict by now: then no client loses anything. */
    if (!denied_by_unexpired_locked(wish, courtesy->now_ns))
        share_table_visit(&wish->file->opens, wish->access, wish->deny, revoke_group, &clearing);
    pthread_mutex_unlock(&wish->file->lock);
    open_revoke_settle(&revoked, NFS4ERR_EXPIRED);
    delegation_gone_settle(&gone);
}

/* Which delegations of others an OPEN meets: WRITE ones always, READ ones if it writes or denies
 * reading. */
static bool meets_all(const struct wish *wish)
{
    return (wish->access & OPEN4_SHARE_ACCESS_WRITE) || (wish->deny & OPEN4_SHARE_DENY_READ);
}

static bool conflicts_locked(struct delegation_conflict *delegations, struct file *file,
                             enum delegation_use use, struct courtesy *courtesy)
{
    delegations->claim.use = use;
    return delegation_conflict_find_locked(delegations, file, courtesy);
}

/* The holder of a WRITE delegation opens and closes the file locally, so it has to return that
 * before its shares are known (RFC 8881 §10.4).  READ delegations are recalled only if the shares
 * do not deny the OPEN anyway. */
static enum nfsstat4 check_locked(const struct wish *wish, struct delegation_conflict *delegations,
                                  enum nfsstat4 denied, struct courtesy *courtesy)
{
    struct file *file = wish->file;

    if (delegations && conflicts_locked(delegations, file, DELEGATION_USE_READ, courtesy))
        return NFS4ERR_DELAY;
    if (file_share_conflict(&file->share, wish->access, wish->deny)) {
        if (!denied_by_unexpired_locked(wish, courtesy->now_ns))
            add_expired_locked(wish, courtesy);
        return denied;
    }
    if (delegations && meets_all(wish) &&
        conflicts_locked(delegations, file, DELEGATION_USE_CHANGE, courtesy))
        return NFS4ERR_DELAY;
    return NFS4_OK;
}

/* NFS4_OK: the shares have no conflict, and are reserved if they are an OPEN's. */
static enum nfsstat4 try_reserve(const struct wish *wish, struct delegation_conflict *delegations,
                                 enum nfsstat4 denied, struct courtesy *courtesy)
{
    struct file *file = wish->file;
    enum nfsstat4 status;

    pthread_mutex_lock(&file->lock);
    status = check_locked(wish, delegations, denied, courtesy);
    if (status == NFS4_OK && delegations) {
        file_share_add(&file->share, wish->access, wish->deny);
        file_share_add(&file->reserved, wish->access, wish->deny);
    }
    pthread_mutex_unlock(&file->lock);
    if (delegations)
        delegation_conflict_recall(delegations);
    return status;
}

/* `delegations`: NULL if no shares are asked for.  `denied` is the answer when shares of a client
 * in good standing conflict. */
static enum nfsstat4 reserve_shares(const struct wish *wish,
                                    struct delegation_conflict *delegations, int64_t now_ns,
                                    enum nfsstat4 denied)
{
    struct courtesy courtesy = {.now_ns = now_ns};
    enum nfsstat4 status;

    while ((status = try_reserve(wish, delegations, denied, &courtesy)) != NFS4_OK) {
        if (courtesy.count == 0)
            return status;
        if (courtesy_begin(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
        revoke_expired(wish, delegations, &courtesy);
        if (courtesy_end(&courtesy) != NFS4_OK)
            return NFS4ERR_DELAY;
    }
    return NFS4_OK;
}

enum nfsstat4 open_share_reserve(struct file *file, const struct open_request *request)
{
    const struct wish wish = {file, request->access, request->deny};
    const struct delegation_claim claim = {.client = request->client, .obj = request->obj};
    struct delegation_conflict delegations;

    delegation_conflict_init(&delegations, request->client->state, &claim, request->waiter);
    return reserve_shares(&wish, &delegations, request->now_ns, NFS4ERR_SHARE_DENIED);
}

enum nfsstat4 open_share_denied(struct state *state, struct vfs_object *obj, uint32_t access,
                                int64_t now_ns)
{
    const struct wish wish = {file_lookup(state->opens->files, obj), access, OPEN4_SHARE_DENY_NONE};
    enum nfsstat4 status;

    if (!wish.file)
        return NFS4_OK;
    status = reserve_shares(&wish, NULL, now_ns, NFS4ERR_LOCKED);
    file_put(wish.file);
    return status;
}
