/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability of names and attributes.
 *
 * ext4, XFS and what is like them: an fsync of each object that changed.  Requests that change one
 * directory share it (sync.c), and the journal commits what concurrent fsyncs of others wait for
 * together, which is quicker than one syncfs for all of them and does not wait for anybody's data.
 * btrfs: concurrent fsyncs collide in its log tree, and one syncfs for all who wait is two to four
 * times as quick from 16 requests on; but an fsync is three times as quick for those who all wait
 * for one object.  tmpfs keeps nothing, so nothing is waited for.
 *
 * syncfs on the root's descriptor is also what remains where an object cannot be opened: it asks
 * for no right.
 */
#include "backend/local/persist.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "backend/local/io.h"
#include "backend/local/sync.h"

/* These keep the inode of whoever is known in memory. */
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

/* False: it takes a syncfs.  Opening anything but files and directories may have effects, or is
 * impossible. */
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
