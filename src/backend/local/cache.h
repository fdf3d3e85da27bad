/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of an export that are known, by id.  The cache holds one reference on each of them.
 * Thread safe.
 */
#pragma once

#include "backend/local/local_internal.h"

void local_cache_init(struct local_fs *fs);
void local_cache_fini(struct local_fs *fs);

/* With a reference, or NULL. */
struct local_object *local_cache_lookup(struct local_fs *fs, const struct local_id *id);

/* The object that `fd` is open on.  Takes the descriptor over, also on error.  `access` is -1 for
 * an O_PATH descriptor, else its O_ access mode.  With `id` that of the object, if known. */
enum vfs_status local_cache_from_fd(struct local_fs *fs, int fd, int access,
                                    const struct local_id *id, struct local_object **out);

/* Out of the table: the next resolve asks the kernel. */
void local_cache_forget(struct local_object *obj);

/* It has I/O descriptors now: the sweeper looks at it from now on. */
void local_cache_watch(struct local_object *obj);

/* Give a bare object the path descriptor `fd`, as local_path_set() does; it can be asked to give it
 * up again. */
void local_cache_equip(struct local_object *obj, int fd);

/* Make room for one more descriptor: idle objects give up theirs, also those that are open.
 * VFS_DELAY when none can.  A blocking section of its own, when it has to close something. */
enum vfs_status local_cache_reserve(struct local_fs *fs);

/* For the sweeper.  Close the I/O descriptors of a shard that are idle at `epoch`, and let go of
 * objects that have not been used for long. */
void local_cache_sweep_shard(struct local_shard *shard, uint32_t epoch);

/* Up to `max` idle objects of a shard whose names have not been checked lately, with a reference
 * each; their count. */
uint32_t local_cache_take_unseen(struct local_shard *shard, uint32_t epoch,
                                 struct local_object **taken, uint32_t max);
