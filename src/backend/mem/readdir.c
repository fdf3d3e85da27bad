/* SPDX-License-Identifier: Apache-2.0 */
/* READDIR returns entries in the order of their cookies.  It collects them in batches, so that emit
 * runs without a lock. */
#include "backend/mem/readdir.h"

#include "backend/mem/acl.h"
#include "backend/mem/attr.h"
#include "backend/mem/dir.h"
#include "backend/mem/label.h"

enum {
    BATCH = 64,
    MAY_READ = 4,
    MAY_EXEC = 1,
};

struct batch {
    struct mem_entry *entries[BATCH]; /* each with a reference */
    uint32_t count;
    bool may_search;
    bool atime_due;
};

/* Collect the entries after `cookie`, as many as fit. */
static enum vfs_status batch_fill(struct mem_object *dir, const struct vfs_cred *cred,
                                  uint64_t cookie, struct batch *batch)
{
    enum vfs_status status = VFS_OK;
    uint32_t rwx;

    batch->count = 0;
    mem_lock_read(dir);
    rwx = vfs_guard_rwx(mem_guard(dir), cred);
    batch->may_search = rwx & MAY_EXEC;
    batch->atime_due = dir->atime_due;
    if (!(rwx & MAY_READ))
        status = VFS_ACCESS;
    else if (cookie != 0 && (cookie < MEM_COOKIE_FIRST || cookie >= dir->dir.cookie_next))
        status = VFS_BAD_COOKIE;
    for (uint64_t at = cookie + 1; status == VFS_OK && batch->count < BATCH; at++) {
        struct mem_entry *entry = radix_next(&dir->dir.order, &at);

        if (!entry)
            break;
        atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
        batch->entries[batch->count++] = entry;
    }
    mem_unlock(dir);
    return status;
}

/* Get the attributes, unless the object's ACL denies that to cred. */
static bool look_at(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t mask,
                    struct vfs_attr *attr)
{
    uint32_t granted;

    if (mem_getattr(obj, mask, attr) != VFS_OK)
        return false;
    return !(attr->mask & VFS_ATTR_GUARDED) ||
           (mem_access(obj, cred, VFS_MAY_READ_ATTR, &granted) == VFS_OK && granted);
}

static bool emit_with_label(const struct vfs_readdir *rd, const struct vfs_cred *cred,
                            struct vfs_object *obj, struct vfs_dirent *dirent)
{
    uint8_t data[LIMIT_LABEL_BYTES];
    struct vfs_label label = {.data = data};

    if (!rd->want_label || dirent->denied)
        return rd->emit(rd->arg, dirent);
    if (mem_getlabel(obj, cred, data, &label.len) == VFS_OK && label.len > 0)
        dirent->label = &label;
    return rd->emit(rd->arg, dirent);
}

static bool emit_with_acl(const struct vfs_readdir *rd, const struct vfs_cred *cred,
                          struct vfs_object *obj, struct vfs_dirent *dirent)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};

    if (mem_getacl(obj, cred, &acl) == VFS_OK)
        dirent->acl = &acl;
    else
        dirent->denied = true;
    return emit_with_label(rd, cred, obj, dirent);
}

static bool emit_one(const struct vfs_readdir *rd, const struct vfs_cred *cred,
                     const struct batch *batch, const struct mem_entry *entry)
{
    struct vfs_object *obj = &entry->obj->vfs;
    struct vfs_attr attr;
    struct vfs_dirent dirent = {
        .name = {.data = entry->name, .len = entry->len},
        .cookie = entry->cookie,
        .fileid = obj->fileid,
    };

    if (batch->may_search && rd->attr_mask) {
        dirent.denied = !look_at(obj, cred, rd->attr_mask, &attr);
        dirent.attr = dirent.denied ? NULL : &attr;
    }
    if (rd->want_handle && batch->may_search)
        dirent.handle = &obj->handle;
    if (batch->may_search && rd->want_acl && !dirent.denied)
        return emit_with_acl(rd, cred, obj, &dirent);
    if (batch->may_search)
        return emit_with_label(rd, cred, obj, &dirent);
    return rd->emit(rd->arg, &dirent);
}

/* Emit a batch and put its entries.  False when the caller wants no more. */
static bool batch_emit(struct vfs_readdir *rd, const struct vfs_cred *cred, struct batch *batch)
{
    bool more = true;

    for (uint32_t i = 0; i < batch->count; i++) {
        if (more)
            more = emit_one(rd, cred, batch, batch->entries[i]);
        mem_entry_put(batch->entries[i]);
    }
    return more;
}

enum vfs_status mem_readdir(struct vfs_object *vfs, const struct vfs_cred *cred,
                            struct vfs_readdir *rd)
{
    struct mem_object *dir = mem_of(vfs);
    uint64_t cookie = rd->cookie;
    struct batch batch;

    if (!vfs_type_is_dir(vfs->type))
        return VFS_NOTDIR;
    rd->eof = false;
    do {
        enum vfs_status status = batch_fill(dir, cred, cookie, &batch);

        if (status != VFS_OK)
            return status;
        if (batch.count > 0)
            cookie = batch.entries[batch.count - 1]->cookie;
        if (!batch_emit(rd, cred, &batch))
            return VFS_OK;
    } while (batch.count == BATCH);
    rd->eof = true;
    if (batch.atime_due)
        mem_accessed(dir);
    return VFS_OK;
}
