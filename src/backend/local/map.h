/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where objects were last seen: id -> (directory's id, name), kept over restarts.  For servers that
 * may not open by handle.
 *
 * A place is appended to a log file by one write(2) before the handle leaves the server, so a
 * killed server forgets nothing; a thread moves the log into SQLite about once a second, durably.
 * Only what was written in the second before a power failure may be lost: those handles are stale
 * until the objects are looked up again.  While the database cannot be written, places are kept up
 * to LIMIT_LOCAL_MAP_PENDING and further ones are not noted, which the log tells.
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
    LOCAL_PLACES_MAX = 8, /* names of one object that are remembered when asked */
};

/* What tells an object from every other of its file system, now and ever. */
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

/* Open or make the map called `name` in a directory; NULL and a reason at `errbuf`.  One process
 * at a time. */
struct local_map *local_map_open(const char *dir, const char *name, char *errbuf, size_t size);

/* Everything noted is in SQLite afterwards. */
void local_map_close(struct local_map *map);

/* The same for exports, which may be several of one directory: they share its map, which is closed
 * with the last. */
struct local_map *local_map_get(const char *dir, const char *name, char *errbuf, size_t size);
void local_map_put(struct local_map *map);

/* The object `id` stands at `place`.  False: there is no room or memory for the note, which may be
 * tried again later. */
bool local_map_note(struct local_map *map, const struct local_id *id,
                    const struct local_place *place);

/* It no longer does. */
void local_map_forget(struct local_map *map, const struct local_id *id,
                      const struct local_place *place);

/* Up to LOCAL_PLACES_MAX places, the newest first; their count at `count`.  VFS_IO when they cannot
 * be read.  May sleep. */
enum vfs_status local_map_find(struct local_map *map, const struct local_id *id,
                               struct local_place *places, size_t *count) MUST_USE;
