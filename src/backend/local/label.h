/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security labels: those of SELinux, in the extended attribute security.selinux.  Callers hold the
 * paths of objects; all may block.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Can files of this file system have labels? */
bool local_label_is_possible(const struct local_fs *fs);

/* As the caller, whose identity the thread has.  VFS_PERM: neither the owner nor root, or the
 * system does not let the server set labels. */
enum vfs_status local_label_set(struct local_object *obj, const struct vfs_cred *cred,
                                const struct vfs_label *label);

/* The label of a new file that only this descriptor leads to.  0 or an errno. */
int local_label_set_first(int fd, const struct vfs_label *label);

/* vfs_ops.getlabel */
enum vfs_status local_getlabel(struct vfs_object *obj, const struct vfs_cred *cred, uint8_t *data,
                               uint32_t *len);

/* The label of an entry of `dir`, which must not be a file system's root; *len is 0 if it has
 * none. */
enum vfs_status local_label_of_entry(const struct local_object *dir, const char *name,
                                     uint8_t *data, uint32_t *len);
