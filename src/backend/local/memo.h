/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes that the calling thread met last, for the next operation of the same request
 * (vfs_memo.h): LOOKUP and ACCESS need a statx(), and GETATTR follows.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Remember what a statx() of the object said; `mark` was read before it.  `version`: that of the
 * inode (version.h), read before the statx() or, where it is of a name, at once after it; a later
 * change by this server makes the note void.  What was met before for other requests is older
 * (recent.h), and is forgotten. */
void local_memo_keep(const struct local_fs *fs, const struct local_object *obj,
                     const struct vfs_memo_mark *mark, uint64_t version, const struct statx *st);

/* What is remembered of the object; NULL: nothing. */
const struct statx *local_memo_of(const struct local_object *obj);

/* Forget what is remembered, since something newer has been seen. */
void local_memo_drop(void);

/* The attributes of the object, if they are remembered.  Then they are forgotten: whoever asks
 * twice in one operation may want to know what has changed. */
bool local_memo_take(const struct local_object *obj, struct vfs_attr *attr);
