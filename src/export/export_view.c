/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the name space: the tree that leads to a set of exports. */
#include <stdlib.h>
#include <string.h>

#include "export/export_internal.h"

struct export_node *export_node_child(struct export_node *node, const char *name, size_t len)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (strlen(child->name) == len && memcmp(child->name, name, len) == 0)
            return child;
    }
    return NULL;
}

static struct export_node *child_make(struct export_table *table, struct export_node *node,
                                      const char *text, size_t len)
{
    struct export_node *child = must_calloc(1, sizeof(*child));
    char name[LIMIT_NAME_BYTES + 1];

    CHECK(len <= LIMIT_NAME_BYTES); /* checked by export_path_normalise() */
    memcpy(name, text, len);
    name[len] = '\0';
    pseudo_node_init(table, child, node, name);
    return child;
}

/* The node at `path`.  With a table, it and its ancestors are made if need be. */
static struct export_node *node_find(struct export_table *table, struct export_node *top,
                                     const char *path)
{
    struct export_node *node = top;

    while (node && *path) {
        struct export_node *child;
        size_t len;

        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len == 0)
            break;
        child = export_node_child(node, path, len);
        node = child || !table ? child : child_make(table, node, path, len);
        path += len;
    }
    return node;
}

struct export_view *export_view_create(struct export_table *table, struct export *const *exports,
                                       uint32_t count, uint64_t change)
{
    struct export_view *view = must_calloc(1, sizeof(*view));

    view->top.change = change;
    pseudo_node_init(table, &view->top, NULL, "");
    view->count = count;
    for (uint32_t i = 0; i < count; i++) {
        view->exports[i] = exports[i];
        node_find(table, &view->top, exports[i]->path)->export = exports[i];
    }
    return view;
}

void export_view_destroy(struct export_view *view)
{
    pseudo_node_fini(&view->top);
    free(view);
}

struct export_node *export_view_node(struct export_view *view, const char *path)
{
    struct export_node *node = node_find(NULL, &view->top, path);

    CHECK(node && node->export);
    return node;
}
