/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/owner.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/memory.h"
#include "state/client/client_info.h"
#include "state/file/open_tables.h"

bool owner_table_create(struct client *client)
{
    struct owner_table *table = memory_zalloc(MEMORY_opens, sizeof(*table));

    if (!table)
        return false;
    table->client = client;
    randombytes_buf(&table->seed, sizeof(table->seed));
    CHECK(pthread_mutex_init(&table->lock, NULL) == 0);
    htable_init(&table->owners, 8);
    htable_init(&table->opens, 8);
    htable_init(&table->openers, 0);
    htable_init(&table->delegations, 8);
    list_init(&table->idle);
    list_init(&table->open_list);
    list_init(&table->delegation_list);
    list_init(&table->revoked);
    list_init(&table->reported);
    client->owners = table;
    return true;
}

void owner_table_destroy(struct owner_table *table)
{
    if (!table)
        return;
    CHECK(list_empty(&table->open_list) && list_empty(&table->delegation_list));
    CHECK(list_empty(&table->revoked) && list_empty(&table->reported));
    owner_sweep_locked(table);
    if (table->notifier)
        table->notifier_free(table->notifier);
    htable_fini(&table->owners);
    htable_fini(&table->opens);
    htable_fini(&table->openers);
    htable_fini(&table->delegations);
    pthread_mutex_destroy(&table->lock);
    memory_free(MEMORY_opens, table);
}

void owner_table_describe(const struct owner_table *table, struct client_info *info)
{
    info->opens = atomic_load_explicit(&table->open_total, memory_order_relaxed);
    info->lock_states = atomic_load_explicit(&table->lock_state_count, memory_order_relaxed);
    info->locks = atomic_load_explicit(&table->lock_count, memory_order_relaxed);
    info->lock_waiters = atomic_load_explicit(&table->waiter_count, memory_order_relaxed);
    info->delegations = atomic_load_explicit(&table->delegation_total, memory_order_relaxed);
}

static uint64_t name_hash(const struct owner_table *table, enum owner_kind kind,
                          const struct wire_opaque *name)
{
    return hash_bytes(name->data, name->len, table->seed + kind);
}

static struct owner *lookup_locked(const struct owner_table *table, enum owner_kind kind,
                                   const struct wire_opaque *name, uint64_t hash)
{
    struct hnode *node = htable_first(&table->owners, hash);

    for (; node; node = htable_next(node)) {
        struct owner *owner = CONTAINER_OF(node, struct owner, node);

        if (owner->kind == kind && owner->len == name->len &&
            memcmp(owner->name, name->data, name->len) == 0)
            return owner;
    }
    return NULL;
}

static bool full_locked(const struct owner_table *table, enum owner_kind kind)
{
    struct state *state = table->client->state;
    uint32_t count = table->count[kind];

    return !state_limit_admits(state, STATE_LIMIT_owners_per_client, count, 1) ||
           !state_limit_has_room(state, STATE_LIMIT_owners, count, 1);
}

bool owner_has_room_locked(const struct owner_table *table, enum owner_kind kind,
                           const struct wire_opaque *name)
{
    return lookup_locked(table, kind, name, name_hash(table, kind, name)) ||
           !full_locked(table, kind);
}

static struct owner *add_locked(struct owner_table *table, enum owner_kind kind,
                                const struct wire_opaque *name, uint64_t hash)
{
    struct owner *owner = memory_alloc(MEMORY_opens, sizeof(*owner) + name->len);

    if (!owner)
        return NULL;
    state_limit_add(table->client->state, STATE_LIMIT_owners, 1);
    owner->client = table->client;
    owner->kind = kind;
    owner->uses = 0;
    list_init(&owner->idle_link);
    owner->seqid = NULL;
    list_init(&owner->lock_states);
    owner->named_ns = 0;
    owner->len = name->len;
    memcpy(owner->name, name->data, name->len);
    htable_insert(&table->owners, &owner->node, hash);
    table->count[kind]++;
    return owner;
}

static void forget_locked(struct owner_table *table, struct owner *owner)
{
    CHECK(list_empty(&owner->lock_states));
    htable_remove(&table->owners, &owner->node);
    table->count[owner->kind]--;
    if (owner->seqid)
        table->seqid_free(owner->seqid);
    state_limit_sub(table->client->state, STATE_LIMIT_owners, 1);
    memory_free(MEMORY_opens, owner);
}

/* Of all clients together. */
static _Atomic uint32_t *idle_sequences(const struct owner_table *table)
{
    return &table->client->state->opens->idle_sequences;
}

static void idle_add_locked(struct owner_table *table, struct owner *owner)
{
    list_push_back(&table->idle, &owner->idle_link);
    table->idle_count++;
    if (owner->seqid)
        atomic_fetch_add_explicit(idle_sequences(table), 1, memory_order_relaxed);
}

static void idle_remove_locked(struct owner_table *table, struct owner *owner)
{
    list_remove(&owner->idle_link);
    table->idle_count--;
    if (owner->seqid)
        atomic_fetch_sub_explicit(idle_sequences(table), 1, memory_order_relaxed);
}

static struct owner *oldest(const struct owner_table *table)
{
    return LIST_ENTRY(table->idle.next, struct owner, idle_link);
}

static void forget_oldest_locked(struct owner_table *table)
{
    struct owner *owner = oldest(table);

    idle_remove_locked(table, owner);
    forget_locked(table, owner);
}

static uint32_t idle_limit(const struct owner_table *table, const struct owner *owner)
{
    if (!owner->seqid ||
        atomic_load_explicit(idle_sequences(table), memory_order_relaxed) > LIMIT_IDLE_SEQUENCES)
        return LIMIT_IDLE_OWNERS_PER_CLIENT;
    return LIMIT_IDLE_SEQUENCES_PER_CLIENT;
}

struct owner *owner_get_locked(struct owner_table *table, struct owner *owner)
{
    if (owner && owner->uses++ == 0 && !list_empty(&owner->idle_link))
        idle_remove_locked(table, owner);
    return owner;
}

struct owner *owner_get_or_create_admitted_locked(struct owner_table *table, enum owner_kind kind,
                                                  const struct wire_opaque *name)
{
    uint64_t hash = name_hash(table, kind, name);
    struct owner *owner = lookup_locked(table, kind, name, hash);

    if (!owner)
        owner = add_locked(table, kind, name, hash);
    return owner_get_locked(table, owner);
}

struct owner *owner_get_or_create_locked(struct owner_table *table, enum owner_kind kind,
                                         const struct wire_opaque *name)
{
    uint64_t hash = name_hash(table, kind, name);
    struct owner *owner = lookup_locked(table, kind, name, hash);

    if (!owner && !full_locked(table, kind))
        owner = add_locked(table, kind, name, hash);
    return owner_get_locked(table, owner);
}

struct owner *owner_get_or_create(struct owner_table *table, enum owner_kind kind,
                                  const struct wire_opaque *name)
{
    struct owner *owner;

    pthread_mutex_lock(&table->lock);
    owner = owner_get_or_create_locked(table, kind, name);
    pthread_mutex_unlock(&table->lock);
    return owner;
}

struct owner *owner_lookup(struct owner_table *table, enum owner_kind kind,
                           const struct wire_opaque *name)
{
    uint64_t hash = name_hash(table, kind, name);
    struct owner *owner;

    pthread_mutex_lock(&table->lock);
    owner = owner_get_locked(table, lookup_locked(table, kind, name, hash));
    pthread_mutex_unlock(&table->lock);
    return owner;
}

struct owner *owner_get(struct owner *owner)
{
    struct owner_table *table = owner_table_of(owner->client);

    pthread_mutex_lock(&table->lock);
    CHECK(owner->uses > 0);
    owner->uses++;
    pthread_mutex_unlock(&table->lock);
    return owner;
}

void owner_put_locked(struct owner_table *table, struct owner *owner)
{
    CHECK(owner->uses > 0);
    if (--owner->uses > 0)
        return;
    if (owner->seqid && owner->kind == OWNER_LOCK) {
        forget_locked(table, owner);
        return;
    }
    idle_add_locked(table, owner);
    for (uint32_t limit = idle_limit(table, owner); table->idle_count > limit;)
        forget_oldest_locked(table);
}

void owner_put(struct owner *owner)
{
    struct owner_table *table = owner_table_of(owner->client);

    pthread_mutex_lock(&table->lock);
    owner_put_locked(table, owner);
    pthread_mutex_unlock(&table->lock);
}

void owner_expire_locked(struct owner_table *table, int64_t since_ns)
{
    while (!list_empty(&table->idle) && oldest(table)->named_ns < since_ns)
        forget_oldest_locked(table);
}

void owner_sweep_locked(struct owner_table *table)
{
    while (!list_empty(&table->idle))
        forget_oldest_locked(table);
}
