/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a directory: by hash for lookups, by cookie for READDIR. */
#include "backend/mem/dir.h"

#include <stdlib.h>
#include <string.h>

#include "backend/mem/attr.h"
#include "backend/mem/object.h"
#include "base/memory.h"
#include "base/prefetch.h"

static bool may_search_locked(const struct mem_object *dir, const struct vfs_cred *cred)
{
    return vfs_guard_may(mem_guard(dir), cred, VFS_ACE_EXECUTE);
}

bool mem_dir_may_add_locked(const struct mem_object *dir, const struct vfs_cred *cred,
                            bool directory)
{
    return vfs_guard_may(mem_guard(dir), cred,
                         directory ? VFS_ACE_APPEND_DATA : VFS_ACE_WRITE_DATA);
}

/* Lock the object of an attribute directory for writing, with a reference that mem_dir_unlock()
 * puts.  False when the object is gone. */
static bool lock_object(struct mem_object *attrdir)
{
    struct mem_object *obj;

    mem_lock_read(attrdir);
    obj = attrdir->dir.parent;
    if (obj && !mem_object_get_alive(obj))
        obj = NULL; /* mem_attrdir_drop() is waiting for our lock */
    mem_unlock(attrdir);
    if (obj)
        mem_lock_write(obj);
    return obj;
}

bool mem_dir_lock(struct mem_object *dir)
{
    if (dir->vfs.type == VFS_ATTRDIR && !lock_object(dir))
        return false;
    mem_lock_write(dir);
    return true;
}

void mem_dir_unlock(struct mem_object *dir)
{
    struct mem_object *object = dir->vfs.type == VFS_ATTRDIR ? dir->dir.parent : NULL;

    mem_unlock(dir);
    if (object) {
        mem_unlock(object);
        vfs_object_put(&object->vfs);
    }
}

void mem_dir_modified_locked(struct mem_object *dir, struct timespec now)
{
    mem_modified_locked(dir, now);
    if (dir->vfs.type == VFS_ATTRDIR) {
        mem_changed_locked(dir->dir.parent, now);
        dir->dir.parent->attr.named_attr = dir->dir.names.count > 0;
    }
}

enum vfs_status mem_dir_lock_search(struct mem_object *dir, const struct vfs_cred *cred)
{
    enum vfs_status status = VFS_OK;

    if (!vfs_type_is_dir(dir->vfs.type))
        return VFS_NOTDIR;
    if (!mem_dir_lock(dir))
        return VFS_STALE;
    if (dir->attr.nlink == 0)
        status = VFS_STALE;
    else if (!may_search_locked(dir, cred))
        status = VFS_ACCESS;
    if (status != VFS_OK)
        mem_dir_unlock(dir);
    return status;
}

static uint64_t name_hash(const struct mem_object *dir, const char *data, size_t len)
{
    return hash_bytes(data, len, mem_fs_of_object(dir)->name_seed);
}

/* An entry and its object in front of it will be read: the object's handle and attributes.  Among
 * many names none of that is in the processor's caches.  So let it all come at once, and not each
 * cache line when it is needed.  Where the object lies elsewhere, this is in vain. */
__attribute__((always_inline)) static inline void fetch_ahead(const struct hnode *node)
{
    uintptr_t entry = (uintptr_t)node - offsetof(struct mem_entry, by_name);

    prefetch_bytes(entry, sizeof(struct mem_entry) + 1);
    prefetch_bytes(entry - sizeof(struct mem_object), offsetof(struct mem_object, attrdir));
}

struct mem_entry *mem_dir_lookup_locked(const struct mem_object *dir, const struct vfs_name *name)
{
    const struct hnode *guess;
    struct hnode *node;
    uint64_t hash;

    if (dir->dir.names.count == 0)
        return NULL;
    hash = name_hash(dir, name->data, name->len);
    guess = htable_guess(&dir->dir.names, hash);
    fetch_ahead(guess);
    node = htable_first(&dir->dir.names, hash);
    for (; node; node = htable_next(node)) {
        struct mem_entry *entry = CONTAINER_OF(node, struct mem_entry, by_name);

        if (node != guess)
            fetch_ahead(node);

        if (entry->len == name->len && memcmp(entry->name, name->data, name->len) == 0)
            return entry;
    }
    return NULL;
}

/* The account has its bytes already: they are the object's. */
static struct mem_entry *take_beside(struct mem_object *obj, size_t size)
{
    if (size > obj->beside_bytes ||
        !atomic_exchange_explicit(&obj->beside_free, false, memory_order_acquire))
        return NULL;
    return mem_entry_beside(obj);
}

static struct mem_entry *entry_allocate(struct space *space, size_t size, bool force)
{
    struct mem_entry *entry;

    if (force)
        space_force(space, size);
    else if (!space_take(space, size))
        return NULL;
    entry = memory_alloc(MEMORY_objects, size);
    if (!entry)
        space_give(space, size);
    return entry;
}

struct mem_entry *mem_entry_create(struct mem_object *obj, const struct vfs_name *name, bool force)
{
    size_t size = sizeof(struct mem_entry) + name->len;
    struct mem_entry *entry = take_beside(obj, size);

    if (!entry)
        entry = entry_allocate(&mem_fs_of_object(obj)->space, size, force);
    if (!entry)
        return NULL;
    vfs_object_get(&obj->vfs);
    entry->obj = obj;
    entry->dir = NULL;
    list_init(&entry->of_object);
    atomic_init(&entry->refs, 1);
    entry->len = (uint16_t)name->len;
    memcpy(entry->name, name->data, name->len);
    return entry;
}

void mem_entry_free(struct mem_entry *entry)
{
    struct mem_object *obj = entry->obj;

    if (obj->beside_bytes > 0 && entry == mem_entry_beside(obj)) {
        atomic_store_explicit(&obj->beside_free, true, memory_order_release);
        return;
    }
    space_give(&mem_fs_of_object(obj)->space, sizeof(*entry) + entry->len);
    memory_free(MEMORY_objects, entry);
}

void mem_entry_put(struct mem_entry *entry)
{
    struct mem_object *obj;

    if (!entry || atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
        return;
    obj = entry->obj;
    mem_entry_free(entry);
    vfs_object_put(&obj->vfs);
}

bool mem_dir_insert_locked(struct mem_object *dir, struct mem_entry *entry, bool force)
{
    struct mem_dir *d = &dir->dir;

    entry->cookie = d->cookie_next;
    if (!radix_insert(&d->order, &mem_fs_of_object(dir)->space, entry->cookie, entry, force))
        return false;
    d->cookie_next++;
    if (!d->names.buckets)
        htable_init(&d->names, 0);
    htable_insert(&d->names, &entry->by_name, name_hash(dir, entry->name, entry->len));
    return true;
}

void mem_entry_names_locked(struct mem_entry *entry, struct mem_object *dir)
{
    entry->dir = dir;
    list_push_back(&entry->obj->names, &entry->of_object);
}

void mem_dir_take_locked(struct mem_object *dir, struct mem_entry *entry)
{
    struct space *space = &mem_fs_of_object(dir)->space;

    htable_remove(&dir->dir.names, &entry->by_name);
    CHECK(radix_remove(&dir->dir.order, space, entry->cookie) == entry);
}

enum vfs_status mem_lookup(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_object **out)
{
    struct mem_object *dir = mem_of(vfs);
    enum vfs_status status = VFS_OK;
    const struct mem_entry *entry;

    if (!vfs_type_is_dir(vfs->type))
        return VFS_NOTDIR;
    if (name->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    mem_lock_read(dir);
    if (!may_search_locked(dir, cred)) {
        status = VFS_ACCESS;
    } else {
        entry = mem_dir_lookup_locked(dir, name);
        if (entry)
            *out = vfs_object_get(&entry->obj->vfs);
        else
            status = VFS_NOENT;
    }
    mem_unlock(dir);
    return status;
}

enum vfs_status mem_parent(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_object **out)
{
    struct mem_object *dir = mem_of(vfs), *up;
    enum vfs_status status = VFS_OK;

    if (!vfs_type_is_dir(vfs->type))
        return VFS_NOTDIR;
    mem_lock_read(dir);
    up = dir->dir.parent;
    if (!may_search_locked(dir, cred))
        status = VFS_ACCESS;
    else if (!up && dir->attr.nlink > 0)
        status = VFS_NOENT;
    else if (!up || !mem_object_get_alive(up)) /* removed, or, for an attribute directory, its
                                                * object was */
        status = VFS_STALE;
    else
        *out = &up->vfs;
    mem_unlock(dir);
    return status;
}
