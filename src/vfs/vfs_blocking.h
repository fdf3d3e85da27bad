/* SPDX-License-Identifier: Apache-2.0 */
/* How backends announce that a call may sleep. */
#pragma once

#include <stdbool.h>

/* Brackets around a call that may sleep (disk, network).  They reach the worker's
 * worker_may_block() through a hook that daemon/ registers; without one they do nothing.
 * vfs_blocking_begin(true): it surely sleeps (fsync); false: it may (a cold lookup). */
struct vfs_blocking_hooks {
    void (*begin)(bool surely);
    void (*end)(void);
};
extern struct vfs_blocking_hooks vfs_blocking_hooks;

static inline void vfs_blocking_begin(bool surely)
{
    if (vfs_blocking_hooks.begin)
        vfs_blocking_hooks.begin(surely);
}

static inline void vfs_blocking_end(void)
{
    if (vfs_blocking_hooks.end)
        vfs_blocking_hooks.end();
}
