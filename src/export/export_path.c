/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_path.h"

#include <string.h>

#include "base/errand.h"
#include "export/export_internal.h"

/* For whom the server looks names up: itself. */
static const struct vfs_cred server_cred = {.uid = 0, .gid = 0};

const struct export *export_of_fs(const struct export_table *table, const struct vfs *fs)
{
    const struct export_view *view = export_view_of(table);

    for (uint32_t i = 0; i < view->count; i++) {
        if (view->exports[i]->fs == fs)
            return view->exports[i];
    }
    return fs == &table->pseudo_fs ? &table->pseudo_export : NULL;
}

/* The next component of the path, taken off it.  False at its end. */
static bool component_next(const char **path, size_t *len, struct vfs_name *name)
{
    const char *end;

    while (*len > 0 && **path == '/') {
        (*path)++;
        (*len)--;
    }
    end = memchr(*path, '/', *len);
    *name = (struct vfs_name){.data = *path, .len = end ? (size_t)(end - *path) : *len};
    *path += name->len;
    *len -= name->len;
    return name->len > 0;
}

/* One step down within a backend.  The reference on *obj goes over to what it becomes. */
static enum vfs_status step(struct vfs_object **obj, const struct vfs_name *name)
{
    struct vfs_object *next = NULL;
    enum vfs_status status = VFS_NAMETOOLONG;

    if (name->len <= LIMIT_NAME_BYTES)
        status = (*obj)->fs->ops->lookup(*obj, &server_cred, name, &next);
    vfs_object_put(*obj);
    *obj = next;
    return status;
}

enum vfs_status export_path_lookup(struct export_table *table, const char *path, size_t len,
                                   struct vfs_object **out)
{
    struct export_node *node = &export_view_of(table)->top, *child;
    enum vfs_status status = VFS_OK;
    struct vfs_object *obj;
    struct vfs_name name;
    bool more;

    if (len == 0 || path[0] != '/')
        return VFS_INVAL;
    more = component_next(&path, &len, &name);
    while (more && (child = export_node_child(node, name.data, name.len))) {
        node = child;
        more = component_next(&path, &len, &name);
    }
    obj = vfs_object_get(node->export ? node->export->root : &node->pseudo);
    errand_place(node->export ? node->export->path : NULL);
    while (more && status == VFS_OK) {
        status = step(&obj, &name);
        more = component_next(&path, &len, &name);
    }
    errand_place(NULL);
    if (status == VFS_OK)
        *out = obj;
    return status;
}

enum vfs_status export_path_of(const struct export_table *table, struct vfs_object *obj, char *buf,
                               size_t size, size_t *len)
{
    const struct export *export = export_of_fs(table, obj->fs);
    size_t above = export ? strlen(export->path) : 0, below;
    enum vfs_status status;

    if (!export)
        return VFS_STALE;
    if (above == 1)
        above = 0; /* the slash of the export "/" is the one before the rest */
    if (above + 1 >= size)
        return VFS_NAMETOOLONG;
    errand_place(export->path);
    status = obj->fs->ops->path(obj, buf + above + 1, size - above - 1, &below);
    errand_place(NULL);
    if (status != VFS_OK)
        return status;
    memcpy(buf, export->path, above);
    buf[above] = '/';
    *len = above + 1 + below;
    if (below == 0 && above > 0)
        *len = above; /* the export's root */
    return VFS_OK;
}
