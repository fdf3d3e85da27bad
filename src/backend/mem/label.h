/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels of objects.  They are stored, and nothing else. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Store a copy in place of the present label.  The object is write-locked, or not visible to other
 * threads.  False, and nothing changed, when the account is full and without memory. */
bool mem_label_keep_locked(struct mem_object *obj, const struct vfs_label *label) MUST_USE;
void mem_label_drop(struct mem_object *obj);
enum vfs_status mem_getlabel(struct vfs_object *vfs, const struct vfs_cred *cred, uint8_t *data,
                             uint32_t *len);
