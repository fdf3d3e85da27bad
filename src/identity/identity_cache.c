/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/log.h"
#include "identity/identity_cache_internal.h"
#include "identity/identity_report.h"
#include "identity/identity_resolver.h"
#include "identity/identity_table.h"

struct identity_cache {
    const struct identity_source *source;
    struct counter_set *counters;
    struct identity_table *table;
    struct identity *nobody, *root;

    pthread_mutex_t setup_lock; /* protects what follows; below the shards of the table */
    struct identity_setup *setup;
    uint32_t setups;                   /* that there have been */
    char *keytab[IDENTITY_REALMS_MAX]; /* realms of the keytab, for a setup without realms */

    /* Of the thread that reads the map file again; `reloading` says that there is one. */
    struct identity_job reload;
    _Atomic bool reloading;
    _Atomic bool reload_always;
};

static void count(struct identity_cache *cache, enum identity_counter counter)
{
    counter_add(cache->counters, counter, 1);
}

/* ---- what needs no database ---- */

/* Nobody's whose name has an escaped character: realms may contain an `@`, too, and then the last
 * one stands within the realm (host/x@EVIL\@LAB.EXAMPLE). */
static bool is_of_realms_locked(const struct identity_cache *cache, const char *principal)
{
    char *const *realms = cache->setup->realms[0] ? cache->setup->realms : cache->keytab;
    const char *at = strchr(principal, '\\') ? NULL : strrchr(principal, '@');

    for (unsigned i = 0; at && i < IDENTITY_REALMS_MAX && realms[i]; i++) {
        if (strcmp(at + 1, realms[i]) == 0)
            return true;
    }
    return false;
}

static struct identity *machine_at_once_locked(struct identity_cache *cache, const char *principal)
{
    switch (cache->setup->machine) {
    case IDENTITY_MACHINE_ROOT:
        return identity_get(is_of_realms_locked(cache, principal) ? cache->root : cache->nobody);
    case IDENTITY_MACHINE_NOBODY:
        return identity_get(cache->nobody);
    case IDENTITY_MACHINE_MAP:
        break;
    }
    return NULL;
}

static struct identity *principal_at_once_locked(struct identity_cache *cache,
                                                 const struct identity_key *key)
{
    char account[IDENTITY_WORD_BYTES];
    struct identity *answer = NULL;
    enum identity_map_answer said = IDENTITY_MAP_NOTHING;

    if (cache->setup->map)
        said =
            identity_map_principal(cache->setup->map, key->name, key->is_machine, &answer, account);
    return said == IDENTITY_MAP_NOTHING && key->is_machine
               ? machine_at_once_locked(cache, key->name)
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

    pthread_mutex_lock(&cache->setup_lock);
    if (key->question == IDENTITY_ASK_PRINCIPAL)
        answer = principal_at_once_locked(cache, key);
    else if (cache->setup->map)
        answer = map_ask_locked(cache->setup->map, key);
    pthread_mutex_unlock(&cache->setup_lock);
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

    pthread_mutex_lock(&cache->setup_lock);
    if (cache->setup->map)
        said =
            identity_map_principal(cache->setup->map, key->name, key->is_machine, answer, account);
    pthread_mutex_unlock(&cache->setup_lock);
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

struct identity_key identity_cache_key(const struct identity_principal *principal)
{
    return (struct identity_key){
        .question = IDENTITY_ASK_PRINCIPAL,
        .name = principal->name,
        .extra = principal->key,
        .extra_len = principal->key_len,
        .is_machine = principal->is_machine,
    };
}

struct identity *identity_cache_ask(struct identity_cache *cache, const struct identity_key *key,
                                    enum identity_wait wait)
{
    return identity_table_ask(cache->table, key, wait);
}

struct identity *identity_of_principal(struct identity_cache *cache,
                                       const struct identity_principal *principal,
                                       enum identity_wait wait)
{
    const struct identity_key key = identity_cache_key(principal);

    return identity_table_ask(cache->table, &key, wait);
}

/* NULL: there is none. */
static struct identity *domain_given(struct identity_cache *cache)
{
    struct identity *domain = NULL;

    pthread_mutex_lock(&cache->setup_lock);
    if (cache->setup->domain)
        domain = identity_get(cache->setup->domain);
    pthread_mutex_unlock(&cache->setup_lock);
    return domain;
}

struct identity *identity_ask(struct identity_cache *cache, enum identity_question question,
                              uint32_t id, const char *name, enum identity_wait wait)
{
    const struct identity_key key = {.question = question, .id = id, .name = name};

    struct identity *domain = question == IDENTITY_ASK_DOMAIN ? domain_given(cache) : NULL;

    return domain ? domain : identity_table_ask(cache->table, &key, wait);
}

struct identity *identity_of_uid(struct identity_cache *cache, uint32_t uid,
                                 enum identity_wait wait)
{
    return identity_ask(cache, IDENTITY_ASK_UID, uid, "", wait);
}

/* ---- reasons ---- */

int64_t identity_cache_age_ns(struct identity_cache *cache, const struct identity_key *key)
{
    return identity_table_age_ns(cache->table, key);
}

static enum identity_reason principal_reason_locked(const struct identity_cache *cache,
                                                    const struct identity_key *key,
                                                    struct identity_report *report)
{
    const struct identity_setup *setup = cache->setup;
    enum identity_map_answer said = IDENTITY_MAP_NOTHING;
    struct identity *ignored = NULL;

    if (setup->map)
        said = identity_map_principal(setup->map, key->name, key->is_machine, &ignored,
                                      report->account);
    identity_put(ignored);
    if (said == IDENTITY_MAP_NOTHING)
        return key->is_machine && setup->machine != IDENTITY_MACHINE_MAP ? IDENTITY_REASON_MACHINE
                                                                         : IDENTITY_REASON_IDMAP;
    report->line = identity_map_line_of_principal(setup->map, key->name, key->is_machine);
    return said == IDENTITY_MAP_IDENTITY  ? IDENTITY_REASON_LINE
           : said == IDENTITY_MAP_ACCOUNT ? IDENTITY_REASON_ACCOUNT
                                          : IDENTITY_REASON_REALM;
}

static enum identity_reason user_reason_locked(const struct identity_cache *cache,
                                               const struct identity_key *key,
                                               struct identity_report *report)
{
    if (cache->setup->map && key->question == IDENTITY_ASK_UID)
        report->line = identity_map_line_of_user(cache->setup->map, key->id);
    return report->line > 0 ? IDENTITY_REASON_LINE : IDENTITY_REASON_DATABASE;
}

void identity_cache_reason(struct identity_cache *cache, const struct identity_key *key,
                           struct identity_report *report)
{
    pthread_mutex_lock(&cache->setup_lock);
    report->machine = cache->setup->machine;
    if (cache->setup->map_path)
        (void)snprintf(report->map, sizeof(report->map), "%s", cache->setup->map_path);
    report->reason = key->question == IDENTITY_ASK_PRINCIPAL
                         ? principal_reason_locked(cache, key, report)
                         : user_reason_locked(cache, key, report);
    pthread_mutex_unlock(&cache->setup_lock);
}

/* ---- the setup ---- */

void identity_cache_apply(struct identity_cache *cache, struct identity_setup *setup)
{
    struct identity_setup *old;

    pthread_mutex_lock(&cache->setup_lock);
    old = cache->setup;
    cache->setup = setup;
    cache->setups++;
    identity_table_ttl_set(cache->table, setup->ttl_s);
    pthread_mutex_unlock(&cache->setup_lock);
    identity_setup_destroy(old);
    identity_table_forget(cache->table);
}

void identity_cache_realm_add(struct identity_cache *cache, const char *realm)
{
    unsigned i = 0;
    bool news;

    pthread_mutex_lock(&cache->setup_lock);
    while (i < IDENTITY_REALMS_MAX && cache->keytab[i] && strcmp(cache->keytab[i], realm) != 0)
        i++;
    news = i < IDENTITY_REALMS_MAX && !cache->keytab[i];
    if (news)
        cache->keytab[i] = must_strdup(realm);
    pthread_mutex_unlock(&cache->setup_lock);
    if (news)
        identity_table_forget(cache->table);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The map file of the setup, as it is being read again: another setup may come meanwhile. */
struct reading {
    char *path; /* NULL: there is none */
    struct stat stat;
    uint32_t setup;
};

static struct reading reading_begin(struct identity_cache *cache)
{
    struct reading reading = {.path = NULL};

    pthread_mutex_lock(&cache->setup_lock);
    if (cache->setup->map_path)
        reading.path = must_strdup(cache->setup->map_path);
    reading.stat = cache->setup->map_stat;
    reading.setup = cache->setups;
    pthread_mutex_unlock(&cache->setup_lock);
    return reading;
}

/* `map` NULL: it was bad, and the one before stays.  False: another setup has come. */
static bool reading_end(struct identity_cache *cache, const struct reading *reading,
                        struct identity_map *map)
{
    struct identity_map *old = map;
    bool is_current;

    pthread_mutex_lock(&cache->setup_lock);
    is_current = cache->setups == reading->setup;
    if (is_current)
        cache->setup->map_stat = reading->stat;
    if (is_current && map) {
        old = cache->setup->map;
        cache->setup->map = map;
    }
    pthread_mutex_unlock(&cache->setup_lock);
    identity_map_destroy(old);
    return is_current;
}

static void map_read_again(struct identity_cache *cache, const struct reading *reading)
{
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_map *map = identity_map_read(reading->path, error);
    const uint32_t lines = map ? identity_map_lines(map) : 0;

    if (!reading_end(cache, reading, map))
        return;
    if (!map) {
        count(cache, IDENTITY_COUNTER_map_failures);
        log_error("identity.map_error", LOG_STR("error", error));
        return;
    }
    count(cache, IDENTITY_COUNTER_map_reloads);
    log_info("identity.map", LOG_STR("file", reading->path), LOG_U64("lines", lines));
    identity_table_forget(cache->table);
}

/* If it has changed since it was read, or failed to be read. */
static void map_look(struct identity_cache *cache, bool always)
{
    struct reading reading = reading_begin(cache);
    struct stat now;

    if (reading.path) {
        now = identity_setup_stat(reading.path);
        if (always || !is_same_file(&now, &reading.stat)) {
            reading.stat = now;
            map_read_again(cache, &reading);
        }
    }
    free(reading.path);
}

static void reload_run(struct identity_job *job, void *context)
{
    struct identity_cache *cache = CONTAINER_OF(job, struct identity_cache, reload);
    const bool always =
        atomic_exchange_explicit(&cache->reload_always, false, memory_order_relaxed);

    (void)context;
    map_look(cache, always);
    if (always)
        identity_table_forget(cache->table);
    /* Release: pairs with the acquire of the next reload, which posts the job again. */
    atomic_store_explicit(&cache->reloading, false, memory_order_release);
}

static bool has_map(struct identity_cache *cache)
{
    bool has;

    pthread_mutex_lock(&cache->setup_lock);
    has = cache->setup->map_path != NULL;
    pthread_mutex_unlock(&cache->setup_lock);
    return has;
}

void identity_cache_reload(struct identity_cache *cache, bool always)
{
    if (always)
        atomic_store_explicit(&cache->reload_always, true, memory_order_relaxed);
    else if (!has_map(cache) && !atomic_load_explicit(&cache->reload_always, memory_order_relaxed))
        return;
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

static struct identity *builtin(enum identity_origin origin, uint32_t id)
{
    struct identity *identity = identity_create(origin, id, id, NULL, NULL, 0);

    CHECK(identity);
    return identity;
}

static void cache_free(struct identity_cache *cache)
{
    identity_setup_destroy(cache->setup);
    identity_put(cache->nobody);
    identity_put(cache->root);
    counter_set_destroy(cache->counters);
    pthread_mutex_destroy(&cache->setup_lock);
    for (unsigned i = 0; i < IDENTITY_REALMS_MAX; i++)
        free(cache->keytab[i]);
    free(cache);
}

static bool cache_begin(struct identity_cache *cache, const struct identity_config *config,
                        char error[IDENTITY_MAP_ERROR_BYTES])
{
    const struct identity_teller teller = {.at_once = at_once, .slowly = slowly, .context = cache};

    cache->setup = identity_setup_create(config, error);
    if (!cache->setup)
        return false;
    cache->table = identity_table_create(&teller, config->ttl_s, cache->counters);
    if (!cache->table)
        (void)snprintf(error, IDENTITY_MAP_ERROR_BYTES, "no thread can be started");
    return cache->table != NULL;
}

struct identity_cache *identity_cache_create(const struct identity_config *config,
                                             char error[IDENTITY_MAP_ERROR_BYTES])
{
    struct identity_cache *cache = must_calloc(1, sizeof(*cache));

    cache->source = config->source ? config->source : &identity_system;
    cache->counters = counter_set_create(IDENTITY_COUNTER_COUNT);
    cache->nobody = builtin(IDENTITY_FROM_NOBODY, IDENTITY_NOBODY);
    cache->root = builtin(IDENTITY_FROM_MACHINE, 0);
    cache->reload.run = reload_run;
    cache->reload.urgent = true;
    CHECK(pthread_mutex_init(&cache->setup_lock, NULL) == 0);
    if (cache_begin(cache, config, error))
        return cache;
    cache_free(cache);
    return NULL;
}

void identity_cache_destroy(struct identity_cache *cache)
{
    if (cache && identity_table_destroy(cache->table))
        cache_free(cache);
}
