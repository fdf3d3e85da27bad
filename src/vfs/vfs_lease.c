/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_lease.h"

#include <pthread.h>

#include "base/check.h"

/* Held while the hook runs, so that setting another one waits for it. */
static pthread_mutex_t lease_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vfs_lease_hook lease_hook;

void vfs_lease_hook_set(const struct vfs_lease_hook *hook)
{
    pthread_mutex_lock(&lease_lock);
    lease_hook = hook ? *hook : (struct vfs_lease_hook){0};
    pthread_mutex_unlock(&lease_lock);
}

void vfs_lease_broken(struct vfs_object *obj, enum vfs_lease use, bool held_up)
{
    pthread_mutex_lock(&lease_lock);
    if (lease_hook.broken)
        lease_hook.broken(obj, use, held_up, lease_hook.context);
    pthread_mutex_unlock(&lease_lock);
}

enum vfs_status vfs_lease_none(struct vfs_object *obj, enum vfs_lease kind)
{
    (void)obj, (void)kind;
    return VFS_NOTSUPP;
}

void vfs_unlease_none(struct vfs_object *obj, enum vfs_lease kind)
{
    (void)obj, (void)kind;
    CHECK(!"a lease that was given");
}
