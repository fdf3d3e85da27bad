/* SPDX-License-Identifier: Apache-2.0 */
/* What requests find in the name space. */
#include "export/export.h"

#include <string.h>

#include "export/export_internal.h"

unsigned export_enter(struct export_table *table)
{
    return readers_enter(table->readers);
}

void export_leave(struct export_table *table, unsigned phase)
{
    readers_leave(table->readers, phase);
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

    *obj = vfs_object_get(allowed ? node->export->root : &node->pseudo);
    *export = allowed ? node->export : &table->pseudo_export;
}

enum export_admission export_table_admit(struct export_table *table, const struct sockaddr *peer)
{
    enum export_admission best = EXPORT_WRONG_ADDRESS;
    unsigned phase = export_enter(table);
    const struct export_view *view = export_view_of(table);

    for (uint32_t i = 0; i < view->count && best != EXPORT_ADMITTED; i++) {
        enum export_admission admission = export_admit(view->exports[i], peer);

        if (admission < best)
            best = admission;
    }
    export_leave(table, phase);
    return best;
}

uint32_t export_table_generation(const struct export_table *table)
{
    return atomic_load_explicit(&table->generation, memory_order_acquire);
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
    if (dir != export->root)
        return NULL;
    return atomic_load_explicit(&export->node, memory_order_acquire);
}

enum vfs_status export_root(struct export_table *table, const struct sockaddr *peer,
                            struct vfs_object **obj, struct export **export)
{
    struct export_node *top = &export_view_of(table)->top;

    if (top->export && !node_visible(top, peer))
        return VFS_ACCESS;
    node_enter(table, top, peer, obj, export);
    return VFS_OK;
}

enum vfs_status export_cross_down(struct export_table *table, struct export *export,
                                  struct vfs_object *dir, const struct vfs_name *name,
                                  const struct sockaddr *peer, struct vfs_object **obj,
                                  struct export **out_export)
{
    struct export_node *node = node_of(export, dir);
    struct export_node *child = node ? export_node_child(node, name->data, name->len) : NULL;

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
                       const struct vfs_object *dir, const struct sockaddr *peer, uint32_t *cookie,
                       struct vfs_name *name, struct vfs_object **obj, struct export **out_export)
{
    struct export_node *node = node_of(export, dir);

    if (!node)
        return false;
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (child->cookie <= *cookie || !node_visible(child, peer))
            continue;
        *cookie = child->cookie;
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

    return node && export_node_child(node, name->data, name->len);
}

bool export_has_place(const struct export *export, const struct vfs_object *dir)
{
    return node_of(export, dir) != NULL;
}
