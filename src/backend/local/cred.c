/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system identity of the calling thread: fsuid, fsgid, groups.  Set by raw system calls,
 * since libc's functions would change all threads.  A switch costs microseconds, so a thread keeps
 * the identity of its last call, and another call of the same caller costs nothing.  When a thread
 * leaves fsuid 0, the kernel drops the capabilities that override file permissions; when it
 * returns, it restores them.
 *
 * What the server does in its own right is enclosed in local_cred_server_begin() and
 * local_cred_server_end().  There user and group are the server's, and the caller's groups do not
 * matter.  So a thread that runs a request is never left with more rights than its last caller had.
 */
#include "backend/local/cred.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NOBODY = 65534 /* the identity used by the trial */
};

/* A new thread inherits its creator's identity, so nothing is known before the first switch. */
static _Thread_local struct {
    bool known;
    uint32_t uid, gid;
    uint32_t gid_count, gids[LIMIT_CALLER_GIDS];
    unsigned sections; /* nesting depth of server sections */
    struct {
        uint32_t uid, gid;
    } inside, outside; /* identities within these sections and outside */
} current;

/* Setting an fsuid of -1 changes nothing and returns the current one. */
static uint32_t fsuid_get(void)
{
    return (uint32_t)syscall(SYS_setfsuid, -1);
}

static uint32_t fsgid_get(void)
{
    return (uint32_t)syscall(SYS_setfsgid, -1);
}

static bool fsuid_set(uint32_t uid)
{
    syscall(SYS_setfsuid, uid);
    return fsuid_get() == uid;
}

static bool fsgid_set(uint32_t gid)
{
    syscall(SYS_setfsgid, gid);
    return fsgid_get() == gid;
}

static bool has_groups_of(const struct vfs_cred *cred)
{
    return current.gid_count == cred->gid_count &&
           (cred->gid_count == 0 ||
            memcmp(current.gids, cred->gids, cred->gid_count * sizeof(cred->gids[0])) == 0);
}

static bool groups_set(const struct vfs_cred *cred)
{
    if (syscall(SYS_setgroups, (size_t)cred->gid_count, cred->gids) != 0)
        return false;
    current.gid_count = cred->gid_count;
    if (cred->gid_count > 0)
        memcpy(current.gids, cred->gids, cred->gid_count * sizeof(cred->gids[0]));
    return true;
}

static bool switch_to(const struct vfs_cred *cred)
{
    bool all = !current.known;

    current.known = false;
    if ((all || !has_groups_of(cred)) && !groups_set(cred))
        return false;
    if ((all || cred->gid != current.gid) && !fsgid_set(cred->gid))
        return false;
    if ((all || cred->uid != current.uid) && !fsuid_set(cred->uid))
        return false;
    current.uid = cred->uid;
    current.gid = cred->gid;
    current.known = true;
    return true;
}

enum vfs_status local_cred_use(const struct local_fs *fs, const struct vfs_cred *cred)
{
    /* No thread of this process ever switches. */
    if (!vfs_identity_hooks)
        return VFS_OK;
    CHECK(current.sections == 0);
    if (!fs->impersonate)
        cred = &fs->server;
    if (current.known && current.uid == cred->uid && current.gid == cred->gid &&
        has_groups_of(cred))
        return VFS_OK;
    CHECK(cred->gid_count <= LIMIT_CALLER_GIDS);
    /* To the kernel -1 means "unchanged": another caller's identity would stay in force. */
    if (cred->uid == UINT32_MAX || cred->gid == UINT32_MAX)
        return VFS_ACCESS;
    return switch_to(cred) ? VFS_OK : VFS_ACCESS;
}

void local_cred_server(const struct local_fs *fs)
{
    CHECK(local_cred_use(fs, &fs->server) == VFS_OK);
}

static void section_begin(uint32_t uid, uint32_t gid)
{
    if (current.sections++ > 0)
        return;
    current.inside.uid = uid;
    current.inside.gid = gid;
    current.outside.uid = current.known ? current.uid : fsuid_get();
    current.outside.gid = current.known ? current.gid : fsgid_get();
    CHECK(uid == current.outside.uid || fsuid_set(uid));
    CHECK(gid == current.outside.gid || fsgid_set(gid));
}

static void section_end(void)
{
    int err = errno;

    CHECK(current.sections > 0);
    if (--current.sections > 0)
        return;
    CHECK(current.inside.gid == current.outside.gid || fsgid_set(current.outside.gid));
    CHECK(current.inside.uid == current.outside.uid || fsuid_set(current.outside.uid));
    errno = err;
}

void local_cred_server_begin(const struct local_fs *fs)
{
    if (vfs_identity_hooks)
        section_begin(fs->server.uid, fs->server.gid);
}

void local_cred_server_end(const struct local_fs *fs)
{
    (void)fs;
    if (vfs_identity_hooks)
        section_end();
}

/* ---- can this process switch identities? ---- */

static bool has_effective(cap_value_t wanted)
{
    cap_t caps = cap_get_proc();
    cap_flag_value_t value = CAP_CLEAR;

    if (!caps)
        return false;
    if (cap_get_flag(caps, wanted, CAP_EFFECTIVE, &value) != 0)
        value = CAP_CLEAR;
    (void)cap_free(caps);
    return value == CAP_SET;
}

/* A user namespace may forbid setgroups, map no uid but 0, or keep capabilities across a switch. */
static const char *try_switch(void)
{
    static const gid_t group = NOBODY;
    uint32_t uid = fsuid_get(), gid = fsgid_get();

    if (syscall(SYS_setgroups, (size_t)1, &group) != 0)
        return errno == EPERM ? "setgroups is denied in this user namespace (as under `unshare -r` "
                                "and `unshare --map-root-user`); run the server as another user, "
                                "or in a namespace that maps users and groups"
                              : "setgroups failed";
    if (!fsgid_set(NOBODY) || !fsuid_set(NOBODY))
        return "user or group 65534 has no mapping in this user namespace; run the server as "
               "another user, or in a namespace that maps users and groups";
    if (has_effective(CAP_DAC_OVERRIDE) || has_effective(CAP_FSETID))
        return "capabilities outlive a change of user here (securebits)";
    if (!fsuid_set(uid) || !fsgid_set(gid) || !has_effective(CAP_DAC_OVERRIDE))
        return "cannot switch back from another user";
    return NULL;
}

static void *trial_run(void *result)
{
    *(const char **)result = try_switch();
    return NULL;
}

const char *local_cred_obstacle(void)
{
    static const cap_value_t needed[] = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE, CAP_FOWNER};
    const char *obstacle = NULL;
    pthread_t thread;

    /* Only for uid 0 does the kernel drop the overriding capabilities when fsuid leaves 0. */
    if (geteuid() != 0 || getuid() != 0)
        return "its user is not 0";
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (!has_effective(needed[i]))
            return "uid 0 needs CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE and CAP_FOWNER for that; "
                   "run the server as another user, or with these";
    }
    if (pthread_create(&thread, NULL, trial_run, &obstacle) != 0)
        return "no thread to try it on";
    CHECK(pthread_join(thread, NULL) == 0);
    return obstacle;
}

/* ---- for server work outside of this backend ---- */

static void own_forever(void)
{
    const struct vfs_cred own = {.uid = 0, .gid = (uint32_t)getegid()};

    CHECK(current.sections == 0);
    if (current.known && current.uid == 0 && current.gid == own.gid)
        return;
    CHECK(switch_to(&own));
}

static void own_begin(void)
{
    section_begin(0, (uint32_t)getegid());
}

const struct vfs_identity_hooks local_cred_hooks = {
    .own = own_forever, .begin = own_begin, .end = section_end};
