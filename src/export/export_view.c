/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the name space: the tree that leads to a set of exports. */
#include <stdlib.h>
#include <string.h>

#include "base/htable.h"
#include "export/export_internal.h"

struct export_node *export_node_child(struct export_node *node, const char *name, size_t len)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (strlen(child->name) == len && memcmp(child->name, name, len) == 0)
            return child;
    }
    return NULL;
}

/* The first component of a path and its length; 0: there is none.  What precedes it is skipped. */
static size_t component(const char **path)
{
    *path += strspn(*path, "/");
    return strcspn(*path, "/");
}

/* The node at `path`, or NULL. */
static struct export_node *node_find(struct export_node *top, const char *path)
{
    struct export_node *node = top;
    size_t len;

    while (node && (len = component(&path)) > 0) {
        node = export_node_child(node, path, len);
        path += len;
    }
    return node;
}

/* ---- cookies ---- */

static bool cookie_taken(const struct export_node *node, uint32_t cookie)
{
    LIST_FOREACH (child, &node->children, struct export_node, sibling) {
        if (child->cookie == cookie)
            return true;
    }
    return false;
}

/* A node keeps the cookie that it has in the present view.  Otherwise it gets a hash of its name,
 * which makes it the same after a restart, or the next one that no sibling has or is to keep. */
static uint32_t cookie_choose(const struct export_table *table, const struct export_node *node)
{
    struct export_view *now = export_view_of(table);
    struct export_node *before = now ? node_find(&now->top, node->path) : NULL;
    struct export_node *parent = now ? node_find(&now->top, node->parent->path) : NULL;
    uint32_t cookie = (uint32_t)hash_bytes(node->name, strlen(node->name), 0);

    if (before)
        return before->cookie;
    for (;; cookie++) {
        cookie %= VFS_COOKIE_EXPORTS_COUNT;
        if (cookie != 0 && !cookie_taken(node->parent, cookie) &&
            !(parent && cookie_taken(parent, cookie)))
            return cookie;
    }
}

static void child_link(struct export_node *node, struct export_node *child)
{
    LIST_FOREACH (next, &node->children, struct export_node, sibling) {
        if (next->cookie > child->cookie) {
            list_push_back(&next->sibling, &child->sibling); /* before it */
            return;
        }
    }
    list_push_back(&node->children, &child->sibling);
}

/* ---- nodes ---- */

static struct export_node *child_make(struct export_table *table, struct export_node *node,
                                      const char *text, size_t len)
{
    struct export_node *child = must_calloc(1, sizeof(*child));
    char name[LIMIT_NAME_BYTES + 1];

    CHECK(len <= LIMIT_NAME_BYTES); /* checked by export_path_normalise() */
    memcpy(name, text, len);
    name[len] = '\0';
    pseudo_node_init(table, child, node, name);
    child->cookie = cookie_choose(table, child);
    child_link(node, child);
    return child;
}

/* The node at `path`; it and its ancestors are made if need be. */
static struct export_node *node_make(struct export_table *table, struct export_node *top,
                                     const char *path)
{
    struct export_node *node = top;
    size_t len;

    while ((len = component(&path)) > 0) {
        struct export_node *child = export_node_child(node, path, len);

        node = child ? child : child_make(table, node, path, len);
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
        node_make(table, &view->top, exports[i]->path)->export = exports[i];
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
    struct export_node *node = node_find(&view->top, path);

    CHECK(node && node->export);
    return node;
}
