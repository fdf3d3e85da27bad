/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One note per thread.  The change attribute is made when the note is: made later, it could tell of
 * a change that the other attributes do not show.  The object is compared, never used: each
 * LOOKUP drops the note first, and until then the request has a reference on the object.
 */
#include "backend/local/memo.h"

#include "backend/local/change.h"
#include "backend/local/recent.h"
#include "backend/local/statx.h"
#include "backend/local/volume.h"

static _Thread_local struct {
    struct vfs_memo_mark mark;
    const struct local_object *obj; /* NULL: nothing is remembered */
    struct statx st;
    uint64_t change;
    uint64_t version;
} memo;

static struct local_versions *versions_of(const struct local_object *obj)
{
    return &local_fs_of(&obj->base)->volume->versions;
}

void local_memo_keep(const struct local_fs *fs, const struct local_object *obj,
                     const struct vfs_memo_mark *mark, uint64_t version, const struct statx *st)
{
    memo.obj = NULL;
    local_recent_drop(obj);
    if (!vfs_memo_is_good(mark) || st->stx_nlink == 0)
        return;
    memo.version = version;
    memo.mark = *mark;
    memo.obj = obj;
    memo.st = *st;
    memo.change = local_change(fs, obj->file, local_ctime(st));
}

const struct statx *local_memo_of(const struct local_object *obj)
{
    return memo.obj == obj && vfs_memo_is_good(&memo.mark) &&
                   local_version_is_good(versions_of(obj), obj->base.fileid, memo.version)
               ? &memo.st
               : NULL;
}

void local_memo_drop(void)
{
    memo.obj = NULL;
}

bool local_memo_take(const struct local_object *obj, struct vfs_attr *attr)
{
    const struct statx *st = local_memo_of(obj);

    memo.obj = NULL;
    if (!st)
        return false;
    local_attr_fill(attr, st);
    attr->change = memo.change;
    return true;
}
