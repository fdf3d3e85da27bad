/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability of names and attributes.
 *
 * ext4, XFS and similar: an fsync of each changed object.  Requests that change one directory share
 * an fsync (sync.c), and the journal commits concurrent fsyncs together.  This is faster than one
 * syncfs for all of them, and does not wait for other clients' data.
 *
 * btrfs: concurrent fsyncs collide in its log tree.  From 16 requests on, one syncfs for all of
 * them is two to four times as fast; but for requests that all wait for one object, an fsync is
 * three times as fast.
 *
 * tmpfs stores nothing, so there is nothing to wait for.
 *
 * A syncfs on the root's descriptor also serves where an object cannot be opened: it needs no
 * access right.
 */
#include "backend/local/persist.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "backend/local/io.h"
#include "backend/local/sync.h"

/* File systems that keep the inodes of referenced objects in memory. */
static bool keeps_inodes(uint32_t type)
{
    switch (type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
        return true;
    default:
        return false;
    }
}

int local_persist_choose(struct local_fs *fs)
{
    struct statfs st;

    if (fstatfs(fs->root_fd, &st) != 0)
        return errno;
    fs->fetches = !keeps_inodes((uint32_t)st.f_type);
    fs->base.change_type = fs->fetches ? VFS_CHANGE_UNDEFINED : VFS_CHANGE_CTIME;
    switch ((uint32_t)st.f_type) {
    case BTRFS_SUPER_MAGIC:
        fs->persisting = LOCAL_PERSIST_TOGETHER;
        break;
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
        fs->persisting = LOCAL_PERSIST_NOTHING;
        break;
    default:
        fs->persisting = LOCAL_PERSIST_EACH;
        break;
    }
    return 0;
}

/* False: a syncfs is needed.  Opening anything but files and directories may have side effects, or
 * fail. */
static bool persist_one(struct local_fs *fs, struct local_object *obj, int *err)
{
    struct local_sync *sync = fs->persisting == LOCAL_PERSIST_EACH ? &obj->sync : &fs->sync;
    int fd;

    if (obj->base.type != VFS_REG && obj->base.type != VFS_DIR)
        return false;
    if (local_io_get_any(obj, &fd) != VFS_OK)
        return false;
    *err = local_sync_run(fs, sync, fd, LOCAL_REACH_FILE);
    local_io_put(obj);
    if (*err != EINVAL)
        return true;
    *err = 0;
    return false;
}

enum vfs_status local_persist(struct vfs *base, struct vfs_object *const *objects, uint32_t count)
{
    struct local_fs *fs = CONTAINER_OF(base, struct local_fs, base);
    bool all = fs->persisting == LOCAL_PERSIST_TOGETHER && count > 1;
    int err = 0;

    if (fs->persisting == LOCAL_PERSIST_NOTHING)
        return VFS_OK;
    vfs_blocking_begin(true);
    for (uint32_t i = 0; i < count && !all && !err; i++)
        all = !persist_one(fs, local_of(objects[i]), &err);
    if (all && !err)
        err = local_sync_run(fs, &fs->sync, fs->root_fd, LOCAL_REACH_FS);
    vfs_blocking_end();
    return err ? VFS_IO : VFS_OK;
}
