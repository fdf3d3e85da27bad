/* SPDX-License-Identifier: Apache-2.0 */
/* Creation and destruction of objects. */
#pragma once

#include "backend/local/local_internal.h"

/* The object that `fd` is open on, with one reference.  It owns the descriptor, whose O_ access
 * mode is `access`: we have made the file.  -1: O_PATH.  `fd` -1: it has none yet.  NULL without
 * memory. */
struct local_object *local_object_create(struct local_fs *fs, int fd, int access,
                                         const struct local_id *id, const struct statx *st);

/* There are no references left, or never were any. */
void local_object_destroy(struct local_object *obj);
void local_object_release(struct vfs_object *base);

/* How many there are, of all exports. */
uint32_t local_object_count(void);

/* Note that a directory was within the export at `epoch`. */
void local_object_inside(struct local_object *obj, uint32_t epoch);
uint32_t local_object_inside_since(const struct local_object *obj);

/* The object has lost its last name.  True if it is not open.  With obj->lock held. */
bool local_object_mark_unlinked_locked(struct local_object *obj);
