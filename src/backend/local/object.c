/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object: what is known of a file through one export, and its descriptors.  cache.c decides
 * which objects exist.
 */
#include "backend/local/object.h"

#include "backend/local/ancestry.h"
#include "backend/local/descriptor.h"
#include "backend/local/grant.h"
#include "backend/local/handle.h"
#include "backend/local/path.h"
#include "backend/local/statx.h"
#include "backend/local/sync.h"
#include "backend/local/tell.h"
#include "base/memory.h"

static _Atomic uint32_t objects; /* of all exports */

/* Allocate an object and its node.  NULL without memory. */
static struct local_object *object_alloc(const struct local_fs *fs, const struct local_id *id)
{
    struct local_object *obj = memory_zalloc(MEMORY_cached, sizeof(*obj));

    if (!obj)
        return NULL;
    obj->file = local_node_get(fs->volume, id);
    if (obj->file)
        return obj;
    memory_free(MEMORY_cached, obj);
    return NULL;
}

struct local_object *local_object_create(struct local_fs *fs, int fd, int access,
                                         const struct local_id *id, const struct statx *st)
{
    struct local_object *obj = object_alloc(fs, id);
    uint32_t epoch = atomic_load_explicit(&fs->epoch, memory_order_relaxed);

    if (!obj)
        return NULL;
    obj->base.fs = &fs->base;
    obj->base.node = &obj->file->base;
    atomic_init(&obj->base.refs, 1);
    obj->base.type = local_type(st->stx_mode);
    obj->base.fileid = st->stx_ino;
    local_handle_build(fs, id, &obj->base.handle);
    list_init(&obj->lru);
    list_init(&obj->io);
    atomic_init(&obj->epoch, epoch);
    atomic_init(&obj->io_epoch, epoch);
    atomic_init(&obj->inside, epoch - LOCAL_INSIDE_EPOCHS); /* not known yet */
    /* It may be one of the objects that left unwatched. */
    obj->met_unwatched = atomic_load_explicit(&fs->unwatched, memory_order_relaxed);
    obj->path_fd = fd;
    obj->bare = fd < 0;
    atomic_init(&obj->path_users, fd < 0 ? LOCAL_PATH_GONE : 0);
    obj->fds[O_RDONLY] = obj->fds[O_WRONLY] = obj->fds[O_RDWR] = -1;
    if (access >= 0)
        obj->fds[access] = fd;
    atomic_init(&obj->maker, access >= 0 ? st->stx_uid : LOCAL_NOBODY);
    CHECK(pthread_mutex_init(&obj->lock, NULL) == 0);
    local_sync_init(&obj->sync);
    atomic_fetch_add_explicit(&fs->descriptors, fd >= 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&fs->objects, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&objects, 1, memory_order_relaxed);
    return obj;
}

uint32_t local_object_count(void)
{
    return atomic_load_explicit(&objects, memory_order_relaxed);
}

/* Close the last descriptor of a file without a name.  This frees the file's space, which takes
 * seconds for a large file. */
static void close_last(const struct local_closing *closing)
{
    vfs_blocking_begin(false);
    local_descriptor_close(closing);
    vfs_blocking_end();
}

void local_object_destroy(struct local_object *obj)
{
    bool unlinked = atomic_load_explicit(&obj->unlinked, memory_order_relaxed);
    struct local_closing closing = {.count = 0};

    CHECK(!obj->lease);
    local_descriptor_take_locked(obj, true, &closing);
    if (unlinked)
        close_last(&closing);
    else
        local_descriptor_close(&closing);
    if (atomic_load_explicit(&obj->unwatched, memory_order_relaxed) && !unlinked)
        atomic_fetch_add_explicit(&local_fs_of(&obj->base)->unwatched, 1, memory_order_relaxed);
    CHECK(pthread_mutex_destroy(&obj->lock) == 0);
    local_sync_fini(&obj->sync);
    local_grant_free(obj);
    local_node_put(local_fs_of(&obj->base)->volume, obj->file);
    atomic_fetch_sub_explicit(&objects, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&local_fs_of(&obj->base)->objects, 1, memory_order_release);
    memory_free(MEMORY_cached, obj);
}

void local_object_release(struct vfs_object *base)
{
    struct local_object *obj = local_of(base);

    DCHECK(!obj->hashed);
    local_object_destroy(obj);
}

void local_object_inside(struct local_object *obj, uint32_t epoch)
{
    uint32_t known = atomic_load_explicit(&obj->inside, memory_order_relaxed);

    if ((int32_t)(epoch - known) > 0)
        atomic_store_explicit(&obj->inside, epoch, memory_order_relaxed);
}

uint32_t local_object_inside_since(const struct local_object *obj)
{
    const struct local_fs *fs = local_fs_of(&obj->base);

    if (obj == fs->root)
        return atomic_load_explicit(&fs->epoch, memory_order_relaxed);
    return atomic_load_explicit(&obj->inside, memory_order_relaxed);
}

bool local_object_mark_unlinked_locked(struct local_object *obj)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    bool pinned = obj->pins[0] + obj->pins[1] > 0;

    local_tell_kind(obj->file, VFS_CHANGE_GONE, NULL);
    if (!pinned)
        vfs_object_set_stale(&obj->base);
    if (!atomic_exchange(&obj->unlinked, true) && pinned)
        atomic_fetch_add_explicit(&fs->orphans, 1, memory_order_relaxed);
    return !pinned;
}
