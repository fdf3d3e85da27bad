/* SPDX-License-Identifier: Apache-2.0 */
/* Durability of names and attributes. */
#pragma once

#include "backend/local/local_internal.h"

/* Find out how changes become durable here, and what may block.  Sets fs->persisting and
 * fs->fetches.  0 or an errno. */
int local_persist_choose(struct local_fs *fs);

enum vfs_status local_persist(struct vfs *base, struct vfs_object *const *objects, uint32_t count);
