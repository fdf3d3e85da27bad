/* SPDX-License-Identifier: Apache-2.0 */
/* Frees an object and all that it holds. */
#include "backend/mem/release.h"

#include "backend/mem/acl.h"
#include "backend/mem/attrdir.h"
#include "backend/mem/dir.h"
#include "backend/mem/file.h"
#include "backend/mem/label.h"
#include "backend/mem/object.h"
#include "backend/mem/xattr.h"
#include "base/memory.h"

static bool free_entry(struct hnode *node, void *arg)
{
    struct mem_entry *entry = CONTAINER_OF(node, struct mem_entry, by_name);
    struct mem_object *dir = arg;

    mem_dir_take_locked(dir, entry);
    mem_entry_free(entry);
    return true;
}

void mem_dir_clear(struct mem_object *dir)
{
    if (!dir->dir.names.buckets)
        return;
    htable_visit(&dir->dir.names, free_entry, dir);
    htable_fini(&dir->dir.names);
    radix_fini(&dir->dir.order, &mem_fs_of_object(dir)->space);
}

void mem_object_free(struct mem_object *obj)
{
    struct mem_fs *fs = mem_fs_of_object(obj);

    if (vfs_type_is_dir(obj->vfs.type)) {
        mem_dir_clear(obj);
    } else if (vfs_type_is_file(obj->vfs.type)) {
        mem_file_clear(obj);
    } else if (obj->vfs.type == VFS_LNK && obj->target) {
        space_give(&fs->space, obj->attr.size);
        memory_free(MEMORY_objects, obj->target);
    }
    mem_acl_drop(obj);
    mem_xattrs_drop(obj);
    mem_label_drop(obj);
    pthread_rwlock_destroy(&obj->lock);
    space_give(&fs->space, sizeof(*obj) + obj->beside_bytes);
    memory_free(MEMORY_objects, obj);
}

void mem_release(struct vfs_object *vfs)
{
    struct mem_object *obj = mem_of(vfs);
    _Atomic uint32_t *releasing = &mem_lane_of(mem_fs_of_object(obj))->releasing;

    atomic_fetch_add_explicit(releasing, 1, memory_order_relaxed);
    mem_object_withdraw(obj);
    if (obj->attrdir)
        mem_attrdir_drop(obj->attrdir);
    mem_object_free(obj);
    atomic_fetch_sub_explicit(releasing, 1, memory_order_release); /* fs may be gone now */
}
