/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfs_fh4: one version byte, the export's id (big endian), then the backend's handle.  The backend
 * guards its part against forgery, but cannot tell a forgery from a handle of the directory that
 * was exported at this path before: both are stale.
 */
#include <string.h>

#include "export/export_internal.h"

enum {
    FH_VERSION = 1,
    FH_HEADER_BYTES = 5
};

_Static_assert(FH_HEADER_BYTES + VFS_HANDLE_BYTES_MAX <= LIMIT_FH_BYTES, "a handle must fit");

static struct export *export_by_id(struct export_table *table, uint32_t id)
{
    const struct export_view *view = export_view_of(table);

    for (uint32_t i = 0; i < view->count; i++) {
        if (view->exports[i]->id == id)
            return view->exports[i];
    }
    return NULL;
}

uint32_t export_fh_build(const struct export *export, const struct vfs_handle *handle, uint8_t *buf)
{
    uint32_t id = htobe32(export->id);

    CHECK(handle->len <= VFS_HANDLE_BYTES_MAX);
    buf[0] = FH_VERSION;
    memcpy(buf + 1, &id, sizeof(id));
    memcpy(buf + FH_HEADER_BYTES, handle->data, handle->len);
    return FH_HEADER_BYTES + handle->len;
}

enum vfs_status export_fh_export(struct export_table *table, const struct nfs_fh4 *fh,
                                 struct export **export)
{
    uint32_t id;

    if (fh->len <= FH_HEADER_BYTES || fh->len > FH_HEADER_BYTES + VFS_HANDLE_BYTES_MAX ||
        fh->data[0] != FH_VERSION)
        return VFS_BADHANDLE;
    memcpy(&id, fh->data + 1, sizeof(id));
    id = be32toh(id);
    *export = id == table->pseudo_export.id ? &table->pseudo_export : export_by_id(table, id);
    return *export ? VFS_OK : VFS_STALE;
}

enum vfs_status export_fh_resolve(const struct export *export, const struct nfs_fh4 *fh,
                                  struct vfs_object **obj)
{
    struct vfs_handle handle;
    enum vfs_status status;

    handle.len = (uint8_t)(fh->len - FH_HEADER_BYTES);
    memcpy(handle.data, fh->data + FH_HEADER_BYTES, handle.len);
    status = export->fs->ops->resolve(export->fs, &handle, obj);
    return status == VFS_BADHANDLE ? VFS_STALE : status;
}
