/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others change in a volume, so that it can be kept (keep.h) where local programs change
 * files, too.  fanotify marks the whole file system: it names each file that is changed, through
 * whichever of its names and mounts, and the process that did it.  Our own changes have versions
 * already.
 *
 * An event is queued before the call that made the change returns.  So whoever reads the queue to
 * its end, and then finds something kept to be good, answers no older than any change that was over
 * by then.  Threads take turns at that, or one could miss what another has read and not told yet.
 * docs/exports.md says which changes have no event.
 *
 * Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/local/version.h"

struct local_witness {
    pthread_mutex_t lock; /* a leaf; guards the rest */
    uint32_t users;       /* exports */
    int fd;               /* the group, or -1 */
    int mounts_fd;        /* what is mounted hides files without an event */
    int64_t magic;        /* of the file system */
    struct local_versions *versions;
};

void local_witness_init(struct local_witness *witness, struct local_versions *versions);
void local_witness_fini(struct local_witness *witness);

/* For an export whose root this is: from now on changes are told.  0, or an errno: EPERM without
 * CAP_SYS_ADMIN.  Then local_witness_leave(). */
int local_witness_join(struct local_witness *witness, int root_fd, int64_t magic);
void local_witness_leave(struct local_witness *witness);

struct local_witness_news {
    uint64_t changes;   /* that others made */
    uint64_t overflows; /* everything was made void, as it is not known what was changed */
};

/* Give what others have changed another version.  False: nobody would tell. */
bool local_witness_catch_up(struct local_witness *witness, struct local_witness_news *news);
