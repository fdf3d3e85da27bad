/* SPDX-License-Identifier: Apache-2.0 */
/* Data of regular files and named attributes, and the targets of symlinks. */
#pragma once

#include "backend/mem/mem_internal.h"

/* VFS_OK for what has data, else the status that open() has for this type. */
enum vfs_status mem_check_regular(const struct vfs_object *obj);
/* Truncate or extend (with a hole) a regular file.  Write-locked; size <= MEM_FILE_SIZE_MAX.  To be
 * asked first, under the same lock; false: no space. */
bool mem_file_may_resize_locked(struct mem_object *obj, uint64_t size);
void mem_file_resize_locked(struct mem_object *obj, uint64_t size);
/* Data up to `end` was written: the size and the times follow, and the file loses the privileges
 * that a program would get by it.  Write-locked. */
void mem_file_written_locked(struct mem_object *obj, const struct vfs_cred *cred, uint64_t end,
                             struct timespec now);
/* Free all blocks of a file that is no longer reachable. */
void mem_file_clear(struct mem_object *obj);
enum vfs_status mem_open(struct vfs_object *vfs, const struct vfs_cred *cred,
                         enum vfs_open_want want, bool created);
void mem_close(struct vfs_object *obj, enum vfs_open_want want);
enum vfs_status mem_read(struct vfs_object *vfs, struct vfs_read *io);
void mem_read_done(struct vfs_object *obj, int fd);
enum vfs_status mem_write(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                          const void *data, uint32_t len, enum vfs_stability want,
                          uint32_t *written, enum vfs_stability *reached);
enum vfs_status mem_commit(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                           uint64_t len);
enum vfs_status mem_readlink(struct vfs_object *vfs, const struct vfs_cred *cred, char *buf,
                             uint32_t size, uint32_t *len);
