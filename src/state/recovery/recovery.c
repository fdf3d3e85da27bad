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

struct debt {
    struct recovery *r;
    struct recovery_change *changes;
    size_t count;
};

/* Not behind what is on its way: the next incarnation may be about to have the row. */
static bool queue_owed(struct hnode *node, void *arg)
{
    struct recovery_record *record = CONTAINER_OF(node, struct recovery_record, by_key);
    struct debt *debt = arg;

    if (!record->owed || record->pending > 0)
        return true;
    debt->changes[debt->count] = (struct recovery_change){.record = record, .kind = CHANGE_DELETE};
    recovery_queue_add_locked(debt->r, &debt->changes[debt->count++]);
    return true;
}

/* Without memory the next tick does it. */
static void pay_locked(struct recovery *r)
{
    struct debt debt = {.r = r};

    debt.changes = memory_zalloc(MEMORY_clients, r->owed * sizeof(struct recovery_change));
    if (!debt.changes)
        return;
    htable_visit(&r->records, queue_owed, &debt);
    (void)recovery_queue_wait_locked(r, debt.changes, debt.count);
    memory_free(MEMORY_clients, debt.changes);
}

void recovery_tick(struct recovery *r, int64_t now_ns)
{
    pthread_mutex_lock(&r->lock);
    if (r->owed > 0)
        pay_locked(r);
    pthread_mutex_unlock(&r->lock);
    recovery_grace_tick(r, now_ns);
}
