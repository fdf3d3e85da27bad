/* SPDX-License-Identifier: Apache-2.0 */
/* Filehandles: the kind of an ID, the ID, and a MAC with a key from the state directory. */
#pragma once

#include <string.h>

#include "backend/local/local_internal.h"

enum {
    LOCAL_MAC_BYTES = 16
};

/* Derive the key for the export of `path` from the server's key in its state directory, which is
 * created if it does not exist.  0, or -1 and a reason in `errbuf`. */
int local_handle_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf,
                          size_t size);

/* Would local_handle_key_load() fail because the key is damaged?  Creates nothing. */
int local_handle_key_check(int state_fd, char *errbuf, size_t size);

/* Build the handle of an ID. */
void local_handle_build(const struct local_fs *fs, const struct local_id *id,
                        struct vfs_handle *handle);

/* VFS_BADHANDLE unless the handle is genuine. */
enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id);

/* The ID in a handle; kind and MAC are not checked.  VFS_BADHANDLE if its length is impossible. */
enum vfs_status local_handle_split(const struct vfs_handle *handle, struct local_id *id);

/* In constant time. */
static inline bool local_macs_equal(const uint8_t *a, const uint8_t *b)
{
    uint64_t x[2], y[2];

    _Static_assert(sizeof(x) == LOCAL_MAC_BYTES, "a MAC is two words");
    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

void local_object_id(const struct local_object *obj, struct local_id *id);
