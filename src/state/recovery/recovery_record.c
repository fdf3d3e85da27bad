/* SPDX-License-Identifier: Apache-2.0 */
/* Records of clients by kind, owner string and principal. */
#include "state/recovery/recovery_record.h"

#include <string.h>

#include "base/memory.h"

static uint64_t key_hash(const struct recovery *r, const struct recovery_key *key)
{
    uint64_t who = hash_u64(key->who) + key->flavor;

    return hash_bytes(key->owner, key->len, r->seed + key->kind) ^ hash_u64(who);
}

static bool key_equal(const struct recovery_key *a, const struct recovery_key *b)
{
    return a->kind == b->kind && a->flavor == b->flavor && a->who == b->who && a->len == b->len &&
           (a->len == 0 || memcmp(a->owner, b->owner, a->len) == 0);
}

struct recovery_record *recovery_record_get_locked(struct recovery *r,
                                                   const struct recovery_key *key)
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
    record = memory_zalloc(MEMORY_clients, sizeof(*record) + key->len);
    if (!record)
        return NULL;
    record->refs = 1;
    record->key = *key;
    record->key.owner = record->owner;
    if (key->len)
        memcpy(record->owner, key->owner, key->len);
    htable_insert(&r->records, &record->by_key, hash);
    return record;
}

void recovery_record_put_locked(struct recovery *r, struct recovery_record *record)
{
    if (--record->refs > 0)
        return;
    htable_remove(&r->records, &record->by_key);
    memory_free(MEMORY_clients, record);
}

/* The caller's reference stays, so the database's is never the last. */
void recovery_record_set_stored_locked(struct recovery_record *record, bool stored)
{
    if (stored && !record->stored)
        record->refs++;
    if (!stored && record->stored)
        record->refs--;
    record->stored = stored;
}

void recovery_record_forget_former_locked(struct recovery *r, struct recovery_record *record)
{
    record->former = false;
    if (record->awaited)
        r->awaited--;
    record->awaited = false;
}

void recovery_record_set_undeleted_locked(struct recovery *r, struct recovery_record *record,
                                          bool undeleted)
{
    if (record->undeleted == undeleted)
        return;
    record->undeleted = undeleted;
    r->undeleted += undeleted ? 1 : UINT32_MAX;
    if (record->undeleted_state)
        atomic_fetch_add_explicit(&r->blocked, undeleted ? 1 : UINT32_MAX, memory_order_release);
    if (!undeleted)
        record->undeleted_state = false;
}

static bool free_record(struct hnode *node, void *arg)
{
    struct recovery *r = arg;

    htable_remove(&r->records, node);
    memory_free(MEMORY_clients, CONTAINER_OF(node, struct recovery_record, by_key));
    return true;
}

void recovery_record_free_all(struct recovery *r)
{
    htable_visit(&r->records, free_record, r);
}
