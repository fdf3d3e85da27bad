/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O on an object: descriptors that are opened on demand, and the opens of clients.
 */
#pragma once

#include "backend/local/local_internal.h"

/* A descriptor usable for `want`; in use until local_io_put().  If `cred` is given, its right to
 * open the object is checked; the caller must hold the object's path.  NULL: it was checked
 * before. */
enum vfs_status local_io_get(struct local_object *obj, const struct vfs_cred *cred,
                             enum vfs_open_want want, int *fd);

/* The same for a sync, which needs no access right and causes no conflict: an open descriptor if
 * there is one, else one opened for reading as the server. */
enum vfs_status local_io_get_any(struct local_object *obj, int *fd);

/* The same, opened as the server, read-only or for both. */
enum vfs_status local_io_get_exact(struct local_object *obj, bool read_only, int *fd);
void local_io_put(struct local_object *obj);

/* A client has opened the object; ends with local_io_unpin().  False: the object lost its last name
 * while it was not open, so its handle is stale. */
bool local_io_pin(struct local_object *obj, enum vfs_open_want want);
void local_io_unpin(struct local_object *obj, enum vfs_open_want want);
