/* SPDX-License-Identifier: Apache-2.0 */
/* Is a directory within the export? */
#pragma once

#include "backend/local/local_internal.h"

enum {
    LOCAL_INSIDE_EPOCHS = 5 /* for which a directory is assumed to be where it was */
};

struct local_ancestry;

struct local_ancestry *local_ancestry_create(void);
void local_ancestry_destroy(struct local_ancestry *ancestry); /* NULL is allowed */

/* Has what was known at `epoch` expired? */
bool local_ancestry_due(const struct local_fs *fs, uint32_t epoch);

/* VFS_OK: the directory `fd`, whose ID is `id`, is the root or below it; known since *epoch.
 * VFS_NOENT: it is not.  To be called as the server. */
enum vfs_status local_ancestry_check(const struct local_fs *fs, int fd, const struct local_id *id,
                                     uint32_t *epoch);

/* The same for `fd`, the directory `parent`, which contains the directory `id` now. */
enum vfs_status local_ancestry_check_parent(const struct local_fs *fs, const struct local_id *id,
                                            int fd, const struct local_id *parent, uint32_t *epoch);
