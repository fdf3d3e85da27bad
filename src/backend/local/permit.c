/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would the kernel refuse an operation?  Asked before anything is changed (vfs_ops.may_setattr and
 * similar functions).  Where possible the kernel answers, by access(2); the rest follows its rules
 * for owners, sticky directories, immutable files and protected hard links.  In case of doubt the
 * answer is VFS_OK, since the operation itself will tell.
 */
#include "backend/local/permit.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/access.h"
#include "backend/local/cred.h"
#include "backend/local/lookup.h"
#include "backend/local/resolve.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"

enum {
    FROZEN = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND
};

/* The uid that the kernel uses to judge calls for `cred`. */
static uint32_t acting_uid(const struct local_fs *fs, const struct vfs_cred *cred)
{
    return fs->impersonate ? cred->uid : fs->server.uid;
}

/* Is the caller neither the owner nor root, which has CAP_FOWNER? */
static bool is_other(const struct local_fs *fs, const struct vfs_cred *cred, const struct statx *st)
{
    uint32_t uid = acting_uid(fs, cred);

    return uid != 0 && uid != st->stx_uid;
}

static enum vfs_status refusal_of(int err)
{
    return local_may_not(err) ? local_status(err) : VFS_OK;
}

static enum vfs_status check_setattr(struct local_object *obj, const struct vfs_cred *cred,
                                     const struct vfs_attr *set, bool opened)
{
    /* A caller that may write a file may set its times to the present, but only both at once. */
    const uint32_t touch = VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW;
    const bool touches = (set->mask & touch) == touch;
    const uint32_t owners = set->mask & ~(VFS_ATTR_SIZE | (touches ? touch : 0));
    bool other;
    struct statx st;
    int err;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return VFS_OK;
    if ((st.stx_attributes & STATX_ATTR_IMMUTABLE) ||
        ((st.stx_attributes & STATX_ATTR_APPEND) && (owners || (set->mask & VFS_ATTR_SIZE))))
        return VFS_PERM;
    other = is_other(local_fs_of(&obj->base), cred, &st);
    err = local_may(obj, W_OK);
    if (err == EROFS)
        return VFS_ROFS;
    if ((set->mask & VFS_ATTR_SIZE) && !opened && err)
        return refusal_of(err);
    /* Network and FUSE file systems may have rules of their own. */
    if (other && owners && !local_fs_of(&obj->base)->fetches)
        return VFS_PERM;
    return other && touches ? refusal_of(err) : VFS_OK;
}

enum vfs_status local_may_setattr(struct vfs_object *base, const struct vfs_cred *cred,
                                  const struct vfs_attr *set, bool opened)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_path_get(obj);

    if (status != VFS_OK)
        return VFS_OK;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        vfs_blocking_begin(false);
        status = check_setattr(obj, cred, set, opened);
        vfs_blocking_end();
    }
    local_path_put(obj);
    return status;
}

/* May entries of `dir` be changed?  Sets *st to its attributes. */
static enum vfs_status check_dir(const struct local_object *dir, struct statx *st)
{
    int err = local_may(dir, W_OK | X_OK);

    if (!err && local_statx(dir->path_fd, "", st) != 0)
        err = errno;
    return refusal_of(err);
}

static enum vfs_status check_remove(const struct local_object *dir, const struct vfs_cred *cred,
                                    const char *name)
{
    const struct local_fs *fs = local_fs_of(&dir->base);
    struct statx of_dir = {0}, victim;
    enum vfs_status status = check_dir(dir, &of_dir);

    if (status != VFS_OK || local_statx(dir->path_fd, name, &victim) != 0)
        return status;
    if ((of_dir.stx_attributes & FROZEN) || (victim.stx_attributes & FROZEN))
        return VFS_PERM;
    if ((of_dir.stx_mode & S_ISVTX) && is_other(fs, cred, &of_dir) && is_other(fs, cred, &victim))
        return VFS_PERM;
    return VFS_OK;
}

enum vfs_status local_may_remove(struct vfs_object *base, const struct vfs_cred *cred,
                                 const struct vfs_name *name)
{
    struct local_object *dir = local_of(base);
    struct local_name text;
    enum vfs_status status;

    if (base->type != VFS_DIR || local_name_copy(name, &text) != VFS_OK ||
        local_path_get(dir) != VFS_OK)
        return VFS_OK;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        vfs_blocking_begin(false);
        status = check_remove(dir, cred, text.text);
        vfs_blocking_end();
    }
    local_path_put(dir);
    return status;
}

/* sysctl fs.protected_hardlinks.  Only root may read it. */
static bool hardlinks_protected(const struct local_fs *fs)
{
    char digit = '0';
    int fd;

    local_cred_server_begin(fs);
    fd = open("/proc/sys/fs/protected_hardlinks", O_RDONLY | O_CLOEXEC);
    local_cred_server_end(fs);
    if (fd < 0)
        return false;
    if (read(fd, &digit, 1) != 1)
        digit = '0';
    close(fd);
    return digit != '0';
}

/* proc(5): a caller may not link a file of another user that is special, or that it can't both read
 * and write. */
static enum vfs_status check_source(struct local_object *obj, const struct vfs_cred *cred)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    bool safe;
    struct statx st;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return VFS_OK;
    if (st.stx_attributes & FROZEN)
        return VFS_PERM;
    safe = S_ISREG(st.stx_mode) && !(st.stx_mode & S_ISUID) &&
           (st.stx_mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
           !local_may_not(local_may(obj, R_OK | W_OK));
    return !safe && is_other(fs, cred, &st) && hardlinks_protected(fs) ? VFS_PERM : VFS_OK;
}

/* In the order of the kernel's checks. */
static enum vfs_status check_link(struct local_object *obj, struct local_object *dir,
                                  const struct vfs_cred *cred)
{
    enum vfs_status status = refusal_of(local_may(dir, X_OK));
    struct statx st;

    if (status == VFS_OK && obj && local_path_get(obj) == VFS_OK) {
        status = check_source(obj, cred);
        local_path_put(obj);
    }
    return status == VFS_OK ? check_dir(dir, &st) : status;
}

enum vfs_status local_may_link(struct vfs_object *obj, struct vfs_object *base,
                               const struct vfs_cred *cred)
{
    struct local_object *dir = local_of(base);
    enum vfs_status status;

    if (base->type != VFS_DIR || (obj && obj->fs != base->fs) || local_path_get(dir) != VFS_OK)
        return VFS_OK;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        vfs_blocking_begin(false);
        status = check_link(obj ? local_of(obj) : NULL, dir, cred);
        vfs_blocking_end();
    }
    local_path_put(dir);
    return status;
}
