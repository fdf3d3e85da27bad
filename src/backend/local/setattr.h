/* SPDX-License-Identifier: Apache-2.0 */
/* SETATTR. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_setattr(struct vfs_object *base, const struct vfs_cred *cred,
                              const struct vfs_attr *set, bool opened, uint32_t *applied);
enum vfs_status local_touch(struct vfs_object *base);

/* Apply set->mask except for SIZE and MODE, under the thread's current identity.  Returns the bits
 * that could be applied. */
uint32_t local_setattr_initial(struct local_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *set);
