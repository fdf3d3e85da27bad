/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may reclaim, and the grace period.
 *
 *     GRACE --time is over, or nobody is awaited--> ENDING --records dropped--> OPEN
 *       ^---- a reclaim is under way, or the disk fails ----'
 *
 * What is written goes through a queue: the first who finds nobody writing writes all that waits,
 * in one transaction, while the others sleep.
 */
#include "state/recovery.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/client_internal.h"
#include "state/recovery_db.h"
#include "vfs/vfs.h"

enum phase {
    PHASE_OPEN,
    PHASE_GRACE,
    PHASE_ENDING,
};

/* The period goes on while clients reclaim without pausing so long, up to twice its length. */
#define RECLAIM_PAUSE_NS (2 * NSEC_PER_SEC)

/* Holders of a reference: its clients; each change in the queue; the database, if it is there. */
struct recovery_record {
    struct hnode by_key;
    uint32_t refs;
    bool stored;         /* there is a row, which says `lost` */
    bool lost;           /* state was revoked and not all of that acknowledged */
    bool former;         /* of the former life, not completed yet */
    bool awaited;        /* and may still be: the grace period waits for it */
    bool owed, owed_bad; /* its deletion failed; there was state */
    uint32_t completing; /* RECLAIM_COMPLETE under way */
    uint32_t pending;    /* changes in the queue */
    uint64_t holder;     /* the client id that completed, or 0 */
    struct recovery_key key;
    uint8_t owner[];
};

enum change_kind {
    CHANGE_PUT,
    CHANGE_DELETE,
    CHANGE_LEASE,
};

/* On the stack or in an array of who waits for it. */
struct change {
    struct list link;
    struct recovery_record *record; /* NULL for CHANGE_LEASE */
    enum change_kind kind;
    bool lost;
    bool done, ok;
};

struct recovery {
    struct recovery_db *db; /* NULL: nothing outlives the server */
    uint32_t lease_s, grace_s;
    _Atomic uint32_t phase;       /* enum phase */
    _Atomic uint32_t blocked;     /* deletions owed of clients that had state */
    _Atomic uint32_t reclaims;    /* under way */
    _Atomic int64_t reclaimed_ns; /* the last one */
    int64_t end_ns, last_end_ns;  /* of the grace period; at the latest */

    pthread_mutex_t lock; /* guards what follows and the records; a leaf */
    pthread_cond_t written;
    struct htable records;
    uint64_t seed;
    uint32_t awaited, owed;
    struct list queue;
    bool writing, stopped;
};

/* Records */

static uint64_t key_hash(const struct recovery *r, const struct recovery_key *key)
{
    uint64_t who = (uint64_t)key->flavor << 32 | key->uid;

    return hash_bytes(key->owner, key->len, r->seed) ^ hash_u64(who);
}

static bool key_equal(const struct recovery_key *a, const struct recovery_key *b)
{
    return a->flavor == b->flavor && a->uid == b->uid && a->len == b->len &&
           (a->len == 0 || memcmp(a->owner, b->owner, a->len) == 0);
}

/* The record of that name, made if there is none, with a reference. */
static struct recovery_record *record_get_locked(struct recovery *r, const struct recovery_key *key)
{
    uint64_t hash = key_hash(r, key);
    struct hnode *node = htable_first(&r->records, hash);
    struct recovery_record *record;

    for (; node; node = htable_next(node)) {
        record = CONTAINER_OF(node, struct recovery_record, by_key);
        if (key_equal(&record->key, key)) {
            record->refs++;
            return record;
        }
    }
    record = must_calloc(1, sizeof(*record) + key->len);
    record->refs = 1;
    record->key = *key;
    record->key.owner = record->owner;
    if (key->len)
        memcpy(record->owner, key->owner, key->len);
    htable_insert(&r->records, &record->by_key, hash);
    return record;
}

static void record_put_locked(struct recovery *r, struct recovery_record *record)
{
    if (--record->refs > 0)
        return;
    htable_remove(&r->records, &record->by_key);
    free(record);
}

static void set_stored_locked(struct recovery *r, struct recovery_record *record, bool stored)
{
    if (record->stored == stored)
        return;
    record->stored = stored;
    if (stored)
        record->refs++;
    else
        record_put_locked(r, record);
}

/* Nothing that is reclaimed in this life is its any more. */
static void forget_former_locked(struct recovery *r, struct recovery_record *record)
{
    record->former = false;
    if (record->awaited)
        r->awaited--;
    record->awaited = false;
}

static void set_owed_locked(struct recovery *r, struct recovery_record *record, bool owed)
{
    if (record->owed == owed)
        return;
    record->owed = owed;
    r->owed += owed ? 1 : UINT32_MAX;
    if (record->owed_bad)
        atomic_fetch_add_explicit(&r->blocked, owed ? 1 : UINT32_MAX, memory_order_release);
    if (!owed)
        record->owed_bad = false;
}

/* Writing */

static void queue_locked(struct recovery *r, struct change *change)
{
    if (change->record) {
        change->record->refs++;
        change->record->pending++;
    }
    list_push_back(&r->queue, &change->link);
}

static bool write_one(struct recovery *r, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_PUT:
        return recovery_db_put(r->db, &change->record->key, change->lost);
    case CHANGE_DELETE:
        return recovery_db_delete(r->db, &change->record->key);
    case CHANGE_LEASE:
        break;
    }
    return recovery_db_set_lease_s(r->db, r->lease_s);
}

static bool write_all(struct recovery *r, struct list *batch)
{
    if (!recovery_db_begin(r->db))
        return false;
    LIST_FOREACH (change, batch, struct change, link) {
        if (!write_one(r, change))
            return false;
    }
    return recovery_db_commit(r->db);
}

/* The waiter may go, and the change with it, as soon as the lock is back. */
static void change_done_locked(struct recovery *r, struct change *change, bool ok)
{
    struct recovery_record *record = change->record;

    change->ok = ok;
    change->done = true;
    if (!record)
        return;
    record->pending--;
    if (ok) {
        record->lost = change->kind == CHANGE_PUT && change->lost;
        set_owed_locked(r, record, false);
        set_stored_locked(r, record, change->kind == CHANGE_PUT);
    }
    record_put_locked(r, record);
}

static void write_queue_locked(struct recovery *r)
{
    struct list batch, *link;
    bool ok;

    list_init(&batch);
    while ((link = list_pop_front(&r->queue)))
        list_push_back(&batch, link);
    r->writing = true;
    pthread_mutex_unlock(&r->lock);
    ok = write_all(r, &batch);
    pthread_mutex_lock(&r->lock);
    r->writing = false;
    while ((link = list_pop_front(&batch)))
        change_done_locked(r, LIST_ENTRY(link, struct change, link), ok);
    pthread_cond_broadcast(&r->written);
}

static bool all_done(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!changes[i].done)
            return false;
    }
    return true;
}

/* Gives the lock back for the time.  True: all of them are written. */
static bool wait_locked(struct recovery *r, const struct change *changes, size_t count)
{
    bool ok = true;

    if (count == 0)
        return true;
    pthread_mutex_unlock(&r->lock);
    vfs_blocking_begin(true);
    vfs_own_identity();
    pthread_mutex_lock(&r->lock);
    while (!all_done(changes, count)) {
        if (r->writing)
            pthread_cond_wait(&r->written, &r->lock);
        else
            write_queue_locked(r);
    }
    pthread_mutex_unlock(&r->lock);
    vfs_blocking_end();
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < count; i++)
        ok = ok && changes[i].ok;
    return ok;
}

/* The end of the grace period */

struct sweep {
    struct recovery *r;
    struct change *changes;
    size_t count;
};

/* One of the former life whose client did not complete has no right any more. */
static bool sweep_former(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct sweep *sweep = arg;

    if (!record->former || record->completing > 0)
        return true;
    sweep->changes[sweep->count] = (struct change){.record = record, .kind = CHANGE_DELETE};
    queue_locked(sweep->r, &sweep->changes[sweep->count++]);
    return true;
}

static bool forget_former(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);

    forget_former_locked(arg, record);
    return true;
}

/* All of it in one transaction, since the queue is written as a whole. */
static bool drop_former_locked(struct recovery *r, size_t *dropped)
{
    struct sweep sweep = {.r = r};
    bool ok;

    sweep.changes = must_calloc(r->records.count + 1, sizeof(struct change));
    htable_visit(&r->records, sweep_former, &sweep);
    *dropped = sweep.count;
    sweep.changes[sweep.count] = (struct change){.kind = CHANGE_LEASE};
    queue_locked(r, &sweep.changes[sweep.count++]);
    ok = wait_locked(r, sweep.changes, sweep.count);
    free(sweep.changes);
    if (ok)
        htable_visit(&r->records, forget_former, r);
    return ok;
}

/* Not while a reclaim is being granted: the next tick tries again. */
static void grace_end(struct recovery *r)
{
    uint32_t phase = PHASE_GRACE;
    size_t dropped = 0;
    uint32_t missing;
    bool ok;

    if (!atomic_compare_exchange_strong_explicit(&r->phase, &phase, PHASE_ENDING,
                                                 memory_order_seq_cst, memory_order_relaxed))
        return;
    if (atomic_load_explicit(&r->reclaims, memory_order_seq_cst) > 0) {
        atomic_store_explicit(&r->phase, PHASE_GRACE, memory_order_release);
        return;
    }
    pthread_mutex_lock(&r->lock);
    missing = r->awaited;
    ok = drop_former_locked(r, &dropped);
    pthread_mutex_unlock(&r->lock);
    if (ok)
        log_info("recovery.grace.end", LOG_STR("why", missing > 0 ? "time" : "all have completed"),
                 LOG_U64("missing", missing), LOG_U64("dropped", dropped));
    atomic_store_explicit(&r->phase, ok ? PHASE_OPEN : PHASE_GRACE, memory_order_release);
}

/* Its beginning */

static bool load_record(void *arg, const struct recovery_key *key, bool lost)
{
    struct recovery *r = arg;
    struct recovery_record *record;

    if (r->records.count >= LIMIT_RECOVERY_RECORDS)
        return false;
    record = record_get_locked(r, key);
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

static bool begin_life(struct recovery *r, int64_t now_ns, char *error, size_t error_size)
{
    uint32_t former_lease_s, length_s;
    size_t dropped;
    bool ok;

    if (!recovery_db_load(r->db, load_record, r, error, error_size))
        return false;
    former_lease_s = recovery_db_lease_s(r->db);
    length_s = grace_length_s(r, former_lease_s);
    r->end_ns = now_ns + length_s * NSEC_PER_SEC;
    r->last_end_ns = r->end_ns + length_s * NSEC_PER_SEC;
    if (length_s > 0 && r->awaited > 0) {
        ok = keep_longer_lease(r, former_lease_s);
        atomic_store_explicit(&r->phase, PHASE_GRACE, memory_order_relaxed);
        log_info("recovery.grace.begin", LOG_U64("seconds", length_s),
                 LOG_U64("awaited", r->awaited));
    } else {
        pthread_mutex_lock(&r->lock);
        ok = drop_former_locked(r, &dropped);
        pthread_mutex_unlock(&r->lock);
    }
    if (!ok)
        (void)snprintf(error, error_size, "recovery.db: cannot be written");
    return ok;
}

struct recovery *recovery_open(const struct recovery_config *config, int64_t now_ns, char *error,
                               size_t error_size)
{
    struct recovery *r = must_calloc(1, sizeof(*r));

    r->lease_s = config->lease_s;
    r->grace_s = config->grace_s;
    randombytes_buf(&r->seed, sizeof(r->seed));
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    CHECK(pthread_cond_init(&r->written, NULL) == 0);
    htable_init(&r->records, 64);
    list_init(&r->queue);
    if (config->dir < 0)
        return r;
    r->db = recovery_db_open(config->dir, error, error_size);
    if (r->db && begin_life(r, now_ns, error, error_size))
        return r;
    recovery_close(r);
    return NULL;
}

static bool free_record(struct hnode *node, void *arg)
{
    struct recovery *r = arg;

    htable_remove(&r->records, node);
    free(CONTAINER_OF(node, struct recovery_record, by_key));
    return true;
}

void recovery_close(struct recovery *r)
{
    htable_visit(&r->records, free_record, r);
    htable_fini(&r->records);
    recovery_db_close(r->db);
    pthread_cond_destroy(&r->written);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void recovery_stop(struct recovery *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_mutex_unlock(&r->lock);
}

/* Questions of operations */

bool recovery_in_grace(const struct recovery *r)
{
    /* Pairs with grace_end(): the records are dropped first. */
    return atomic_load_explicit(&r->phase, memory_order_acquire) != PHASE_OPEN;
}

enum nfsstat4 recovery_grant_status(const struct recovery *r)
{
    if (recovery_in_grace(r))
        return NFS4ERR_GRACE;
    return atomic_load_explicit(&r->blocked, memory_order_acquire) ? NFS4ERR_DELAY : NFS4_OK;
}

enum nfsstat4 recovery_reclaim_begin(struct recovery *r, const struct client *client,
                                     int64_t now_ns)
{
    uint32_t phase;

    if (!atomic_load_explicit(&client->may_reclaim, memory_order_acquire) ||
        atomic_load_explicit(&client->reclaim_complete, memory_order_acquire))
        return NFS4ERR_NO_GRACE;
    /* Before the phase is looked at: grace_end() does it the other way round. */
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

/* What becomes of clients */

void recovery_client_made_locked(struct recovery *r, struct client *client)
{
    const struct client_owner *owner = client->owner;
    const struct recovery_key key = {.flavor = client->principal.flavor,
                                     .uid = client->principal.uid,
                                     .owner = owner->string,
                                     .len = owner->len};
    bool may;

    pthread_mutex_lock(&r->lock);
    client->recovery = record_get_locked(r, &key);
    /* Another incarnation in this life already: this one has nothing of the former life. */
    may = client->recovery->awaited && !owner->confirmed;
    pthread_mutex_unlock(&r->lock);
    atomic_init(&client->may_reclaim, may);
}

void recovery_client_free(struct recovery *r, struct client *client)
{
    if (!client->recovery)
        return;
    pthread_mutex_lock(&r->lock);
    record_put_locked(r, client->recovery);
    pthread_mutex_unlock(&r->lock);
    client->recovery = NULL;
}

/* The row may say so already: a client that comes back after a restart needs no write. */
static bool put_locked(struct recovery *r, struct recovery_record *record, bool lost)
{
    struct change change = {.record = record, .kind = CHANGE_PUT, .lost = lost};

    if (!r->db || r->stopped)
        return true;
    if (record->stored && record->lost == lost && record->pending == 0)
        return true;
    queue_locked(r, &change);
    return wait_locked(r, &change, 1);
}

bool recovery_client_complete(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;
    uint32_t awaited;
    bool ok, was_awaited = false;

    pthread_mutex_lock(&r->lock);
    record->completing++;
    ok = put_locked(r, record, false);
    record->completing--;
    if (ok) {
        record->holder = client->id;
        was_awaited = record->awaited;
        forget_former_locked(r, record);
    }
    awaited = r->awaited;
    pthread_mutex_unlock(&r->lock);
    if (was_awaited)
        log_info("recovery.complete", LOG_U64("client", client->id), LOG_U64("awaited", awaited));
    if (awaited == 0)
        grace_end(r);
    return ok;
}

bool recovery_client_lost(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;
    bool ok = true;

    pthread_mutex_lock(&r->lock);
    if (record->stored || record->pending > 0)
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

void recovery_client_whole(struct recovery *r, struct client *client)
{
    struct recovery_record *record = client->recovery;

    pthread_mutex_lock(&r->lock);
    /* Only if nothing was revoked meanwhile, and what it holds is what it believes to hold. */
    if (atomic_load_explicit(&client->revoked_count, memory_order_acquire) == 0 &&
        record->holder == client->id && (record->stored || record->pending > 0) &&
        !put_locked(r, record, false))
        log_warn("recovery.whole", LOG_U64("client", client->id),
                 LOG_STR("note", "cannot be written: it will not reclaim after a restart"));
    pthread_mutex_unlock(&r->lock);
}

/* A later incarnation may have completed already; then the record is its. */
static bool gone_locked(struct recovery *r, const struct client *client, struct change *change)
{
    struct recovery_record *record = client->recovery;

    if (r->stopped || !r->db || !client->confirmed ||
        (record->holder != 0 && record->holder != client->id))
        return false;
    record->holder = 0;
    forget_former_locked(r, record);
    if (!record->stored && record->pending == 0)
        return false;
    *change = (struct change){.record = record, .kind = CHANGE_DELETE};
    queue_locked(r, change);
    return true;
}

static void owe_locked(struct recovery *r, struct recovery_record *record, bool had_state)
{
    if (record->owed || !record->stored)
        return;
    record->owed_bad = had_state;
    set_owed_locked(r, record, true);
}

static bool has_state(struct client *client)
{
    struct state *state = client->state;

    return state->hooks.has_state && state->hooks.has_state(state, client);
}

void recovery_clients_gone(struct recovery *r, struct client *const *clients, size_t count)
{
    struct change *changes = must_calloc(count, sizeof(*changes));
    struct client **of = must_calloc(count, sizeof(struct client *));
    size_t n = 0;
    bool ended;

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < count; i++) {
        if (gone_locked(r, clients[i], &changes[n]))
            of[n++] = clients[i];
    }
    (void)wait_locked(r, changes, n);
    for (size_t i = 0; i < n; i++) {
        if (!changes[i].ok)
            owe_locked(r, of[i]->recovery, has_state(of[i]));
    }
    ended = n > 0 && r->awaited == 0;
    pthread_mutex_unlock(&r->lock);
    free(of);
    free(changes);
    if (ended)
        grace_end(r);
}

static bool sweep_owed(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct sweep *sweep = arg;

    if (!record->owed)
        return true;
    sweep->changes[sweep->count] = (struct change){.record = record, .kind = CHANGE_DELETE};
    queue_locked(sweep->r, &sweep->changes[sweep->count++]);
    return true;
}

static void pay_locked(struct recovery *r)
{
    struct sweep sweep = {.r = r};

    sweep.changes = must_calloc(r->owed, sizeof(struct change));
    htable_visit(&r->records, sweep_owed, &sweep);
    (void)wait_locked(r, sweep.changes, sweep.count);
    free(sweep.changes);
}

static bool grace_is_over(struct recovery *r, int64_t now_ns)
{
    int64_t reclaimed_ns = atomic_load_explicit(&r->reclaimed_ns, memory_order_relaxed);

    if (now_ns >= r->last_end_ns)
        return true;
    return now_ns >= r->end_ns && (reclaimed_ns == 0 || now_ns - reclaimed_ns > RECLAIM_PAUSE_NS);
}

void recovery_tick(struct recovery *r, int64_t now_ns)
{
    bool nobody;

    pthread_mutex_lock(&r->lock);
    if (r->owed > 0)
        pay_locked(r);
    nobody = r->awaited == 0;
    pthread_mutex_unlock(&r->lock);
    if (recovery_in_grace(r) && (nobody || grace_is_over(r, now_ns)))
        grace_end(r);
}
