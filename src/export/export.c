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

/* Is there an export below the node that the caller may use? */
static bool node_leads_on(const struct export_node *node, const struct export_caller *caller)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if ((child->export && export_admit(child->export, caller) == EXPORT_ADMITTED) ||
            node_leads_on(child, caller))
            return true;
    }
    return false;
}

/* Does the caller see the export's root here?  It does, too, if only its flavor is wrong, for
 * SECINFO to tell the right one; and if its port or its connection is wrong and there is no export
 * below that it may use: operations on the root then return the error. */
static bool node_is_exports(const struct export_node *node, const struct export_caller *caller)
{
    switch (node->export ? export_admit(node->export, caller) : EXPORT_WRONG_ADDRESS) {
    case EXPORT_ADMITTED:
    case EXPORT_WRONG_FLAVOR:
        return true;
    case EXPORT_WRONG_PORT:
    case EXPORT_WRONG_CERTIFICATE:
    case EXPORT_WRONG_TRANSPORT:
        return !node_leads_on(node, caller);
    case EXPORT_WRONG_ADDRESS:
        break;
    }
    return false;
}

/* The directory that the caller sees at a node: the root of the node's export if it may use that,
 * else the pseudo directory. */
static void node_enter(struct export_table *table, struct export_node *node,
                       const struct export_caller *caller, struct vfs_object **obj,
                       struct export **export)
{
    bool allowed = node_is_exports(node, caller);

    *obj = vfs_object_get(allowed ? node->export->root : &node->pseudo);
    *export = allowed ? node->export : &table->pseudo_export;
}

enum export_admission export_table_admit(struct export_table *table,
                                         const struct export_caller *caller)
{
    enum export_admission best = EXPORT_WRONG_ADDRESS;
    unsigned phase = export_enter(table);
    const struct export_view *view = export_view_of(table);

    for (uint32_t i = 0; i < view->count && best != EXPORT_ADMITTED; i++) {
        enum export_admission admission = export_admit(view->exports[i], caller);

        if (admission < best)
            best = admission;
    }
    export_leave(table, phase);
    return best;
}

/* ---- the pseudo file system ---- */

/* The least that is wrong with the exports at and below the node. */
static enum export_admission node_admit(const struct export_node *node,
                                        const struct export_caller *caller)
{
    enum export_admission best =
        node->export ? export_admit(node->export, caller) : EXPORT_WRONG_ADDRESS;

    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        enum export_admission below = node_admit(child, caller);

        if (below < best)
            best = below;
    }
    return best;
}

/* Only the security counts here.  Exports that are not meant for the caller's address are not
 * there, and a port is checked where it matters. */
static enum export_admission pseudo_admit(const struct vfs_object *obj,
                                          const struct export_caller *caller)
{
    enum export_admission best = node_admit(CONTAINER_OF(obj, struct export_node, pseudo), caller);

    return best == EXPORT_WRONG_PORT || best == EXPORT_WRONG_ADDRESS ? EXPORT_ADMITTED : best;
}

enum export_admission export_admit_at(const struct export *export, const struct vfs_object *obj,
                                      const struct export_caller *caller)
{
    return export->pseudo ? pseudo_admit(obj, caller) : export_admit(export, caller);
}

static uint32_t flavors_add(const struct export *export, uint8_t flavors[SECURITY_FLAVOR_COUNT],
                            uint32_t count)
{
    for (uint32_t i = 0; i < export->security.flavor_count; i++) {
        uint8_t flavor = export->security.flavors[i];

        if (!memchr(flavors, flavor, count))
            flavors[count++] = flavor;
    }
    return count;
}

/* Of the exports that the caller could use with another flavor, unless `all`. */
static uint32_t node_flavors(const struct export_node *node, const struct export_caller *caller,
                             bool all, uint8_t flavors[SECURITY_FLAVOR_COUNT], uint32_t count)
{
    if (node->export &&
        export_admit(node->export, caller) <= (all ? EXPORT_WRONG_TRANSPORT : EXPORT_WRONG_FLAVOR))
        count = flavors_add(node->export, flavors, count);
    LIST_FOREACH (child, &node->children, struct export_node, sibling)
        count = node_flavors(child, caller, all, flavors, count);
    return count;
}

uint32_t export_flavors_at(const struct export *export, const struct vfs_object *obj,
                           const struct export_caller *caller,
                           uint8_t flavors[SECURITY_FLAVOR_COUNT])
{
    const struct export_node *node;
    uint32_t count;

    if (!export->pseudo)
        return flavors_add(export, flavors, 0);
    node = CONTAINER_OF(obj, struct export_node, pseudo);
    count = node_flavors(node, caller, false, flavors, 0);
    return count ? count : node_flavors(node, caller, true, flavors, 0);
}

uint32_t export_table_generation(const struct export_table *table)
{
    return atomic_load_explicit(&table->generation, memory_order_acquire);
}

/* A caller sees an export that is meant for its address, and the directories that lead to one. */
static bool node_visible(const struct export_node *node, const struct export_caller *caller)
{
    if (node->export && export_allows(node->export, caller->peer))
        return true;
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (node_visible(child, caller))
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

enum vfs_status export_root(struct export_table *table, const struct export_caller *caller,
                            struct vfs_object **obj, struct export **export)
{
    struct export_node *top = &export_view_of(table)->top;

    if (top->export && !node_visible(top, caller))
        return VFS_ACCESS;
    node_enter(table, top, caller, obj, export);
    return VFS_OK;
}

enum vfs_status export_cross_down(struct export_table *table, struct export *export,
                                  struct vfs_object *dir, const struct vfs_name *name,
                                  const struct export_caller *caller, struct vfs_object **obj,
                                  struct export **out_export)
{
    struct export_node *node = node_of(export, dir);
    struct export_node *child = node ? export_node_child(node, name->data, name->len) : NULL;

    *obj = NULL;
    if (child && node_visible(child, caller)) {
        node_enter(table, child, caller, obj, out_export);
        return VFS_OK;
    }
    return child || export->pseudo ? VFS_NOENT : VFS_OK;
}

enum vfs_status export_cross_up(struct export_table *table, struct export *export,
                                struct vfs_object *dir, const struct export_caller *caller,
                                struct vfs_object **obj, struct export **out_export)
{
    struct export_node *node = node_of(export, dir);

    *obj = NULL;
    if (!node)
        return VFS_OK;
    if (!node->parent)
        return VFS_NOENT;
    node_enter(table, node->parent, caller, obj, out_export);
    return VFS_OK;
}

uint64_t export_mounted_on_fileid(const struct export *export, const struct vfs_object *obj)
{
    uint64_t own = obj->fileid;
    const struct export_node *node = node_of(export, obj);

    return node && node->parent ? node->pseudo.fileid : own;
}

bool export_child_next(struct export_table *table, const struct export *export,
                       const struct vfs_object *dir, const struct export_caller *caller,
                       uint32_t *cookie, struct vfs_name *name, struct vfs_object **obj,
                       struct export **out_export)
{
    struct export_node *node = node_of(export, dir);

    if (!node)
        return false;
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (child->cookie <= *cookie || !node_visible(child, caller))
            continue;
        *cookie = child->cookie;
        *name = (struct vfs_name){.data = child->name, .len = strlen(child->name)};
        node_enter(table, child, caller, obj, out_export);
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

/* seq_cst: whoever delegates a directory, and asks then, or whoever adds an export and looks for
 * delegations then, sees the other. */
bool export_has_children(const struct export_table *table, const struct vfs_object *dir)
{
    const struct export_view *view = atomic_load_explicit(&table->view, memory_order_seq_cst);

    for (uint32_t i = 0; i < view->count; i++) {
        const struct export_node *node = node_of(view->exports[i], dir);

        if (node)
            return !list_empty(&node->children);
    }
    return false;
}
