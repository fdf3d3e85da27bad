/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where objects were last seen: ID -> (directory's ID, name), kept across restarts.  For servers
 * that may not open files by handle.
 *
 * A place is appended to a log file by one write(2) before the handle leaves the server, so a
 * server that is killed loses nothing.  A thread moves the log into SQLite about once a second,
 * durably.  A power failure may lose the last second: those handles are stale until the objects are
 * looked up again.  While the database cannot be written, up to LIMIT_LOCAL_MAP_PENDING places are
 * kept in memory; further ones are not noted, which is logged.
 *
 * Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vfs/vfs.h"

enum {
    LOCAL_ID_BYTES_MAX = 79,
    LOCAL_PLACES_MAX = 8, /* most places of one object that are returned */
};

/* Identifies an object among all objects that its file system ever has. */
struct local_id {
    uint8_t len;
    uint8_t data[LOCAL_ID_BYTES_MAX];
};

struct local_place {
    struct local_id parent;
    uint64_t ino;
    char name[LIMIT_NAME_BYTES + 1];
};

struct local_map;

/* Open the map `name` in a directory; create it if it does not exist.  NULL and a reason in
 * `errbuf`.  One process at a time. */
struct local_map *local_map_open(const char *dir, const char *name, char *errbuf, size_t size);

/* Everything noted is in SQLite afterwards, unless the database cannot be written. */
void local_map_close(struct local_map *map);

/* The same for exports.  Several exports of one directory share its map, which is closed with the
 * last of them. */
struct local_map *local_map_get(const char *dir, const char *name, char *errbuf, size_t size);
void local_map_put(struct local_map *map);

/* Note that the object `id` is at `place`.  False without room or memory: it may be retried
 * later. */
bool local_map_note(struct local_map *map, const struct local_id *id,
                    const struct local_place *place);

/* Note that the object is no longer there. */
void local_map_forget(struct local_map *map, const struct local_id *id,
                      const struct local_place *place);

/* Up to LOCAL_PLACES_MAX places of an object, newest first; sets *count.  VFS_IO when they cannot
 * be read.  May block. */
enum vfs_status local_map_lookup(struct local_map *map, const struct local_id *id,
                                 struct local_place *places, size_t *count) MUST_USE;
