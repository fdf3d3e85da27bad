/* SPDX-License-Identifier: Apache-2.0 */
/* Events of clients that are recorded on stable storage. */
#include "state/client/recovery_client.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "state/client/client_hooks.h"
#include "state/client/client_record.h"
#include "state/recovery/recovery_grace.h"
#include "state/recovery/recovery_queue.h"

bool recovery_client_made_locked(struct recovery *r, struct client *client)
{
    const struct client_owner *owner = client->owner;
    const struct recovery_key key = {.kind = client->kind,
                                     .flavor = client_principal_flavor(client->caller.principal),
                                     .who = client_caller_lasting(&client->caller),
                                     .owner = owner->string,
                                     .len = owner->len};
    bool may;

    pthread_mutex_lock(&r->lock);
    client->recovery = recovery_record_get_locked(r, &key);
    /* If another incarnation was confirmed since the server's start, this one has nothing to
     * reclaim. */
    may = client->recovery && client->recovery->awaited && !owner->confirmed;
    pthread_mutex_unlock(&r->lock);
    atomic_init(&client->may_reclaim, may);
    return client->recovery != NULL;
}

void recovery_client_free(struct recovery *r, struct client *client)
{
    if (!client->recovery)
        return;
    pthread_mutex_lock(&r->lock);
    recovery_record_put_locked(r, client->recovery);
    pthread_mutex_unlock(&r->lock);
    client->recovery = NULL;
}

/* Write the row unless it has these values already, as for a client that returns after a restart.
 */
static bool put_locked(struct recovery *r, struct recovery_record *record, bool lost)
{
    struct recovery_change change = {.record = record, .kind = CHANGE_PUT, .lost = lost};

    if (!r->db || r->stopped)
        return true;
    if (record->stored && !record->unsure && record->lost == lost && record->pending == 0 &&
        !record->undeleted)
        return true;
    if (!recovery_queue_has_room_locked(r, LIMIT_RECOVERY_WAITERS))
        return false;
    recovery_queue_add_locked(r, &change);
    return recovery_queue_wait_locked(r, &change, 1);
}

static bool has_losses(const struct client *client)
{
    return atomic_load_explicit(&client->revoked_count, memory_order_acquire) > 0;
}

/* Each crash in a grace period leaves more rows.  Keep no more than the next start accepts. */
static bool room_locked(const struct recovery *r)
{
    return r->records.count <= LIMIT_RECOVERY_RECORDS;
}

/* Write the client's row, marked lost if the client has losses that it does not know of yet
 * (§8.4.3).  A client that is being removed gets no row: nothing would delete it. */
static bool record_locked(struct recovery *r, const struct client *client)
{
    struct recovery_record *record = client->recovery;
    bool ok;

    if (client_dead(client) || (!record->stored && !room_locked(r)))
        return false;
    record->completing++;
    ok = put_locked(r, record, has_losses(client));
    record->completing--;
    if (!ok || client_dead(client))
        return false;
    record->holder = client->id;
    /* A loss may have been acknowledged meanwhile: recovery_client_clear_loss() came too early
     * then. */
    if (!has_losses(client))
        (void)put_locked(r, record, false);
    return true;
}

bool recovery_client_complete(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;
    uint32_t awaited;
    bool ok, was_awaited = false;

    pthread_mutex_lock(&r->lock);
    ok = record_locked(r, client);
    if (ok) {
        was_awaited = record->awaited;
        recovery_record_forget_former_locked(r, record);
    }
    awaited = r->awaited;
    pthread_mutex_unlock(&r->lock);
    if (was_awaited)
        log_info("recovery.complete", LOG_ID("client", client->id), LOG_U64("awaited", awaited));
    if (awaited == 0)
        recovery_grace_end(r);
    return ok;
}

static bool is_recorded(const struct client *client)
{
    return atomic_load_explicit(&client->recorded, memory_order_relaxed);
}

static bool begins(struct recovery *r, struct client *client)
{
    bool ok;

    pthread_mutex_lock(&r->lock);
    ok = record_locked(r, client);
    pthread_mutex_unlock(&r->lock);
    if (ok)
        atomic_store_explicit(&client->recorded, true, memory_order_relaxed);
    return ok;
}

enum nfsstat4 recovery_client_reclaim_begin(struct recovery *r, const struct client *client,
                                            int64_t now_ns)
{
    if (!atomic_load_explicit(&client->may_reclaim, memory_order_acquire) ||
        atomic_load_explicit(&client->reclaim_complete, memory_order_acquire))
        return NFS4ERR_NO_GRACE;
    return recovery_reclaim_begin(r, now_ns);
}

enum nfsstat4 recovery_client_grant(struct recovery *r, struct client *client)
{
    enum nfsstat4 status;

    if (client->kind == CLIENT_V41 &&
        !atomic_load_explicit(&client->reclaim_complete, memory_order_relaxed))
        return NFS4ERR_GRACE;
    status = recovery_grant_status(r);
    if (status != NFS4_OK || client->kind == CLIENT_V41)
        return status;
    /* The Linux client would use the stateids of lost locks for ever if this OPEN succeeded. */
    if (has_losses(client) && client->state->client_hooks->losses_announce(client))
        return NFS4ERR_EXPIRED;
    if (is_recorded(client))
        return NFS4_OK;
    return begins(r, client) ? NFS4_OK : NFS4ERR_DELAY;
}

void recovery_client_reclaimed(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;

    if (client->kind == CLIENT_V41 || is_recorded(client))
        return;
    pthread_mutex_lock(&r->lock);
    record->former = false;
    record->holder = client->id;
    pthread_mutex_unlock(&r->lock);
    atomic_store_explicit(&client->recorded, true, memory_order_relaxed);
}

/* Does the record belong to a later incarnation, which has completed its reclaims? */
static bool is_anothers(const struct recovery_record *record, const struct client *client)
{
    return record->holder != 0 && record->holder != client->id;
}

bool recovery_client_mark_loss(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;
    bool ok = true;

    pthread_mutex_lock(&r->lock);
    if ((record->stored || record->pending > 0) && !is_anothers(record, client))
        ok = put_locked(r, record, true);
    if (ok && record->awaited) {
        record->awaited = false;
        r->awaited--;
    }
    pthread_mutex_unlock(&r->lock);
    if (ok) /* the next tick ends the grace period if this was the last one awaited */
        atomic_store_explicit(&client->may_reclaim, false, memory_order_release);
    return ok;
}

void recovery_client_clear_loss(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;

    pthread_mutex_lock(&r->lock);
    /* Only if nothing was revoked meanwhile: the client knows then what it holds. */
    if (!has_losses(client) && record->holder == client->id &&
        (record->stored || record->pending > 0) && !put_locked(r, record, false))
        log_warn("recovery.loss_not_cleared", LOG_ID("client", client->id),
                 LOG_STR("note", "cannot be written: it will not reclaim after a restart"));
    pthread_mutex_unlock(&r->lock);
}

static bool gone_locked(struct recovery *r, const struct client *client,
                        struct recovery_change *change)
{
    struct recovery_record *record = client->recovery;

    if (r->stopped || !r->db || !client->confirmed || is_anothers(record, client))
        return false;
    record->holder = 0;
    recovery_record_forget_former_locked(r, record);
    if (!record->stored && record->pending == 0)
        return false;
    *change = (struct recovery_change){.record = record, .kind = CHANGE_DELETE};
    /* If the queue is full the deletion is deferred (undeleted), which may delay all clients.  The
     * deletion of a row that is being written cannot be deferred. */
    if (recovery_queue_has_room_locked(r, LIMIT_RECOVERY_LEAVERS) || record->pending > 0)
        recovery_queue_add_locked(r, change);
    else
        change->done = true;
    return true;
}

static void mark_undeleted_locked(struct recovery *r, struct recovery_record *record,
                                  bool had_state)
{
    /* If another incarnation has completed meanwhile, it needs the row. */
    if (record->undeleted || !record->stored || record->holder != 0)
        return;
    record->undeleted_state = had_state;
    recovery_record_set_undeleted_locked(r, record, true);
}

static bool has_state(struct client *client)
{
    struct state *state = client->state;

    return state->hooks.has_state && state->hooks.has_state(state, client);
}

void recovery_clients_gone(struct recovery *r, struct client *const *clients, size_t count)
{
    struct recovery_change changes[RECOVERY_GONE_MAX] = {0};
    struct client *of[RECOVERY_GONE_MAX];
    size_t n = 0;
    bool ended;

    CHECK(count <= RECOVERY_GONE_MAX);
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < count; i++) {
        if (gone_locked(r, clients[i], &changes[n]))
            of[n++] = clients[i];
    }
    (void)recovery_queue_wait_locked(r, changes, n);
    for (size_t i = 0; i < n; i++) {
        if (!changes[i].ok)
            mark_undeleted_locked(r, of[i]->recovery, has_state(of[i]));
    }
    ended = n > 0 && r->awaited == 0;
    pthread_mutex_unlock(&r->lock);
    if (ended)
        recovery_grace_end(r);
}
