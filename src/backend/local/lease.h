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

/* We are about to open the file for writing: a lease for reading would be in our own way. */
void local_lease_yield(struct local_object *obj);

/* See what has become of the lease, and tell.  The caller has a reference of the object. */
void local_lease_look(struct local_object *obj);

/* lease_watch.c.  0 or an errno; each start is followed by a stop, when no lease of its caller is
 * left.  Thread safe. */
int local_watch_start(void);
void local_watch_stop(void);

/* F_SETLEASE, and a signal when it breaks.  0 or an errno. */
int local_watch_set(int fd, enum vfs_lease kind);

/* Under the lease's object's lock: find it by its descriptor; no more. */
void local_watch_add(struct local_lease *lease);
void local_watch_remove(struct local_lease *lease);

/* Look at it soon, without a signal.  The same lock. */
void local_watch_due(struct local_lease *lease);
