/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map's database.  One thread at a time: the map's db_lock.  WAL with synchronous=FULL: what
 * map_db_commit() confirmed survives a power failure.
 */
#pragma once

#include "backend/local/map_log.h"

struct map_db;

/* NULL and a reason at `errbuf`. */
struct map_db *map_db_open(const char *path, char *errbuf, size_t size);
void map_db_close(struct map_db *db);

/* A transaction: begin, apply for each, commit.  False: nothing of it was kept. */
bool map_db_begin(struct map_db *db);
bool map_db_apply(struct map_db *db, const struct map_change *change);
bool map_db_commit(struct map_db *db);
void map_db_rollback(struct map_db *db);

/* Up to LOCAL_PLACES_MAX places of an id, the newest first. */
size_t map_db_find(struct map_db *db, const struct local_id *id, struct local_place *places);
