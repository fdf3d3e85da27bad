/* SPDX-License-Identifier: Apache-2.0 */
/* The export table and the tree of the name space, which do not change after the start. */
#include "export/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/htable.h"
#include "base/log.h"
#include "export/export_internal.h"

struct export_table *export_table_create(void)
{
    struct export_table *table = must_calloc(1, sizeof(*table));
    struct timespec now = clock_realtime();

    table->started = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    table->pseudo_fs.ops = &pseudo_ops;
    table->pseudo_fs.volume = &table->pseudo_volume;
    table->pseudo_fs.caps = VFS_CAP_PERSISTENT;
    pseudo_node_init(table, &table->top, NULL, "");
    table->pseudo_export = (struct export){
        .id = 0,
        .path = table->top.path,
        .fs = &table->pseudo_fs,
        .read_only = true,
        .pseudo = true,
        .squash = EXPORT_ALL_SQUASH,
        .anon_uid = 65534,
        .anon_gid = 65534,
        .node = &table->top,
    };
    return table;
}

void export_table_destroy(struct export_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        struct export *export = table->exports[i];

        vfs_object_put(export->node->root);
        export->fs->ops->destroy(export->fs);
        free(export->path);
        free(export);
    }
    pseudo_node_fini(&table->top);
    free(table);
}

static struct export_node *child_find(struct export_node *node, const char *name, size_t len)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (strlen(child->name) == len && memcmp(child->name, name, len) == 0)
            return child;
    }
    return NULL;
}

/* Get the node at `path`; make it and its ancestors if need be. */
static struct export_node *node_make(struct export_table *table, const char *path)
{
    struct export_node *node = &table->top;

    while (*path) {
        char name[LIMIT_NAME_BYTES + 1];
        struct export_node *child;
        size_t len;

        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len == 0)
            break;
        CHECK(len <= LIMIT_NAME_BYTES); /* checked by export_spec_parse() */
        child = child_find(node, path, len);
        if (!child) {
            memcpy(name, path, len);
            name[len] = '\0';
            child = must_calloc(1, sizeof(*child));
            pseudo_node_init(table, child, node, name);
        }
        node = child;
        path += len;
    }
    return node;
}

static bool fsid_taken(const struct export_table *table, uint32_t id, uint64_t fsid)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->exports[i]->id == id || table->exports[i]->fsid_major == fsid)
            return true;
    }
    return id == table->pseudo_export.id;
}

/* A reserved port vouches for the caller's identity.  By default it is needed only if access
 * depends on that identity. */
static bool wants_reserved_ports(const struct export_spec *spec, const struct vfs *fs)
{
    if (spec->ports != EXPORT_PORTS_DEFAULT)
        return spec->ports == EXPORT_PORTS_SECURE;
    return (fs->caps & VFS_CAP_IDENTITY) && spec->squash != EXPORT_ALL_SQUASH;
}

/* Log the options in effect, including the defaults. */
static void export_log(const struct export *export)
{
    static const char *const squash[] = {[EXPORT_ROOT_SQUASH] = "root_squash",
                                         [EXPORT_NO_ROOT_SQUASH] = "no_root_squash",
                                         [EXPORT_ALL_SQUASH] = "all_squash"};

    log_info("export.open", LOG_STR("path", export->path),
             LOG_STR("access", export->read_only ? "ro" : "rw"),
             LOG_STR("changes", export->async ? "async" : "sync"),
             LOG_STR("squash", squash[export->squash]),
             LOG_STR("ports", export->secure ? "secure" : "insecure"),
             LOG_U64("client_rules", export->client_count));
}

bool export_table_add(struct export_table *table, const struct export_spec *spec, struct vfs *fs,
                      char *error, size_t error_size)
{
    uint64_t hash = hash_bytes(spec->path, strlen(spec->path), 0);
    uint64_t fsid = spec->has_fsid ? spec->fsid : hash | (1ull << 63); /* configured: below 2^63 */
    uint32_t id = (uint32_t)hash | 1;
    struct export_node *node;
    struct export *export;

    if (table->count == LIMIT_EXPORTS) {
        snprintf(error, error_size, "more than %u exports", LIMIT_EXPORTS);
        return false;
    }
    node = node_make(table, spec->path);
    if (node->export) {
        snprintf(error, error_size, "%s is exported twice", spec->path);
        return false;
    }
    if (fsid_taken(table, id, fsid)) {
        snprintf(error, error_size, "%s has the same fsid as another export", spec->path);
        return false;
    }
    if (fs->ops->root(fs, &node->root) != VFS_OK) {
        snprintf(error, error_size, "the root of %s can't be opened", spec->path);
        return false;
    }
    export = must_calloc(1, sizeof(*export));
    *export = (struct export){
        .id = id,
        .path = must_strdup(spec->path),
        .fs = fs,
        .read_only = spec->read_only,
        .strict_utf8 = spec->strict_utf8,
        .async = spec->async,
        .squash = spec->squash,
        .secure = wants_reserved_ports(spec, fs),
        .anon_uid = spec->anon_uid,
        .anon_gid = spec->anon_gid,
        .fsid_major = fsid,
        .client_count = spec->client_count,
        .node = node,
    };
    memcpy(export->clients, spec->clients, sizeof(export->clients));
    fs->fsid = fsid;
    node->export = export;
    table->exports[table->count++] = export;
    export_log(export);
    return true;
}

/* Is there an export below the node that the peer may use? */
static bool node_leads_on(const struct export_node *node, const struct sockaddr *peer)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if ((child->export && export_admit(child->export, peer) == EXPORT_ADMITTED) ||
            node_leads_on(child, peer))
            return true;
    }
    return false;
}

/* Does the peer see the export's root here?  It does, too, if only its port is wrong and there is
 * no export below that it may use: operations on the root then return the error. */
static bool node_is_exports(const struct export_node *node, const struct sockaddr *peer)
{
    switch (node->export ? export_admit(node->export, peer) : EXPORT_WRONG_ADDRESS) {
    case EXPORT_ADMITTED:
        return true;
    case EXPORT_WRONG_PORT:
        return !node_leads_on(node, peer);
    case EXPORT_WRONG_ADDRESS:
        break;
    }
    return false;
}

/* The directory that the peer sees at a node: the root of the node's export if the peer may use it,
 * else the pseudo directory. */
static void node_enter(struct export_table *table, struct export_node *node,
                       const struct sockaddr *peer, struct vfs_object **obj, struct export **export)
{
    bool allowed = node_is_exports(node, peer);

    *obj = vfs_object_get(allowed ? node->root : &node->pseudo);
    *export = allowed ? node->export : &table->pseudo_export;
}

enum export_admission export_table_admit(const struct export_table *table,
                                         const struct sockaddr *peer)
{
    enum export_admission best = EXPORT_WRONG_ADDRESS;

    for (uint32_t i = 0; i < table->count && best != EXPORT_ADMITTED; i++) {
        enum export_admission admission = export_admit(table->exports[i], peer);

        if (admission < best)
            best = admission;
    }
    return best;
}

uint32_t export_table_generation(const struct export_table *table)
{
    return table->count + 1;
}

/* A peer sees an export that it may use, and the directories that lead to one. */
static bool node_visible(const struct export_node *node, const struct sockaddr *peer)
{
    if (node->export && export_allows(node->export, peer))
        return true;
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (node_visible(child, peer))
            return true;
    }
    return false;
}

/* The node that `dir` of `export` stands for, or NULL. */
static struct export_node *node_of(const struct export *export, const struct vfs_object *dir)
{
    if (export->pseudo)
        return CONTAINER_OF(dir, struct export_node, pseudo);
    return dir == export->node->root ? export->node : NULL;
}

enum vfs_status export_root(struct export_table *table, const struct sockaddr *peer,
                            struct vfs_object **obj, struct export **export)
{
    if (table->top.export && !node_visible(&table->top, peer))
        return VFS_ACCESS;
    node_enter(table, &table->top, peer, obj, export);
    return VFS_OK;
}

enum vfs_status export_cross_down(struct export_table *table, struct export *export,
                                  struct vfs_object *dir, const struct vfs_name *name,
                                  const struct sockaddr *peer, struct vfs_object **obj,
                                  struct export **out_export)
{
    struct export_node *node = node_of(export, dir);
    struct export_node *child = node ? child_find(node, name->data, name->len) : NULL;

    *obj = NULL;
    if (child && node_visible(child, peer)) {
        node_enter(table, child, peer, obj, out_export);
        return VFS_OK;
    }
    return child || export->pseudo ? VFS_NOENT : VFS_OK;
}

enum vfs_status export_cross_up(struct export_table *table, struct export *export,
                                struct vfs_object *dir, const struct sockaddr *peer,
                                struct vfs_object **obj, struct export **out_export)
{
    struct export_node *node = node_of(export, dir);

    *obj = NULL;
    if (!node)
        return VFS_OK;
    if (!node->parent)
        return VFS_NOENT;
    node_enter(table, node->parent, peer, obj, out_export);
    return VFS_OK;
}

uint64_t export_mounted_on_fileid(const struct export *export, const struct vfs_object *obj)
{
    uint64_t own = obj->fileid;
    const struct export_node *node = node_of(export, obj);

    return node && node->parent ? node->pseudo.fileid : own;
}

bool export_child_next(struct export_table *table, const struct export *export,
                       const struct vfs_object *dir, const struct sockaddr *peer, uint32_t *index,
                       struct vfs_name *name, struct vfs_object **obj, struct export **out_export)
{
    struct export_node *node = node_of(export, dir);
    uint32_t i = 0;

    if (!node)
        return false;
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (i++ < *index || !node_visible(child, peer))
            continue;
        *index = i;
        *name = (struct vfs_name){.data = child->name, .len = strlen(child->name)};
        node_enter(table, child, peer, obj, out_export);
        return true;
    }
    return false;
}

bool export_child_named(const struct export *export, const struct vfs_object *dir,
                        const struct vfs_name *name)
{
    struct export_node *node = node_of(export, dir);

    return node && child_find(node, name->data, name->len);
}

bool export_has_children(const struct export *export, const struct vfs_object *dir)
{
    struct export_node *node = node_of(export, dir);

    return node && !list_empty(&node->children);
}
