/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gss/gss_share.h"
#include "gss/gss_table_internal.h"
#include "gss/gss_unproven.h"

enum {
    SHARDS = 16,
    WALK_BUCKETS = 128,  /* of a shard while its lock is held */
    SWEEP_CONTEXTS = 64, /* found in one go */
    UNPROVEN_PART = 8    /* what part of a full table unproven contexts may have */
};

/* In cache lines of its own. */
struct shard {
    pthread_mutex_t lock;
    struct htable by_handle;
    struct list recent; /* gss_context.recent: who was used longest ago is in front */
} __attribute__((aligned(64)));

struct gss_table {
    struct shard shards[SHARDS];
    struct gss_unproven unproven;
    struct gss_share share;
    _Atomic uint32_t count;
    _Atomic uint32_t contexts_max, lifetime_s;
    _Atomic uint64_t made, destroyed, expired, idle, evicted;
    _Atomic uint32_t next_sweep;
};

static void enter(struct shard *shard)
{
    CHECK(pthread_mutex_lock(&shard->lock) == 0);
}

static void leave(struct shard *shard)
{
    CHECK(pthread_mutex_unlock(&shard->lock) == 0);
}

/* Handles are random: they are their own hashes. */
static uint64_t hash_of(const uint8_t handle[GSS_HANDLE_BYTES])
{
    uint64_t hash;

    _Static_assert(sizeof(hash) == GSS_HANDLE_BYTES, "a handle is a hash");
    memcpy(&hash, handle, sizeof(hash));
    return hash;
}

static struct shard *shard_of(struct gss_table *table, uint64_t hash)
{
    return &table->shards[hash >> 60];
}

void gss_table_set_limits(struct gss_table *table, uint32_t contexts, uint32_t lifetime_s)
{
    atomic_store(&table->contexts_max, contexts ? contexts : LIMIT_GSS_CONTEXTS_USUAL);
    atomic_store(&table->lifetime_s, lifetime_s ? lifetime_s : LIMIT_GSS_LIFETIME_S);
}

struct gss_table *gss_table_create(const struct gss_table_settings *settings)
{
    struct gss_table *table = aligned_alloc(64, sizeof(*table));

    CHECK(table);
    memset(table, 0, sizeof(*table));
    for (unsigned i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&table->shards[i].lock, NULL) == 0);
        htable_init(&table->shards[i].by_handle, 0);
        list_init(&table->shards[i].recent);
    }
    gss_unproven_init(&table->unproven);
    gss_share_init(&table->share);
    gss_table_set_limits(table, settings->contexts, settings->lifetime_s);
    return table;
}

/* Take it out of its shard; the table's reference is the caller's.  False: it was not there. */
static bool take_locked(struct gss_table *table, struct shard *shard, struct gss_context *context)
{
    if (!context->in_table)
        return false;
    context->in_table = false;
    htable_remove(&shard->by_handle, &context->node);
    list_remove(&context->recent);
    (void)atomic_fetch_sub(&table->count, 1);
    return true;
}

/* Take it out of the table; counted in `why` unless somebody else was first. */
static void drop(struct gss_table *table, struct gss_context *context, _Atomic uint64_t *why)
{
    struct shard *shard = shard_of(table, hash_of(context->handle));
    bool taken;

    enter(shard);
    taken = take_locked(table, shard, context);
    leave(shard);
    gss_unproven_remove(&table->unproven, context);
    gss_share_remove(&table->share, context);
    if (!taken)
        return;
    if (why)
        (void)atomic_fetch_add(why, 1);
    gss_context_put(context);
}

void gss_table_destroy(struct gss_table *table)
{
    if (!table)
        return;
    for (unsigned i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shards[i];

        while (!list_empty(&shard->recent))
            drop(table, LIST_ENTRY(shard->recent.next, struct gss_context, recent), NULL);
        htable_fini(&shard->by_handle);
        (void)pthread_mutex_destroy(&shard->lock);
    }
    gss_unproven_fini(&table->unproven);
    gss_share_fini(&table->share);
    free(table);
}

/* The context that was used longest ago, of all shards, with a reference; NULL: there is none. */
static struct gss_context *find_oldest(struct gss_table *table)
{
    struct gss_context *oldest = NULL;
    int64_t oldest_ns = INT64_MAX;

    for (unsigned i = 0; i < SHARDS; i++) {
        struct shard *shard = &table->shards[i];
        struct gss_context *before = NULL;

        enter(shard);
        if (!list_empty(&shard->recent)) {
            struct gss_context *first = LIST_ENTRY(shard->recent.next, struct gss_context, recent);

            if (first->listed_ns < oldest_ns) {
                oldest_ns = first->listed_ns;
                before = oldest;
                oldest = gss_context_get(first);
            }
        }
        leave(shard);
        gss_context_put(before);
    }
    return oldest;
}

/* How many contexts of a principal are safe from others when the table is full. */
static uint32_t share_of(uint32_t contexts_max)
{
    return contexts_max > LIMIT_GSS_SHARES ? contexts_max / LIMIT_GSS_SHARES : 1;
}

/* Who goes for another, with a reference; NULL: there is none.  Unproven contexts go first, but not
 * the few that have just been made: their clients are about to use them.  Then whoever has more
 * than a share loses contexts: nobody can displace others by making more and more. */
static struct gss_context *find_victim(struct gss_table *table, uint32_t contexts_max)
{
    struct gss_context *victim = NULL;

    if (gss_unproven_count(&table->unproven) >= contexts_max / UNPROVEN_PART)
        victim = gss_unproven_take_oldest(&table->unproven, INT64_MAX);
    if (!victim)
        victim = gss_share_take_surplus(&table->share, share_of(contexts_max));
    return victim ? victim : find_oldest(table);
}

static void make_room(struct gss_table *table)
{
    uint32_t contexts_max = atomic_load(&table->contexts_max);

    while (atomic_load(&table->count) >= contexts_max) {
        struct gss_context *victim = find_victim(table, contexts_max);

        if (!victim)
            return;
        drop(table, victim, &table->evicted);
        gss_context_put(victim);
    }
}

bool gss_table_add(struct gss_table *table, struct gss_context *context, uint64_t address,
                   int64_t now_ns)
{
    uint64_t hash = hash_of(context->handle);
    struct shard *shard = shard_of(table, hash);
    struct gss_context *surplus;

    make_room(table);
    if (!gss_unproven_add(&table->unproven, context, address, &surplus))
        return false;
    enter(shard);
    (void)gss_context_get(context);
    context->in_table = true;
    context->listed_ns = now_ns;
    htable_insert(&shard->by_handle, &context->node, hash);
    list_push_back(&shard->recent, &context->recent);
    (void)atomic_fetch_add(&table->count, 1);
    leave(shard);
    if (surplus)
        drop(table, surplus, &table->evicted);
    gss_context_put(surplus);
    return true;
}

void gss_table_made(struct gss_table *table)
{
    (void)atomic_fetch_add(&table->made, 1);
}

int64_t gss_table_expires_ns(const struct gss_table *table, int64_t now_ns, uint32_t ticket_s)
{
    uint32_t lifetime_s = atomic_load(&table->lifetime_s);

    if (ticket_s < lifetime_s)
        lifetime_s = ticket_s;
    return now_ns + lifetime_s * NSEC_PER_SEC;
}

struct gss_context *gss_table_lookup(struct gss_table *table, const struct wire_opaque *handle)
{
    struct gss_context *found = NULL;
    struct shard *shard;
    struct hnode *node;
    uint64_t hash;

    if (handle->len != GSS_HANDLE_BYTES)
        return NULL;
    hash = hash_of(handle->data);
    shard = shard_of(table, hash);
    enter(shard);
    node = htable_first(&shard->by_handle, hash);
    if (node)
        found = gss_context_get(CONTAINER_OF(node, struct gss_context, node));
    leave(shard);
    return found;
}

static void count_proven(struct gss_table *table, struct gss_context *context)
{
    struct shard *shard = shard_of(table, hash_of(context->handle));

    gss_unproven_remove(&table->unproven, context);
    enter(shard);
    if (context->in_table) /* else nobody would take it out again */
        gss_share_add(&table->share, context);
    leave(shard);
    atomic_store_explicit(&context->proven, true, memory_order_relaxed);
}

void gss_table_prove(struct gss_table *table, struct gss_context *context, int64_t now_ns)
{
    struct shard *shard;

    if (!atomic_load_explicit(&context->proven, memory_order_relaxed))
        count_proven(table, context);
    /* Once a second is enough, and spares busy contexts the lock. */
    if (now_ns - atomic_load_explicit(&context->used_ns, memory_order_relaxed) < NSEC_PER_SEC)
        return;
    atomic_store_explicit(&context->used_ns, now_ns, memory_order_relaxed);
    shard = shard_of(table, hash_of(context->handle));
    enter(shard);
    if (context->in_table) {
        context->listed_ns = now_ns;
        list_remove(&context->recent);
        list_push_back(&shard->recent, &context->recent);
    }
    leave(shard);
    gss_share_touch(&table->share, context);
}

void gss_table_remove(struct gss_table *table, struct gss_context *context)
{
    drop(table, context, &table->destroyed);
}

void gss_table_abandon(struct gss_table *table, struct gss_context *context)
{
    drop(table, context, NULL);
}

struct sweep {
    int64_t now_ns;
    uint32_t count;
    struct gss_context *found[SWEEP_CONTEXTS];
};

static bool is_idle(const struct gss_context *context, int64_t now_ns)
{
    return now_ns - atomic_load_explicit(&context->used_ns, memory_order_relaxed) >=
           LIMIT_GSS_IDLE_S * NSEC_PER_SEC;
}

static bool sweep_one(struct hnode *node, void *arg)
{
    struct gss_context *context = CONTAINER_OF(node, struct gss_context, node);
    struct sweep *sweep = arg;

    if (gss_context_is_expired(context, sweep->now_ns) || is_idle(context, sweep->now_ns))
        sweep->found[sweep->count++] = gss_context_get(context);
    return sweep->count < SWEEP_CONTEXTS;
}

static void sweep_shard(struct gss_table *table, struct shard *shard, int64_t now_ns)
{
    struct htable_place place = {0};

    while (!place.end) {
        struct sweep sweep = {.now_ns = now_ns};

        enter(shard);
        htable_walk(&shard->by_handle, &place, WALK_BUCKETS, sweep_one, &sweep);
        leave(shard);
        for (uint32_t i = 0; i < sweep.count; i++) {
            drop(table, sweep.found[i],
                 gss_context_is_expired(sweep.found[i], now_ns) ? &table->expired : &table->idle);
            gss_context_put(sweep.found[i]);
        }
    }
}

void gss_table_tick(struct gss_table *table, int64_t now_ns)
{
    int64_t before_ns = now_ns - LIMIT_GSS_UNPROVEN_S * NSEC_PER_SEC;
    struct gss_context *context;

    while ((context = gss_unproven_take_oldest(&table->unproven, before_ns))) {
        drop(table, context, &table->idle);
        gss_context_put(context);
    }
    sweep_shard(table, &table->shards[atomic_fetch_add(&table->next_sweep, 1) % SHARDS], now_ns);
}

void gss_table_stats_read(struct gss_table *table, struct gss_table_stats *stats)
{
    *stats = (struct gss_table_stats){
        .contexts = atomic_load(&table->count),
        .unproven = gss_unproven_count(&table->unproven),
        .made = atomic_load(&table->made),
        .destroyed = atomic_load(&table->destroyed),
        .expired = atomic_load(&table->expired),
        .idle = atomic_load(&table->idle),
        .evicted = atomic_load(&table->evicted),
    };
}

struct listing {
    struct gss_context_info *infos;
    uint32_t count, max;
};

static bool list_one(struct hnode *node, void *arg)
{
    const struct gss_context *context = CONTAINER_OF(node, struct gss_context, node);
    const struct gss_principal *principal = gss_context_principal(context);
    struct listing *listing = arg;
    struct gss_context_info *info = &listing->infos[listing->count++];

    memcpy(info->handle, context->handle, sizeof(info->handle));
    (void)snprintf(info->name, sizeof(info->name), "%s", principal ? principal->name : "");
    info->enctype = gss_context_enctype(context);
    info->machine = principal && principal->machine;
    info->proven = atomic_load_explicit(&context->proven, memory_order_relaxed);
    info->made_ns = context->made_ns;
    info->used_ns = atomic_load_explicit(&context->used_ns, memory_order_relaxed);
    info->expires_ns = gss_context_expires_ns(context);
    return listing->count < listing->max;
}

uint32_t gss_table_list(struct gss_table *table, struct gss_table_place *place,
                        struct gss_context_info *infos, uint32_t max)
{
    struct listing listing = {.infos = infos, .max = max};

    while (!place->end && listing.count < max) {
        struct shard *shard = &table->shards[place->shard];

        enter(shard);
        htable_walk(&shard->by_handle, &place->at, WALK_BUCKETS, list_one, &listing);
        leave(shard);
        if (!place->at.end)
            continue;
        place->at = (struct htable_place){0};
        place->end = ++place->shard == SHARDS;
    }
    return listing.count;
}
