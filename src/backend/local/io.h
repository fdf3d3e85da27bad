/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O on an object: descriptors that are opened when they are needed, and the opens that clients
 * have.
 */
#pragma once

#include "backend/local/local_internal.h"

/* A descriptor good for `want`, in use until local_io_put().  With `cred`, its right to open the
 * object so is checked, and the caller holds its path; NULL: it was before. */
enum vfs_status local_io_get(struct local_object *obj, const struct vfs_cred *cred,
                             enum vfs_open_want want, int *fd);

/* The same for a sync, which asks for no right and gets in nobody's way: what is open already, else
 * one for reading, opened as the server. */
enum vfs_status local_io_get_any(struct local_object *obj, int *fd);

/* The same, open as the server for reading and nothing else, or for both. */
enum vfs_status local_io_get_exact(struct local_object *obj, bool read_only, int *fd);
void local_io_put(struct local_object *obj);

/* A client has it open, until local_io_unpin().  False: it has lost its last name while nobody had
 * it open, and its handle leads nowhere. */
bool local_io_pin(struct local_object *obj, enum vfs_open_want want);
void local_io_unpin(struct local_object *obj, enum vfs_open_want want);
