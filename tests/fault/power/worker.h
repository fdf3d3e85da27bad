/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client on a connection of its own, in minor version 1 or 0. It has one request in flight, and
 * changes names that no other worker touches, in directories that all share. Used by one thread.
 */
#pragma once

#include "client/client_file.h"
#include "protocol/exactly_once/random.h"

enum {
    WORKER_DIRS = 4,
    WORKER_NAMES = 4096,
    WORKER_PATH_BYTES = 96,
    WORKER_TIMEOUT_MS = 20000
};

/* The directory of a run, and the directories in it that all workers use. */
struct worker_tree {
    const char *path;
    struct client_fh top, dirs[WORKER_DIRS];
};

/* A name that exists, as far as the server has said. */
struct worker_name {
    unsigned dir, number;
    enum nfs_ftype4 type;
    struct client_fh fh;
};

struct worker {
    unsigned number; /* from 1 on; worker 0 makes the tree */
    const struct worker_tree *tree;
    struct client_mount mount;
    struct random random;
    unsigned name_count, next_number;
    struct worker_name names[WORKER_NAMES];
};

/* Connect; false, with a message on stderr, when the server refuses. */
MUST_USE bool worker_open(struct worker *me, unsigned number, const char *target, bool v40,
                          uint64_t seed, const struct worker_tree *tree);

/* A name that does not exist yet, in any of the directories, or the text of one. */
struct worker_name worker_name_new(struct worker *me, enum nfs_ftype4 type);
const char *worker_name_text(const struct worker *me, const struct worker_name *name,
                             char text[WORKER_PATH_BYTES]);
/* The same with the directories in front of it. */
const char *worker_name_path(const struct worker *me, const struct worker_name *name,
                             char path[WORKER_PATH_BYTES]);

/* Any of the names of a type, 0 for any type; NULL if there is none. */
struct worker_name *worker_name_pick(struct worker *me, enum nfs_ftype4 type);

/* Note that a name exists, or that it no longer does. */
void worker_name_add(struct worker *me, const struct worker_name *name);
void worker_name_drop(struct worker *me, struct worker_name *name);
