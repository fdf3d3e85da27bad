/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of files and directories: grants them to state/ and takes them back. */
#include "backend/local/lease.h"

#include <errno.h>

#include "backend/local/cred.h"
#include "backend/local/descriptor.h"
#include "backend/local/dir_watch.h"
#include "backend/local/file.h"
#include "backend/local/io.h"
#include "backend/local/lease_break.h"
#include "backend/local/lease_watch.h"
#include "backend/local/resolve.h"
#include "base/memory.h"

enum {
    DESCRIPTORS_PER_LEASE = 4 /* there are at least this many times more descriptors than leases */
};

/* Share the existing lease if possible.  False: a lease must be requested from the kernel. */
static bool share_locked(struct local_object *obj, enum vfs_lease kind, enum vfs_status *status)
{
    struct local_lease *lease = obj->lease;

    if (!lease)
        return false;
    *status = VFS_DELAY;
    if (lease->lost || lease->reported[VFS_LEASE_READ] || lease->reported[VFS_LEASE_WRITE] ||
        kind > lease->kind)
        return true;
    lease->counts[kind]++;
    *status = VFS_OK;
    return true;
}

static enum vfs_status status_of(int err)
{
    switch (err) {
    case EAGAIN:
        return VFS_DELAY; /* another process has the file open */
    case EACCES:
    case EPERM:
        return VFS_PERM;
    default:
        return VFS_NOTSUPP;
    }
}

static void hold_locked(struct local_object *obj, struct local_lease *lease, enum vfs_lease kind,
                        int fd)
{
    vfs_object_get(&obj->base);
    lease->obj = obj;
    lease->fd = fd;
    lease->kind = kind;
    lease->counts[kind] = 1;
    list_init(&lease->due);
    obj->lease = lease;
    local_watch_add(lease);
}

/* `fd` is the descriptor that the lease needs; the caller is using it. */
static enum vfs_status ask_kernel(struct local_object *obj, enum vfs_lease kind, int fd)
{
    const int access = kind == VFS_LEASE_READ ? O_RDONLY : O_RDWR;
    struct local_lease *lease = memory_zalloc(MEMORY_cached, sizeof(*lease));
    enum vfs_status status = VFS_DELAY;
    int err;

    if (!lease)
        return VFS_DELAY;
    pthread_mutex_lock(&obj->lock);
    if (!share_locked(obj, kind, &status) && obj->fds[access] == fd &&
        local_descriptor_keep_only_locked(obj, access, 1)) {
        err = local_watch_set(fd, kind);
        status = err ? status_of(err) : VFS_OK;
        if (!err) {
            hold_locked(obj, lease, kind, fd);
            lease = NULL;
        }
    }
    pthread_mutex_unlock(&obj->lock);
    memory_free(MEMORY_cached, lease);
    return status;
}

static enum vfs_status lease_new(struct local_object *obj, enum vfs_lease kind)
{
    int fd;
    enum vfs_status status = local_io_get_exact(obj, kind == VFS_LEASE_READ, &fd);

    if (status != VFS_OK)
        return status;
    status = ask_kernel(obj, kind, fd);
    local_io_put(obj);
    return status;
}

/* Count one more leased file, which stays open.  False: leases would take too many descriptors. */
static bool count_one(struct local_fs *fs)
{
    if (atomic_fetch_add_explicit(&fs->leases, 1, memory_order_relaxed) <
        fs->descriptors_max / DESCRIPTORS_PER_LEASE)
        return true;
    atomic_fetch_sub_explicit(&fs->leases, 1, memory_order_relaxed);
    return false;
}

static enum vfs_status lease_dir(struct local_fs *fs, struct local_object *dir)
{
    enum vfs_status status;

    if (!fs->dirs_watched)
        return VFS_NOTSUPP;
    vfs_blocking_begin(false);
    status = local_path_get(dir);
    if (status == VFS_OK) {
        local_cred_server_begin(fs);
        status = local_dir_watch_get(dir);
        local_cred_server_end(fs);
        local_path_put(dir);
    }
    vfs_blocking_end();
    return status;
}

enum vfs_status local_lease(struct vfs_object *base, enum vfs_lease kind)
{
    struct local_object *obj = local_of(base);
    struct local_fs *fs = local_fs_of(base);
    enum vfs_status status = local_check_regular(base);
    bool shared;

    if (status == VFS_ISDIR && kind == VFS_LEASE_READ)
        return lease_dir(fs, obj);
    if (status != VFS_OK)
        return status;
    pthread_mutex_lock(&obj->lock);
    shared = share_locked(obj, kind, &status);
    pthread_mutex_unlock(&obj->lock);
    if (shared && status != VFS_OK)
        return status;
    if (!count_one(fs)) {
        if (shared)
            local_unlease(base, kind);
        return VFS_DELAY;
    }
    if (shared)
        return VFS_OK;
    vfs_blocking_begin(false);
    local_cred_server_begin(fs); /* CAP_LEASE permits the lease even if the caller could not get
                                  * it */
    status = lease_new(obj, kind);
    local_cred_server_end(fs);
    vfs_blocking_end();
    if (status != VFS_OK)
        atomic_fetch_sub_explicit(&fs->leases, 1, memory_order_relaxed);
    return status;
}

static void unlease_dir(struct local_fs *fs, struct local_object *dir)
{
    local_cred_server_begin(fs);
    local_dir_watch_put(dir);
    local_cred_server_end(fs);
}

void local_unlease(struct vfs_object *base, enum vfs_lease kind)
{
    struct local_object *obj = local_of(base);
    struct local_fs *fs = local_fs_of(base);
    struct local_lease *lease;
    bool last;

    if (base->type == VFS_DIR) {
        unlease_dir(fs, obj);
        return;
    }
    pthread_mutex_lock(&obj->lock);
    lease = obj->lease;
    CHECK(lease && lease->counts[kind] > 0);
    lease->counts[kind]--;
    last = lease->counts[VFS_LEASE_READ] + lease->counts[VFS_LEASE_WRITE] == 0;
    if (last) {
        local_watch_remove(lease);
        local_lease_release_locked(lease);
        obj->lease = NULL;
    }
    pthread_mutex_unlock(&obj->lock);
    atomic_fetch_sub_explicit(&fs->leases, 1, memory_order_relaxed);
    if (!last)
        return;
    memory_free(MEMORY_cached, lease);
    vfs_object_put(base);
}
