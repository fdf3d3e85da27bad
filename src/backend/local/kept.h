/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of the files of a volume for exports that only this server changes (keep.h): their
 * attributes, by inode number, and the names in directories, as the kernel listed them.  All
 * exports of the volume share it, and so do all names of a file.
 *
 * Everything is good as long as the version of its inode is (version.h).  The inode number alone
 * does not tell a file from one that had it before or has it in another subvolume, nor from what is
 * mounted there.  So attributes are found by the file's ID, or by the place, directory and name, at
 * which a statx() found the file.
 *
 * Thread safe; takes locks that are leaves.  Memory: LIMIT_LOCAL_KEPT_ATTRS, and
 * LIMIT_LOCAL_KEPT_NAMES, taken as needed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "backend/local/map.h"
#include "backend/local/version.h"

struct local_kept;

/* NULL without memory.  `versions` must outlive it. */
struct local_kept *local_kept_create(struct local_versions *versions);
void local_kept_destroy(struct local_kept *kept); /* NULL is allowed */

/* Forget everything, and release its memory. */
void local_kept_drop(struct local_kept *kept);

/* The attributes of the file with this inode number and ID, as the mount with this ID shows them.
 * Only the fields that local_attr_fill() reads, and the inode number, are set. */
bool local_kept_of_file(struct local_kept *kept, uint64_t ino, const struct local_id *id,
                        uint32_t mount, struct statx *st);

/* The same of the file at this place, and its ID. */
bool local_kept_at_place(struct local_kept *kept, uint64_t ino, uint64_t place, struct statx *st,
                         struct local_id *id);

struct local_kept_look {
    uint64_t version;  /* of the inode, read before the statx() */
    uint64_t place;    /* where it was found; 0: by a descriptor */
    uint32_t until_s;  /* local_kept_now_s() from which on this is not good any more; 0: for good */
    uint32_t removals; /* local_versions.removals, read with the version: counts for directories */
};

/* Keep what a statx() of the file said. */
void local_kept_keep(struct local_kept *kept, const struct local_kept_look *look,
                     const struct statx *st, const struct local_id *id);

/* Seconds of a clock that nobody sets. */
uint32_t local_kept_now_s(void);

/* ---- names ---- */

/* What getdents64() returned at a position; constant.  0 bytes: the end of the directory. */
struct local_names_chunk;

/* A reference on the chunk of this directory at this position, or NULL. */
struct local_names_chunk *local_kept_names(struct local_kept *kept, uint64_t dir_ino, int64_t pos);
void local_names_chunk_put(struct local_names_chunk *chunk); /* NULL is allowed */

const char *local_names_chunk_data(const struct local_names_chunk *chunk, size_t *bytes);

/* Keep one that was read after this look at the directory's version. */
void local_kept_keep_names(struct local_kept *kept, uint64_t dir_ino,
                           const struct local_kept_look *look, int64_t pos, const char *data,
                           size_t bytes);
