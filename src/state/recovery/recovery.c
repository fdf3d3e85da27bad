/* SPDX-License-Identifier: Apache-2.0 */
#include "state/recovery/recovery.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/memory.h"
#include "state/recovery/recovery_grace.h"
#include "state/recovery/recovery_queue.h"
#include "state/recovery/recovery_record.h"

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
    if (r->db && recovery_grace_begin(r, now_ns, error, error_size))
        return r;
    recovery_close(r);
    return NULL;
}

void recovery_close(struct recovery *r)
{
    recovery_record_free_all(r);
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

struct retry {
    struct recovery *r;
    struct recovery_change *changes;
    size_t count;
};

/* Not behind what is on its way: the next incarnation may be about to have the row. */
static bool queue_undeleted(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct retry *retry = arg;

    if (!record->undeleted || record->pending > 0)
        return true;
    retry->changes[retry->count] =
        (struct recovery_change){.record = record, .kind = CHANGE_DELETE};
    recovery_queue_add_locked(retry->r, &retry->changes[retry->count++]);
    return true;
}

/* Without memory the next tick does it. */
static void retry_deletions_locked(struct recovery *r)
{
    struct retry retry = {.r = r};

    retry.changes = memory_zalloc(MEMORY_clients, r->undeleted * sizeof(struct recovery_change));
    if (!retry.changes)
        return;
    htable_visit(&r->records, queue_undeleted, &retry);
    (void)recovery_queue_wait_locked(r, retry.changes, retry.count);
    memory_free(MEMORY_clients, retry.changes);
}

/* Nothing else may want to be written until new clients are sent here again. */
static void try_again_locked(struct recovery *r)
{
    struct recovery_change change = {.kind = CHANGE_NONE};

    recovery_queue_add_locked(r, &change);
    (void)recovery_queue_wait_locked(r, &change, 1);
}

bool recovery_is_failing(const struct recovery *r)
{
    return atomic_load_explicit(&r->failing, memory_order_relaxed);
}

void recovery_tick(struct recovery *r, int64_t now_ns)
{
    pthread_mutex_lock(&r->lock);
    if (r->undeleted > 0)
        retry_deletions_locked(r);
    if (recovery_is_failing(r) && !r->stopped)
        try_again_locked(r);
    pthread_mutex_unlock(&r->lock);
    recovery_grace_tick(r, now_ns);
}
