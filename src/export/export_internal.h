/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of the name space; private to this folder. */
#pragma once

#include <pthread.h>

#include "base/list.h"
#include "base/readers.h"
#include "export/export_table.h"

/* A directory of the name space.  Lives as long as its view, which refers to `pseudo`. */
struct export_node {
    struct vfs_object pseudo; /* this node as a directory of the pseudo file system */
    struct export_node *parent;
    struct list children; /* of export_node.sibling, in the order of their cookies */
    struct list sibling;
    uint32_t cookie; /* unlike those of its siblings; never 0, below VFS_COOKIE_EXPORTS_COUNT */
    char *name;      /* last component; "" at the top */
    char *path;      /* the whole path; the pseudo directory's handle is a hash of it */
    struct export *export; /* the export whose root is here, or NULL */
    uint64_t change;       /* the time of the view, in ns: change attribute of the directory */
};

/* All exports, and the tree that leads to them, between two changes.  Never changes itself. */
struct export_view {
    uint32_t count;
    struct export *exports[LIMIT_EXPORTS];
    struct export_node top;
};

struct export_table {
    _Atomic(struct export_view *) view; /* readers have what they find until they leave */
    _Atomic uint32_t generation;        /* stored after the view */
    struct readers *readers;
    struct vfs pseudo_fs;
    struct vfs_volume pseudo_volume;
    struct export pseudo_export;

    pthread_mutex_t lock; /* of those who change the table; guards the rest */
    struct list retired;  /* struct export_retired, the oldest first */
    uint32_t retired_count;
    uint32_t vouched; /* how often an administrator vouched for sole_changer */
    struct export_table_hooks hooks;
};

/* Between export_enter() and export_leave(), or with table->lock held. */
static inline struct export_view *export_view_of(const struct export_table *table)
{
    return atomic_load_explicit(&table->view, memory_order_acquire);
}

extern const struct vfs_ops pseudo_ops;

/* Make `node` a directory of the table's pseudo file system, not yet among its parent's children.
 */
void pseudo_node_init(struct export_table *table, struct export_node *node,
                      struct export_node *parent, const char *name);
void pseudo_node_fini(struct export_node *node);

/* The child of this name, or NULL. */
struct export_node *export_node_child(struct export_node *node, const char *name, size_t len);

/* A view with these exports, whose places it does not change yet.  `change` is its time. */
struct export_view *export_view_create(struct export_table *table, struct export *const *exports,
                                       uint32_t count, uint64_t change);
void export_view_destroy(struct export_view *view);

/* The node at this path, which has an export. */
struct export_node *export_view_node(struct export_view *view, const char *path);
