/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pseudo file system (RFC 8881 §7.3): read-only directories that lead to the exports, served
 * as a backend like any other.  Lookup and listing depend on the caller, so they are
 * export_cross_down() and export_child_next(); the operations here do not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/htable.h"
#include "export/export_internal.h"
#include "vfs/vfs_mode.h"

enum {
    PSEUDO_MODE = 0555,
    PSEUDO_DIR_BYTES = 512
};

static struct export_node *node_of(const struct vfs_object *obj)
{
    return CONTAINER_OF(obj, struct export_node, pseudo);
}

void pseudo_node_init(struct export_table *table, struct export_node *node,
                      struct export_node *parent, const char *name)
{
    char path[LIMIT_PATH_BYTES + LIMIT_NAME_BYTES + 2];
    uint64_t id;

    (void)snprintf(path, sizeof(path), "%s/%s", parent && parent->parent ? parent->path : "", name);
    node->parent = parent;
    if (parent)
        node->change = parent->change;
    node->name = must_strdup(name);
    node->path = must_strdup(path);
    list_init(&node->children);
    list_init(&node->sibling);
    id = hash_bytes(node->path, strlen(node->path), 0) | 1; /* never 0 */
    node->pseudo.fs = &table->pseudo_fs;
    node->pseudo.node = &node->pseudo.own_node;
    atomic_init(&node->pseudo.refs, 1); /* the view's own */
    node->pseudo.type = VFS_DIR;
    node->pseudo.fileid = id;
    node->pseudo.handle.len = sizeof(id);
    memcpy(node->pseudo.handle.data, &id, sizeof(id));
}

void pseudo_node_fini(struct export_node *node)
{
    LIST_FOREACH_SAFE (child, &node->children, struct export_node, sibling) {
        pseudo_node_fini(child);
        free(child);
    }
    list_init(&node->children);
    free(node->name);
    free(node->path);
}

static struct export_node *find_below(struct export_node *node, const struct vfs_handle *handle)
{
    if (node->pseudo.handle.len == handle->len &&
        memcmp(node->pseudo.handle.data, handle->data, handle->len) == 0)
        return node;
    /* The depth is bounded by LIMIT_PATH_DEPTH. */
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        struct export_node *found = find_below(child, handle);

        if (found)
            return found;
    }
    return NULL;
}

static struct export_table *table_of(struct vfs *fs)
{
    return CONTAINER_OF(fs, struct export_table, pseudo_fs);
}

static enum vfs_status pseudo_root(struct vfs *fs, struct vfs_object **out)
{
    *out = vfs_object_get(&export_view_of(table_of(fs))->top.pseudo);
    return VFS_OK;
}

static enum vfs_status pseudo_resolve(struct vfs *fs, const struct vfs_handle *handle,
                                      struct vfs_object **out)
{
    struct export_node *node;

    if (handle->len != sizeof(uint64_t))
        return VFS_BADHANDLE;
    node = find_below(&export_view_of(table_of(fs))->top, handle);
    if (!node)
        return VFS_STALE;
    *out = vfs_object_get(&node->pseudo);
    return VFS_OK;
}

/* The view holds a reference on each node, and goes only after all who found them. */
static void pseudo_release(struct vfs_object *obj)
{
    (void)obj;
    CHECK(!"a pseudo directory outlives its references");
}

static void pseudo_destroy(struct vfs *fs)
{
    (void)fs;
}

static bool pseudo_idle(struct vfs *fs)
{
    (void)fs;
    return false; /* it lives as long as the table */
}

static enum vfs_status pseudo_statfs(struct vfs_object *obj, struct vfs_statfs *out)
{
    (void)obj;
    *out = (struct vfs_statfs){.name_max = LIMIT_NAME_BYTES, .link_max = 1};
    return VFS_OK;
}

static enum vfs_status pseudo_getattr(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out)
{
    uint64_t change = node_of(obj)->change;
    struct timespec changed = {.tv_sec = (time_t)(change / NSEC_PER_SEC)};
    uint32_t subdirs = 0;

    (void)mask;
    LIST_FOREACH (child, &node_of(obj)->children, struct export_node, sibling)
        subdirs++;
    *out = (struct vfs_attr){
        .mask = VFS_ATTR_ALL_GET & ~(uint32_t)(VFS_ATTR_RDEV | VFS_ATTR_BTIME),
        .type = VFS_DIR,
        .mode = PSEUDO_MODE,
        .nlink = 2 + subdirs,
        .size = PSEUDO_DIR_BYTES,
        .space_used = PSEUDO_DIR_BYTES,
        .fileid = obj->fileid,
        .change = change,
        .atime = changed,
        .mtime = changed,
        .ctime = changed,
    };
    return VFS_OK;
}

static enum vfs_status pseudo_setattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                      const struct vfs_attr *set, bool opened, uint32_t *applied)
{
    (void)obj, (void)cred, (void)set, (void)opened;
    *applied = 0;
    return VFS_ROFS;
}

static enum vfs_status pseudo_touch(struct vfs_object *obj)
{
    (void)obj;
    return VFS_ROFS;
}

static enum vfs_status pseudo_access(struct vfs_object *obj, const struct vfs_cred *cred,
                                     uint32_t want, uint32_t *granted)
{
    struct vfs_attr attr = {.type = VFS_DIR, .mode = PSEUDO_MODE};

    (void)obj;
    *granted = vfs_mode_access(&attr, cred, want) & (VFS_MAY_READ | VFS_MAY_LOOKUP);
    return VFS_OK;
}

static enum vfs_status pseudo_lookup(struct vfs_object *dir, const struct vfs_cred *cred,
                                     const struct vfs_name *name, struct vfs_object **out)
{
    (void)dir, (void)cred, (void)name, (void)out;
    return VFS_NOENT;
}

static enum vfs_status pseudo_parent(struct vfs_object *dir, const struct vfs_cred *cred,
                                     struct vfs_object **out)
{
    struct export_node *parent = node_of(dir)->parent;

    (void)cred;
    if (!parent)
        return VFS_NOENT;
    *out = vfs_object_get(&parent->pseudo);
    return VFS_OK;
}

static enum vfs_status pseudo_create(struct vfs_object *dir, const struct vfs_cred *cred,
                                     const struct vfs_name *name, struct vfs_create *create,
                                     struct vfs_change_info *info, struct vfs_object **out)
{
    (void)dir, (void)cred, (void)name, (void)create, (void)info, (void)out;
    return VFS_ROFS;
}

static enum vfs_status pseudo_readlink(struct vfs_object *obj, const struct vfs_cred *cred,
                                       char *buf, uint32_t size, uint32_t *len)
{
    (void)obj, (void)cred, (void)buf, (void)size, (void)len;
    return VFS_INVAL;
}

static enum vfs_status pseudo_readdir(struct vfs_object *dir, const struct vfs_cred *cred,
                                      struct vfs_readdir *rd)
{
    (void)dir, (void)cred;
    rd->eof = true;
    return rd->cookie == 0 ? VFS_OK : VFS_BAD_COOKIE;
}

static enum vfs_status pseudo_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                     const struct vfs_name *name, struct vfs_change_info *info)
{
    (void)dir, (void)cred, (void)name, (void)info;
    return VFS_ROFS;
}

static enum vfs_status pseudo_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                                     struct vfs_object *to_dir, const struct vfs_name *to,
                                     const struct vfs_cred *cred, struct vfs_change_info *from_info,
                                     struct vfs_change_info *to_info)
{
    (void)from_dir, (void)from, (void)to_dir, (void)to, (void)cred;
    (void)from_info, (void)to_info;
    return VFS_ROFS;
}

static enum vfs_status pseudo_link(struct vfs_object *obj, struct vfs_object *dir,
                                   const struct vfs_cred *cred, const struct vfs_name *name,
                                   struct vfs_change_info *info)
{
    (void)obj, (void)dir, (void)cred, (void)name, (void)info;
    return VFS_ROFS;
}

static enum vfs_status pseudo_may_setattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                          const struct vfs_attr *set, bool opened)
{
    (void)obj, (void)cred, (void)set, (void)opened;
    return VFS_ROFS;
}

static enum vfs_status pseudo_may_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                         const struct vfs_name *name)
{
    (void)dir, (void)cred, (void)name;
    return VFS_ROFS;
}

static enum vfs_status pseudo_may_link(struct vfs_object *obj, struct vfs_object *dir,
                                       const struct vfs_cred *cred)
{
    (void)obj, (void)dir, (void)cred;
    return VFS_ROFS;
}

static enum vfs_status pseudo_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                   enum vfs_open_want want, bool created)
{
    (void)obj, (void)cred, (void)want, (void)created;
    return VFS_ISDIR;
}

static void pseudo_close(struct vfs_object *obj, enum vfs_open_want want)
{
    (void)obj, (void)want;
}

static enum vfs_status pseudo_read(struct vfs_object *obj, struct vfs_read *io)
{
    (void)obj, (void)io;
    return VFS_ISDIR;
}

static void pseudo_read_done(struct vfs_object *obj, int fd)
{
    (void)obj, (void)fd;
}

static enum vfs_status pseudo_write(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint64_t offset, const void *data, uint32_t len,
                                    enum vfs_stability want, uint32_t *written,
                                    enum vfs_stability *reached)
{
    (void)obj, (void)cred, (void)offset, (void)data, (void)len, (void)want, (void)written;
    (void)reached;
    return VFS_ISDIR;
}

static enum vfs_status pseudo_commit(struct vfs_object *obj, const struct vfs_cred *cred,
                                     uint64_t offset, uint64_t len)
{
    (void)obj, (void)cred, (void)offset, (void)len;
    return VFS_ISDIR;
}

const struct vfs_ops pseudo_ops = {
    .name = "pseudo",
    .destroy = pseudo_destroy,
    .idle = pseudo_idle,
    .root = pseudo_root,
    .resolve = pseudo_resolve,
    .release = pseudo_release,
    .statfs = pseudo_statfs,
    .getattr = pseudo_getattr,
    .setattr = pseudo_setattr,
    .touch = pseudo_touch,
    .access = pseudo_access,
    .lookup = pseudo_lookup,
    .parent = pseudo_parent,
    .create = pseudo_create,
    .readlink = pseudo_readlink,
    .readdir = pseudo_readdir,
    .remove = pseudo_remove,
    .rename = pseudo_rename,
    .link = pseudo_link,
    .may_setattr = pseudo_may_setattr,
    .may_remove = pseudo_may_remove,
    .may_link = pseudo_may_link,
    .open = pseudo_open,
    .close = pseudo_close,
    .read = pseudo_read,
    .read_done = pseudo_read_done,
    .write = pseudo_write,
    .commit = pseudo_commit,
    .persist = vfs_persist_none,
    .allocate = vfs_space_none,
    .deallocate = vfs_space_none,
    .seek = vfs_seek_none,
    .space_freed = vfs_space_freed_none,
    .read_plus = vfs_read_plus_none,
    .advise = vfs_advise_none,
    .clone = vfs_clone_none,
    .copy = vfs_copy_none,
    .getxattr = vfs_getxattr_none,
    .setxattr = vfs_setxattr_none,
    .listxattrs = vfs_listxattrs_none,
    .removexattr = vfs_removexattr_none,
    .openattr = vfs_openattr_none,
    .getacl = vfs_getacl_none,
    .getlabel = vfs_getlabel_none,
    .lease = vfs_lease_none,
    .unlease = vfs_unlease_none,
    .path = vfs_path_none,
};
