/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of a directory's entries, of one for all exports. */
#pragma once

#include "backend/local/volume.h"

/* The directory's entries are ours to change.  DELAY: too many wait for that already.  Blocks. */
enum vfs_status local_names_lock(struct local_node *dir) MUST_USE;
void local_names_unlock(struct local_node *dir);

/* Of two, or of one that is given twice. */
enum vfs_status local_names_lock_both(struct local_node *a, struct local_node *b) MUST_USE;
void local_names_unlock_both(struct local_node *a, struct local_node *b);
