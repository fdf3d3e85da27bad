/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change attribute of a directory, or of a file with extended attributes, before and after a
 * change by the caller (RFC 8881 §3.3.8).  The caller is between local_changing_begin() and
 * local_changing_end() of the object.
 */
#pragma once

#include "backend/local/local_internal.h"

/* What other requests met of the object is good for `before`, and for nothing afterwards
 * (vfs_memo.h). */
void local_change_before(struct local_object *obj, struct vfs_change_info *info);

/* `changed`: else the attempt has failed, or there was nothing to change. */
void local_change_after(struct local_object *obj, struct vfs_change_info *info, bool changed);
