/* SPDX-License-Identifier: Apache-2.0 */
/* IDs of objects, from the kernel. */
#pragma once

#include "backend/local/local_internal.h"

/* The ID of the entry `name` in `dirfd`, or of `dirfd` itself if name is "".  0 or an errno; EXDEV:
 * on another mount. */
int local_identify(const struct local_fs *fs, int dirfd, const char *name, struct local_id *id);

/* Do a statx() of an entry and an ID that was read afterwards belong to one object?  The name may
 * have come to stand for another one in between. */
enum local_match {
    LOCAL_MATCH_UNKNOWN,
    LOCAL_MATCH_IF_STILL, /* if another statx() finds the same inode number and birth time */
    LOCAL_MATCH_SURE,
};

/* The ID of the entry `name`, after a statx() of it that succeeded; without a system call if it is
 * known (known.h).  0 or an errno. */
int local_identify_entry(const struct local_fs *fs, int dirfd, const char *name,
                         const struct statx *st, struct local_id *id, enum local_match *match);

/* Find out what IDs this file system has; sets id_kind, mount_id, root_id.  0 or an errno. */
int local_identify_root(struct local_fs *fs);

/* Convert an ID of kind LOCAL_ID_HANDLE to the kernel's form in `buf`.  0 or an errno. */
int local_kernel_handle(const struct local_id *id, void *buf, size_t size);

bool local_id_equal(const struct local_id *a, const struct local_id *b);
