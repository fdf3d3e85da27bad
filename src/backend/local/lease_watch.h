/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that is told by the kernel of broken leases, one for all exports. */
#pragma once

#include "backend/local/lease.h"

/* 0 or an errno; each start is followed by a stop, when no lease of its caller is left.  Thread
 * safe. */
int local_watch_start(void);
void local_watch_stop(void);

/* F_SETLEASE, and a signal when it breaks.  0 or an errno. */
int local_watch_set(int fd, enum vfs_lease kind);

/* Under the lease's object's lock: find it by its descriptor; no more. */
void local_watch_add(struct local_lease *lease);
void local_watch_remove(struct local_lease *lease);

/* Look at it soon, without a signal.  The same lock. */
void local_watch_due(struct local_lease *lease);

/* We are about to open the file for writing: a lease for reading would be in our own way. */
void local_watch_yield(struct local_object *obj);
