/* SPDX-License-Identifier: Apache-2.0 */
/* How backends report that they lack something. */
#pragma once

/* The receiver of a backend's report that it lacks something that open files hold, like
 * descriptors, and has to refuse a call with VFS_DELAY: called on any thread, with locks of the
 * backend held, perhaps often.  Set while no backend lives, or none is called. */
struct vfs_shortage_hook {
    void (*tell)(void *context); /* NULL: there is no receiver */
    void *context;
};
extern struct vfs_shortage_hook vfs_shortage_hook;

static inline void vfs_shortage(void)
{
    if (vfs_shortage_hook.tell)
        vfs_shortage_hook.tell(vfs_shortage_hook.context);
}
