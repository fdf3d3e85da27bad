/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom callers are taken for: the section `identity` of the configuration, at the start and when it
 * is read again.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "admin/config/config.h"
#include "admin/export_control.h"
#include "identity/identity_cache.h"

struct server;

/* Zeroed, it is closed. */
struct identities {
    struct server *server; /* which has the cache of identities, and uses it */
    pthread_mutex_t lock;  /* protects `now` */
    struct config *now;    /* whose section `identity` is in force */
};

/* Could this map file be used?  False and `error`. */
bool identities_look(const char *path, char *error, size_t size) MUST_USE;

/* Is the section `identity` right, with the map file?  False after telling on stderr. */
bool identities_check(const struct config *config) MUST_USE;

/* Gives the server its cache, with the threads that ask the database of users; before requests are
 * served.  The configuration was checked.  False after telling on stderr. */
bool identities_open(struct identities *identities, struct server *server,
                     const struct config *config) MUST_USE;

/* The cache goes, too.  Closed is fine. */
void identities_close(struct identities *identities);

/* ---- the configuration was read again; any thread, which may block ---- */

/* What `said` would make of it, with the map file read.  False, and a line of `mistakes`.  *setup
 * NULL: there is no change. */
bool identities_prepare(struct identities *identities, const struct config *said,
                        struct identity_setup **setup,
                        const struct export_report *mistakes) MUST_USE;

/* Is `setup` still all that it takes?  No: another section came into force since it was
 * prepared. */
bool identities_is_prepared(struct identities *identities, const struct config *said,
                            const struct identity_setup *setup) MUST_USE;

/* Put it into effect, and tell each change.  Takes over `setup`; NULL is allowed. */
void identities_apply(struct identities *identities, const struct config *said,
                      struct identity_setup *setup, const struct export_report *changes);

/* Tell what apply would. */
void identities_foresee(struct identities *identities, const struct config *said,
                        const struct export_report *changes);
