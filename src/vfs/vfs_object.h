/* SPDX-License-Identifier: Apache-2.0 */
/* Objects (files, directories and all else), their handles, and the file systems they belong to. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "vfs/vfs_attr.h"
#include "vfs/vfs_ops.h"

enum {
    VFS_HANDLE_BYTES_MAX = 96
};

/* Bytes that find an object again, also after a restart where the backend can (VFS_CAP_PERSISTENT).
 * The backend makes and checks them; export/ wraps them into an nfs_fh4. */
struct vfs_handle {
    uint8_t len;
    uint8_t data[VFS_HANDLE_BYTES_MAX];
};

/* What lies below a mounted backend.  Two of them whose objects may be the same files share one,
 * and so does what they wait for. */
struct vfs_volume {
    /* Kept by transport/: threads that wait in it now. */
    _Atomic int32_t blocked;
};

/* One mounted backend.  Backends embed it. */
struct vfs {
    const struct vfs_ops *ops;
    struct vfs_volume *volume; /* lives as long as this */
    uint32_t caps;
    uint64_t fsid; /* unique among exports; set by export/ before first use */
    /* Differs after a restart that may have lost unstable writes, RFC 8881 §18.32. */
    uint64_t write_verifier;
};

/* A file as such, whichever export leads to it: what state/ keys on.  The objects of one file in
 * several exports share a node, which lives as long as any of them. */
struct vfs_node {
    /* Owned by state/: how many have it delegated, by delegation_hint(). */
    _Atomic uint32_t delegations;
    /* Owned by state/: its per-file record, NULL without one. Guarded by state/'s own locks. */
    _Atomic(void *) state;
};

/* One file, directory, ...  as one export has it.  Backends embed it.  Two references to the same
 * file in the same export are the same pointer as long as either lives.  Holders: the callers that
 * a vfs call returned it to; COMPOUNDs (current and saved filehandle); opens, delegations and lock
 * tables in state/; the backend's own cache. */
struct vfs_object {
    struct vfs *fs;
    struct vfs_node *node; /* never changes, never NULL; own_node where nothing is shared */
    _Atomic uint32_t refs;
    enum vfs_type type; /* never changes */
    uint64_t fileid;    /* never changes, never 0 */
    struct vfs_handle handle;
    struct vfs_node own_node;
};

static inline struct vfs_object *vfs_object_get(struct vfs_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);

    DCHECK(before > 0);
    (void)before;
    return obj;
}

/* NULL is fine.  Above vfs/ without any lock: the last one may wait for the file system.  Release
 * pairs with acquire: what others did with the object happens before its release(). */
static inline void vfs_object_put(struct vfs_object *obj)
{
    uint32_t before;

    if (!obj)
        return;
    before = atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel);
    DCHECK(before > 0);
    if (before == 1)
        obj->fs->ops->release(obj);
}
