/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of objects, as the kernel tells them. */
#pragma once

#include "backend/local/local_internal.h"

/* What stands at `name` in `dirfd`, or `dirfd` itself when name is "".  0 or an errno; EXDEV: on
 * another mount. */
int local_identify(const struct local_fs *fs, int dirfd, const char *name, struct local_id *id);

/* Find out what this file system can do; sets id_kind, mount_id, root_id.  0 or an errno. */
int local_identify_root(struct local_fs *fs);

/* The kernel's form of an id of kind LOCAL_ID_HANDLE, at `buf`.  0 or an errno. */
int local_kernel_handle(const struct local_id *id, void *buf, size_t size);

bool local_id_equal(const struct local_id *a, const struct local_id *b);
