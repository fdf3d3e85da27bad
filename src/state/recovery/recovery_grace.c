/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grace period.
 *
 *     GRACE --time is over, none is awaited, or told--> ENDING --records dropped--> OPEN
 *       ^-- a reclaim is under way, disk or memory fail --------'
 */
#include "state/recovery/recovery_grace.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/recovery/recovery_queue.h"
#include "state/recovery/recovery_record.h"

/* The period goes on while clients reclaim without pausing so long, up to twice its length. */
#define RECLAIM_PAUSE_NS (2 * NSEC_PER_SEC)

/* The timer waits so long for reclaims that are being granted, then tries again a second later. */
#define RECLAIM_WAIT_MS 100

bool recovery_in_grace(const struct recovery *r)
{
    /* Pairs with end_waiting(): the records are dropped first. */
    return atomic_load_explicit(&r->phase, memory_order_acquire) != PHASE_OPEN;
}

enum nfsstat4 recovery_grant_status(const struct recovery *r)
{
    if (recovery_in_grace(r))
        return NFS4ERR_GRACE;
    return atomic_load_explicit(&r->blocked, memory_order_acquire) ? NFS4ERR_DELAY : NFS4_OK;
}

enum nfsstat4 recovery_reclaim_begin(struct recovery *r, int64_t now_ns)
{
    uint32_t phase;

    /* Before the phase is looked at: end_waiting() does it the other way round. */
    atomic_fetch_add_explicit(&r->reclaims, 1, memory_order_seq_cst);
    phase = atomic_load_explicit(&r->phase, memory_order_seq_cst);
    if (phase == PHASE_GRACE) {
        atomic_store_explicit(&r->reclaimed_ns, now_ns, memory_order_relaxed);
        return NFS4_OK;
    }
    recovery_reclaim_end(r);
    return phase == PHASE_ENDING ? NFS4ERR_DELAY : NFS4ERR_NO_GRACE;
}

void recovery_reclaim_end(struct recovery *r)
{
    atomic_fetch_sub_explicit(&r->reclaims, 1, memory_order_seq_cst);
}

struct sweep {
    struct recovery *r;
    struct recovery_change *changes;
    size_t count;
    size_t missing; /* of them, those that were awaited to the end */
};

/* A record of the former run whose client did not come, or has reclaimed nothing, gives no right
 * any more: the client holds nothing from here on. */
static bool sweep_former(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct sweep *sweep = arg;

    if (!record->former || record->completing > 0)
        return true;
    sweep->missing += record->awaited;
    sweep->changes[sweep->count] =
        (struct recovery_change){.record = record, .kind = CHANGE_DELETE};
    recovery_queue_add_locked(sweep->r, &sweep->changes[sweep->count++]);
    return true;
}

static bool forget_former(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);

    recovery_record_forget_former_locked(arg, record);
    return true;
}

/* All of it in one transaction, since the queue is written as a whole.  False: it cannot be
 * written, or there is no memory for it. */
static bool drop_former_locked(struct recovery *r, size_t *dropped, size_t *missing)
{
    struct sweep sweep = {.r = r};
    bool ok;

    *dropped = *missing = 0;
    sweep.changes =
        memory_zalloc(MEMORY_clients, (r->records.count + 1) * sizeof(struct recovery_change));
    if (!sweep.changes)
        return false;
    htable_visit(&r->records, sweep_former, &sweep);
    *dropped = sweep.count;
    *missing = sweep.missing;
    sweep.changes[sweep.count] = (struct recovery_change){.kind = CHANGE_LEASE};
    recovery_queue_add_locked(r, &sweep.changes[sweep.count++]);
    ok = recovery_queue_wait_locked(r, sweep.changes, sweep.count);
    memory_free(MEMORY_clients, sweep.changes);
    if (ok)
        htable_visit(&r->records, forget_former, r);
    return ok;
}

/* New reclaims are told to ask again meanwhile. */
static bool reclaims_over(struct recovery *r, uint32_t wait_ms)
{
    const struct timespec pause = {.tv_nsec = NSEC_PER_MSEC};

    for (uint32_t i = 0; atomic_load_explicit(&r->reclaims, memory_order_seq_cst) > 0; i++) {
        if (i == wait_ms)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static const char *end_reason(struct recovery *r, bool all_completed)
{
    if (all_completed)
        return "all have completed";
    return atomic_load_explicit(&r->told, memory_order_relaxed) ? "told to" : "time";
}

static void end_waiting(struct recovery *r, uint32_t wait_ms, size_t *missing)
{
    uint32_t phase = PHASE_GRACE;
    size_t dropped = 0;
    bool ok, all;

    if (!atomic_compare_exchange_strong_explicit(&r->phase, &phase, PHASE_ENDING,
                                                 memory_order_seq_cst, memory_order_relaxed))
        return;
    if (!reclaims_over(r, wait_ms)) {
        atomic_store_explicit(&r->phase, PHASE_GRACE, memory_order_release);
        return;
    }
    pthread_mutex_lock(&r->lock);
    all = r->awaited == 0;
    ok = drop_former_locked(r, &dropped, missing);
    pthread_mutex_unlock(&r->lock);
    if (ok)
        log_info("recovery.grace.end", LOG_STR("why", end_reason(r, all)),
                 LOG_U64("missing", *missing), LOG_U64("dropped", dropped));
    atomic_store_explicit(&r->phase, ok ? PHASE_OPEN : PHASE_GRACE, memory_order_release);
}

void recovery_grace_end(struct recovery *r)
{
    size_t missing = 0;

    end_waiting(r, 0, &missing);
}

bool recovery_grace_end_early(struct recovery *r, size_t *missing)
{
    *missing = 0;
    atomic_store_explicit(&r->told, true, memory_order_relaxed);
    end_waiting(r, RECLAIM_WAIT_MS, missing);
    return !recovery_in_grace(r);
}

struct gathering {
    struct recovery_awaited *awaited;
    uint32_t count, most;
    bool returned; /* those are wanted now */
};

/* Clients of this life have references besides those of the database and of changes. */
static bool has_client(const struct recovery_record *record)
{
    return record->refs > record->pending + (record->stored ? 1 : 0);
}

static bool gather(struct hnode *node, void *arg)
{
    const struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct gathering *gathering = arg;
    struct recovery_awaited *one = &gathering->awaited[gathering->count];

    if (!record->awaited || has_client(record) != gathering->returned ||
        record->key.len > LIMIT_CLIENT_OWNER_BYTES)
        return true;
    if (gathering->count == gathering->most)
        return false;
    one->kind = record->key.kind;
    one->returned = gathering->returned;
    one->owner_len = record->key.len;
    memcpy(one->owner, record->owner, record->key.len);
    gathering->count++;
    return true;
}

uint32_t recovery_grace_awaited(struct recovery *r, struct recovery_awaited *awaited, uint32_t most)
{
    struct gathering gathering = {.awaited = awaited, .most = most};

    pthread_mutex_lock(&r->lock);
    if (r->awaited > 0) {
        htable_visit(&r->records, gather, &gathering);
        gathering.returned = true;
        htable_visit(&r->records, gather, &gathering);
    }
    pthread_mutex_unlock(&r->lock);
    return gathering.count;
}

void recovery_grace_read(struct recovery *r, int64_t now_ns, struct recovery_grace_info *info)
{
    int64_t left_ns = atomic_load_explicit(&r->end_ns, memory_order_relaxed) - now_ns;

    *info = (struct recovery_grace_info){.active = recovery_in_grace(r)};
    if (!info->active)
        return;
    info->left_ns = left_ns > 0 ? left_ns : 0;
    pthread_mutex_lock(&r->lock);
    info->awaited = r->awaited;
    pthread_mutex_unlock(&r->lock);
}

static bool load_record(void *arg, const struct recovery_key *key, bool lost)
{
    struct recovery *r = arg;
    struct recovery_record *record;

    if (r->records.count >= LIMIT_RECOVERY_RECORDS)
        return false;
    record = recovery_record_get_locked(r, key);
    CHECK(record != NULL); /* the server starts */
    record->stored = true; /* the reference is the database's */
    record->lost = lost;
    record->former = true;
    record->awaited = !lost;
    r->awaited += record->awaited;
    return true;
}

static uint32_t grace_length_s(const struct recovery *r, uint32_t former_lease_s)
{
    uint32_t longest = r->lease_s > former_lease_s ? r->lease_s : former_lease_s;

    if (r->grace_s == RECOVERY_GRACE_BY_LEASE)
        return longest;
    if (r->awaited > 0 && r->grace_s < longest)
        log_warn("recovery.grace", LOG_U64("seconds", r->grace_s), LOG_U64("lease", longest),
                 LOG_STR("note", "shorter than the lease: clients may come too late"));
    return r->grace_s;
}

/* Until the grace period is over clients go by the old lease time; a crash does not shorten it. */
static bool keep_longer_lease(struct recovery *r, uint32_t former_lease_s)
{
    uint32_t longest = former_lease_s > r->lease_s ? former_lease_s : r->lease_s;

    return recovery_db_begin(r->db) && recovery_db_set_lease_s(r->db, longest) &&
           recovery_db_commit(r->db);
}

void recovery_listening(struct recovery *r, int64_t now_ns)
{
    int64_t end_ns = now_ns + r->length_ns;

    atomic_store_explicit(&r->end_ns, end_ns, memory_order_relaxed);
    atomic_store_explicit(&r->last_end_ns, end_ns + r->length_ns, memory_order_relaxed);
}

void recovery_grace_prolong(struct recovery *r, int64_t now_ns)
{
    if (recovery_in_grace(r))
        recovery_listening(r, now_ns);
}

bool recovery_grace_begin(struct recovery *r, int64_t now_ns, char *error, size_t error_size)
{
    uint32_t former_lease_s, length_s;
    size_t dropped, missing;
    bool ok;

    if (!recovery_db_load(r->db, load_record, r, error, error_size))
        return false;
    former_lease_s = recovery_db_lease_s(r->db);
    length_s = grace_length_s(r, former_lease_s);
    r->length_ns = length_s * NSEC_PER_SEC;
    recovery_listening(r, now_ns);
    if (length_s > 0 && r->awaited > 0) {
        ok = keep_longer_lease(r, former_lease_s);
        atomic_store_explicit(&r->phase, PHASE_GRACE, memory_order_relaxed);
        log_info("recovery.grace.begin", LOG_U64("seconds", length_s),
                 LOG_U64("awaited", r->awaited));
    } else {
        pthread_mutex_lock(&r->lock);
        ok = drop_former_locked(r, &dropped, &missing);
        pthread_mutex_unlock(&r->lock);
    }
    if (!ok)
        (void)snprintf(error, error_size, "recovery.db: cannot be written");
    return ok;
}

static bool grace_is_over(struct recovery *r, int64_t now_ns)
{
    int64_t reclaimed_ns = atomic_load_explicit(&r->reclaimed_ns, memory_order_relaxed);

    if (atomic_load_explicit(&r->told, memory_order_relaxed) ||
        now_ns >= atomic_load_explicit(&r->last_end_ns, memory_order_relaxed))
        return true;
    return now_ns >= atomic_load_explicit(&r->end_ns, memory_order_relaxed) &&
           (reclaimed_ns == 0 || now_ns - reclaimed_ns > RECLAIM_PAUSE_NS);
}

void recovery_grace_tick(struct recovery *r, int64_t now_ns)
{
    size_t missing = 0;
    bool none;

    if (!recovery_in_grace(r))
        return;
    pthread_mutex_lock(&r->lock);
    none = r->awaited == 0;
    pthread_mutex_unlock(&r->lock);
    if (none || grace_is_over(r, now_ns))
        end_waiting(r, RECLAIM_WAIT_MS, &missing);
}
