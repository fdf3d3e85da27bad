/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a call acts: the credentials of its caller, and the identity of the calling thread. */
#pragma once

#include <stdint.h>

/* The caller, after squashing.  Whoever keeps it for longer than a call copies the groups, too. */
struct vfs_cred {
    uint32_t uid;
    uint32_t gid;
    uint32_t gid_count;   /* at most LIMIT_CALLER_GIDS */
    const uint32_t *gids; /* further groups */
    /* No part of the identity: whose change it is, for those who are told (vfs_change.h).
     * Compared, never dereferenced. */
    const void *actor;
};

/* A backend that acts as its callers may leave the calling thread with the file system identity of
 * the last caller (fsuid, fsgid, groups), since each switch costs microseconds.  Code that opens or
 * creates files of the server itself, on a thread that may have made vfs calls or was started by
 * such a thread, must do so between vfs_own_identity_begin() and _end(), after which the thread has
 * the caller's identity again.  A thread that serves no requests calls vfs_own_identity() once.
 * Open descriptors need nothing. */
struct vfs_identity_hooks {
    void (*own)(void);
    void (*begin)(void);
    void (*end)(void);
};
/* NULL until a backend acts as its callers; set before the first request, then constant. */
extern const struct vfs_identity_hooks *_Atomic vfs_identity_hooks;

static inline void vfs_own_identity(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->own();
}

static inline void vfs_own_identity_begin(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->begin();
}

static inline void vfs_own_identity_end(void)
{
    const struct vfs_identity_hooks *hooks = vfs_identity_hooks;

    if (hooks)
        hooks->end();
}
