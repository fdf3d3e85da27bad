/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of an object: from its oldest name up to the root.  One object is locked at a time, so
 * a path may mix what was before and after a rename of a directory above.
 */
#include "backend/mem/path.h"

#include <string.h>

/* Put the object's oldest name before buf[*at], with a slash unless it is the last one.  *up is its
 * directory, with a reference. */
static enum vfs_status name_prepend(struct mem_object *obj, char *buf, size_t size, size_t *at,
                                    struct mem_object **up)
{
    const struct mem_entry *entry;
    enum vfs_status status = VFS_STALE;
    size_t slash = *at < size;

    mem_lock_read(obj);
    if (!list_empty(&obj->names)) {
        entry = LIST_ENTRY(obj->names.next, struct mem_entry, of_object);
        status = entry->len + slash <= *at ? VFS_OK : VFS_NAMETOOLONG;
    }
    if (status == VFS_OK) {
        *at -= entry->len + slash;
        memcpy(buf + *at, entry->name, entry->len);
        if (slash)
            buf[*at + entry->len] = '/';
        *up = mem_of(vfs_object_get(&entry->dir->vfs));
    }
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_path(struct vfs_object *vfs, char *buf, size_t size, size_t *len)
{
    const struct mem_fs *fs = mem_fs_of(vfs->fs);
    struct mem_object *obj, *up = NULL;
    enum vfs_status status = VFS_OK;
    size_t at = size;

    if (vfs->type == VFS_ATTRDIR || vfs->type == VFS_NAMEDATTR)
        return VFS_NOTSUPP;
    obj = mem_of(vfs_object_get(vfs));
    while (status == VFS_OK && obj != fs->root) {
        status = name_prepend(obj, buf, size, &at, &up);
        if (status != VFS_OK)
            break;
        vfs_object_put(&obj->vfs);
        obj = up;
    }
    vfs_object_put(&obj->vfs);
    if (status != VFS_OK)
        return status;
    *len = size - at;
    memmove(buf, buf + at, *len);
    return VFS_OK;
}
