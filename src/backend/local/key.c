/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: kind, id, MAC.  The MAC (SipHash-2-4, 128 bits) is keyed for one directory of one
 * server, so nobody makes a handle but we, and none is taken for another export's.  The server's
 * key is made once and lives in the state directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/local_internal.h"

enum {
    KEY_BYTES = 32
};

_Static_assert(LOCAL_MAC_BYTES == crypto_shorthash_siphashx24_BYTES, "size of the MAC");
_Static_assert(1 + LOCAL_ID_BYTES_MAX + LOCAL_MAC_BYTES <= VFS_HANDLE_BYTES_MAX, "a handle fits");

static const char key_name[] = "local.key";

static bool key_read(int state_fd, uint8_t *key, bool *absent)
{
    int fd = openat(state_fd, key_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got;

    *absent = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return false;
    got = read(fd, key, KEY_BYTES);
    close(fd);
    if (got == KEY_BYTES)
        return true;
    if (got >= 0)
        errno = EBADMSG;
    return false;
}

static bool key_write(int fd, const uint8_t *key)
{
    if (write(fd, key, KEY_BYTES) != KEY_BYTES)
        return false;
    return fsync(fd) == 0;
}

/* Whoever links first wins; the others read that one's. */
static bool key_make(int state_fd)
{
    uint8_t key[KEY_BYTES];
    char temp[64];
    bool ok;
    int fd;

    randombytes_buf(key, sizeof(key));
    (void)snprintf(temp, sizeof(temp), "local.key.%ld.%08x", (long)getpid(), randombytes_random());
    fd = openat(state_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    ok = key_write(fd, key);
    close(fd);
    if (ok && linkat(state_fd, temp, state_fd, key_name, 0) != 0 && errno != EEXIST)
        ok = false;
    (void)unlinkat(state_fd, temp, 0);
    sodium_memzero(key, sizeof(key));
    return ok && fsync(state_fd) == 0;
}

int local_key_load(int state_fd, const char *path, uint8_t *mac_key, char *errbuf, size_t size)
{
    uint8_t key[KEY_BYTES];
    bool absent;

    if (!key_read(state_fd, key, &absent) &&
        !(absent && key_make(state_fd) && key_read(state_fd, key, &absent))) {
        (void)snprintf(errbuf, size, "the key of filehandles (%s): %s", key_name, strerror(errno));
        return -1;
    }
    (void)crypto_generichash(mac_key, 16, (const uint8_t *)path, strlen(path), key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return 0;
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

enum vfs_status local_handle_check(const struct local_fs *fs, const struct vfs_handle *handle,
                                   struct local_id *id)
{
    uint8_t mac[LOCAL_MAC_BYTES];
    size_t len;

    if (handle->len < 2 + LOCAL_MAC_BYTES || handle->len > 1 + LOCAL_ID_BYTES_MAX + LOCAL_MAC_BYTES)
        return VFS_BADHANDLE;
    len = handle->len - (size_t)LOCAL_MAC_BYTES;
    crypto_shorthash_siphashx24(mac, handle->data, len, fs->mac_key);
    if (sodium_memcmp(mac, handle->data + len, LOCAL_MAC_BYTES) != 0)
        return VFS_BADHANDLE;
    /* Ours, but from when the file system (or the kernel) had another kind of id. */
    if (handle->data[0] != fs->id_kind)
        return VFS_STALE;
    id->len = (uint8_t)(len - 1);
    memcpy(id->data, handle->data + 1, id->len);
    return VFS_OK;
}

void local_object_id(const struct local_object *obj, struct local_id *id)
{
    id->len = (uint8_t)(obj->base.handle.len - LOCAL_MAC_BYTES - 1);
    memcpy(id->data, obj->base.handle.data + 1, id->len);
}

bool local_id_equal(const struct local_id *a, const struct local_id *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
