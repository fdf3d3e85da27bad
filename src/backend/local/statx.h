/* SPDX-License-Identifier: Apache-2.0 */
/* statx(), and its conversion to vfs/ types. */
#pragma once

#include <sys/stat.h>

#include "vfs/vfs.h"

/* Of the entry `name` in `dirfd`, or of `dirfd` itself if name is "".  0, or -1 and errno. */
int local_statx(int dirfd, const char *name, struct statx *st);

enum vfs_type local_type(uint32_t mode);

/* ctime in nanoseconds; 0 before 1970. */
uint64_t local_ctime(const struct statx *st);

/* Fill all attributes that statx() returns; the change attribute is ctime. */
void local_attr_fill(struct vfs_attr *attr, const struct statx *st);
