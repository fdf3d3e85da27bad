/* SPDX-License-Identifier: Apache-2.0 */
/* How backends announce that a call may sleep. */
#pragma once

#include <stdbool.h>

/* Enclose a call that may block (disk, network).  They reach worker_may_block() through a hook
 * registered by daemon/; without it they do nothing.  vfs_blocking_begin(true): certain to block
 * (fsync); false: it may (a cold lookup). */
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
