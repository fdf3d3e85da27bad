/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files without a name.  Clients that have such a file open continue to use it, so it keeps its
 * descriptors; the number of such files is limited.  It leaves the cache with its last close.
 */
#include "backend/local/orphan.h"

#include "backend/local/cache.h"
#include "backend/local/change.h"
#include "backend/local/object.h"
#include "backend/local/statx.h"

enum vfs_status local_orphan_admit(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    struct statx st;
    bool pinned;

    if (atomic_load_explicit(&fs->orphans, memory_order_relaxed) <
        fs->descriptors_max / LOCAL_ORPHANS_PART)
        return VFS_OK;
    pthread_mutex_lock(&obj->lock);
    pinned = obj->pins[0] + obj->pins[1] > 0;
    pthread_mutex_unlock(&obj->lock);
    if (!pinned || local_statx(obj->path_fd, "", &st) != 0 || st.stx_nlink > 1)
        return VFS_OK;
    vfs_shortage();
    return VFS_DELAY;
}

void local_orphan_mark(struct local_object *obj)
{
    bool unused;

    pthread_mutex_lock(&obj->lock);
    unused = local_object_mark_unlinked_locked(obj);
    pthread_mutex_unlock(&obj->lock);
    if (unused)
        local_cache_forget(obj);
}

/* Does anything depend on what is remembered of the file, or on whether it has names left?  Data
 * that is lost with the file need not be synced, and watchers of a directory are told. */
static bool matters(const struct local_object *obj)
{
    return atomic_load_explicit(&obj->unsynced, memory_order_relaxed) ||
           atomic_load_explicit(&obj->unwatched, memory_order_relaxed) ||
           vfs_watched(&obj->file->base) ||
           !local_change_outlives(local_fs_of(&obj->base), obj->file);
}

/* Else an object that nobody uses is forgotten: whoever asks for it by its handle or another name
 * finds it again.  This saves asking the file system. */
void local_orphan_check(struct local_object *obj)
{
    struct statx st;

    local_change_mark(obj->file);
    if (!matters(obj) && local_cache_forget_unused(obj))
        return;
    if (local_statx(obj->path_fd, "", &st) == 0 && st.stx_nlink == 0)
        local_orphan_mark(obj);
}
