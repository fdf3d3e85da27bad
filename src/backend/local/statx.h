/* SPDX-License-Identifier: Apache-2.0 */
/* statx, and what its results mean to vfs/. */
#pragma once

#include <sys/stat.h>

#include "vfs/vfs.h"

/* Of the entry `name` in `dirfd`, or of `dirfd` itself when name is "".  0, or -1 and errno. */
int local_statx(int dirfd, const char *name, struct statx *st);

enum vfs_type local_type(uint32_t mode);

/* In nanoseconds; 0 before 1970. */
uint64_t local_ctime(const struct statx *st);

/* All that statx tells; the change attribute is ctime. */
void local_attr_fill(struct vfs_attr *attr, const struct statx *st);
