/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int gid_compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Sort them in place, and leave each once.  Returns how many there are then. */
static uint32_t gids_sort(uint32_t *gids, uint32_t count)
{
    uint32_t kept = 0;

    qsort(gids, count, sizeof(*gids), gid_compare);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || gids[kept - 1] != gids[i])
            gids[kept++] = gids[i];
    }
    return kept;
}

struct identity *identity_create(enum identity_origin origin, uint32_t uid, uint32_t gid,
                                 const char *name, const uint32_t *gids, uint32_t gid_count)
{
    const size_t name_bytes = strlen(name ? name : "") + 1;
    const uint32_t count = gid_count < LIMIT_CALLER_GIDS ? gid_count : LIMIT_CALLER_GIDS;
    const size_t gids_end = offsetof(struct identity, gids) + count * sizeof(gids[0]);
    struct identity *identity = malloc(gids_end + name_bytes);
    char *text;

    if (!identity)
        return NULL;
    atomic_init(&identity->refs, 1);
    identity->origin = origin;
    identity->uid = uid;
    identity->gid = gid;
    if (count > 0)
        memcpy(identity->gids, gids, count * sizeof(gids[0]));
    identity->gid_count = gids_sort(identity->gids, count);
    text = (char *)identity + gids_end;
    memcpy(text, name ? name : "", name_bytes);
    identity->name = text;
    return identity;
}

struct identity *identity_get(struct identity *identity)
{
    atomic_fetch_add_explicit(&identity->refs, 1, memory_order_relaxed);
    return identity;
}

void identity_put(struct identity *identity)
{
    /* Acquire: pairs with the release of all other holders, before it is freed. */
    if (identity && atomic_fetch_sub_explicit(&identity->refs, 1, memory_order_acq_rel) == 1)
        free(identity);
}

bool identity_in_group(const struct identity *identity, uint32_t gid)
{
    return gid == identity->gid ||
           (identity->gid_count > 0 && bsearch(&gid, identity->gids, identity->gid_count,
                                               sizeof(identity->gids[0]), gid_compare) != NULL);
}

const char *identity_origin_name(enum identity_origin origin)
{
    static const char *const names[] = {
        [IDENTITY_FROM_NOBODY] = "nobody",     [IDENTITY_FROM_MAP] = "map",
        [IDENTITY_FROM_MACHINE] = "machine",   [IDENTITY_FROM_IDMAP] = "libnfsidmap",
        [IDENTITY_FROM_DATABASE] = "database",
    };

    return names[origin];
}
