/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The known objects of an export, by ID.  The cache holds one reference on each of them.  Thread
 * safe.
 */
#pragma once

#include "backend/local/local_internal.h"

void local_cache_init(struct local_fs *fs);
void local_cache_fini(struct local_fs *fs);

/* Returns a reference, or NULL. */
struct local_object *local_cache_lookup(struct local_fs *fs, const struct local_id *id);

/* The object that `fd` is open on.  Takes over the descriptor, also on error.  `access` is the O_
 * access mode, or -1 for an O_PATH descriptor.  `id` is the object's ID if known, else NULL. */
enum vfs_status local_cache_from_fd(struct local_fs *fs, int fd, int access,
                                    const struct local_id *id, struct local_object **out);

/* The same for a regular file that we have just created and opened for reading and writing.  *st is
 * what was found. */
enum vfs_status local_cache_from_made(struct local_fs *fs, int fd, struct local_object **out,
                                      struct statx *st);

/* The object `id`, which a statx() has found, without opening it: one that is new is bare.  Only
 * where objects are found by handle. */
enum vfs_status local_cache_add(struct local_fs *fs, const struct local_id *id,
                                const struct statx *st, struct local_object **out);

/* Is no object in use?  Asked only when no new calls come. */
bool local_cache_idle(struct local_fs *fs);

/* Remove the object from the table: the next resolve asks the kernel. */
void local_cache_forget(struct local_object *obj);

/* The same, unless anybody but the caller has a reference.  True: nobody else will get one. */
bool local_cache_forget_unused(struct local_object *obj);

/* The object has I/O descriptors now: the sweeper examines it from now on. */
void local_cache_watch(struct local_object *obj);

/* Give a bare object the path descriptor `fd`, like local_path_set().  It may have to give it up
 * again. */
void local_cache_set_path(struct local_object *obj, int fd);

/* Make room for one more descriptor: idle objects give up theirs, even if clients have them open.
 * VFS_DELAY when none can.  Enters a blocking section if it has to close something. */
enum vfs_status local_cache_reserve(struct local_fs *fs);

/* For the sweeper: close the shard's I/O descriptors that are idle at `epoch`, and remove objects
 * that have not been used for long. */
void local_cache_sweep_shard(struct local_shard *shard, uint32_t epoch);

/* Up to `max` objects of a shard whose names have not been checked lately, each with a
 * reference.  Returns their number. */
uint32_t local_cache_take_unchecked(struct local_shard *shard, uint32_t epoch,
                                    struct local_object **taken, uint32_t max);
