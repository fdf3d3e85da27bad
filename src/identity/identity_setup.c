/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_setup.h"

#include <stdlib.h>

static char *copy_of(const char *text)
{
    return text ? must_strdup(text) : NULL;
}

static struct identity *domain_create(const char *domain)
{
    struct identity *identity = identity_create(IDENTITY_FROM_MAP, 0, 0, domain, NULL, 0);

    CHECK(identity);
    return identity;
}

struct stat identity_setup_stat(const char *path)
{
    struct stat now;

    return stat(path, &now) == 0 ? now : (struct stat){.st_size = -1};
}

struct identity_setup *identity_setup_create(const struct identity_config *config,
                                             char error[IDENTITY_MAP_ERROR_BYTES])
{
    struct identity_setup *setup = must_calloc(1, sizeof(*setup));

    setup->map_path = copy_of(config->map);
    setup->domain = config->domain ? domain_create(config->domain) : NULL;
    for (unsigned i = 0; i < IDENTITY_REALMS_MAX; i++)
        setup->realms[i] = copy_of(config->realms[i]);
    setup->machine = config->machine;
    setup->ttl_s = config->ttl_s;
    if (!setup->map_path)
        return setup;
    setup->map_stat = identity_setup_stat(setup->map_path);
    setup->map = identity_map_read(setup->map_path, error);
    if (setup->map)
        return setup;
    identity_setup_destroy(setup);
    return NULL;
}

void identity_setup_destroy(struct identity_setup *setup)
{
    if (!setup)
        return;
    identity_map_destroy(setup->map);
    identity_put(setup->domain);
    for (unsigned i = 0; i < IDENTITY_REALMS_MAX; i++)
        free(setup->realms[i]);
    free(setup->map_path);
    free(setup);
}
