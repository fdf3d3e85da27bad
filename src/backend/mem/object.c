/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects: their creation, their handles, and the table that finds them by handle.
 *
 * A handle is {magic, instance, fileid, tag}.  File IDs are never reused, so they serve as
 * generation, too.  The tag is keyed, and distinguishes a handle of a removed object from a forged
 * one.  The root's handle is the same in every run, so that a mount survives a restart of the
 * server, although its files do not.
 */
#include "backend/mem/object.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mem/fileid.h"
#include "base/clock.h"
#include "base/memory.h"

struct handle_bytes {
    uint32_t magic;
    uint32_t instance;
    uint64_t fileid;
    uint64_t tag;
};

enum {
    HANDLE_MAGIC = 0x6d656d31, /* "mem1" */
};

_Static_assert(sizeof(struct handle_bytes) <= VFS_HANDLE_BYTES_MAX, "a handle fits");

static uint64_t handle_tag(const struct mem_fs *fs, uint64_t fileid)
{
    uint64_t tag;

    _Static_assert(sizeof(tag) == crypto_shorthash_BYTES, "tag");
    _Static_assert(sizeof(fs->handle_key) == crypto_shorthash_KEYBYTES, "key");
    crypto_shorthash((unsigned char *)&tag, (const unsigned char *)&fileid, sizeof(fileid),
                     fs->handle_key);
    return tag;
}

static void handle_make(const struct mem_fs *fs, uint64_t fileid, struct vfs_handle *handle)
{
    bool root = fileid == MEM_ROOT_FILEID;
    struct handle_bytes bytes = {
        .magic = HANDLE_MAGIC,
        .instance = root ? 0 : fs->instance,
        .fileid = fileid,
        .tag = root ? 0 : handle_tag(fs, fileid),
    };

    handle->len = sizeof(bytes);
    memcpy(handle->data, &bytes, sizeof(bytes));
}

static struct mem_shard *shard_of(struct mem_fs *fs, uint64_t hash)
{
    return &fs->shards[hash >> 56];
}

_Static_assert(MEM_SHARDS == 256, "shard_of() takes eight bits");

static void lock_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t kind;

    /* A steady stream of readers must not starve a writer. */
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    CHECK(pthread_rwlock_init(lock, &kind) == 0);
    pthread_rwlockattr_destroy(&kind);
}

static void publish(struct mem_fs *fs, struct mem_object *obj)
{
    uint64_t hash = hash_u64(obj->vfs.fileid);
    struct mem_shard *shard = shard_of(fs, hash);

    pthread_mutex_lock(&shard->lock);
    htable_insert(&shard->objects, &obj->by_fileid, hash);
    pthread_mutex_unlock(&shard->lock);
}

static struct mem_object *allocate(struct mem_fs *fs, uint32_t beside)
{
    const size_t size = sizeof(struct mem_object) + beside;
    struct mem_object *obj;

    if (!space_take(&fs->space, size))
        return NULL;
    obj = memory_zalloc(MEMORY_objects, size);
    if (!obj) {
        space_give(&fs->space, size);
        return NULL;
    }
    obj->beside_bytes = beside;
    atomic_init(&obj->beside_free, beside > 0);
    return obj;
}

struct mem_object *mem_object_create(struct mem_fs *fs, const struct vfs_attr *attr,
                                     const struct vfs_name *name)
{
    struct timespec now = clock_realtime();
    struct mem_object *obj =
        allocate(fs, name ? (uint32_t)(sizeof(struct mem_entry) + name->len) : 0);

    if (!obj)
        return NULL;
    obj->attr = *attr;
    obj->attr.mask = VFS_ATTR_ALL_GET;
    obj->attr.nlink = 0;
    obj->attr.size = vfs_type_is_dir(attr->type) ? MEM_BLOCK_BYTES : 0;
    obj->attr.space_used = obj->attr.size;
    obj->attr.fileid = mem_fileid_take(fs);
    obj->attr.change = 1;
    obj->attr.atime = obj->attr.mtime = obj->attr.ctime = obj->attr.btime = now;
    obj->atime_due = true;
    obj->vfs.fs = &fs->vfs;
    obj->vfs.node = &obj->vfs.own_node;
    obj->vfs.type = attr->type;
    obj->vfs.fileid = obj->attr.fileid;
    atomic_init(&obj->vfs.refs, 1);
    handle_make(fs, obj->vfs.fileid, &obj->vfs.handle);
    lock_init(&obj->lock);
    list_init(&obj->names);
    if (vfs_type_is_dir(attr->type))
        obj->dir.cookie_next = MEM_COOKIE_FIRST;
    publish(fs, obj);
    return obj;
}

void mem_object_withdraw(struct mem_object *obj)
{
    struct mem_shard *shard = shard_of(mem_fs_of_object(obj), obj->by_fileid.hash);

    pthread_mutex_lock(&shard->lock);
    htable_remove(&shard->objects, &obj->by_fileid);
    pthread_mutex_unlock(&shard->lock);
}

bool mem_object_get_alive(struct mem_object *obj)
{
    uint32_t refs = atomic_load_explicit(&obj->vfs.refs, memory_order_relaxed);

    while (refs != 0) {
        if (atomic_compare_exchange_weak_explicit(&obj->vfs.refs, &refs, refs + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

static struct mem_object *find(struct mem_fs *fs, uint64_t fileid)
{
    uint64_t hash = hash_u64(fileid);
    struct mem_shard *shard = shard_of(fs, hash);
    struct mem_object *obj = NULL;

    pthread_mutex_lock(&shard->lock);
    for (struct hnode *node = htable_first(&shard->objects, hash); node; node = htable_next(node)) {
        obj = CONTAINER_OF(node, struct mem_object, by_fileid);
        if (obj->vfs.fileid == fileid)
            break;
        obj = NULL;
    }
    if (obj && !mem_object_get_alive(obj))
        obj = NULL;
    pthread_mutex_unlock(&shard->lock);
    return obj;
}

enum vfs_status mem_resolve(struct vfs *vfs, const struct vfs_handle *handle,
                            struct vfs_object **out)
{
    struct mem_fs *fs = mem_fs_of(vfs);
    struct handle_bytes bytes;
    struct mem_object *obj;

    if (handle->len != sizeof(bytes))
        return VFS_BADHANDLE;
    memcpy(&bytes, handle->data, sizeof(bytes));
    if (bytes.magic != HANDLE_MAGIC)
        return VFS_BADHANDLE;
    if (bytes.instance != fs->instance && bytes.fileid != MEM_ROOT_FILEID)
        return VFS_STALE; /* from an earlier run, whose files are gone */
    obj = find(fs, bytes.fileid);
    if (!obj)
        return handle_tag(fs, bytes.fileid) == bytes.tag ? VFS_STALE : VFS_BADHANDLE;
    if (memcmp(obj->vfs.handle.data, &bytes, sizeof(bytes)) != 0) {
        vfs_object_put(&obj->vfs);
        return VFS_BADHANDLE;
    }
    *out = &obj->vfs;
    return VFS_OK;
}
