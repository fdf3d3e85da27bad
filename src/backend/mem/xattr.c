/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes: by hash for access by name, by cookie for LISTXATTRS.  A new name gets the
 * next cookie, and keeps it until it is removed; so a listing is not disturbed by other changes.
 * Names and values are charged to the export's space.
 */
#include "backend/mem/xattr.h"

#include <string.h>

#include "backend/mem/attr.h"
#include "backend/mem/tell.h"
#include "base/clock.h"
#include "base/memory.h"

enum {
    COOKIE_FIRST = 1,
    BATCH = 16,
};

struct mem_xattr {
    struct hnode by_name;
    uint64_t cookie;
    void *value; /* NULL if it has no bytes */
    uint32_t value_len;
    uint32_t name_len;
    char name[];
};

/* Names that are emitted without a lock. */
struct batch {
    struct {
        uint64_t cookie;
        size_t len;
        char text[LIMIT_XATTR_NAME_BYTES];
    } names[BATCH];
    uint32_t count;
};

static uint64_t name_hash(const struct mem_object *obj, const char *data, size_t len)
{
    return hash_bytes(data, len, mem_fs_of_object(obj)->name_seed);
}

/* NULL without space. */
static void *take(struct mem_object *obj, enum memory_class of, size_t size)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    void *p;

    if (!space_take(space, size))
        return NULL;
    p = memory_alloc(of, size);
    if (!p)
        space_give(space, size);
    return p;
}

static void give(struct mem_object *obj, enum memory_class of, void *p, size_t size)
{
    memory_free(of, p);
    space_give(&mem_fs_of_object(obj)->space, size);
}

static void drop_value(struct mem_object *obj, struct mem_xattr *xattr)
{
    if (xattr->value)
        give(obj, MEMORY_data, xattr->value, xattr->value_len);
    xattr->value = NULL;
    xattr->value_len = 0;
}

static void drop(struct mem_object *obj, struct mem_xattr *xattr)
{
    drop_value(obj, xattr);
    give(obj, MEMORY_objects, xattr, sizeof(*xattr) + xattr->name_len);
}

static struct mem_xattr *find_locked(const struct mem_object *obj,
                                     const struct vfs_xattr_name *name)
{
    struct hnode *node;

    if (!obj->xattrs)
        return NULL;
    node = htable_first(&obj->xattrs->names, name_hash(obj, name->data, name->len));
    for (; node; node = htable_next(node)) {
        struct mem_xattr *xattr = CONTAINER_OF(node, struct mem_xattr, by_name);

        if (xattr->name_len == name->len && memcmp(xattr->name, name->data, name->len) == 0)
            return xattr;
    }
    return NULL;
}

static void remove_locked(struct mem_object *obj, struct mem_xattr *xattr)
{
    htable_remove(&obj->xattrs->names, &xattr->by_name);
    CHECK(radix_remove(&obj->xattrs->order, &mem_fs_of_object(obj)->space, xattr->cookie) == xattr);
    drop(obj, xattr);
}

/* The object has room for extended attributes from now on. */
static bool prepare_locked(struct mem_object *obj)
{
    struct mem_xattrs *xattrs;

    if (obj->xattrs)
        return true;
    xattrs = take(obj, MEMORY_objects, sizeof(*xattrs));
    if (!xattrs)
        return false;
    memset(xattrs, 0, sizeof(*xattrs));
    xattrs->cookie_next = COOKIE_FIRST;
    htable_init(&xattrs->names, 0);
    obj->xattrs = xattrs;
    return true;
}

/* A new one without a value.  NULL without space. */
static struct mem_xattr *add_locked(struct mem_object *obj, const struct vfs_xattr_name *name)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    struct mem_xattr *xattr;

    if (!prepare_locked(obj) || obj->xattrs->names.count >= LIMIT_MEM_XATTRS)
        return NULL;
    xattr = take(obj, MEMORY_objects, sizeof(*xattr) + name->len);
    if (!xattr)
        return NULL;
    *xattr =
        (struct mem_xattr){.cookie = obj->xattrs->cookie_next, .name_len = (uint32_t)name->len};
    memcpy(xattr->name, name->data, name->len);
    if (!radix_insert(&obj->xattrs->order, space, xattr->cookie, xattr, false)) {
        drop(obj, xattr);
        return NULL;
    }
    obj->xattrs->cookie_next++;
    htable_insert(&obj->xattrs->names, &xattr->by_name, name_hash(obj, name->data, name->len));
    return xattr;
}

/* Nothing has changed unless VFS_OK. */
static enum vfs_status put_locked(struct mem_object *obj, const struct vfs_xattr_name *name,
                                  enum vfs_setxattr how, const void *value, uint32_t len)
{
    struct mem_xattr *xattr = find_locked(obj, name);
    void *copy = NULL;

    if (xattr && how == VFS_SETXATTR_CREATE)
        return VFS_EXIST;
    if (!xattr && how == VFS_SETXATTR_REPLACE)
        return VFS_NOXATTR;
    if (len > 0) {
        copy = take(obj, MEMORY_data, len);
        if (!copy)
            return VFS_NOSPC;
        memcpy(copy, value, len);
    }
    if (!xattr)
        xattr = add_locked(obj, name);
    if (!xattr) {
        if (copy)
            give(obj, MEMORY_data, copy, len);
        return VFS_NOSPC;
    }
    drop_value(obj, xattr);
    xattr->value = copy;
    xattr->value_len = len;
    return VFS_OK;
}

static void changed_locked(struct mem_object *obj, const struct vfs_cred *cred,
                           struct vfs_change_info *info)
{
    info->atomic = true;
    info->before = obj->attr.change;
    mem_changed_locked(obj, clock_realtime());
    info->after = obj->attr.change;
    mem_tell_attr_locked(obj, NULL, cred->actor);
}

enum vfs_status mem_getxattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                             const struct vfs_xattr_name *name, void *buf, uint32_t size,
                             uint32_t *len)
{
    struct mem_object *obj = mem_of(vfs);
    const struct mem_xattr *xattr;
    enum vfs_status status;

    mem_lock_read(obj);
    status = vfs_guard_may_xattr(mem_guard(obj), cred, VFS_MAY_XAREAD);
    if (status == VFS_OK) {
        xattr = find_locked(obj, name);
        if (!xattr) {
            status = VFS_NOXATTR;
        } else {
            *len = xattr->value_len;
            if (xattr->value_len > size)
                status = VFS_TOOSMALL;
            else if (xattr->value_len > 0)
                memcpy(buf, xattr->value, xattr->value_len);
        }
    }
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_setxattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                             const struct vfs_xattr_name *name, enum vfs_setxattr how,
                             const void *value, uint32_t len, struct vfs_change_info *info)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status;

    if (len > LIMIT_XATTR_VALUE_BYTES)
        return VFS_XATTR2BIG;
    mem_lock_write(obj);
    status = vfs_guard_may_xattr(mem_guard(obj), cred, VFS_MAY_XAWRITE);
    if (status == VFS_OK)
        status = put_locked(obj, name, how, value, len);
    if (status == VFS_OK)
        changed_locked(obj, cred, info);
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_removexattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                                const struct vfs_xattr_name *name, struct vfs_change_info *info)
{
    struct mem_object *obj = mem_of(vfs);
    struct mem_xattr *xattr = NULL;
    enum vfs_status status;

    mem_lock_write(obj);
    status = vfs_guard_may_xattr(mem_guard(obj), cred, VFS_MAY_XAWRITE);
    if (status == VFS_OK) {
        xattr = find_locked(obj, name);
        if (!xattr)
            status = VFS_NOXATTR;
    }
    if (status == VFS_OK) {
        remove_locked(obj, xattr);
        changed_locked(obj, cred, info);
    }
    mem_unlock(obj);
    return status;
}

/* The names after `cookie`, as many as fit. */
static enum vfs_status batch_fill(struct mem_object *obj, const struct vfs_cred *cred,
                                  uint64_t cookie, struct batch *batch)
{
    enum vfs_status status;

    batch->count = 0;
    mem_lock_read(obj);
    status = vfs_guard_may_xattr(mem_guard(obj), cred, VFS_MAY_XALIST);
    if (status == VFS_OK && cookie != 0 && (!obj->xattrs || cookie >= obj->xattrs->cookie_next))
        status = VFS_BAD_COOKIE;
    for (uint64_t at = cookie + 1; status == VFS_OK && obj->xattrs && batch->count < BATCH; at++) {
        const struct mem_xattr *xattr = radix_next(&obj->xattrs->order, &at);

        if (!xattr)
            break;
        batch->names[batch->count].cookie = xattr->cookie;
        batch->names[batch->count].len = xattr->name_len;
        memcpy(batch->names[batch->count++].text, xattr->name, xattr->name_len);
    }
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_listxattrs(struct vfs_object *vfs, const struct vfs_cred *cred,
                               struct vfs_listxattrs *list)
{
    uint64_t cookie = list->cookie;
    struct batch batch;

    list->eof = false;
    do {
        enum vfs_status status = batch_fill(mem_of(vfs), cred, cookie, &batch);

        if (status != VFS_OK)
            return status;
        for (uint32_t i = 0; i < batch.count; i++) {
            struct vfs_xattr_name name = {batch.names[i].text, batch.names[i].len};

            cookie = batch.names[i].cookie;
            if (!list->emit(list->arg, &name, cookie))
                return VFS_OK;
        }
    } while (batch.count == BATCH);
    list->eof = true;
    return VFS_OK;
}

static bool drop_one(struct hnode *node, void *arg)
{
    remove_locked(arg, CONTAINER_OF(node, struct mem_xattr, by_name));
    return true;
}

void mem_xattrs_drop(struct mem_object *obj)
{
    struct mem_xattrs *xattrs = obj->xattrs;

    if (!xattrs)
        return;
    htable_visit(&xattrs->names, drop_one, obj);
    htable_fini(&xattrs->names);
    radix_fini(&xattrs->order, &mem_fs_of_object(obj)->space);
    give(obj, MEMORY_objects, xattrs, sizeof(*xattrs));
    obj->xattrs = NULL;
}
