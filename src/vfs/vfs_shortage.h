/* SPDX-License-Identifier: Apache-2.0 */
/* How backends report that they lack something. */
#pragma once

/* The receiver of a backend's report that a resource held by open files has run out, such as
 * descriptors, so that a call gets VFS_DELAY.  Called on any thread, with locks of the backend
 * held, possibly often.  May be set only while no backend exists or is called. */
struct vfs_shortage_hook {
    void (*tell)(void *context); /* NULL: no receiver */
    void *context;
};
extern struct vfs_shortage_hook vfs_shortage_hook;

static inline void vfs_shortage(void)
{
    if (vfs_shortage_hook.tell)
        vfs_shortage_hook.tell(vfs_shortage_hook.context);
}
