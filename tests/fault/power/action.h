/* SPDX-License-Identifier: Apache-2.0 */
/* The changes that a worker can make. Each is recorded, sent, awaited and recorded again. */
#pragma once

#include "worker.h"

/* NFS4ERR_SERVERFAULT with the mount's trouble set: the server has gone. */
typedef enum nfsstat4 (*action_run)(struct worker *me);

/* NULL if no action has that name. */
action_run action_find(const char *name);

/* Create the file that other actions need. */
enum nfsstat4 action_create(struct worker *me);

/* Create the tree's directories; called by worker 0. */
MUST_USE enum nfsstat4 action_make_tree(struct worker *me, struct worker_tree *tree);
