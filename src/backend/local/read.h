/* SPDX-License-Identifier: Apache-2.0 */
/* Reading regular files. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_read(struct vfs_object *base, struct vfs_read *io);
void local_read_done(struct vfs_object *obj, int fd);

/* Both with a descriptor of the file that is in use (io.h).  `st` is filled if the file had to be
 * looked at; else its size is -1.  Set io->fd instead of reading; false: it must not, or is not
 * worth it. */
bool local_read_by_fd(struct local_fs *fs, int fd, struct vfs_read *io, struct stat *st);
/* Read what is in the page cache at once; announce blocking only for the rest. */
enum vfs_status local_read_bytes(struct local_fs *fs, int fd, struct vfs_read *io, struct stat *st);
