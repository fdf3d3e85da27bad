/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories whose changes by local programs are reported (vfs_ops.lease of a directory).
 *
 * fanotify marks each of them, in one group for all exports.  The kernel says which process has
 * made a change: this one's own are ignored, those of all others, also in another PID namespace,
 * are reported.  It tells after the change, and nobody waits.  The removal of a marked directory
 * that is held open, as these are, is not reported; the sweeper looks for that.
 *
 * The thread of lease_watch.c waits for the group's descriptor.  Marks belong to the directory:
 * exports that watch the same one share its mark.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Guarded by the lock of dir_watch.c. */
struct local_dir_watch {
    struct local_object *obj; /* a reference, whose path is held */
    uint64_t fsid;            /* with its ID: how fanotify names it */
    uint32_t leases;          /* granted */
    bool broken;              /* a change has been reported, or is about to be */
    struct hnode by_name;
    struct list due;   /* linked until the change has been reported */
    struct list of_fs; /* local_fs.dir_watches, the longest unexamined first */
};

/* Begin and end: without other calls of this file.  The descriptor to wait for, or -1: no directory
 * can be watched. */
int local_dir_watch_init(void);
void local_dir_watch_fini(void);

/* Can directories of this file system be watched?  NULL, or why not.  Between the two. */
const char *local_dir_watch_obstacle(const struct local_fs *fs);

/* Before the first lease: how many there can be (vfs.dir_leases_left). */
void local_dir_watch_prepare(struct local_fs *fs);

/* Grant a lease of the directory, whose path the caller holds, in the server's own right.
 * VFS_DELAY: a change is being reported, or as many directories are watched as is possible;
 * VFS_PERM, VFS_NOTSUPP.  Then give it back. */
enum vfs_status local_dir_watch_get(struct local_object *dir);
void local_dir_watch_put(struct local_object *dir);

/* Receive what the kernel has to tell, without waiting.  False: nothing more will come. */
bool local_dir_watch_receive(void);

/* Report some of the received changes.  True: there are more.  The caller keeps the exports. */
bool local_dir_watch_report(void);

/* Find directories of this file system that have been removed, among those that were not examined
 * for the longest time.  Once a second.  True: there are some to report. */
bool local_dir_watch_sweep(struct local_fs *fs) MUST_USE;
