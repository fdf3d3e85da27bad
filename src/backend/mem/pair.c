/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/pair.h"

#include "backend/mem/attr.h"
#include "backend/mem/file.h"

enum vfs_status mem_pair_check(const struct vfs_object *from, const struct vfs_object *to)
{
    enum vfs_status status = mem_check_regular(from);

    return status == VFS_OK ? mem_check_regular(to) : status;
}

void mem_pair_lock(struct mem_object *from, struct mem_object *to)
{
    bool from_first = from != to && mem_locks_before(from, to);

    if (from_first)
        mem_lock_read(from);
    mem_lock_write(to);
    if (from != to && !from_first)
        mem_lock_read(from);
}

void mem_pair_unlock(struct mem_object *from, struct mem_object *to, bool read)
{
    bool atime_due = read && from->atime_due;

    mem_unlock(to);
    if (from != to)
        mem_unlock(from);
    if (atime_due)
        mem_accessed(from);
}
