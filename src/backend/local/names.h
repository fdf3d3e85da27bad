/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of a directory's entries; shared by all exports of the directory. */
#pragma once

#include "backend/local/volume.h"

/* Lock the directory's entries.  VFS_DELAY when too many calls wait for them already.  Blocks. */
enum vfs_status local_names_lock(struct local_node *dir) MUST_USE;
void local_names_unlock(struct local_node *dir);

/* Lock two directories, or one that is given twice. */
enum vfs_status local_names_lock_both(struct local_node *a, struct local_node *b) MUST_USE;
void local_names_unlock_both(struct local_node *a, struct local_node *b);
