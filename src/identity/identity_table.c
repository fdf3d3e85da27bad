/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_table.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/htable.h"
#include "base/list.h"
#include "base/log.h"
#include "identity/identity_resolver.h"

enum {
    SHARDS = 16 /* by the four highest bits of a hash; the lowest choose its bucket */
};

/* Whoever makes up names must not displace those of users, so each rank has room of its own. */
enum rank {
    RANK_KNOWN,   /* has an answer that names somebody */
    RANK_UNKNOWN, /* nobody knows it, or there has been no answer */
    RANK_ASKING,  /* the same, and it is being asked for; these take the room of UNKNOWN */
    RANK_COUNT
};

static const uint32_t shard_known_max = LIMIT_IDENTITIES / SHARDS,
                      shard_unknown_max = LIMIT_IDENTITIES_UNKNOWN / SHARDS;

struct shard;

struct entry {
    struct hnode node;
    struct list used; /* of the shard's list of its rank */
    enum rank rank;
    struct identity_job job;
    struct shard *shard;
    struct identity_key key; /* points behind the struct */
    /* Under the shard's lock. */
    bool asking;             /* the job is posted */
    uint32_t waiters;        /* threads that wait for it */
    bool failed;             /* the last question had no answer */
    int64_t asked_ns;        /* when that was */
    int64_t answered_ns;     /* when the answer came */
    uint32_t generation;     /* of the table, when it was asked */
    struct identity *answer; /* NULL: there has been none */
};

struct shard {
    pthread_mutex_t lock; /* protects the entries */
    pthread_cond_t answered;
    struct htable entries;
    struct ranked {
        struct list used; /* the least recently used ones first */
        uint32_t count;
    } ranks[RANK_COUNT];
    struct identity_table *table;
};

struct identity_table {
    struct shard shards[SHARDS];
    struct identity_teller teller;
    struct identity_resolver *resolver;
    struct counter_set *counters;
    uint64_t seed;
    _Atomic int64_t ttl_ns;      /* relaxed */
    _Atomic uint32_t generation; /* forget: answers of another one count no more; relaxed, since the
                                  * teller has locks of its own */
    _Atomic uint32_t asking;
};

static void count(struct identity_table *table, enum identity_counter counter)
{
    counter_add(table->counters, counter, 1);
}

/* ---- entries ---- */

static uint64_t key_hash(const struct identity_table *table, const struct identity_key *key)
{
    uint64_t hash = table->seed ^ hash_u64((uint64_t)key->question << 32 | key->id);

    hash = hash_bytes(key->name, strlen(key->name), hash);
    return key->extra_len > 0 ? hash_bytes(key->extra, key->extra_len, hash) : hash;
}

static bool key_equal(const struct identity_key *a, const struct identity_key *b)
{
    return a->question == b->question && a->id == b->id && a->is_machine == b->is_machine &&
           a->extra_len == b->extra_len && strcmp(a->name, b->name) == 0 &&
           (a->extra_len == 0 || memcmp(a->extra, b->extra, a->extra_len) == 0);
}

static struct entry *find_locked(struct shard *shard, const struct identity_key *key, uint64_t hash)
{
    struct hnode *node = htable_first(&shard->entries, hash);

    for (; node; node = htable_next(node)) {
        struct entry *entry = CONTAINER_OF(node, struct entry, node);

        if (key_equal(&entry->key, key))
            return entry;
    }
    return NULL;
}

static void ranked_remove_locked(struct entry *entry)
{
    list_remove(&entry->used);
    entry->shard->ranks[entry->rank].count--;
}

static void ranked_add_locked(struct entry *entry, enum rank rank)
{
    struct ranked *ranked = &entry->shard->ranks[rank];

    entry->rank = rank;
    list_push_back(&ranked->used, &entry->used);
    ranked->count++;
}

static void entry_drop_locked(struct entry *entry)
{
    htable_remove(&entry->shard->entries, &entry->node);
    ranked_remove_locked(entry);
    identity_put(entry->answer);
    free(entry);
}

/* Drop the entry of this rank that is needed least.  False: all are in use. */
static bool room_make_locked(struct shard *shard, enum rank rank)
{
    LIST_FOREACH (entry, &shard->ranks[rank].used, struct entry, used) {
        if (!entry->asking && entry->waiters == 0) {
            entry_drop_locked(entry);
            return true;
        }
    }
    return false;
}

/* A database that ignores the case of letters knows each name in thousands of spellings.  Those are
 * made up, too. */
static bool is_respelt(const struct identity_key *key, const struct identity *answer)
{
    return key->question != IDENTITY_ASK_PRINCIPAL && strcmp(key->name, answer->name) != 0 &&
           strcasecmp(key->name, answer->name) == 0;
}

static bool is_known(const struct entry *entry)
{
    return entry->answer && entry->answer->origin != IDENTITY_FROM_NOBODY &&
           !is_respelt(&entry->key, entry->answer);
}

static enum rank rank_of(const struct entry *entry)
{
    if (is_known(entry))
        return RANK_KNOWN;
    return entry->asking ? RANK_ASKING : RANK_UNKNOWN;
}

/* It was used, or its answer has changed.  When all known ones are in use there may be too many,
 * but no more than questions that are being asked. */
static void rank_locked(struct entry *entry)
{
    struct shard *shard = entry->shard;
    const enum rank rank = rank_of(entry);

    if (rank == RANK_KNOWN && entry->rank != RANK_KNOWN &&
        shard->ranks[RANK_KNOWN].count >= shard_known_max)
        (void)room_make_locked(shard, RANK_KNOWN);
    ranked_remove_locked(entry);
    ranked_add_locked(entry, rank);
}

static bool has_room_locked(const struct shard *shard)
{
    return shard->ranks[RANK_UNKNOWN].count + shard->ranks[RANK_ASKING].count < shard_unknown_max;
}

static void ask_slowly(struct identity_job *job, void *context);

static bool is_urgent(const struct identity_key *key)
{
    return key->question == IDENTITY_ASK_PRINCIPAL || key->question == IDENTITY_ASK_UID;
}

/* NULL: no room, or no memory. */
static struct entry *create_locked(struct shard *shard, const struct identity_key *key,
                                   uint64_t hash)
{
    const size_t name_bytes = strlen(key->name) + 1;
    struct entry *entry;
    char *copy;

    if (!has_room_locked(shard) && !room_make_locked(shard, RANK_UNKNOWN))
        return NULL;
    entry = calloc(1, sizeof(*entry) + name_bytes + key->extra_len);
    if (!entry)
        return NULL;
    copy = (char *)(entry + 1);
    memcpy(copy, key->name, name_bytes);
    if (key->extra_len > 0)
        memcpy(copy + name_bytes, key->extra, key->extra_len);
    entry->key = *key;
    entry->key.name = copy;
    entry->key.extra = copy + name_bytes;
    entry->shard = shard;
    entry->job.run = ask_slowly;
    entry->job.urgent = is_urgent(key);
    list_init(&entry->job.link);
    htable_insert(&shard->entries, &entry->node, hash);
    ranked_add_locked(entry, RANK_UNKNOWN);
    return entry;
}

/* ---- answers ---- */

/* Takes over the reference of the answer. */
static void answer_locked(struct entry *entry, struct identity *answer, uint32_t generation)
{
    identity_put(entry->answer);
    entry->answer = answer;
    entry->answered_ns = clock_now_ns();
    entry->generation = generation;
    entry->failed = false;
    if (answer->origin == IDENTITY_FROM_NOBODY)
        count(entry->shard->table, IDENTITY_COUNTER_unknown);
}

static int64_t ttl_ns(const struct identity_table *table)
{
    return atomic_load_explicit(&table->ttl_ns, memory_order_relaxed);
}

static int64_t life_ns(const struct identity_table *table, const struct identity *answer)
{
    const int64_t unknown_ns = LIMIT_IDENTITY_UNKNOWN_S * NSEC_PER_SEC, known_ns = ttl_ns(table);

    return answer->origin == IDENTITY_FROM_NOBODY && unknown_ns < known_ns ? unknown_ns : known_ns;
}

static bool is_current(const struct identity_table *table, const struct entry *entry)
{
    return entry->answer &&
           entry->generation == atomic_load_explicit(&table->generation, memory_order_relaxed);
}

/* How long it has been the answer; INT64_MAX: there is none. */
static int64_t age_ns(const struct identity_table *table, const struct entry *entry, int64_t now_ns)
{
    return is_current(table, entry) ? now_ns - entry->answered_ns : INT64_MAX;
}

/* The old answer serves if there can be no other now. */
static struct identity *stale_locked(const struct identity_table *table, const struct entry *entry,
                                     int64_t now_ns)
{
    const int64_t longest_ns = ttl_ns(table) + LIMIT_IDENTITY_STALE_S * NSEC_PER_SEC;

    if (age_ns(table, entry, now_ns) >= longest_ns || entry->answer->origin == IDENTITY_FROM_NOBODY)
        return NULL;
    return identity_get(entry->answer);
}

static struct identity *nobody_create(void)
{
    return identity_create(IDENTITY_FROM_NOBODY, IDENTITY_NOBODY, IDENTITY_NOBODY, NULL, NULL, 0);
}

static void failed_tell(const struct identity_key *key, const char *what)
{
    log_warn("identity.failed", LOG_STR("name", key->name), LOG_U64("id", key->id),
             LOG_STR("error", what));
}

/* False: it has to be asked slowly. */
static bool answered_at_once_locked(struct identity_table *table, struct entry *entry)
{
    const uint32_t generation = atomic_load_explicit(&table->generation, memory_order_relaxed);
    struct identity *answer = table->teller.at_once(table->teller.context, &entry->key);

    if (!answer)
        return false;
    answer_locked(entry, answer, generation);
    rank_locked(entry);
    return true;
}

/* On a thread of the resolver. */
static void ask_slowly(struct identity_job *job, void *context)
{
    struct identity_table *table = context;
    struct entry *entry = CONTAINER_OF(job, struct entry, job);
    struct shard *shard = entry->shard;
    const uint32_t generation = atomic_load_explicit(&table->generation, memory_order_relaxed);
    struct identity *answer = NULL;
    enum identity_found found = table->teller.slowly(table->teller.context, &entry->key, &answer);

    if (found == IDENTITY_UNKNOWN) {
        answer = nobody_create();
        found = answer ? IDENTITY_FOUND : IDENTITY_FAILED;
    }
    if (found == IDENTITY_FAILED) {
        count(table, IDENTITY_COUNTER_failures);
        failed_tell(&entry->key, "the database of users does not answer");
    }
    pthread_mutex_lock(&shard->lock);
    if (answered_at_once_locked(table, entry)) /* another setup came meanwhile */
        identity_put(answer);
    else if (found == IDENTITY_FOUND)
        answer_locked(entry, answer, generation);
    else
        entry->failed = true;
    entry->asking = false;
    rank_locked(entry);
    atomic_fetch_sub_explicit(&table->asking, 1, memory_order_relaxed);
    pthread_cond_broadcast(&shard->answered);
    pthread_mutex_unlock(&shard->lock);
}

/* ---- questions ---- */

static void ask_locked(struct identity_table *table, struct entry *entry, int64_t now_ns)
{
    if (entry->asking)
        return;
    entry->asking = identity_resolver_post(table->resolver, &entry->job);
    entry->asked_ns = now_ns;
    if (entry->asking)
        atomic_fetch_add_explicit(&table->asking, 1, memory_order_relaxed);
    else
        count(table, IDENTITY_COUNTER_refused);
    entry->failed = !entry->asking;
    rank_locked(entry);
}

/* Has it just failed, or not been answered for so long that nobody should wait any more? */
static bool is_hopeless(const struct entry *entry, int64_t now_ns)
{
    const bool long_ago = now_ns - entry->asked_ns >= LIMIT_IDENTITY_WAIT_S * NSEC_PER_SEC;

    return entry->asking ? long_ago : entry->failed && !long_ago;
}

static void answer_await_locked(struct shard *shard, struct entry *entry)
{
    struct timespec until;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += LIMIT_IDENTITY_WAIT_S;
    entry->waiters++;
    while (entry->asking && pthread_cond_timedwait(&shard->answered, &shard->lock, &until) == 0)
        continue;
    entry->waiters--;
}

/* The answer still serves, but not for long: whoever uses the next one need not wait for it. */
static void refresh_locked(struct identity_table *table, struct entry *entry, int64_t now_ns)
{
    if (answered_at_once_locked(table, entry))
        return;
    count(table, IDENTITY_COUNTER_refreshed);
    ask_locked(table, entry, now_ns);
}

/* There is no fresh answer. */
static struct identity *obtain_locked(struct identity_table *table, struct entry *entry,
                                      enum identity_wait wait, int64_t now_ns)
{
    const uint32_t generation = atomic_load_explicit(&table->generation, memory_order_relaxed);

    if (answered_at_once_locked(table, entry))
        return identity_get(entry->answer);
    if (is_hopeless(entry, now_ns))
        return stale_locked(table, entry, now_ns);
    ask_locked(table, entry, now_ns);
    if (wait == IDENTITY_NO_WAIT)
        return NULL;
    answer_await_locked(entry->shard, entry);
    /* As good as the question, if all has been forgotten since. */
    if (!entry->asking && !entry->failed && entry->answer &&
        (int32_t)(entry->generation - generation) >= 0)
        return identity_get(entry->answer);
    if (entry->asking) {
        count(table, IDENTITY_COUNTER_late);
        failed_tell(&entry->key, "the database of users has not answered in time");
    }
    return stale_locked(table, entry, clock_now_ns());
}

static struct identity *look_up_locked(struct identity_table *table, struct entry *entry,
                                       enum identity_wait wait)
{
    const int64_t now_ns = clock_now_ns();
    const int64_t age = age_ns(table, entry, now_ns);

    if (age == INT64_MAX || age >= life_ns(table, entry->answer))
        return obtain_locked(table, entry, wait, now_ns);
    count(table, IDENTITY_COUNTER_cached);
    if (age >= ttl_ns(table) / 4 * 3 && !entry->asking && !is_hopeless(entry, now_ns))
        refresh_locked(table, entry, now_ns);
    return identity_get(entry->answer);
}

/* A question that cannot be asked must not displace an answer. */
static struct identity *answer_without_entry(struct identity_table *table,
                                             const struct identity_key *key)
{
    struct identity *answer = table->teller.at_once(table->teller.context, key);

    if (!answer)
        count(table, IDENTITY_COUNTER_refused);
    return answer;
}

struct identity *identity_table_ask(struct identity_table *table, const struct identity_key *key,
                                    enum identity_wait wait)
{
    const uint64_t hash = key_hash(table, key);
    struct shard *shard = &table->shards[hash >> 60];
    struct identity *answer = NULL;
    struct entry *entry;

    count(table, IDENTITY_COUNTER_lookups);
    pthread_mutex_lock(&shard->lock);
    entry = find_locked(shard, key, hash);
    if (entry)
        rank_locked(entry);
    else if (identity_resolver_has_room(table->resolver, is_urgent(key)))
        entry = create_locked(shard, key, hash);
    if (entry)
        answer = look_up_locked(table, entry, wait);
    else
        answer = answer_without_entry(table, key);
    pthread_mutex_unlock(&shard->lock);
    return answer;
}

int64_t identity_table_age_ns(struct identity_table *table, const struct identity_key *key)
{
    const uint64_t hash = key_hash(table, key);
    struct shard *shard = &table->shards[hash >> 60];
    int64_t age = INT64_MAX;
    struct entry *entry;

    pthread_mutex_lock(&shard->lock);
    entry = find_locked(shard, key, hash);
    if (entry)
        age = age_ns(table, entry, clock_now_ns());
    if (age != INT64_MAX && age >= life_ns(table, entry->answer))
        age = INT64_MAX;
    pthread_mutex_unlock(&shard->lock);
    return age == INT64_MAX ? -1 : age;
}

void identity_table_ttl_set(struct identity_table *table, uint32_t ttl_s)
{
    atomic_store_explicit(&table->ttl_ns, (int64_t)ttl_s * NSEC_PER_SEC, memory_order_relaxed);
}

void identity_table_forget(struct identity_table *table)
{
    atomic_fetch_add_explicit(&table->generation, 1, memory_order_relaxed);
}

bool identity_table_post(struct identity_table *table, struct identity_job *job)
{
    return identity_resolver_post(table->resolver, job);
}

void identity_table_stats(struct identity_table *table, struct identity_stats *stats)
{
    stats->entries = 0;
    for (unsigned i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&table->shards[i].lock);
        stats->entries += table->shards[i].entries.count;
        pthread_mutex_unlock(&table->shards[i].lock);
    }
    stats->asking = atomic_load_explicit(&table->asking, memory_order_relaxed);
}

/* ---- life ---- */

static void shard_init(struct shard *shard, struct identity_table *table)
{
    pthread_condattr_t attr;

    shard->table = table;
    htable_init(&shard->entries, 1);
    for (unsigned i = 0; i < RANK_COUNT; i++)
        list_init(&shard->ranks[i].used);
    CHECK(pthread_mutex_init(&shard->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&shard->answered, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

static void shard_fini(struct shard *shard)
{
    for (unsigned i = 0; i < RANK_COUNT; i++) {
        LIST_FOREACH_SAFE (entry, &shard->ranks[i].used, struct entry, used)
            entry_drop_locked(entry);
    }
    htable_fini(&shard->entries);
    pthread_mutex_destroy(&shard->lock);
    pthread_cond_destroy(&shard->answered);
}

static void table_free(struct identity_table *table)
{
    for (unsigned i = 0; i < SHARDS; i++)
        shard_fini(&table->shards[i]);
    free(table);
}

struct identity_table *identity_table_create(const struct identity_teller *teller, uint32_t ttl_s,
                                             struct counter_set *counters)
{
    struct identity_table *table = must_calloc(1, sizeof(*table));

    table->teller = *teller;
    table->counters = counters;
    identity_table_ttl_set(table, ttl_s);
    randombytes_buf(&table->seed, sizeof(table->seed));
    for (unsigned i = 0; i < SHARDS; i++)
        shard_init(&table->shards[i], table);
    table->resolver = identity_resolver_create(table);
    if (table->resolver)
        return table;
    table_free(table);
    return NULL;
}

bool identity_table_destroy(struct identity_table *table)
{
    if (!identity_resolver_destroy(table->resolver))
        return false;
    table_free(table);
    return true;
}
