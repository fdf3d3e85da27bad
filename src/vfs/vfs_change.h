/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a watched directory, told by the backend that makes them, in their order: it tells
 * each one before it releases the lock that orders them.  Whoever replays ADD, REMOVE and RENAME on
 * what READDIR returned has the directory's entries.
 *
 * Told are the changes that are made through this interface, not those of local programs (see
 * vfs_lease.h).  A call that changes nothing tells nothing.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfs/vfs_object.h"

enum vfs_change_kind {
    VFS_CHANGE_ADD,    /* `entry` is new; it may have taken the place of `replaced` */
    VFS_CHANGE_REMOVE, /* `entry` is gone */
    /* Within the directory, `old` has become `entry`, which may have taken the place of `replaced`.
     * From one directory to another: REMOVE there, then ADD here. */
    VFS_CHANGE_RENAME,
    /* Attributes of the object of `entry` have changed.  Only where VFS_CAP_PARENTS is set and a
     * watcher of the file system wants that.  Once for each name of the object in the directory. */
    VFS_CHANGE_CHILD,
    /* The directory's own attributes have changed, not as a result of the changes above. */
    VFS_CHANGE_DIR,
    /* Entries may have changed, and the backend can't tell how: what a watcher knows about them is
     * worth nothing any more. */
    VFS_CHANGE_UNKNOWN,
    /* The directory itself has been removed.  (Its parent's watchers are told REMOVE, as of any
     * other entry.)  May be told more than once. */
    VFS_CHANGE_GONE,
};

/* An entry as it is in its directory, or was. */
struct vfs_change_entry {
    const char *name; /* not NUL-terminated; NULL: there is no such entry */
    size_t len;
    uint64_t cookie;        /* as returned by READDIR; 0 without VFS_CAP_ORDER */
    struct vfs_object *obj; /* of the export through which the change was made; NULL: not known */
};

/* Valid during the call of the hook only, names included. */
struct vfs_change {
    enum vfs_change_kind kind;
    const void *actor; /* vfs_cred.actor of whoever made the change; NULL: the server itself */
    /* ADD, REMOVE, RENAME: the directory's change attribute afterwards; from one of these to the
     * next, it never goes down.  Else 0. */
    uint64_t after;
    /* See the kinds; without a name where they mention none. */
    struct vfs_change_entry entry, old, replaced;
    /* ADD, RENAME with VFS_CAP_ORDER: the entry that precedes `entry`, which is the last one.
     * Without a name: `entry` is also the first one. */
    struct vfs_change_entry previous;
};

/* The receiver of changes.  Called by the threads that make them, with locks of the backend held:
 * it must not call the backend, block, or put a reference on an object, but it may take references
 * on the objects that it is given.  Two changes of one directory's entries are never told at the
 * same time, nor are a change of an entry and one of its object (CHILD); CHILD of different
 * objects, and changes of different directories, are.  So may changes of different entries be that
 * had begun when vfs_watch_begin() was called; they come in any order, before all later ones. */
struct vfs_change_hook {
    void (*changed)(struct vfs_node *dir, const struct vfs_change *change, void *context);
    void *context;
};

/* Set the hook, or none (NULL): while no directory is watched.  *hook must exist as long as it is
 * set. */
void vfs_change_hook_set(const struct vfs_change_hook *hook);

/* Tell the changes of the directory, through whichever export they are made; with `children` those
 * of its children, too, if the backend can.  Every change is told that is not yet seen by a READDIR
 * or getattr() that begins after vfs_watch_begin().  Watchers are counted; each one ends with the
 * same arguments, and has a reference on `dir` until then.  A change that is being made while
 * vfs_watch_end() runs may be told afterwards. */
void vfs_watch_begin(struct vfs_object *dir, bool children);
void vfs_watch_end(struct vfs_object *dir, bool children);

/* ---- for backends ---- */

/* To be asked when the change has been made, under the lock that orders it.  Relaxed: a thread that
 * began to watch before it looked at the directory is seen by all changes that it did not see,
 * because the directory was locked in between, by the backend or the kernel. */
static inline bool vfs_watched(const struct vfs_node *dir)
{
    return atomic_load_explicit(&dir->watchers, memory_order_relaxed) != 0;
}

/* Does any watcher of this file system want to know of changes of children? */
static inline bool vfs_children_watched(const struct vfs *fs)
{
    return atomic_load_explicit(&fs->child_watchers, memory_order_relaxed) != 0;
}

/* Tell the change to the hook; nothing unless vfs_watched(). */
void vfs_change_tell(struct vfs_node *dir, const struct vfs_change *change);
/* Tell one of the kinds without entries. */
void vfs_change_tell_kind(struct vfs_node *dir, enum vfs_change_kind kind, const void *actor);
