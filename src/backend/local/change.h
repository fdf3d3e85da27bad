/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change attribute: ctime in nanoseconds, made to move with every change of ours where the
 * kernel's ctime moves with the clock tick only.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Does ctime move with the clock tick on every file system?  On Linux before 6.13 it does. */
bool local_ctime_is_coarse(void);

/* The change attribute to report for what has not been met before. */
uint64_t local_change_unknown(const struct local_fs *fs, uint64_t ctime_ns);

/* The change attribute to report now that ctime was seen; never goes back. */
uint64_t local_change(const struct local_fs *fs, struct local_node *node, uint64_t ctime_ns);

/* We changed it: the next report differs from the last. */
void local_change_mark(struct local_node *node);

/* Before and after an operation on a directory. */
void local_change_before(struct local_object *dir, struct vfs_change_info *info);
void local_change_after(struct local_object *dir, struct vfs_change_info *info, bool changed);
