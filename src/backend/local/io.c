/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O on an object.  Its descriptors are opened when first needed and shared by all who may use
 * them.  Later they may be opened again as the server, because open() has checked the caller.
 */
#include "backend/local/io.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/access.h"
#include "backend/local/cache.h"
#include "backend/local/cred.h"
#include "backend/local/descriptor.h"
#include "backend/local/lease_watch.h"
#include "backend/local/memo.h"
#include "backend/local/resolve.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

static int fd_for(const struct local_object *obj, enum vfs_open_want want)
{
    if (obj->fds[O_RDWR] >= 0 || want == VFS_WANT_BOTH)
        return obj->fds[O_RDWR];
    return obj->fds[want == VFS_WANT_READ ? O_RDONLY : O_WRONLY];
}

/* Execute permission on a file permits reading it; on a directory it does not permit listing it.  0
 * or an errno. */
static int may_open(const struct local_object *obj, enum vfs_open_want want)
{
    int err =
        local_may(obj, (want & VFS_WANT_READ ? R_OK : 0) | (want & VFS_WANT_WRITE ? W_OK : 0));

    if (local_may_not(err) && want == VFS_WANT_READ && obj->base.type == VFS_REG)
        err = local_may(obj, X_OK);
    return err;
}

/* Open as the server, without checking the caller. */
static int open_as_server(struct local_object *obj, enum vfs_open_want want, int *access)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    int fd;

    local_cred_server_begin(fs);
    *access = want == VFS_WANT_READ ? O_RDONLY : O_RDWR;
    fd = local_descriptor_reopen(fs, obj->path_fd, *access);
    if (fd < 0 && errno == EACCES && want == VFS_WANT_WRITE) {
        *access = O_WRONLY;
        fd = local_descriptor_reopen(fs, obj->path_fd, *access);
    }
    local_cred_server_end(fs);
    return fd;
}

/* Open as the caller, so that the kernel checks.  Writers get O_RDWR if permitted, since such a
 * descriptor also serves readers. */
static int open_as_caller(struct local_object *obj, const struct vfs_cred *cred,
                          enum vfs_open_want want, int *access)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    int fd;

    if (local_cred_use(fs, cred) != VFS_OK) {
        errno = EACCES;
        return -1;
    }
    *access = want == VFS_WANT_READ ? O_RDONLY : O_RDWR;
    fd = local_descriptor_reopen(fs, obj->path_fd, *access);
    if (fd < 0 && errno == EACCES && want == VFS_WANT_WRITE) {
        *access = O_WRONLY;
        fd = local_descriptor_reopen(fs, obj->path_fd, *access);
    }
    if (fd < 0 && errno == EACCES && want == VFS_WANT_READ) {
        int err = may_open(obj, want);

        if (!err)
            return open_as_server(obj, want, access);
        errno = err;
    }
    return fd;
}

static void use_locked(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);

    atomic_fetch_add_explicit(&obj->users, 1, memory_order_relaxed);
    atomic_store_explicit(&obj->io_epoch, atomic_load_explicit(&fs->epoch, memory_order_relaxed),
                          memory_order_relaxed);
}

/* Keep `fd`, unless another thread was first.  The descriptor that is kept is in use afterwards. */
static int keep(struct local_object *obj, int fd, int access)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    int kept;

    pthread_mutex_lock(&obj->lock);
    kept = obj->fds[access];
    if (kept < 0) {
        kept = obj->fds[access] = fd;
        obj->dir_pos = -1;
        atomic_fetch_add_explicit(&fs->descriptors, 1, memory_order_relaxed);
    }
    use_locked(obj);
    pthread_mutex_unlock(&obj->lock);
    if (kept != fd)
        close(fd);
    local_cache_watch(obj);
    return kept;
}

/* The kernel is asked: what the request remembers may be older than its answer, and so may what
 * others met. */
static void asks(void)
{
    local_memo_drop();
    vfs_memo_look();
}

static enum vfs_status open_and_keep(struct local_object *obj, const struct vfs_cred *cred,
                                     enum vfs_open_want want, int *fd)
{
    enum vfs_status status = local_cache_reserve(local_fs_of(&obj->base));
    int access, fresh, err;

    if (status == VFS_OK)
        status = local_path_get(obj);
    if (status != VFS_OK)
        return status;
    if (want & VFS_WANT_WRITE)
        local_watch_yield(obj);
    asks();
    vfs_blocking_begin(false);
    fresh = cred ? open_as_caller(obj, cred, want, &access) : open_as_server(obj, want, &access);
    err = fresh < 0 ? errno : 0;
    vfs_blocking_end();
    if (fresh >= 0)
        *fd = keep(obj, fresh, access);
    local_path_put(obj);
    return fresh < 0 ? local_failure(err) : VFS_OK;
}

/* With the path held: may `cred` open what is open already?  access(2) does not reveal that a file
 * has been made append-only or immutable since; opening it once more does. */
static enum vfs_status open_again(struct local_object *obj, const struct vfs_cred *cred,
                                  enum vfs_open_want want)
{
    enum vfs_status status = local_cred_use(local_fs_of(&obj->base), cred);
    struct statx st;
    int err, fd, access;

    if (status != VFS_OK)
        return status;
    if (want == VFS_WANT_READ && local_owner_may_read(obj, cred))
        return VFS_OK;
    asks();
    err = may_open(obj, want);
    if (err || !(want & VFS_WANT_WRITE))
        return err ? local_failure(err) : VFS_OK;
    if (local_statx(obj->path_fd, "", &st) != 0)
        return local_failure(errno);
    if (!(st.stx_attributes & (STATX_ATTR_APPEND | STATX_ATTR_IMMUTABLE)))
        return VFS_OK;
    fd = open_as_caller(obj, cred, want, &access);
    if (fd < 0)
        return local_failure(errno);
    close(fd);
    return VFS_OK;
}

enum vfs_status local_io_get(struct local_object *obj, const struct vfs_cred *cred,
                             enum vfs_open_want want, int *fd)
{
    enum vfs_status status;

    pthread_mutex_lock(&obj->lock);
    *fd = fd_for(obj, want);
    if (*fd >= 0)
        use_locked(obj);
    pthread_mutex_unlock(&obj->lock);
    if (*fd < 0)
        return open_and_keep(obj, cred, want, fd);
    if (!cred)
        return VFS_OK;
    status = open_again(obj, cred, want);
    if (status != VFS_OK)
        local_io_put(obj);
    return status;
}

enum vfs_status local_io_get_any(struct local_object *obj, int *fd)
{
    static const int order[] = {O_RDWR, O_WRONLY, O_RDONLY};
    enum vfs_status status;

    *fd = -1;
    pthread_mutex_lock(&obj->lock);
    for (size_t i = 0; i < ARRAY_SIZE(order) && *fd < 0; i++)
        *fd = obj->fds[order[i]];
    if (*fd >= 0)
        use_locked(obj);
    pthread_mutex_unlock(&obj->lock);
    if (*fd >= 0)
        return VFS_OK;
    status = open_and_keep(obj, NULL, VFS_WANT_READ, fd);
    /* Without privilege, the server's user may be able to write a file that it can't read. */
    if (status == VFS_ACCESS)
        status = open_and_keep(obj, NULL, VFS_WANT_WRITE, fd);
    return status;
}

enum vfs_status local_io_get_exact(struct local_object *obj, bool read_only, int *fd)
{
    pthread_mutex_lock(&obj->lock);
    *fd = obj->fds[read_only ? O_RDONLY : O_RDWR];
    if (*fd >= 0)
        use_locked(obj);
    pthread_mutex_unlock(&obj->lock);
    if (*fd >= 0)
        return VFS_OK;
    return open_and_keep(obj, NULL, read_only ? VFS_WANT_READ : VFS_WANT_BOTH, fd);
}

void local_io_put(struct local_object *obj)
{
    /* Pairs with the acquire in local_descriptor_sweep(): our I/O ends before the descriptor is
     * closed. */
    uint32_t before = atomic_fetch_sub_explicit(&obj->users, 1, memory_order_release);

    DCHECK(before > 0);
    (void)before;
}

static uint32_t pins_of(enum vfs_open_want want)
{
    return (want & VFS_WANT_READ ? 1 : 0) + (want & VFS_WANT_WRITE ? 1 : 0);
}

bool local_io_pin(struct local_object *obj, enum vfs_open_want want)
{
    bool late;

    pthread_mutex_lock(&obj->lock);
    late = obj->pins[0] + obj->pins[1] == 0 &&
           atomic_load_explicit(&obj->unlinked, memory_order_relaxed);
    if (!late) {
        obj->pins[0] += (want & VFS_WANT_READ) != 0;
        obj->pins[1] += (want & VFS_WANT_WRITE) != 0;
        local_node_opened(obj->file, pins_of(want));
    }
    pthread_mutex_unlock(&obj->lock);
    return !late;
}

void local_io_unpin(struct local_object *obj, enum vfs_open_want want)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    bool gone;

    pthread_mutex_lock(&obj->lock);
    CHECK(!(want & VFS_WANT_READ) || obj->pins[0] > 0);
    CHECK(!(want & VFS_WANT_WRITE) || obj->pins[1] > 0);
    obj->pins[0] -= (want & VFS_WANT_READ) != 0;
    obj->pins[1] -= (want & VFS_WANT_WRITE) != 0;
    gone = obj->pins[0] + obj->pins[1] == 0 &&
           atomic_load_explicit(&obj->unlinked, memory_order_relaxed);
    pthread_mutex_unlock(&obj->lock);
    local_node_closed(fs->volume, obj->file, pins_of(want));
    if (gone) {
        atomic_fetch_sub_explicit(&fs->orphans, 1, memory_order_relaxed);
        local_cache_forget(obj);
    }
}
