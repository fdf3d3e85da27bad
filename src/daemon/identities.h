/* SPDX-License-Identifier: Apache-2.0 */
/* Whom callers are taken for: makes the cache of identities as the configuration says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "admin/config/config.h"
#include "identity/identity_cache.h"

/* Could this map file be used?  False and `error`. */
bool identities_look(const char *path, char *error, size_t size) MUST_USE;

/* Is the section `identity` right, with the map file?  False after telling on stderr. */
bool identities_check(const struct config *config) MUST_USE;

/* With the threads that ask the database of users; before requests are served.  NULL after telling
 * on stderr. */
struct identity_cache *identities_open(const struct config *config) MUST_USE;
