/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases of the kernel on files, and the thread that watches them.  (Directories have none;
 * dir_watch.h.)
 *
 * The kernel's lease is on the only descriptor of the file that we have.  A read lease excludes any
 * descriptor of ours that can write; a write lease excludes any second descriptor.  That costs
 * nothing: the descriptor of a write lease is open for both and serves all clients.  When a local
 * process opens or truncates the file, the kernel makes it wait and sends a signal that names the
 * descriptor.  All threads block this signal.  Signals belong to the process, so one thread for all
 * exports reads them from a signalfd.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Guarded by the object's lock, except for the links. */
struct local_lease {
    struct local_object *obj; /* a reference */
    int fd;
    enum vfs_lease kind; /* of the kernel's lease */
    uint32_t counts[2];  /* granted leases, by enum vfs_lease */
    bool lost;           /* the kernel's lease was given back, because of a conflict with
                          * ourselves */
    bool reported[2];    /* break reported, by enum vfs_lease */

    struct hnode by_fd; /* guarded by the watch's lock */
    struct list due;    /* guarded, too; linked until the lease has been examined */
};

enum vfs_status local_lease(struct vfs_object *base, enum vfs_lease kind);
void local_unlease(struct vfs_object *base, enum vfs_lease kind);
