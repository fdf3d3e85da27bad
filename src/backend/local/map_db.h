/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map's database.  One thread at a time: the map's db_lock.  What map_db_commit() confirmed
 * survives a power failure.  The places are sealed (database/seal.h): a map in which some were
 * changed or lost is rejected.
 */
#pragma once

#include "backend/local/map_log.h"
#include "base/check.h"

struct map_db;

/* Open NAME.db in the directory; create it if it does not exist.  NULL and a reason in `errbuf`. */
struct map_db *map_db_open(int dir_fd, const char *name, char *errbuf, size_t size);
void map_db_close(struct map_db *db);

/* A transaction: begin, apply for each change, commit.  False: nothing of it was stored. */
bool map_db_begin(struct map_db *db);
bool map_db_apply(struct map_db *db, const struct map_change *change);
bool map_db_commit(struct map_db *db);
void map_db_rollback(struct map_db *db);

/* Up to LOCAL_PLACES_MAX places of an ID, newest first; sets *count.  False: they cannot be
 * read. */
bool map_db_lookup(struct map_db *db, const struct local_id *id, struct local_place *places,
                   size_t *count) MUST_USE;
