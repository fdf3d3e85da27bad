/* SPDX-License-Identifier: Apache-2.0 */
/* Filehandles: the kind of an id, the id, and a MAC under a key of the state directory. */
#pragma once

#include <string.h>

#include "backend/local/local_internal.h"

enum {
    LOCAL_MAC_BYTES = 16
};

/* The key for the export of `path`, from the server's key in its state directory, which is made if
 * there is none.  0, or -1 and a reason at `errbuf`. */
int local_handle_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf,
                          size_t size);

/* Would it fail because the key is damaged?  Makes none. */
int local_handle_key_check(int state_fd, char *errbuf, size_t size);

/* id -> handle. */
void local_handle_build(const struct local_fs *fs, const struct local_id *id,
                        struct vfs_handle *handle);

/* VFS_BADHANDLE unless we made it. */
enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id);

/* The id in a handle, whose kind and MAC are not checked.  VFS_BADHANDLE: no handle of ours is so
 * short or so long. */
enum vfs_status local_handle_split(const struct vfs_handle *handle, struct local_id *id);

/* In a time that does not tell how much of it is right. */
static inline bool local_macs_equal(const uint8_t *a, const uint8_t *b)
{
    uint64_t x[2], y[2];

    _Static_assert(sizeof(x) == LOCAL_MAC_BYTES, "a MAC is two words");
    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

void local_object_id(const struct local_object *obj, struct local_id *id);
