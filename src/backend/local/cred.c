/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system identity of the calling thread: fsuid, fsgid, groups, by raw system calls, since
 * libc's would change every thread.  A switch costs microseconds, so a thread keeps the identity of
 * its last call and the next one for the same caller pays nothing.  Leaving fsuid 0 the kernel
 * takes away the capabilities that override file permission, and gives them back on return.
 */
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/local_internal.h"

/* A new thread inherits its maker's identity, so nothing is known before the first switch. */
static _Thread_local struct {
    bool known;
    struct vfs_cred cred;
} current;

/* An fsuid of -1 changes nothing, and so tells. */
static bool fsuid_set(uint32_t uid)
{
    syscall(SYS_setfsuid, uid);
    return (uint32_t)syscall(SYS_setfsuid, -1) == uid;
}

static bool fsgid_set(uint32_t gid)
{
    syscall(SYS_setfsgid, gid);
    return (uint32_t)syscall(SYS_setfsgid, -1) == gid;
}

static bool groups_equal(const struct vfs_cred *a, const struct vfs_cred *b)
{
    return a->gid_count == b->gid_count &&
           memcmp(a->gids, b->gids, a->gid_count * sizeof(a->gids[0])) == 0;
}

static bool switch_to(const struct vfs_cred *cred)
{
    bool all = !current.known;

    current.known = false;
    if ((all || !groups_equal(cred, &current.cred)) &&
        syscall(SYS_setgroups, (size_t)cred->gid_count, cred->gids) != 0)
        return false;
    if ((all || cred->gid != current.cred.gid) && !fsgid_set(cred->gid))
        return false;
    if ((all || cred->uid != current.cred.uid) && !fsuid_set(cred->uid))
        return false;
    current.cred = *cred;
    current.known = true;
    return true;
}

enum vfs_status local_cred_use(const struct local_fs *fs, const struct vfs_cred *cred)
{
    /* Nobody in this process ever switches. */
    if (!vfs_own_identity_hook)
        return VFS_OK;
    if (!fs->impersonate)
        cred = &fs->server;
    if (current.known && current.cred.uid == cred->uid && current.cred.gid == cred->gid &&
        groups_equal(cred, &current.cred))
        return VFS_OK;
    CHECK(cred->gid_count <= VFS_GIDS_MAX);
    /* -1 means "unchanged" to the kernel: it would leave somebody else's identity in force. */
    if (cred->uid == UINT32_MAX || cred->gid == UINT32_MAX)
        return VFS_ACCESS;
    return switch_to(cred) ? VFS_OK : VFS_ACCESS;
}

void local_cred_server(const struct local_fs *fs)
{
    CHECK(local_cred_use(fs, &fs->server) == VFS_OK);
}

bool local_cred_can_switch(void)
{
    static const cap_value_t needed[] = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE, CAP_FOWNER};
    cap_t caps;
    bool can = true;

    /* Only from uid 0 does leaving fsuid 0 take the overriding capabilities away. */
    if (geteuid() != 0 || getuid() != 0)
        return false;
    caps = cap_get_proc();
    if (!caps)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        cap_flag_value_t value = CAP_CLEAR;

        if (cap_get_flag(caps, needed[i], CAP_EFFECTIVE, &value) != 0 || value != CAP_SET)
            can = false;
    }
    (void)cap_free(caps);
    return can;
}

void local_cred_own_identity(void)
{
    const struct vfs_cred own = {.uid = 0, .gid = (uint32_t)getegid()};

    if (current.known && current.cred.uid == 0 && current.cred.gid == own.gid)
        return;
    CHECK(switch_to(&own));
}
