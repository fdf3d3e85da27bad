/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change attribute: ctime in nanoseconds.  Where the kernel's ctime advances only with the
 * clock tick, it is made to advance with each change of ours.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Does ctime advance only with the clock tick?  True before Linux 6.13. */
bool local_ctime_is_coarse(void);

/* The change attribute to report for a file that is not in memory. */
uint64_t local_change_unknown(const struct local_fs *fs, uint64_t ctime_ns);

/* The change attribute to report for this ctime; it never goes back. */
uint64_t local_change(const struct local_fs *fs, struct local_node *node, uint64_t ctime_ns);

/* We have changed the file: the next report must differ from the last. */
void local_change_mark(struct local_node *node);

/* Would the change attribute advance with our last change, and not go back, if the node's memory of
 * it were lost now? */
bool local_change_outlives(const struct local_fs *fs, const struct local_node *node);
