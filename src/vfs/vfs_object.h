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

/* Identifies an object, also after a restart if the backend supports that (VFS_CAP_PERSISTENT).
 * The backend creates and checks handles; export/ wraps them into an nfs_fh4. */
struct vfs_handle {
    uint8_t len;
    uint8_t data[VFS_HANDLE_BYTES_MAX];
};

/* The file system below a mounted backend.  Backends whose objects may be the same files share one,
 * since they wait for the same file system. */
struct vfs_volume {
    /* Updated by transport/: number of threads that block in it. */
    _Atomic int32_t blocked;
};

/* How the change attribute evolves (RFC 7862 §12.2.3): same numbers as change_attr_type4. */
enum vfs_change_type {
    VFS_CHANGE_MONOTONIC = 0, /* each change makes it greater */
    VFS_CHANGE_CTIME = 3,     /* it is made of time_metadata */
    VFS_CHANGE_UNDEFINED = 4, /* each change makes it another one, and that is all */
};

struct counter_set;

/* A mounted backend.  Backends embed it. */
struct vfs {
    const struct vfs_ops *ops;
    struct vfs_volume *volume; /* lives as long as this */
    uint32_t caps;
    uint32_t clone_blksize;           /* with VFS_CAP_CLONE: what clone() aligns to */
    enum vfs_change_type change_type; /* constant */
    uint64_t fsid; /* unique among exports; set by export/ before the first use */
    /* Changes after a restart that may have lost unstable writes, RFC 8881 §18.32. */
    uint64_t write_verifier;
    _Atomic uint32_t child_watchers; /* vfs_watch_begin() with `children` */
    /* With VFS_CAP_LEASE: for about so many more directories lease() can be granted. */
    _Atomic uint32_t dir_leases_left;
    /* Not 0: attributes and names may be answered from what the backend keeps, since the
     * administrator vouches that only this server changes the files; or, with VFS_CHANGES_TOLD, if
     * the backend is told what others change.  Any other number: somebody else may have changed
     * files before.  Set by export/. */
    _Atomic uint32_t sole_changer;
    struct counter_set *kept_counters; /* enum vfs_kept_counter; NULL: it never keeps any */
};

#define VFS_CHANGES_TOLD UINT32_C(0x80000000) /* in vfs.sole_changer */

/* Attributes that were asked for where what is kept may answer. */
enum vfs_kept_counter {
    VFS_KEPT_HITS,
    VFS_KEPT_MISSES,    /* the file system was asked */
    VFS_KEPT_CHANGES,   /* by others, that were told */
    VFS_KEPT_OVERFLOWS, /* more changes than could be told: all was forgotten */
    VFS_KEPT_UNTOLD,    /* nothing was kept, as changes can't be told */
    VFS_KEPT_COUNT,
};

/* A file, independent of exports: the key for state/.  The objects of one file in several exports
 * share a node, which lives as long as any of them. */
struct vfs_node {
    /* Owned by state/: the delegations of the file, by delegation_hint(). */
    _Atomic uint32_t delegations;
    _Atomic uint32_t watchers; /* of a directory: vfs_watch_begin() */
    /* Owned by state/: its record of the file, or NULL.  Guarded by state/'s locks. */
    _Atomic(void *) state;
};

/* A file, directory, ...  of one export.  Backends embed it.  While a reference exists, the same
 * file in the same export is always the same object.  Holders of a reference: callers of vfs
 * functions that return one; COMPOUNDs (current and saved filehandle); opens, delegations and lock
 * tables in state/; the backend's cache. */
struct vfs_object {
    struct vfs *fs;
    struct vfs_node *node; /* constant, never NULL; own_node if not shared */
    _Atomic uint32_t refs;
    enum vfs_type type; /* constant */
    _Atomic bool stale; /* vfs_object_is_stale() */
    uint64_t fileid;    /* constant, never 0 */
    struct vfs_handle handle;
    struct vfs_node own_node;
};

/* The backend has noticed that the object's handle will not be found any more, since it has lost
 * its last name, or has left the export.  Whoever has a reference may still use the object. */
static inline void vfs_object_set_stale(struct vfs_object *obj)
{
    atomic_store_explicit(&obj->stale, true, memory_order_relaxed);
}

static inline bool vfs_object_is_stale(const struct vfs_object *obj)
{
    return atomic_load_explicit(&obj->stale, memory_order_relaxed);
}

static inline struct vfs_object *vfs_object_get(struct vfs_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);

    DCHECK(before > 0);
    (void)before;
    return obj;
}

/* NULL is allowed.  Outside of vfs/ without locks: the last put may wait for the file system.
 * Release pairs with acquire: other threads' use of the object happens before its release(). */
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
