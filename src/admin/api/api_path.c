/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_path.h"

#include "admin/api/api_text.h"
#include "export/export_path.h"
#include "proto/compound.h"

json_t *api_path(const struct server *server, struct vfs_object *obj)
{
    char path[EXPORT_PATH_BYTES];
    size_t len;

    if (export_path_of(server->exports, obj, path, sizeof(path), &len) != VFS_OK)
        return json_null();
    return api_text(path, len);
}
