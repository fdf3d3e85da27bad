/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/mem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/mem/acl.h"
#include "backend/mem/attr.h"
#include "backend/mem/attrdir.h"
#include "backend/mem/clone.h"
#include "backend/mem/copy.h"
#include "backend/mem/create.h"
#include "backend/mem/dir.h"
#include "backend/mem/file.h"
#include "backend/mem/fileid.h"
#include "backend/mem/label.h"
#include "backend/mem/object.h"
#include "backend/mem/path.h"
#include "backend/mem/read_plus.h"
#include "backend/mem/readdir.h"
#include "backend/mem/release.h"
#include "backend/mem/remove.h"
#include "backend/mem/rename.h"
#include "backend/mem/reserve.h"
#include "backend/mem/setattr.h"
#include "backend/mem/xattr.h"
#include "base/memory.h"

/* Approximate cost of a file with one name, without its data; for the counts of statfs. */
#define FILE_COST (sizeof(struct mem_object) + sizeof(struct mem_entry) + 32)

static enum vfs_status mem_root(struct vfs *vfs, struct vfs_object **out)
{
    *out = vfs_object_get(&mem_fs_of(vfs)->root->vfs);
    return VFS_OK;
}

static enum vfs_status mem_statfs(struct vfs_object *obj, struct vfs_statfs *out)
{
    struct mem_fs *fs = mem_fs_of(obj->fs);
    uint64_t of_all = memory_store_free();
    uint64_t bytes_free = space_free(&fs->space);

    if (bytes_free > of_all)
        bytes_free = of_all; /* other mem exports use the rest */
    *out = (struct vfs_statfs){
        .bytes_total = fs->space.limit,
        .bytes_free = bytes_free,
        .bytes_avail = bytes_free,
        .files_total = fs->space.limit / FILE_COST,
        .files_free = bytes_free / FILE_COST,
        .files_avail = bytes_free / FILE_COST,
        .name_max = LIMIT_NAME_BYTES,
        .link_max = fs->link_max,
        .file_size_max = MEM_FILE_SIZE_MAX,
    };
    return VFS_OK;
}

/* The number of references that the tree holds. */
static uint32_t refs_of_tree(const struct mem_fs *fs, const struct mem_object *obj)
{
    if (obj == fs->root)
        return 1;
    if (vfs_type_is_dir(obj->vfs.type))
        return obj->dir.parent ? 1 : 0;
    return obj->attr.nlink;
}

/* Goes on while `arg`, a bool, stays true. */
static bool is_idle(struct hnode *node, void *arg)
{
    struct mem_object *obj = CONTAINER_OF(node, struct mem_object, by_fileid);
    bool *idle = arg;

    uint32_t refs = atomic_load_explicit(&obj->vfs.refs, memory_order_acquire);

    *idle = refs != 0 && refs == refs_of_tree(mem_fs_of_object(obj), obj);
    return *idle;
}

static bool mem_idle(struct vfs *vfs)
{
    struct mem_fs *fs = mem_fs_of(vfs);
    bool idle = true;

    for (size_t i = 0; i < MEM_SHARDS && idle; i++) {
        pthread_mutex_lock(&fs->shards[i].lock);
        htable_visit(&fs->shards[i].objects, is_idle, &idle);
        pthread_mutex_unlock(&fs->shards[i].lock);
    }
    /* An object is counted before it leaves its table. */
    for (size_t i = 0; i < MEM_LANES && idle; i++)
        idle = atomic_load_explicit(&fs->lanes[i].releasing, memory_order_acquire) == 0;
    return idle;
}

static bool clear_dir(struct hnode *node, void *arg)
{
    struct mem_object *obj = CONTAINER_OF(node, struct mem_object, by_fileid);

    (void)arg;
    if (vfs_type_is_dir(obj->vfs.type))
        mem_dir_clear(obj);
    return true;
}

static bool destroy_object(struct hnode *node, void *arg)
{
    struct mem_object *obj = CONTAINER_OF(node, struct mem_object, by_fileid);
    struct htable *objects = arg;

    /* Otherwise there is a holder left. */
    DCHECK(atomic_load(&obj->vfs.refs) == refs_of_tree(mem_fs_of_object(obj), obj));
    htable_remove(objects, node);
    mem_object_free(obj);
    return true;
}

static void mem_destroy(struct vfs *vfs)
{
    struct mem_fs *fs = mem_fs_of(vfs);

    /* First the entries, which are in the memory of their objects. */
    for (size_t i = 0; i < MEM_SHARDS; i++)
        htable_visit(&fs->shards[i].objects, clear_dir, NULL);
    for (size_t i = 0; i < MEM_SHARDS; i++) {
        htable_visit(&fs->shards[i].objects, destroy_object, &fs->shards[i].objects);
        htable_fini(&fs->shards[i].objects);
        pthread_mutex_destroy(&fs->shards[i].lock);
    }
    space_fini(&fs->space);
    pthread_mutex_destroy(&fs->rename_lock);
    free(fs);
}

static const struct vfs_ops mem_ops = {
    .name = "mem",
    .destroy = mem_destroy,
    .idle = mem_idle,
    .root = mem_root,
    .resolve = mem_resolve,
    .release = mem_release,
    .statfs = mem_statfs,
    .getattr = mem_getattr,
    .setattr = mem_setattr,
    .touch = mem_touch,
    .access = mem_access,
    .lookup = mem_lookup,
    .parent = mem_parent,
    .create = mem_create_object,
    .readlink = mem_readlink,
    .readdir = mem_readdir,
    .remove = mem_remove,
    .rename = mem_rename,
    .link = mem_link,
    .may_setattr = mem_may_setattr,
    .may_remove = mem_may_remove,
    .may_link = mem_may_link,
    .open = mem_open,
    .close = mem_close,
    .read = mem_read,
    .read_done = mem_read_done,
    .write = mem_write,
    .commit = mem_commit,
    .persist = vfs_persist_none,
    .allocate = mem_allocate,
    .deallocate = mem_deallocate,
    .seek = mem_seek,
    .advise = vfs_advise_none,
    .clone = mem_clone,
    .space_freed = mem_space_freed,
    .read_plus = mem_read_plus,
    .copy = mem_copy,
    .getxattr = mem_getxattr,
    .setxattr = mem_setxattr,
    .listxattrs = mem_listxattrs,
    .removexattr = mem_removexattr,
    .openattr = mem_openattr,
    .getacl = mem_getacl,
    .getlabel = mem_getlabel,
    .lease = vfs_lease_none,
    .unlease = vfs_unlease_none,
    .path = mem_path,
};

static void make_root(struct mem_fs *fs, const struct mem_options *options)
{
    struct vfs_attr attr = {
        .type = VFS_DIR,
        .mode = options->root_mode ? options->root_mode & 07777 : 0755,
        .uid = options->root_uid,
        .gid = options->root_gid,
    };

    fs->root = mem_object_create(fs, &attr, NULL);
    CHECK(fs->root);
    fs->root->attr.nlink = 2;
}

struct vfs *mem_create(const struct mem_options *options)
{
    static const struct mem_options defaults;
    struct mem_fs *fs = aligned_alloc(64, (sizeof(*fs) + 63) / 64 * 64);
    uint64_t bytes_max;

    if (!options)
        options = &defaults;
    CHECK(fs && sodium_init() >= 0);
    memset(fs, 0, sizeof(*fs));
    fs->vfs.ops = &mem_ops;
    fs->vfs.volume = &fs->volume;
    fs->vfs.change_type = VFS_CHANGE_MONOTONIC;
    fs->vfs.caps = VFS_CAP_SYMLINK | VFS_CAP_LINK | VFS_CAP_MKNOD | VFS_CAP_CHOWN | VFS_CAP_BTIME |
                   VFS_CAP_NAMED_ATTR | VFS_CAP_ACL | VFS_CAP_ORDER | VFS_CAP_PARENTS |
                   VFS_CAP_COPY | VFS_CAP_CLONE | VFS_CAP_SPACE | VFS_CAP_XATTR | VFS_CAP_ATIME |
                   VFS_CAP_LABEL;
    fs->vfs.clone_blksize = MEM_BLOCK_BYTES;
    randombytes_buf(&fs->vfs.write_verifier, sizeof(fs->vfs.write_verifier));
    randombytes_buf(&fs->instance, sizeof(fs->instance));
    randombytes_buf(&fs->name_seed, sizeof(fs->name_seed));
    randombytes_buf(fs->handle_key, sizeof(fs->handle_key));
    fs->link_max = options->link_max ? options->link_max : LIMIT_MEM_LINKS;
    fs->subdir_max = options->link_max ? options->link_max : MEM_SUBDIR_MAX;
    bytes_max = options->bytes_max ? options->bytes_max : memory_store_default();
    /* At least the root must fit. */
    space_init(&fs->space,
               bytes_max < sizeof(struct mem_object) ? sizeof(struct mem_object) : bytes_max);
    mem_fileid_init(fs);
    pthread_mutex_init(&fs->rename_lock, NULL);
    for (size_t i = 0; i < MEM_SHARDS; i++) {
        pthread_mutex_init(&fs->shards[i].lock, NULL);
        htable_init(&fs->shards[i].objects, 0);
    }
    make_root(fs, options);
    return &fs->vfs;
}

#if defined(__SANITIZE_THREAD__)
/* ThreadSanitizer reports locks held once as (a, b) and once as (b, a) as a potential deadlock.
 * Directories are locked downwards (mem_internal.h has the order, rename.c explains why there is no
 * deadlock), and a rename may swap which of two directories is above the other.  So its deadlock
 * reports for these locks are suppressed.  It still checks the data that they guard.
 * NOLINTBEGIN(bugprone-reserved-identifier): ThreadSanitizer requires this name. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "deadlock:mem_lock_write\ndeadlock:mem_lock_read\n";
}
/* NOLINTEND(bugprone-reserved-identifier) */
#endif
