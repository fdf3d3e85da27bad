/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/console.h"

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

bool identities_check(const struct config *config)
{
    const struct config_identity *said = &config->identity;
    struct identity_config parsed = {.map = NULL};
    char *realms = must_strdup(said->realms ? said->realms : "");
    const char *mistake = mistake_of(said, realms, &parsed);
    char error[IDENTITY_MAP_ERROR_BYTES];

    free(realms);
    if (!mistake && said->map && !identities_look(said->map, error, sizeof(error)))
        mistake = error;
    if (mistake)
        console_error("%s", mistake);
    return mistake == NULL;
}

struct identity_cache *identities_open(const struct config *config)
{
    const struct config_identity *said = &config->identity;
    struct identity_config parsed = {
        .map = said->map,
        .domain = said->domain && *said->domain ? said->domain : NULL,
        .machine = said->machine,
        .ttl_s = said->groups_ttl_s,
    };
    char *realms = must_strdup(said->realms ? said->realms : "");
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_cache *cache;

    CHECK(realms_split(realms, &parsed)); /* was checked */
    cache = identity_cache_create(&parsed, error);
    if (!cache)
        console_error("%s", error);
    free(realms);
    return cache;
}
