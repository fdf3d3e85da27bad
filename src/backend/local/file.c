/* SPDX-License-Identifier: Apache-2.0 */
/* Data of regular files: open, close, write, commit. */
#include "backend/local/file.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/sync.h"

enum vfs_status local_check_regular(const struct vfs_object *obj)
{
    switch (obj->type) {
    case VFS_REG:
        return VFS_OK;
    case VFS_DIR:
        return VFS_ISDIR;
    case VFS_LNK:
        return VFS_SYMLINK;
    case VFS_BLK:
    case VFS_CHR:
    case VFS_SOCK:
    case VFS_FIFO:
    case VFS_ATTRDIR:
    case VFS_NAMEDATTR:
        break;
    }
    return VFS_WRONG_TYPE;
}

/* The caller has just created the file and may open it this once, whatever its mode.  Or, when an
 * open comes back, it has done so before. */
static bool made_it(struct local_object *obj, const struct vfs_cred *cred)
{
    uint32_t maker = LOCAL_NOBODY;
    struct statx st;

    if (!local_fs_of(&obj->base)->impersonate)
        return true;
    maker = atomic_exchange_explicit(&obj->maker, maker, memory_order_relaxed);
    if (maker != LOCAL_NOBODY && maker == cred->uid)
        return true;
    return local_statx(obj->path_fd, "", &st) == 0 && st.stx_uid == cred->uid;
}

enum vfs_status local_open(struct vfs_object *base, const struct vfs_cred *cred,
                           enum vfs_open_want want, bool created)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    if (status != VFS_OK)
        return status;
    local_fetch_begin(local_fs_of(base));
    status = local_io_get(obj, created && made_it(obj, cred) ? NULL : cred, want, &fd);
    local_fetch_end(local_fs_of(base));
    if (status != VFS_OK)
        return status;
    status = local_io_pin(obj, want) ? VFS_OK : VFS_STALE;
    local_io_put(obj);
    return status;
}

void local_close(struct vfs_object *base, enum vfs_open_want want)
{
    local_io_unpin(local_of(base), want);
}

static int write_all(int fd, uint64_t offset, const void *data, uint32_t len, uint32_t *written)
{
    *written = 0;
    while (*written < len) {
        ssize_t put =
            pwrite(fd, (const char *)data + *written, len - *written, (off_t)(offset + *written));

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        if (put == 0)
            return ENOSPC;
        *written += (uint32_t)put;
    }
    return 0;
}

static enum vfs_status write_bytes(struct local_object *obj, int fd, uint64_t offset,
                                   const void *data, uint32_t len, uint32_t *written)
{
    int err;

    vfs_blocking_begin(false);
    local_changing_begin(obj);
    err = write_all(fd, offset, data, len, written);
    if (*written)
        local_change_mark(obj->file);
    local_changing_end(obj);
    vfs_blocking_end();
    return local_status(err);
}

/* The descriptor may have been opened by any client, but the kernel checks the writing thread: its
 * identity decides on suid and sgid bits, reserved blocks and quotas. */
enum vfs_status local_write(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                            const void *data, uint32_t len, enum vfs_stability want,
                            uint32_t *written, enum vfs_stability *reached)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    if (status != VFS_OK)
        return status;
    if (offset > INT64_MAX || len > INT64_MAX - offset)
        return VFS_FBIG;
    status = local_io_get(obj, NULL, VFS_WANT_WRITE, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK)
        status = write_bytes(obj, fd, offset, data, len, written);
    if (!atomic_load_explicit(&obj->unsynced, memory_order_relaxed))
        atomic_store_explicit(&obj->unsynced, true, memory_order_relaxed);
    if (status == VFS_OK && want != VFS_UNSTABLE)
        status = local_sync_wait(obj, fd, want == VFS_FILE_SYNC);
    local_io_put(obj);
    *reached = status == VFS_OK ? want : VFS_UNSTABLE;
    return status;
}

enum vfs_status local_commit(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t len)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    (void)offset; /* the kernel syncs whole files only */
    (void)len;
    if (status != VFS_OK)
        return status;
    status = local_io_get_any(obj, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        local_sync_review(obj);
        status = local_sync_wait(obj, fd, false);
    }
    local_io_put(obj);
    return status;
}
