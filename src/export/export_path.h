/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths in the name space, for people: "/data/a/b" is "a/b" in the export "/data".  As the server
 * sees it, to which all exports are visible, whatever peers they are meant for.  To be called
 * between export_enter() and export_leave(), which come after the last use of what is found.
 */
#pragma once

#include <stddef.h>

#include "export/export.h"

enum {
    EXPORT_PATH_BYTES = 2 * VFS_PATH_BYTES /* of a path of the name space that is to be shown */
};

/* The export whose objects are those of `fs`, the pseudo file system's among them; NULL if there is
 * none. */
const struct export *export_of_fs(const struct export_table *table, const struct vfs *fs);

/* The object at an absolute path, with a reference.  Follows no symlinks.  VFS_NOENT; VFS_INVAL for
 * a relative path; VFS_NAMETOOLONG; the statuses of lookup().  Calls backends: without locks. */
enum vfs_status export_path_lookup(struct export_table *table, const char *path, size_t len,
                                   struct vfs_object **out);

/* The path of an object, not NUL-terminated: vfs_ops.path(), whose statuses it has, below the path
 * of its export.  VFS_STALE: it is in none.  Without locks. */
enum vfs_status export_path_of(const struct export_table *table, struct vfs_object *obj, char *buf,
                               size_t size, size_t *len);
