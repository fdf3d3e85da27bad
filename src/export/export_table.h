/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the export table: exports are added, changed and removed, at the start and while
 * requests use them.  No request waits for that; one that has found an export finishes with it as
 * it was.
 *
 * Functions that change the table take a lock of their own, so any thread may call them, but no
 * thread that serves requests.
 */
#pragma once

#include "export/export.h"

struct export_table *export_table_create(void);

/* Destroy the table and its backends (vfs_ops.destroy).  No object may be referenced any more. */
void export_table_destroy(struct export_table *table);

/* Add one export; the table owns `fs` on success.  Fails, with `error`, if the path or fsid is in
 * use, there are too many exports, or the backend has no root. */
bool export_table_add(struct export_table *table, const struct export_spec *spec, struct vfs *fs,
                      char *error, size_t error_size) MUST_USE;

/* Give the export at `spec->path` other options, from the next request on.  Its backend and its
 * filehandles stay; so `spec` must name the same backend.  False, with `error`: there is no such
 * export, or its fsid would change. */
bool export_table_change(struct export_table *table, const struct export_spec *spec, char *error,
                         size_t error_size) MUST_USE;

/* Remove the export.  Requests do not find it any more; its filehandles are stale.  Its backend is
 * destroyed by a later export_table_tick(), when nobody uses an object of it.  False, with `error`:
 * there is no such export, or too many removed ones are still in use. */
bool export_table_remove(struct export_table *table, const char *path, char *error,
                         size_t error_size) MUST_USE;

/* Would the export accept reserved ports alone?  By default that depends on the backend. */
bool export_table_secure(const struct export_spec *spec, const struct vfs *fs);

/* The backend of the export at this path, or NULL.  It stays until the export is removed. */
struct vfs *export_table_backend(struct export_table *table, const char *path);

/* What changes of the table mean for others.  Called without a lock; but for covered(), by
 * export_table_tick(). */
struct export_table_hooks {
    /* An export has appeared below `dir`, the root of another one: requests find it among the
     * entries there, or what leads to it.  Called by export_table_add(). */
    void (*covered)(struct vfs_object *dir, void *context);
    /* No request can begin to use the backend any more; clients may still have files open. */
    void (*released)(struct vfs *fs, void *context);
    /* The options of an export of this backend have changed, and no request uses the earlier ones
     * any more. */
    void (*changed)(struct vfs *fs, void *context);
    /* It was destroyed, and has closed all files.  The pointer is only a name; a backend that was
     * created since may have the same. */
    void (*gone)(struct vfs *fs, void *context);
    void *context;
};

/* Before the first removal.  Initially there are none. */
void export_table_hook(struct export_table *table, const struct export_table_hooks *hooks);

/* Free what was replaced or removed and is not in use any more.  By one thread at a time, about
 * once a second if export_table_ripe(); closing files and destroying a backend may wait for its
 * disk. */
void export_table_tick(struct export_table *table);

/* Has export_table_tick() anything to do?  What is in use does not count, however long it is.  Not
 * during a tick.  Waits for no file system. */
bool export_table_ripe(struct export_table *table);

/* How many changes of the past are still in use; and how many can be made before these are too many
 * (LIMIT_EXPORTS_RETIRED).  While nobody else changes the table there is room for at least so many.
 */
uint32_t export_table_retired(struct export_table *table);
uint32_t export_table_room(struct export_table *table);
