/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that receives lease breaks and changes of directories from the kernel; one for all
 * exports. */
#pragma once

#include "backend/local/lease.h"

/* 0 or an errno.  Each start needs a stop, after the caller's last lease has ended.  Thread
 * safe. */
int local_watch_start(void);
void local_watch_stop(void);

/* Report the directories that local_dir_watch_sweep() has found. */
void local_watch_wake(void);

/* F_SETLEASE, with a signal when the lease is broken.  0 or an errno. */
int local_watch_set(int fd, enum vfs_lease kind);

/* With the lock of the lease's object held: add it to the table by descriptor, or remove it. */
void local_watch_add(struct local_lease *lease);
void local_watch_remove(struct local_lease *lease);

/* Examine the lease soon, without a signal.  With the same lock held. */
void local_watch_due(struct local_lease *lease);

/* We are about to open the file for writing, which conflicts with a read lease of ours: give that
 * up. */
void local_watch_yield(struct local_object *obj);
