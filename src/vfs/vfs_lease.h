/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of files that local programs use, too (vfs_ops.lease), and reports of broken ones. */
#pragma once

#include <stdbool.h>

#include "vfs/vfs_status.h"

struct vfs_object;

/* What the lease excludes for local programs. */
enum vfs_lease {
    VFS_LEASE_READ,  /* changing the file */
    VFS_LEASE_WRITE, /* using the file */
};

/* The receiver of lease breaks: called on a thread of the backend, without locks.  `use` is what
 * the local program is about to do: VFS_LEASE_READ: read; VFS_LEASE_WRITE: change.  `held_up`: it
 * waits until the lease is given back. */
struct vfs_lease_hook {
    void (*broken)(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context);
    void *context;
};

/* Set the hook, or none (NULL).  Afterwards the previous hook is not called any more. */
void vfs_lease_hook_set(const struct vfs_lease_hook *hook);

/* For backends. */
void vfs_lease_broken(struct vfs_object *obj, enum vfs_lease use, bool held_up);

/* lease() and unlease() of a backend whose objects local programs cannot reach. */
enum vfs_status vfs_lease_none(struct vfs_object *obj, enum vfs_lease kind);
void vfs_unlease_none(struct vfs_object *obj, enum vfs_lease kind);
