/* SPDX-License-Identifier: Apache-2.0 */
/* Data of regular files: open, close, write, commit. */
#pragma once

#include "backend/local/local_internal.h"

/* VFS_OK for a regular file, else the status that open() has for this type. */
enum vfs_status local_check_regular(const struct vfs_object *obj);

enum vfs_status local_open(struct vfs_object *base, const struct vfs_cred *cred,
                           enum vfs_open_want want, bool created);
void local_close(struct vfs_object *base, enum vfs_open_want want);
enum vfs_status local_write(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                            const void *data, uint32_t len, enum vfs_stability want,
                            uint32_t *written, enum vfs_stability *reached);
enum vfs_status local_commit(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t len);
