/* SPDX-License-Identifier: Apache-2.0 */
/* One object of an export, from its making to its end. */
#pragma once

#include "backend/local/local_internal.h"

/* The object that `fd` is open on, with one reference; it owns the descriptor, whose O_ access mode
 * is `access` (-1: O_PATH).  NULL without memory. */
struct local_object *local_object_create(struct local_fs *fs, int fd, int access,
                                         const struct local_id *id, const struct statx *st);

/* Nobody refers to it any more, or ever did. */
void local_object_destroy(struct local_object *obj);
void local_object_release(struct vfs_object *base);

/* A directory: it was within the export at `epoch`. */
void local_object_inside(struct local_object *obj, uint32_t epoch);
uint32_t local_object_inside_since(const struct local_object *obj);

/* With obj->lock: it has no name any more.  True: nobody has it open. */
bool local_object_mark_unlinked_locked(struct local_object *obj);
