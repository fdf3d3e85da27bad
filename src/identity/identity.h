/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server makes of a caller: user, group, and all groups.  Immutable and counted by
 * references, which are held by the cache (identity_cache.h) and by each call that acts as the
 * user.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    IDENTITY_NOBODY = 65534 /* user and group of whoever is not known */
};

/* Who said so. */
enum identity_origin {
    IDENTITY_FROM_NOBODY,   /* nobody knows it: user and group are IDENTITY_NOBODY */
    IDENTITY_FROM_MAP,      /* the map file */
    IDENTITY_FROM_MACHINE,  /* it is a machine, which is root here */
    IDENTITY_FROM_IDMAP,    /* libnfsidmap, and the groups by the database of users */
    IDENTITY_FROM_DATABASE, /* the database of users (NSS) */
};

struct identity {
    _Atomic uint32_t refs;
    enum identity_origin origin;
    uint32_t uid;
    uint32_t gid;
    const char *name;   /* of the account or group, without a domain; "": it has none */
    uint32_t gid_count; /* at most LIMIT_CALLER_GIDS */
    uint32_t gids[];    /* ascending, each once; `gid` may be among them */
};

/* With one reference; copies `name` (NULL: none) and the groups, of which it sorts out those that
 * come twice and drops what exceeds LIMIT_CALLER_GIDS.  NULL without memory. */
struct identity *identity_create(enum identity_origin origin, uint32_t uid, uint32_t gid,
                                 const char *name, const uint32_t *gids,
                                 uint32_t gid_count) MUST_USE;

/* Any thread.  identity_put() takes NULL. */
struct identity *identity_get(struct identity *identity);
void identity_put(struct identity *identity);

/* Is it the user's own group, or one of its groups? */
bool identity_in_group(const struct identity *identity, uint32_t gid);

/* "map", "machine", "libnfsidmap", ... */
const char *identity_origin_name(enum identity_origin origin);
