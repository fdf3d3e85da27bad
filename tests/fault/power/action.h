/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes that a worker can make: each is written down, sent, awaited and written down again.
 */
#pragma once

#include "worker.h"

/* NFS4ERR_SERVERFAULT with the mount's trouble set: the server has gone. */
typedef enum nfsstat4 (*action_run)(struct worker *me);

/* NULL: there is none of that name. */
action_run action_find(const char *name);

/* The file that others need to work on. */
enum nfsstat4 action_create(struct worker *me);

/* The tree's directories, by the worker that makes it. */
MUST_USE enum nfsstat4 action_make_tree(struct worker *me, struct worker_tree *tree);
