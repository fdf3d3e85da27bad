/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/tell.h"

#include <errno.h>
#include <string.h>

#include "backend/local/status.h"

struct vfs_change_entry local_tell_entry(const char *name, struct local_object *obj)
{
    return (struct vfs_change_entry){
        .name = name, .len = strlen(name), .obj = obj ? &obj->base : NULL};
}

/* The disk, or a server behind the file system, has failed: it may have got further than the
 * answer. */
static bool is_uncertain(int err)
{
    return local_failure(err) == VFS_IO || err == EINTR || err == ETIMEDOUT;
}

void local_tell_failed(struct local_object *dir, int err, const void *actor)
{
    if (is_uncertain(err))
        local_tell_kind(dir->file, VFS_CHANGE_UNKNOWN, actor);
}
