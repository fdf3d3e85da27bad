/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of files that local programs use, too (vfs_ops.lease), and reports of broken ones. */
#pragma once

#include <stdbool.h>

#include "vfs/vfs_status.h"

struct vfs_object;

/* What no local program does with a file. */
enum vfs_lease {
    VFS_LEASE_READ,  /* change it */
    VFS_LEASE_WRITE, /* use it */
};

/* The receiver of reports about leases: called on a thread of the backend's, which holds no lock.
 * `use` is what the local program is about to do: VFS_LEASE_READ: read; VFS_LEASE_WRITE: change.
 * `held_up`: it waits until the lease is given back. */
struct vfs_lease_hook {
    void (*broken)(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context);
    void *context;
};

/* Set it, or none (NULL); then the former one does not run any more. */
void vfs_lease_hook_set(const struct vfs_lease_hook *hook);

/* For backends. */
void vfs_lease_broken(struct vfs_object *obj, enum vfs_lease use, bool held_up);

/* lease() and unlease() of a backend whose objects local programs cannot reach. */
enum vfs_status vfs_lease_none(struct vfs_object *obj, enum vfs_lease kind);
void vfs_unlease_none(struct vfs_object *obj, enum vfs_lease kind);
