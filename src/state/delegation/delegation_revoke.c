/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_revoke.h"

#include "base/clock.h"
#include "base/log.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_internal.h"
#include "state/file/revocation.h"

enum {
    UNWANTED_LEASES = 2 /* after which a client of 4.0 loses what no request wants any more */
};

/* Between revocation_begin() and _end(). */
static bool revoke(struct delegation *delegation, enum nfsstat4 why)
{
    struct delegation_gone gone;
    bool revoked;

    delegation_gone_init(&gone);
    pthread_mutex_lock(&delegation->file->lock);
    /* One that is just being granted is on no list yet.  The link of one that has ended belongs to
     * the thread that ended it. */
    revoked = !delegation_is_leaving(delegation) && !list_empty(&delegation->file_link);
    if (revoked)
        delegation_revoke_locked(delegation, why, &gone);
    pthread_mutex_unlock(&delegation->file->lock);
    delegation_gone_settle(&gone);
    return revoked;
}

enum nfsstat4 delegation_revoke(struct delegation *delegation, enum nfsstat4 why)
{
    enum nfsstat4 status = NFS4ERR_DELAY;

    if (revocation_begin(delegation->client, why))
        status = revoke(delegation, why) ? NFS4_OK : NFS4ERR_BAD_STATEID;
    revocation_end(delegation->client, why);
    return status;
}

/* The client can only be told that its lease is over: done only if a request gains by it. */
static bool to_be_extended(const struct delegation *delegation)
{
    return delegation->client->kind == CLIENT_V40 &&
           !atomic_load_explicit(&delegation->wanted, memory_order_relaxed);
}

static bool is_old(const struct list *list, int64_t before_ns)
{
    return !list_empty(list) &&
           LIST_ENTRY(list->next, struct delegation, recalled_link)->recalled_ns <= before_ns;
}

static struct list *overdue_locked(struct delegation_tables *tables, int64_t now_ns,
                                   int64_t lease_ns)
{
    while (is_old(&tables->recalled, now_ns - lease_ns)) {
        struct delegation *delegation =
            LIST_ENTRY(tables->recalled.next, struct delegation, recalled_link);

        if (!to_be_extended(delegation))
            return &delegation->recalled_link;
        delegation->extended = true;
        list_remove(&delegation->recalled_link);
        list_push_back(&tables->extended, &delegation->recalled_link);
    }
    return is_old(&tables->extended, now_ns - UNWANTED_LEASES * lease_ns) ? tables->extended.next
                                                                          : NULL;
}

/* One that is overdue, with a reference. */
static struct delegation *overdue(struct state *state, int64_t now_ns)
{
    struct delegation_tables *tables = state->delegations;
    struct delegation *delegation = NULL;
    struct list *link;

    if (stall_within(&state->stall, now_ns, state->lease_ns))
        return NULL;
    pthread_mutex_lock(&tables->recall_lock);
    link = overdue_locked(tables, now_ns, state->lease_ns);
    if (link) {
        delegation = LIST_ENTRY(link, struct delegation, recalled_link);
        stateid_get(&delegation->sid); /* on the list it has the file's */
    }
    pthread_mutex_unlock(&tables->recall_lock);
    return delegation;
}

/* 4.0 has no DELEG_REVOKED: what it knows is a lease that was over. */
static enum nfsstat4 reason(const struct client *client, int64_t now_ns)
{
    if (client->kind == CLIENT_V40 || client_lease_over(client, now_ns))
        return NFS4ERR_EXPIRED;
    return NFS4ERR_DELEG_REVOKED;
}

/* As if it had been returned.  False: another thread has ended it. */
static bool drop(struct delegation *delegation)
{
    struct delegation_gone gone;
    bool dropped;

    delegation_gone_init(&gone);
    pthread_mutex_lock(&delegation->file->lock);
    dropped = !delegation_is_leaving(delegation);
    if (dropped) {
        delegation_retire_locked(delegation, &gone);
        stateid_kill(&delegation->sid);
    }
    pthread_mutex_unlock(&delegation->file->lock);
    delegation_gone_settle(&gone);
    return dropped;
}

/* The holder could not return it: PUTFH would fail.  A client that gave up would not acknowledge
 * the revocation either, and be told of that with every SEQUENCE. */
static bool drop_stale(struct delegation *delegation)
{
    if (delegation->kind != DELEGATION_DIRECTORY || !vfs_object_is_stale(delegation->obj))
        return false;
    if (drop(delegation))
        delegation_count(delegation->client->state, DELEGATION_COUNTER_removed);
    return true;
}

static bool revoke_overdue(struct delegation *delegation, int64_t now_ns)
{
    struct client *client = delegation->client;
    enum nfsstat4 why = reason(client, now_ns);
    bool noted = revocation_begin(client, why);

    if (noted && revoke(delegation, why) && delegation_log(client->state, now_ns))
        log_info_taken(&client->state->delegations->log_limit, "delegation.revoke",
                       LOG_ID("client", client->id),
                       LOG_STR("kind", delegation_kind_name(delegation->kind)),
                       LOG_U64("fileid", delegation->obj->fileid),
                       LOG_U64("recalled_ms", (now_ns - delegation->recalled_ns) / NSEC_PER_MSEC));
    revocation_end(client, why);
    return noted;
}

void delegation_tick(struct state *state, int64_t now_ns)
{
    struct delegation *delegation;
    bool going = true;

    /* What cannot be written down now is tried again at the next tick. */
    while (going && (delegation = overdue(state, now_ns))) {
        going = drop_stale(delegation) || revoke_overdue(delegation, now_ns);
        stateid_put(&delegation->sid);
    }
}

static struct delegation *pick(struct owner_table *table)
{
    struct delegation *delegation = NULL;

    pthread_mutex_lock(&table->lock);
    if (!list_empty(&table->delegation_list)) {
        delegation = LIST_ENTRY(table->delegation_list.next, struct delegation, client_link);
        stateid_get(&delegation->sid);
    }
    pthread_mutex_unlock(&table->lock);
    return delegation;
}

void delegation_client_release(struct client *client)
{
    struct owner_table *table = owner_table_of(client);
    struct delegation *delegation;

    /* Another thread may revoke it first: it is gone from the client's list either way. */
    while ((delegation = pick(table))) {
        (void)drop(delegation);
        stateid_put(&delegation->sid);
    }
}

void delegation_client_revoke(struct client *client, enum nfsstat4 why)
{
    struct owner_table *table = owner_table_of(client);
    uint32_t left = atomic_load_explicit(&table->delegation_total, memory_order_relaxed);
    struct delegation *delegation;

    for (; left > 0 && (delegation = pick(table)); left--) {
        (void)revoke(delegation, why);
        stateid_put(&delegation->sid);
    }
}
