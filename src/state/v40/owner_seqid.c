/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/owner_seqid.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "state/v40/open_pending.h"
#include "state/v40/owner_closed.h"
#include "state/v40/owner_tables.h"
#include "vfs/vfs_blocking.h"

static struct owner_table *table_of(const struct owner_seqid *seqid)
{
    return owner_table_of(seqid->owner->client);
}

static struct owner_seqid *seqid_create(struct owner *owner)
{
    struct owner_seqid *seqid = memory_zalloc(MEMORY_opens, sizeof(*seqid));

    if (!seqid)
        return NULL;
    seqid->owner = owner;
    CHECK(pthread_cond_init(&seqid->turn, NULL) == 0);
    list_init(&seqid->pending_link);
    return seqid;
}

static void seqid_free(struct owner_seqid *seqid)
{
    CHECK(!seqid->busy && seqid->waiters == 0);
    owner_closed_reset(seqid);
    open_pending_reset(seqid);
    pthread_cond_destroy(&seqid->turn);
    memory_free(MEMORY_opens, seqid->large);
    memory_free(MEMORY_opens, seqid);
}

struct owner *owner_seqid_get(struct client *client, enum owner_kind kind,
                              const struct wire_opaque *name)
{
    struct owner_table *table = owner_table_of(client);
    struct owner *owner;

    pthread_mutex_lock(&table->lock);
    owner = owner_get_or_create_locked(table, kind, name);
    if (owner && !owner->seqid) {
        table->seqid_free = seqid_free;
        owner->seqid = seqid_create(owner);
    }
    if (owner && !owner->seqid) {
        owner_put_locked(table, owner);
        owner = NULL;
    }
    pthread_mutex_unlock(&table->lock);
    return owner;
}

/* RFC 7530 §9.1.3: 1 comes after the highest number.  Clients that just add one send 0. */
static bool is_next(uint32_t last, uint32_t seqid)
{
    return seqid == last + 1 || (last == UINT32_MAX && seqid == 1);
}

static bool is_same(const struct owner_seqid *seqid, const struct owner_request *request)
{
    return seqid->begun && seqid->last == request->seqid && seqid->op == request->op &&
           seqid->digest == request->digest;
}

static bool may_begin(const struct owner_seqid *seqid, const struct owner_request *request)
{
    enum nfs_opnum4 first = seqid->owner->kind == OWNER_OPEN ? OP_OPEN : OP_LOCK;

    return request->op == first;
}

/* May the owner begin again, with any seqid? A lock owner without lock states may: it is known only
 * because it waits for a lock.  So may an open owner that is not confirmed: the request that made
 * it may have been an old one that came late (RFC 7530 §16.18.5). */
static bool is_fresh_locked(const struct owner_seqid *seqid)
{
    if (seqid->owner->kind == OWNER_LOCK)
        return !seqid->begun || list_empty(&seqid->owner->lock_states);
    return !seqid->begun || !atomic_load_explicit(&seqid->confirmed, memory_order_relaxed);
}

static enum owner_verdict judge_locked(const struct owner_seqid *seqid,
                                       const struct owner_request *request)
{
    bool begins = may_begin(seqid, request) && is_fresh_locked(seqid);

    /* An open owner's OPEN may be a retransmission still. */
    if (is_same(seqid, request) && !(begins && seqid->owner->kind == OWNER_LOCK))
        return OWNER_REPLAY;
    if (begins)
        return OWNER_RUN;
    return seqid->begun && is_next(seqid->last, request->seqid) ? OWNER_RUN : OWNER_BAD_SEQID;
}

static const uint8_t *kept_bytes(const struct owner_seqid *seqid)
{
    return seqid->large ? seqid->large : seqid->small;
}

static void replay_fill(const struct owner_seqid *seqid, struct owner_replay *replay)
{
    replay->status = seqid->status;
    replay->body_len = seqid->body_len;
    replay->fh_len = seqid->fh_len;
    memcpy(replay->bytes, kept_bytes(seqid), seqid->body_len + seqid->fh_len);
}

/* Each that waits has a thread: of one owner and in all there may only be so many. */
static bool waiter_add_locked(struct owner_tables *tables, struct owner_seqid *seqid)
{
    if (seqid->waiters >= LIMIT_OWNER_WAITERS)
        return false;
    if (atomic_fetch_add_explicit(&tables->waiters, 1, memory_order_relaxed) >=
        LIMIT_OWNERS_WAITERS) {
        atomic_fetch_sub_explicit(&tables->waiters, 1, memory_order_relaxed);
        return false;
    }
    seqid->waiters++;
    return true;
}

/* Wait until it is not busy, with the table's lock given back before the thread sleeps.
 * Returns whether vfs_blocking_end() is due. */
static bool wait_locked(struct owner_table *table, struct owner_seqid *seqid)
{
    struct owner_tables *tables = owner_tables_of(table->client->state);

    if (!seqid->busy || !waiter_add_locked(tables, seqid))
        return false;
    pthread_mutex_unlock(&table->lock);
    vfs_blocking_begin(true);
    pthread_mutex_lock(&table->lock);
    while (seqid->busy)
        pthread_cond_wait(&seqid->turn, &table->lock);
    seqid->waiters--;
    atomic_fetch_sub_explicit(&tables->waiters, 1, memory_order_relaxed);
    return true;
}

/* An open was not confirmed in order: it is that of an old request (RFC 7530 §16.18.4). */
static bool gives_up(const struct owner_seqid *seqid, const struct owner_request *request)
{
    return request->op == OP_OPEN_CONFIRM && seqid->is_pending;
}

/* What follows from the verdict, with the sequence busy and no lock. */
static void prepare(struct owner_seqid *seqid, const struct owner_request *request,
                    enum owner_verdict verdict)
{
    if (verdict == OWNER_RUN && request->op == OP_OPEN)
        open_pending_cancel(seqid);
    if (verdict != OWNER_BAD_SEQID)
        return;
    /* It is found by that stateid still: a retransmission is BAD_SEQID as well. */
    owner_closed_set(seqid, &seqid->pending);
    open_pending_cancel(seqid);
    owner_seqid_release(seqid);
}

static void expire_locked(struct owner_table *table, const struct owner *owner)
{
    const struct state *state = owner->client->state;

    owner_expire_locked(table, owner->named_ns - state->lease_ns - state->margin_ns);
}

enum owner_verdict owner_seqid_begin(struct owner *owner, const struct owner_request *request,
                                     struct owner_replay *replay)
{
    struct owner_table *table = owner_table_of(owner->client);
    struct owner_seqid *seqid = owner->seqid;
    enum owner_verdict verdict = OWNER_CROWDED;
    bool waited, cancel = false;

    pthread_mutex_lock(&table->lock);
    waited = wait_locked(table, seqid);
    if (!seqid->busy) {
        owner->named_ns = request->now_ns;
        expire_locked(table, owner);
        verdict = judge_locked(seqid, request);
        cancel = verdict == OWNER_BAD_SEQID && gives_up(seqid, request);
        if (verdict == OWNER_RUN || cancel)
            seqid->busy = true;
        if (cancel)
            owner_get_locked(table, owner);
        if (verdict == OWNER_REPLAY)
            replay_fill(seqid, replay);
    }
    pthread_mutex_unlock(&table->lock);
    if (waited)
        vfs_blocking_end();
    if (verdict == OWNER_RUN || cancel)
        prepare(seqid, request, verdict);
    return verdict;
}

bool owner_seqid_advances(enum nfsstat4 status)
{
    switch ((uint32_t)status) {
    case NFS4ERR_STALE_CLIENTID:
    case NFS4ERR_STALE_STATEID:
    case NFS4ERR_BAD_STATEID:
    case NFS4ERR_BAD_SEQID:
    case NFS4ERR_BADXDR:
    case NFS4ERR_RESOURCE:
    case NFS4ERR_NOFILEHANDLE:
    case NFS4ERR_MOVED:
        return false;
    default:
        return true;
    }
}

/* Room for `len` bytes of a result; much larger ones go when they are not needed.  NULL without
 * memory. */
static uint8_t *room_for(struct owner_seqid *seqid, uint32_t len)
{
    if (len <= OWNER_REPLY_SMALL) {
        memory_free(MEMORY_opens, seqid->large);
        seqid->large = NULL;
        return seqid->small;
    }
    if (!seqid->large || seqid->size < len) {
        memory_free(MEMORY_opens, seqid->large);
        seqid->large = memory_alloc(MEMORY_opens, len);
        seqid->size = len;
    }
    return seqid->large;
}

static void keep(struct owner_seqid *seqid, const struct owner_request *request,
                 const struct owner_result *result)
{
    uint32_t body_len = result->body_len, fh_len = result->fh_len;
    uint8_t *bytes;

    CHECK(body_len + fh_len <= LIMIT_OWNER_REPLY_BYTES);
    bytes = room_for(seqid, body_len + fh_len);
    if (!bytes)
        body_len = fh_len = 0;
    if (body_len)
        memcpy(bytes, result->body, body_len);
    if (fh_len)
        memcpy(bytes + body_len, result->fh, fh_len);
    seqid->begun = true;
    seqid->last = request->seqid;
    seqid->op = request->op;
    seqid->digest = request->digest;
    /* Only a denied LOCK is so long: its retry, not told of the conflict, is sent again. */
    seqid->status = bytes ? result->status : NFS4ERR_DELAY;
    seqid->body_len = body_len;
    seqid->fh_len = fh_len;
}

static void confirm(struct owner_seqid *seqid)
{
    open_pending_reset(seqid);
    /* Pairs with the acquire in open_confirm.c; nothing but the flag itself is read there. */
    atomic_store_explicit(&seqid->confirmed, true, memory_order_release);
}

/* How the owner changes with a result that is kept. */
static void follow(struct owner_seqid *seqid, const struct owner_request *request,
                   const struct owner_result *result)
{
    bool confirmed = atomic_load_explicit(&seqid->confirmed, memory_order_relaxed);

    if (result->status != NFS4_OK || request->op != OP_CLOSE)
        owner_closed_reset(seqid);
    if (result->status != NFS4_OK || confirmed)
        return;
    if (request->op == OP_OPEN_CONFIRM || (request->op == OP_OPEN && result->reclaim))
        confirm(seqid);
    else if (request->op == OP_OPEN)
        open_pending_set(seqid, &result->stateid, request->now_ns);
}

void owner_seqid_release(struct owner_seqid *seqid)
{
    struct owner_table *table = table_of(seqid);

    pthread_mutex_lock(&table->lock);
    CHECK(seqid->busy);
    seqid->busy = false;
    if (seqid->waiters > 0)
        pthread_cond_broadcast(&seqid->turn);
    owner_put_locked(table, seqid->owner);
    pthread_mutex_unlock(&table->lock);
}

/* A lock owner's sequence begins with its first lock state: until then any seqid is right. */
static bool counts(const struct owner_seqid *seqid, enum nfsstat4 status)
{
    if (seqid->owner->kind == OWNER_LOCK && !seqid->begun && status != NFS4_OK)
        return false;
    return owner_seqid_advances(status);
}

void owner_seqid_end(struct owner *owner, const struct owner_request *request,
                     const struct owner_result *result)
{
    struct owner_seqid *seqid = owner->seqid;

    if (counts(seqid, result->status)) {
        keep(seqid, request, result);
        follow(seqid, request, result);
    }
    owner_seqid_release(seqid);
}
