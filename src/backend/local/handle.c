/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: kind, ID, MAC.  The MAC (SipHash-2-4, 128 bits) has a key for each exported directory of
 * a server: clients can't forge handles, and a handle of another export is rejected.  The key is
 * derived from the server's key, which is created once and kept in the state directory.
 */
#include "backend/local/handle.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/state_file.h"

enum {
    KEY_BYTES = 32
};

_Static_assert(LOCAL_MAC_BYTES == crypto_shorthash_siphashx24_BYTES, "size of the MAC");
_Static_assert(1 + LOCAL_ID_BYTES_MAX + LOCAL_MAC_BYTES <= VFS_HANDLE_BYTES_MAX, "a handle fits");

static const char key_name[] = "local.key";

/* Two exports that are the first of their server may come at once: one creates the key. */
static pthread_mutex_t key_lock = PTHREAD_MUTEX_INITIALIZER;

static int key_load_locked(int state_fd, uint8_t key[KEY_BYTES], char *errbuf, size_t size)
{
    enum state_file_status status =
        state_file_load(state_fd, key_name, key, KEY_BYTES, errbuf, size);

    if (status == STATE_FILE_DAMAGED)
        return -1;
    if (status != STATE_FILE_ABSENT)
        return 0;
    randombytes_buf(key, KEY_BYTES);
    if (!state_file_store(state_fd, key_name, key, KEY_BYTES)) {
        (void)snprintf(errbuf, size, "%s: %s", key_name, strerror(errno));
        return -1;
    }
    log_info("local.key.created",
             LOG_STR("effect", "handles given out before, if any, are invalid"));
    return 0;
}

int local_handle_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf,
                          size_t size)
{
    uint8_t key[KEY_BYTES];
    int result;

    CHECK(pthread_mutex_lock(&key_lock) == 0);
    result = key_load_locked(state_fd, key, errbuf, size);
    CHECK(pthread_mutex_unlock(&key_lock) == 0);
    if (result != 0)
        return result;
    (void)crypto_generichash(mac_key, 16, (const uint8_t *)path, strlen(path), key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return 0;
}

int local_handle_key_check(int state_fd, char *errbuf, size_t size)
{
    uint8_t key[KEY_BYTES];
    enum state_file_status status =
        state_file_peek(state_fd, key_name, key, sizeof(key), errbuf, size);

    sodium_memzero(key, sizeof(key));
    return status == STATE_FILE_DAMAGED ? -1 : 0;
}

void local_handle_build(const struct local_fs *fs, const struct local_id *id,
                        struct vfs_handle *handle)
{
    size_t len = 1u + id->len;

    handle->data[0] = (uint8_t)fs->id_kind;
    memcpy(handle->data + 1, id->data, id->len);
    crypto_shorthash_siphashx24(handle->data + len, handle->data, len, fs->mac_key);
    handle->len = (uint8_t)(len + LOCAL_MAC_BYTES);
}

enum vfs_status local_handle_split(const struct vfs_handle *handle, struct local_id *id)
{
    if (handle->len < 2 + LOCAL_MAC_BYTES || handle->len > 1 + LOCAL_ID_BYTES_MAX + LOCAL_MAC_BYTES)
        return VFS_BADHANDLE;
    id->len = (uint8_t)(handle->len - LOCAL_MAC_BYTES - 1);
    memcpy(id->data, handle->data + 1, id->len);
    return VFS_OK;
}

enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id)
{
    uint8_t mac[LOCAL_MAC_BYTES];
    size_t len;

    if (local_handle_split(handle, id) != VFS_OK)
        return VFS_BADHANDLE;
    len = 1u + id->len;
    crypto_shorthash_siphashx24(mac, handle->data, len, fs->mac_key);
    if (!local_macs_equal(mac, handle->data + len))
        return VFS_BADHANDLE;
    /* Genuine, but from a time when the file system (or the kernel) had another kind of ID. */
    return handle->data[0] == fs->id_kind ? VFS_OK : VFS_STALE;
}

void local_object_id(const struct local_object *obj, struct local_id *id)
{
    id->len = (uint8_t)(obj->base.handle.len - LOCAL_MAC_BYTES - 1);
    memcpy(id->data, obj->base.handle.data + 1, id->len);
}
