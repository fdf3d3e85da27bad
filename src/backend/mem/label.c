/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/label.h"

#include <string.h>

#include "base/memory.h"

bool mem_label_keep_locked(struct mem_object *obj, const struct vfs_label *label)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    uint8_t *copy;

    CHECK(label->len > 0 && label->len <= LIMIT_LABEL_BYTES);
    if (!space_take(space, label->len))
        return false;
    copy = memory_alloc(MEMORY_objects, label->len);
    if (!copy) {
        space_give(space, label->len);
        return false;
    }
    memcpy(copy, label->data, label->len);
    mem_label_drop(obj);
    obj->label = copy;
    obj->label_bytes = label->len;
    return true;
}

void mem_label_drop(struct mem_object *obj)
{
    if (!obj->label)
        return;
    space_give(&mem_fs_of_object(obj)->space, obj->label_bytes);
    memory_free(MEMORY_objects, obj->label);
    obj->label = NULL;
    obj->label_bytes = 0;
}

enum vfs_status mem_getlabel(struct vfs_object *vfs, const struct vfs_cred *cred, uint8_t *data,
                             uint32_t *len)
{
    struct mem_object *obj = mem_of(vfs);

    (void)cred;
    mem_lock_read(obj);
    *len = obj->label_bytes;
    if (obj->label)
        memcpy(data, obj->label, obj->label_bytes);
    mem_unlock(obj);
    return VFS_OK;
}
