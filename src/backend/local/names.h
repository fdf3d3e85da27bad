/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns at the names of a directory, shared by all exports of the directory.  Calls that change
 * different names of it run at the same time, and those that change one name run one after the
 * other, in the order in which they came.
 *
 * A call takes its turn at all names of a directory
 * - that is watched, so that its changes are told in the order in which they are made
 *   (vfs/vfs_change.h),
 * - whose file system may take two names for one (local_fs.names_vague).
 *
 * A turn is held during system calls that may take long, so few calls have or await one in a
 * directory; the others get VFS_DELAY.  Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "vfs/vfs.h"

/* May names that differ, in case for instance, be one entry in this directory?  `fd` is open for
 * reading. */
bool local_names_are_vague(int fd);

/* Part of a node. */
struct local_names {
    pthread_mutex_t lock; /* a leaf; guards the rest, and what the turns contain */
    struct list turns;    /* struct local_turn.link, in the order in which they came */
    uint32_t turn_count;
};

void local_names_init(struct local_names *names);
/* There are no turns. */
void local_names_fini(struct local_names *names);

/* A call's turn at one name, two, or all names of a directory. */
struct local_turn {
    struct list link;
    const char *name, *other; /* both NULL: all names; other NULL: one */
    bool waits;
    pthread_cond_t come; /* while it waits */
};

struct local_object;

/* Wait for the turn at `name` in `dir`, which must exist until local_names_end().  VFS_DELAY when
 * too many calls change this directory already.  A thread has one turn at a time.  Blocks. */
enum vfs_status local_names_begin(struct local_object *dir, const char *name,
                                  struct local_turn *turn) MUST_USE;
void local_names_end(struct local_object *dir, struct local_turn *turn);

/* The same for two names in one directory or in two. */
struct local_turns {
    struct local_turn from, to; /* of one directory: `from` only */
};

enum vfs_status local_names_begin_both(struct local_object *from_dir, const char *from,
                                       struct local_object *to_dir, const char *to,
                                       struct local_turns *turns) MUST_USE;
void local_names_end_both(struct local_object *from_dir, struct local_object *to_dir,
                          struct local_turns *turns);
