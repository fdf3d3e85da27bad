/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of the name space; private to this folder. */
#pragma once

#include "base/list.h"
#include "export/export.h"

/* A directory of the name space.  A node lives as long as the table, which holds references on
 * `pseudo` and `root`. */
struct export_node {
    struct vfs_object pseudo; /* this node as a directory of the pseudo file system */
    struct export_node *parent;
    struct list children; /* of export_node.sibling, in order of insertion */
    struct list sibling;
    char *name;            /* last component; "" at the top */
    char *path;            /* the whole path; the pseudo directory's handle is a hash of it */
    struct export *export; /* the export whose root is here, or NULL */
    struct vfs_object *root;
};

struct export_table {
    struct vfs pseudo_fs;
    struct vfs_volume pseudo_volume;
    struct export pseudo_export;
    struct export_node top;
    uint32_t count;
    struct export *exports[LIMIT_EXPORTS];
    uint64_t started; /* change attribute of the pseudo directories */
};

extern const struct vfs_ops pseudo_ops;

/* Make `node` a directory of the table's pseudo file system. */
void pseudo_node_init(struct export_table *table, struct export_node *node,
                      struct export_node *parent, const char *name);
void pseudo_node_fini(struct export_node *node);
