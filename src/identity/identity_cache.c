/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/counter.h"
#include "base/log.h"
#include "identity/identity_resolver.h"
#include "identity/identity_table.h"

struct identity_cache {
    const struct identity_source *source;
    char *map_path;
    struct identity *domain; /* NULL: ask */
    enum identity_machine machine;
    struct counter_set *counters;
    struct identity_table *table;
    struct identity *nobody, *root;

    pthread_mutex_t map_lock; /* protects `map` and `realms`; below the shards of the table */
    struct identity_map *map; /* NULL: there is none */
    char *realms[IDENTITY_REALMS_MAX];
    bool realms_given; /* by the configuration; constant */

    /* Of the thread that reads the map file again; `reloading` says that there is one. */
    struct identity_job reload;
    _Atomic bool reloading;
    _Atomic bool reload_always;
    struct stat read; /* the file that was read last */
};

static void count(struct identity_cache *cache, enum identity_counter counter)
{
    counter_add(cache->counters, counter, 1);
}

/* ---- what needs no database ---- */

/* Nobody's whose name has an escaped character: realms may contain an `@`, too, and then the last
 * one stands within the realm (host/x@EVIL\@LAB.EXAMPLE). */
static bool is_of_realms(struct identity_cache *cache, const char *principal)
{
    const char *at = strchr(principal, '\\') ? NULL : strrchr(principal, '@');
    bool is = false;

    pthread_mutex_lock(&cache->map_lock);
    for (unsigned i = 0; at && i < IDENTITY_REALMS_MAX && cache->realms[i]; i++)
        is |= strcmp(at + 1, cache->realms[i]) == 0;
    pthread_mutex_unlock(&cache->map_lock);
    return is;
}

static struct identity *machine_at_once(struct identity_cache *cache, const char *principal)
{
    switch (cache->machine) {
    case IDENTITY_MACHINE_ROOT:
        return identity_get(is_of_realms(cache, principal) ? cache->root : cache->nobody);
    case IDENTITY_MACHINE_NOBODY:
        return identity_get(cache->nobody);
    case IDENTITY_MACHINE_MAP:
        break;
    }
    return NULL;
}

static struct identity *principal_at_once(struct identity_cache *cache,
                                          const struct identity_key *key)
{
    char account[IDENTITY_WORD_BYTES];
    struct identity *answer = NULL;
    enum identity_map_answer said = IDENTITY_MAP_NOTHING;

    pthread_mutex_lock(&cache->map_lock);
    if (cache->map)
        said = identity_map_principal(cache->map, key->name, key->is_machine, &answer, account);
    pthread_mutex_unlock(&cache->map_lock);
    return said == IDENTITY_MAP_NOTHING && key->is_machine ? machine_at_once(cache, key->name)
                                                           : answer;
}

static struct identity *map_ask_locked(const struct identity_map *map,
                                       const struct identity_key *key)
{
    switch (key->question) {
    case IDENTITY_ASK_UID:
    case IDENTITY_ASK_USER:
        return identity_map_user(map, key->id);
    case IDENTITY_ASK_GROUP:
        return identity_map_group(map, key->id);
    case IDENTITY_ASK_USER_ID:
        return identity_map_user_named(map, key->name);
    case IDENTITY_ASK_GROUP_ID:
        return identity_map_group_named(map, key->name);
    case IDENTITY_ASK_PRINCIPAL:
    case IDENTITY_ASK_ACCOUNT:
    case IDENTITY_ASK_DOMAIN:
        break;
    }
    return NULL;
}

static struct identity *at_once(void *context, const struct identity_key *key)
{
    struct identity_cache *cache = context;
    struct identity *answer = NULL;

    if (key->question == IDENTITY_ASK_PRINCIPAL)
        return principal_at_once(cache, key);
    pthread_mutex_lock(&cache->map_lock);
    if (cache->map)
        answer = map_ask_locked(cache->map, key);
    pthread_mutex_unlock(&cache->map_lock);
    return answer;
}

/* ---- what needs it ---- */

/* A line for a whole realm does not make root of anybody. */
static enum identity_found account_ask(struct identity_cache *cache, const char *account,
                                       bool may_be_root, struct identity **answer)
{
    enum identity_found found = cache->source->ask(IDENTITY_ASK_ACCOUNT, 0, account, answer);

    if (found != IDENTITY_FOUND || may_be_root || (*answer)->uid != 0)
        return found;
    identity_put(*answer);
    return IDENTITY_UNKNOWN;
}

static void principal_tell(const char *name, enum identity_found found,
                           const struct identity *answer)
{
    if (found == IDENTITY_UNKNOWN)
        log_info("identity.unknown", LOG_STR("principal", name));
    else if (found == IDENTITY_FOUND)
        log_debug("identity.found", LOG_STR("principal", name), LOG_U64("uid", answer->uid),
                  LOG_U64("gid", answer->gid), LOG_U64("groups", answer->gid_count),
                  LOG_STR("by", identity_origin_name(answer->origin)));
}

static enum identity_found principal_ask(struct identity_cache *cache,
                                         const struct identity_key *key, struct identity **answer)
{
    char account[IDENTITY_WORD_BYTES];
    enum identity_map_answer said = IDENTITY_MAP_NOTHING;
    enum identity_found found = IDENTITY_FOUND;

    pthread_mutex_lock(&cache->map_lock);
    if (cache->map)
        said = identity_map_principal(cache->map, key->name, key->is_machine, answer, account);
    pthread_mutex_unlock(&cache->map_lock);
    if (said == IDENTITY_MAP_NOTHING)
        found = cache->source->ask(IDENTITY_ASK_PRINCIPAL, 0, key->name, answer);
    else if (said != IDENTITY_MAP_IDENTITY)
        found = account_ask(cache, account, said == IDENTITY_MAP_ACCOUNT, answer);
    principal_tell(key->name, found, *answer);
    return found;
}

static enum identity_found slowly(void *context, const struct identity_key *key,
                                  struct identity **answer)
{
    struct identity_cache *cache = context;

    return key->question == IDENTITY_ASK_PRINCIPAL
               ? principal_ask(cache, key, answer)
               : cache->source->ask(key->question, key->id, key->name, answer);
}

/* ---- questions ---- */

struct identity *identity_of_principal(struct identity_cache *cache,
                                       const struct identity_principal *principal,
                                       enum identity_wait wait)
{
    const struct identity_key key = {
        .question = IDENTITY_ASK_PRINCIPAL,
        .name = principal->name,
        .extra = principal->key,
        .extra_len = principal->key_len,
        .is_machine = principal->is_machine,
    };

    return identity_table_ask(cache->table, &key, wait);
}

struct identity *identity_ask(struct identity_cache *cache, enum identity_question question,
                              uint32_t id, const char *name, enum identity_wait wait)
{
    const struct identity_key key = {.question = question, .id = id, .name = name};

    if (question == IDENTITY_ASK_DOMAIN && cache->domain)
        return identity_get(cache->domain);
    return identity_table_ask(cache->table, &key, wait);
}

struct identity *identity_of_uid(struct identity_cache *cache, uint32_t uid,
                                 enum identity_wait wait)
{
    return identity_ask(cache, IDENTITY_ASK_UID, uid, "", wait);
}

/* ---- the map file ---- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Has it changed since it was read, or failed to be read? */
static bool map_has_changed(struct identity_cache *cache)
{
    struct stat now;

    if (stat(cache->map_path, &now) != 0)
        now = (struct stat){.st_size = -1};
    if (is_same_file(&now, &cache->read))
        return false;
    cache->read = now;
    return true;
}

static void map_replace(struct identity_cache *cache, struct identity_map *map)
{
    struct identity_map *old;

    pthread_mutex_lock(&cache->map_lock);
    old = cache->map;
    cache->map = map;
    pthread_mutex_unlock(&cache->map_lock);
    identity_map_destroy(old);
    identity_table_forget(cache->table);
}

static void map_read_again(struct identity_cache *cache)
{
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_map *map = identity_map_read(cache->map_path, error);

    if (!map) {
        count(cache, IDENTITY_COUNTER_map_failures);
        log_error("identity.map_error", LOG_STR("error", error));
        return;
    }
    count(cache, IDENTITY_COUNTER_map_reloads);
    log_info("identity.map", LOG_STR("file", cache->map_path),
             LOG_U64("lines", identity_map_lines(map)));
    map_replace(cache, map);
}

void identity_cache_realm_add(struct identity_cache *cache, const char *realm)
{
    unsigned i = 0;
    bool news;

    if (cache->realms_given)
        return;
    pthread_mutex_lock(&cache->map_lock);
    while (i < IDENTITY_REALMS_MAX && cache->realms[i] && strcmp(cache->realms[i], realm) != 0)
        i++;
    news = i < IDENTITY_REALMS_MAX && !cache->realms[i];
    if (news)
        cache->realms[i] = must_strdup(realm);
    pthread_mutex_unlock(&cache->map_lock);
    if (news)
        identity_table_forget(cache->table);
}

static void reload_run(struct identity_job *job, void *context)
{
    struct identity_cache *cache = CONTAINER_OF(job, struct identity_cache, reload);
    const bool always =
        atomic_exchange_explicit(&cache->reload_always, false, memory_order_relaxed);

    (void)context;
    if (cache->map_path && (map_has_changed(cache) || always))
        map_read_again(cache);
    if (always)
        identity_table_forget(cache->table);
    /* Release: pairs with the acquire of the next reload, which sees `read`. */
    atomic_store_explicit(&cache->reloading, false, memory_order_release);
}

void identity_cache_reload(struct identity_cache *cache, bool always)
{
    if (!cache->map_path && !always)
        return;
    if (always)
        atomic_store_explicit(&cache->reload_always, true, memory_order_relaxed);
    if (atomic_exchange_explicit(&cache->reloading, true, memory_order_acquire))
        return;
    if (!identity_table_post(cache->table, &cache->reload))
        atomic_store_explicit(&cache->reloading, false, memory_order_release);
}

void identity_stats_read(struct identity_cache *cache, struct identity_stats *stats)
{
#define X(name, help) stats->name = counter_read(cache->counters, IDENTITY_COUNTER_##name);
    IDENTITY_COUNTERS(X)
#undef X
    identity_table_stats(cache->table, stats);
}

/* ---- life ---- */

static char *copy_of(const char *text)
{
    return text ? must_strdup(text) : NULL;
}

static struct identity *builtin(enum identity_origin origin, uint32_t id, const char *name)
{
    struct identity *identity = identity_create(origin, id, id, name, NULL, 0);

    CHECK(identity);
    return identity;
}

static void cache_free(struct identity_cache *cache)
{
    identity_map_destroy(cache->map);
    identity_put(cache->nobody);
    identity_put(cache->root);
    counter_set_destroy(cache->counters);
    pthread_mutex_destroy(&cache->map_lock);
    for (unsigned i = 0; i < IDENTITY_REALMS_MAX; i++)
        free(cache->realms[i]);
    free(cache->map_path);
    identity_put(cache->domain);
    free(cache);
}

static bool cache_begin(struct identity_cache *cache, uint32_t ttl_s,
                        char error[IDENTITY_MAP_ERROR_BYTES])
{
    const struct identity_teller teller = {.at_once = at_once, .slowly = slowly, .context = cache};

    if (cache->map_path) {
        (void)map_has_changed(cache);
        cache->map = identity_map_read(cache->map_path, error);
        if (!cache->map)
            return false;
    }
    cache->table = identity_table_create(&teller, ttl_s, cache->counters);
    if (!cache->table)
        (void)snprintf(error, IDENTITY_MAP_ERROR_BYTES, "no thread can be started");
    return cache->table != NULL;
}

struct identity_cache *identity_cache_create(const struct identity_config *config,
                                             char error[IDENTITY_MAP_ERROR_BYTES])
{
    struct identity_cache *cache = must_calloc(1, sizeof(*cache));

    cache->source = config->source ? config->source : &identity_system;
    cache->map_path = copy_of(config->map);
    cache->domain = config->domain ? builtin(IDENTITY_FROM_MAP, 0, config->domain) : NULL;
    for (unsigned i = 0; i < IDENTITY_REALMS_MAX; i++)
        cache->realms[i] = copy_of(config->realms[i]);
    cache->realms_given = config->realms[0] != NULL;
    cache->machine = config->machine;
    cache->counters = counter_set_create(IDENTITY_COUNTER_COUNT);
    cache->nobody = builtin(IDENTITY_FROM_NOBODY, IDENTITY_NOBODY, NULL);
    cache->root = builtin(IDENTITY_FROM_MACHINE, 0, NULL);
    cache->reload.run = reload_run;
    cache->reload.urgent = true;
    CHECK(pthread_mutex_init(&cache->map_lock, NULL) == 0);
    if (cache_begin(cache, config->ttl_s, error))
        return cache;
    cache_free(cache);
    return NULL;
}

void identity_cache_destroy(struct identity_cache *cache)
{
    if (cache && identity_table_destroy(cache->table))
        cache_free(cache);
}
