/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases of the kernel on files, and who watches them.
 *
 * A lease of the kernel is on the one descriptor of the file that we have: no writer of ours may be
 * open under one for reading, nothing else at all under one for writing.  That is no loss: the one
 * of the latter kind is open for both, and serves everybody who comes through us.  When a process
 * of this machine opens or truncates the file in another way, the kernel holds it up, and sends a
 * signal that names the descriptor; every thread has that signal blocked, and one for all exports,
 * since signals are the process's, takes it from a signalfd.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Guarded by its object's lock, but the links. */
struct local_lease {
    struct local_object *obj; /* a reference */
    int fd;
    enum vfs_lease kind; /* of the kernel's */
    uint32_t counts[2];  /* given, by enum vfs_lease */
    bool lost;           /* the kernel's is given back: we stood in our own way */
    bool told[2];        /* by use */

    struct hnode by_fd; /* under the watch's lock */
    struct list due;    /* the same: on its list until it was looked at */
};

enum vfs_status local_lease(struct vfs_object *base, enum vfs_lease kind);
void local_unlease(struct vfs_object *base, enum vfs_lease kind);
