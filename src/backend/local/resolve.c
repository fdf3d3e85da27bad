/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles to objects: from the cache, else by open_by_handle_at(), else by the map.  A directory
 * that was moved out of the export is no longer found; a cached one within a few seconds.
 */
#include "backend/local/resolve.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "backend/local/ancestry.h"
#include "backend/local/cache.h"
#include "backend/local/cred.h"
#include "backend/local/handle.h"
#include "backend/local/identify.h"
#include "backend/local/known.h"
#include "backend/local/object.h"
#include "backend/local/search.h"
#include "backend/local/status.h"

enum {
    HANDLE_TRIES = 16
};

/* ext4 returns ENOMEM for an inode number that another thread is just assigning to a new file. */
static int open_kernel_handle(const struct local_fs *fs, struct file_handle *handle)
{
    int fd = -1;

    for (unsigned tries = 0; tries < HANDLE_TRIES; tries++) {
        fd = open_by_handle_at(fs->root_fd, handle, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 || errno != ENOMEM)
            break;
        (void)sched_yield();
    }
    return fd;
}

static enum vfs_status open_by_handle(const struct local_fs *fs, const struct local_id *id, int *fd)
{
    uint8_t room[sizeof(struct file_handle) + LOCAL_ID_BYTES_MAX]
        __attribute__((aligned(__alignof__(struct file_handle))));

    if (local_kernel_handle(id, room, sizeof(room)) != 0)
        return VFS_STALE;
    *fd = open_kernel_handle(fs, (struct file_handle *)(void *)room);
    if (*fd >= 0)
        return VFS_OK;
    return errno == EINVAL || errno == ENOENT ? VFS_STALE : local_failure(errno);
}

static enum vfs_status open_id(struct local_fs *fs, const struct local_id *id, int *fd)
{
    return fs->by_handle ? open_by_handle(fs, id, fd) : local_search(fs, id, fd);
}

static enum vfs_status open_path(struct local_object *obj, int *fd)
{
    struct local_id id;

    local_object_id(obj, &id);
    return open_id(local_fs_of(&obj->base), &id, fd);
}

static enum vfs_status find_again(struct local_object *obj, int *fd)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    enum vfs_status status = local_cache_reserve(fs);

    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    local_cred_server_begin(fs);
    *fd = local_node_kept(fs->volume, obj->file);
    status = *fd >= 0 ? VFS_OK : open_path(obj, fd);
    local_cred_server_end(fs);
    vfs_blocking_end();
    if (status == VFS_STALE) /* or its generation was set (ext4 without checksums) */
        local_known_forget(fs->known, obj->base.fileid);
    return status;
}

enum vfs_status local_resolve_again(struct local_object *obj)
{
    enum vfs_status status;
    int fd;

    local_path_put(obj);
    status = find_again(obj, &fd);
    if (status == VFS_OK)
        local_cache_set_path(obj, fd);
    return status;
}

static enum vfs_status resolve_cold(struct local_fs *fs, const struct local_id *id,
                                    struct local_object **out)
{
    enum vfs_status status;
    int fd;

    local_cred_server_begin(fs);
    status = open_id(fs, id, &fd);
    if (status == VFS_OK)
        status = local_cache_from_fd(fs, fd, -1, id, out);
    local_cred_server_end(fs);
    return status == VFS_XDEV ? VFS_STALE : status;
}

/* The directory may have been moved out of the export, perhaps with a whole tree above it. */
static enum vfs_status look_for_root(struct local_fs *fs, struct local_object *dir)
{
    enum vfs_status status = local_path_get(dir);
    struct local_id id;
    uint32_t epoch;

    if (status != VFS_OK)
        return status;
    local_object_id(dir, &id);
    vfs_blocking_begin(false);
    local_cred_server_begin(fs);
    status = local_ancestry_check(fs, dir->path_fd, &id, &epoch);
    local_cred_server_end(fs);
    vfs_blocking_end();
    local_path_put(dir);
    if (status == VFS_OK)
        local_object_inside(dir, epoch);
    return status == VFS_NOENT ? VFS_STALE : status;
}

static enum vfs_status check_place(struct local_fs *fs, struct local_object *obj)
{
    enum vfs_status status;

    if (obj->base.type != VFS_DIR || !local_ancestry_due(fs, local_object_inside_since(obj)))
        return VFS_OK;
    status = look_for_root(fs, obj);
    if (status == VFS_STALE) {
        vfs_object_set_stale(&obj->base);
        local_cache_forget(obj);
    }
    return status;
}

static bool gone(struct local_object *obj)
{
    bool dead;

    if (!atomic_load_explicit(&obj->unlinked, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&obj->lock);
    dead = obj->pins[0] + obj->pins[1] == 0;
    pthread_mutex_unlock(&obj->lock);
    return dead;
}

/* Look the handle up in the cache, and compare it with the object's own handle, which is cheaper
 * than computing the MAC.  Returns a reference, or NULL. */
static struct local_object *find_known(struct local_fs *fs, const struct vfs_handle *handle)
{
    struct local_object *obj;
    struct local_id id;
    size_t len;

    if (local_handle_split(handle, &id) != VFS_OK)
        return NULL;
    obj = local_cache_lookup(fs, &id);
    if (!obj)
        return NULL;
    len = 1u + id.len;
    if (handle->data[0] == obj->base.handle.data[0] &&
        local_macs_equal(handle->data + len, obj->base.handle.data + len))
        return obj;
    vfs_object_put(&obj->base);
    return NULL;
}

enum vfs_status local_resolve(struct vfs *base, const struct vfs_handle *handle,
                              struct vfs_object **out)
{
    struct local_fs *fs = CONTAINER_OF(base, struct local_fs, base);
    struct local_object *obj = find_known(fs, handle);
    struct local_id id;
    enum vfs_status status;

    if (!obj) {
        status = local_handle_check(fs, handle, &id);
        if (status != VFS_OK)
            return status;
        vfs_blocking_begin(false);
        status = resolve_cold(fs, &id, &obj);
        vfs_blocking_end();
        if (status != VFS_OK)
            return status;
    }
    status = gone(obj) ? VFS_STALE : check_place(fs, obj);
    if (status != VFS_OK) {
        vfs_object_put(&obj->base);
        return status;
    }
    *out = &obj->base;
    return VFS_OK;
}
