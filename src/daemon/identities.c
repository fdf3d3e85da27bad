/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/config_key.h"
#include "base/errand.h"
#include "daemon/console.h"
#include "proto/compound.h"

static const enum config_key_id keys[] = {
    CONFIG_IDENTITY_MAP,        CONFIG_IDENTITY_DOMAIN, CONFIG_IDENTITY_REALMS,
    CONFIG_IDENTITY_MACHINE,    CONFIG_IDENTITY_OWNERS, CONFIG_IDENTITY_MANAGE_GIDS,
    CONFIG_IDENTITY_GROUPS_TTL,
};

bool identities_look(const char *path, char *error, size_t size)
{
    char wrong[IDENTITY_MAP_ERROR_BYTES] = "";
    struct identity_map *map = identity_map_read(path, wrong);

    if (!map)
        (void)snprintf(error, size, "%s", wrong);
    identity_map_destroy(map);
    return map != NULL;
}

/* The realms of `words`, which are cut out of it.  False: too many. */
static bool realms_split(char *words, struct identity_config *config)
{
    char *state = NULL;
    unsigned count = 0;

    for (char *realm = strtok_r(words, " \t,", &state); realm;
         realm = strtok_r(NULL, " \t,", &state)) {
        if (count == IDENTITY_REALMS_MAX)
            return false;
        config->realms[count++] = realm;
    }
    return true;
}

static const char *mistake_of(const struct config_identity *said, char *realms,
                              struct identity_config *config)
{
    if (!realms_split(realms, config))
        return "identity.realms: more than 8 realms";
    if (said->domain &&
        (strlen(said->domain) >= IDENTITY_DOMAIN_BYTES || strchr(said->domain, '@')))
        return "identity.domain: it is too long, or has an @";
    return NULL;
}

/* What the section means.  *realms, which it points into, is to be freed in any case.  False, and
 * what is wrong. */
static bool section_parse(const struct config_identity *said, struct identity_config *config,
                          char **realms, char error[IDENTITY_MAP_ERROR_BYTES])
{
    const char *mistake;

    *realms = must_strdup(said->realms ? said->realms : "");
    *config = (struct identity_config){
        .map = said->map,
        .domain = said->domain && *said->domain ? said->domain : NULL,
        .machine = said->machine,
        .ttl_s = said->groups_ttl_s,
    };
    mistake = mistake_of(said, *realms, config);
    if (mistake)
        (void)snprintf(error, IDENTITY_MAP_ERROR_BYTES, "%s", mistake);
    return mistake == NULL;
}

/* With the map file read.  NULL, and what is wrong. */
static struct identity_setup *setup_read(const struct config_identity *said,
                                         char error[IDENTITY_MAP_ERROR_BYTES])
{
    struct identity_config parsed;
    struct identity_setup *setup = NULL;
    char *realms;

    errand_place(said->map);
    if (section_parse(said, &parsed, &realms, error))
        setup = identity_setup_create(&parsed, error);
    errand_place(NULL);
    free(realms);
    return setup;
}

bool identities_check(const struct config *config)
{
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_setup *setup = setup_read(&config->identity, error);
    const bool good = setup != NULL;

    if (!good)
        console_error("%s", error);
    identity_setup_destroy(setup);
    return good;
}

/* Relaxed: a COMPOUND goes by what it finds before its first filehandle. */
static void server_tell(struct server *server, const struct config_identity *said)
{
    atomic_store_explicit(&server->manage_gids, said->manage_gids, memory_order_relaxed);
    atomic_store_explicit(&server->number_owners, said->owners == IDENTITY_OWNERS_NUMBERS,
                          memory_order_relaxed);
}

bool identities_open(struct identities *identities, struct server *server,
                     const struct config *config)
{
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_config parsed;
    char *realms;

    if (section_parse(&config->identity, &parsed, &realms, error))
        server->identities = identity_cache_create(&parsed, error);
    free(realms);
    if (!server->identities) {
        console_error("%s", error);
        return false;
    }
    server_tell(server, &config->identity);
    identities->server = server;
    identities->now = config_copy(config);
    CHECK(pthread_mutex_init(&identities->lock, NULL) == 0);
    return true;
}

void identities_close(struct identities *identities)
{
    if (!identities->now)
        return;
    identity_cache_destroy(identities->server->identities);
    config_destroy(identities->now);
    identities->now = NULL;
    pthread_mutex_destroy(&identities->lock);
}

/* ---- again ---- */

static void key_tell(enum config_key_id id, const struct config *before, const struct config *after,
                     bool foreseen, const struct export_report *changes)
{
    char was[CONFIG_PRINT_BYTES], is[CONFIG_PRINT_BYTES], text[2 * CONFIG_PRINT_BYTES + 64];
    const char *then = config_key_print(id, before, was), *now = config_key_print(id, after, is);

    if (strcmp(then, now) == 0)
        return;
    then = *then ? then : "the default";
    now = *now ? now : "the default";
    (void)snprintf(text, sizeof(text), foreseen ? "%s: would be %s, is %s" : "%s: %s, was %s",
                   config_keys[id].name, now, then);
    changes->line(changes->context, text);
}

static void keys_tell(const struct config *before, const struct config *after, bool foreseen,
                      const struct export_report *changes)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        key_tell(keys[i], before, after, foreseen, changes);
}

/* Texts that are longer than what is told may differ, too. */
static bool text_differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool differs(const struct config_identity *a, const struct config_identity *b)
{
    return text_differs(a->map, b->map) || text_differs(a->domain, b->domain) ||
           text_differs(a->realms, b->realms) || a->machine != b->machine ||
           a->owners != b->owners || a->manage_gids != b->manage_gids ||
           a->groups_ttl_s != b->groups_ttl_s;
}

bool identities_prepare(struct identities *identities, const struct config *said,
                        struct identity_setup **setup, const struct export_report *mistakes)
{
    char error[IDENTITY_MAP_ERROR_BYTES];
    bool changes;

    pthread_mutex_lock(&identities->lock);
    changes = differs(&identities->now->identity, &said->identity);
    pthread_mutex_unlock(&identities->lock);
    *setup = changes ? setup_read(&said->identity, error) : NULL;
    if (changes && !*setup)
        mistakes->line(mistakes->context, error);
    return !changes || *setup;
}

bool identities_is_prepared(struct identities *identities, const struct config *said,
                            const struct identity_setup *setup)
{
    bool changes;

    pthread_mutex_lock(&identities->lock);
    changes = differs(&identities->now->identity, &said->identity);
    pthread_mutex_unlock(&identities->lock);
    return setup || !changes;
}

void identities_apply(struct identities *identities, const struct config *said,
                      struct identity_setup *setup, const struct export_report *changes)
{
    struct config *before;

    if (!setup)
        return;
    server_tell(identities->server, &said->identity);
    identity_cache_apply(identities->server->identities, setup);
    pthread_mutex_lock(&identities->lock);
    before = identities->now;
    identities->now = config_copy(said);
    pthread_mutex_unlock(&identities->lock);
    keys_tell(before, said, false, changes);
    config_destroy(before);
}

void identities_foresee(struct identities *identities, const struct config *said,
                        const struct export_report *changes)
{
    struct config *before;

    pthread_mutex_lock(&identities->lock);
    before = config_copy(identities->now);
    pthread_mutex_unlock(&identities->lock);
    keys_tell(before, said, true, changes);
    config_destroy(before);
}
