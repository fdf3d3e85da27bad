/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of requests often makes and removes names in one directory.  What it is after one change
 * is what it is before the next one, so each asks the kernel once (recent.h).
 */
#include "backend/local/change_info.h"

#include "backend/local/change.h"
#include "backend/local/recent.h"
#include "backend/local/statx.h"

/* False: the kernel does not know. */
static bool ask(struct local_object *obj, struct statx *st, uint64_t *change)
{
    bool told = local_statx(obj->path_fd, "", st) == 0;

    *change = local_change(local_fs_of(&obj->base), obj->file, told ? local_ctime(st) : 0);
    return told;
}

/* Never atomic: other processes may change the object in between. */
void local_change_before(struct local_object *obj, struct vfs_change_info *info)
{
    struct statx st;

    info->atomic = false;
    if (!local_recent_change(obj, &info->before))
        (void)ask(obj, &st, &info->before);
    vfs_memo_look();
}

void local_change_after(struct local_object *obj, struct vfs_change_info *info, bool changed)
{
    const struct local_recent_look look = local_recent_look(obj);
    struct statx st;

    if (changed)
        local_change_mark(obj->file);
    if (ask(obj, &st, &info->after))
        local_recent_keep_changed(obj, &look, &st);
}
