/* SPDX-License-Identifier: Apache-2.0 */
/* Filehandles: the kind of an id, the id, and a MAC under a key of the state directory. */
#pragma once

#include "backend/local/local_internal.h"

enum {
    LOCAL_MAC_BYTES = 16
};

/* The key for the export of `path`, from the server's key in its state directory, which is made if
 * there is none.  0, or -1 and a reason at `errbuf`. */
int local_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf, size_t size);

/* id -> handle. */
void local_handle_build(const struct local_fs *fs, const struct local_id *id,
                        struct vfs_handle *handle);

/* VFS_BADHANDLE unless we made it. */
enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id);

/* The object of a handle, if it is in the cache: then the handle is compared with its own, which
 * costs less than to compute the MAC.  With a reference, or NULL. */
struct local_object *local_handle_find(struct local_fs *fs, const struct vfs_handle *handle);

void local_object_id(const struct local_object *obj, struct local_id *id);
