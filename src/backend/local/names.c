/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a directory's entries.  It is held over system calls that may take long, and each
 * call that waits for it occupies a thread.  So only a few calls wait; the others get VFS_DELAY.
 */
#include "backend/local/names.h"

enum vfs_status local_names_lock(struct local_node *dir)
{
    enum vfs_status status = VFS_OK;

    if (pthread_mutex_trylock(&dir->names) == 0)
        return VFS_OK;
    if (atomic_fetch_add_explicit(&dir->names_waiters, 1, memory_order_relaxed) <
        LIMIT_LOCAL_NAMES_WAITERS)
        pthread_mutex_lock(&dir->names);
    else
        status = VFS_DELAY;
    atomic_fetch_sub_explicit(&dir->names_waiters, 1, memory_order_relaxed);
    return status;
}

void local_names_unlock(struct local_node *dir)
{
    pthread_mutex_unlock(&dir->names);
}

enum vfs_status local_names_lock_both(struct local_node *a, struct local_node *b)
{
    struct local_node *first = a < b ? a : b, *second = a < b ? b : a;
    enum vfs_status status = local_names_lock(first);

    if (status != VFS_OK || first == second)
        return status;
    status = local_names_lock(second);
    if (status != VFS_OK)
        local_names_unlock(first);
    return status;
}

void local_names_unlock_both(struct local_node *a, struct local_node *b)
{
    local_names_unlock(a);
    if (a != b)
        local_names_unlock(b);
}
