/* SPDX-License-Identifier: Apache-2.0 */
/* SETATTR: size, owner, ACL, mode, times, in this order, each under the caller's identity. */
#include "backend/local/setattr.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/local/acl.h"
#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/io.h"
#include "backend/local/label.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/tell.h"
#include "base/clock.h"

enum {
    OWNER_BITS = VFS_ATTR_UID | VFS_ATTR_GID,
    TIME_BITS = VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW,
    MODE_BITS = VFS_ATTR_MODE | VFS_ATTR_MODE_HIGH,
    SETTABLE = VFS_ATTR_SIZE | MODE_BITS | VFS_ATTR_ACL | OWNER_BITS | TIME_BITS | VFS_ATTR_HELD |
               VFS_ATTR_LABEL,
};

/* Check what can be rejected before anything is changed. */
static enum vfs_status check(const struct vfs_object *obj, const struct vfs_attr *set)
{
    const uint32_t acl = obj->fs->caps & VFS_CAP_ACL ? 0 : VFS_ATTR_ACL | VFS_ATTR_MODE_HIGH;

    if (set->mask & (~(uint32_t)SETTABLE | acl))
        return VFS_INVAL;
    if (set->mask & VFS_ATTR_SIZE) {
        if (obj->type == VFS_DIR)
            return VFS_ISDIR;
        if (obj->type != VFS_REG)
            return VFS_INVAL;
        if (set->size > INT64_MAX)
            return VFS_FBIG;
    }
    /* To the kernel, -1 means "unchanged". */
    if (((set->mask & VFS_ATTR_UID) && set->uid == UINT32_MAX) ||
        ((set->mask & VFS_ATTR_GID) && set->gid == UINT32_MAX))
        return VFS_INVAL;
    if (((set->mask & VFS_ATTR_ATIME) && (uint64_t)set->atime.tv_nsec >= NSEC_PER_SEC) ||
        ((set->mask & VFS_ATTR_MTIME) && (uint64_t)set->mtime.tv_nsec >= NSEC_PER_SEC))
        return VFS_INVAL;
    return VFS_OK;
}

/* Runs as the caller even if the file is open already, so that the kernel clears suid and sgid for
 * unprivileged callers. */
static enum vfs_status set_size(struct local_object *obj, const struct vfs_cred *cred,
                                uint64_t size, bool opened)
{
    enum vfs_status status;
    int fd, err;

    status = local_io_get(obj, opened ? NULL : cred, VFS_WANT_WRITE, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(&obj->base), cred);
    if (status == VFS_OK) {
        vfs_blocking_begin(false);
        err = ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
        vfs_blocking_end();
        status = local_status(err);
    }
    local_io_put(obj);
    return status;
}

static int set_owner(struct local_object *obj, const struct vfs_attr *set)
{
    uid_t uid = set->mask & VFS_ATTR_UID ? set->uid : (uid_t)-1;
    gid_t gid = set->mask & VFS_ATTR_GID ? set->gid : (gid_t)-1;

    atomic_store_explicit(&obj->maker, LOCAL_NOBODY, memory_order_relaxed);
    return fchownat(obj->path_fd, "", uid, gid, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

static int set_mode(struct local_object *obj, uint32_t mode)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    char digits[12];

    (void)snprintf(digits, sizeof(digits), "%d", obj->path_fd);
    return fchmodat(fs->proc_fd, digits, mode & 07777, 0) == 0 ? 0 : errno;
}

static int set_times(struct local_object *obj, const struct vfs_attr *set)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};

    if (set->mask & VFS_ATTR_ATIME)
        times[0] = set->atime;
    if (set->mask & VFS_ATTR_MTIME)
        times[1] = set->mtime;
    if (set->mask & VFS_ATTR_ATIME_NOW)
        times[0].tv_nsec = UTIME_NOW;
    if (set->mask & VFS_ATTR_MTIME_NOW)
        times[1].tv_nsec = UTIME_NOW;
    return utimensat(obj->path_fd, "", times, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

/* Only bits that an ACL says nothing of are set together with it, or with MODE_HIGH: the others are
 * as they are. */
static int set_mode_of(struct local_object *obj, const struct vfs_attr *set)
{
    uint32_t mode = set->mode;
    struct statx st;

    if (set->mask & (VFS_ATTR_ACL | VFS_ATTR_MODE_HIGH)) {
        if (local_statx(obj->path_fd, "", &st) != 0)
            return errno;
        mode = (mode & 07000) | (st.stx_mode & 0777);
        if (mode == (st.stx_mode & 07777) && (set->mask & VFS_ATTR_ACL))
            return 0;
    }
    return set_mode(obj, mode);
}

/* Bits that the new mode lacks go before the ACL is set: nobody whom that admits finds a program
 * set-uid that is not to be.  *was is the mode that it had, for when the ACL fails. */
static int drop_high_bits(struct local_object *obj, const struct vfs_attr *set, uint32_t *was)
{
    struct statx st;
    int err;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return errno;
    if (!(st.stx_mode & 07000 & ~set->mode))
        return 0;
    err = set_mode(obj, st.stx_mode & (0777 | set->mode));
    if (!err)
        *was = st.stx_mode & 07777;
    return err;
}

static enum vfs_status set_acl(struct local_object *obj, const struct vfs_attr *set)
{
    enum vfs_status status = VFS_OK;
    uint32_t was = 0;

    if (set->mask & VFS_ATTR_MODE)
        status = local_status(drop_high_bits(obj, set, &was));
    if (status != VFS_OK)
        return status;
    status = local_acl_set(obj, set->acl);
    if (status != VFS_OK && was)
        (void)set_mode(obj, was);
    return status;
}

/* What cannot be expressed is refused before anything is changed. */
static enum vfs_status check_acl(const struct local_object *obj, const struct vfs_attr *set)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    struct local_acls acls;
    struct statx st;
    int err;

    local_fetch_begin(fs);
    err = local_statx(obj->path_fd, "", &st) == 0 ? 0 : errno;
    local_fetch_end(fs);
    if (err)
        return local_failure(err);
    return local_acl_translate(set->acl, obj->base.type,
                               set->mask & VFS_ATTR_UID ? set->uid : st.stx_uid, &acls);
}

uint32_t local_setattr_initial(struct local_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *set)
{
    uint32_t applied = 0;

    if ((set->mask & VFS_ATTR_LABEL) && local_label_set(obj, cred, &set->label) == VFS_OK)
        applied |= VFS_ATTR_LABEL;
    if ((set->mask & OWNER_BITS) && set_owner(obj, set) == 0)
        applied |= set->mask & OWNER_BITS;
    if ((set->mask & TIME_BITS) && set_times(obj, set) == 0)
        applied |= set->mask & TIME_BITS;
    return applied;
}

/* The label comes first: its owner may give a file away at the same time. */
static enum vfs_status set_rest(struct local_object *obj, const struct vfs_cred *cred,
                                const struct vfs_attr *set, uint32_t *applied)
{
    int err = 0;

    if (set->mask & VFS_ATTR_LABEL) {
        enum vfs_status status = local_label_set(obj, cred, &set->label);

        if (status != VFS_OK)
            return status;
        *applied |= VFS_ATTR_LABEL;
    }
    if (set->mask & OWNER_BITS) {
        err = set_owner(obj, set);
        *applied |= err ? 0 : set->mask & OWNER_BITS;
    }
    if (!err && (set->mask & VFS_ATTR_ACL)) {
        enum vfs_status status = set_acl(obj, set);

        if (status != VFS_OK)
            return status;
        *applied |= VFS_ATTR_ACL;
    }
    if (!err && (set->mask & VFS_ATTR_MODE)) {
        err = set_mode_of(obj, set);
        *applied |= err ? 0 : set->mask & MODE_BITS;
    }
    if (!err && (set->mask & TIME_BITS)) {
        err = set_times(obj, set);
        *applied |= err ? 0 : set->mask & TIME_BITS;
    }
    return local_status(err);
}

static void tell_change(struct local_object *obj, const void *actor)
{
    local_change_mark(obj->file);
    local_tell_kind(obj->file, VFS_CHANGE_DIR, actor);
}

/* In the server's own right.  The kernel sets the ctime to the present in any case. */
static enum vfs_status set_own(struct local_object *obj, const struct vfs_attr *set,
                               const void *actor)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    int err;

    vfs_blocking_begin(false);
    local_cred_server_begin(fs);
    err = set_times(obj, set);
    local_cred_server_end(fs);
    vfs_blocking_end();
    if (!err)
        tell_change(obj, actor);
    return local_status(err);
}

static enum vfs_status set_held(struct local_object *obj, const struct vfs_cred *cred,
                                const struct vfs_attr *set, uint32_t *applied)
{
    enum vfs_status status = set->mask & VFS_ATTR_MTIME ? set_own(obj, set, cred->actor) : VFS_OK;

    *applied = status == VFS_OK && (set->mask & VFS_ATTR_MTIME) ? set->mask : 0;
    return status;
}

enum vfs_status local_setattr(struct vfs_object *base, const struct vfs_cred *cred,
                              const struct vfs_attr *set, bool opened, uint32_t *applied)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = check(base, set);

    *applied = 0;
    if (status == VFS_OK && (set->mask & VFS_ATTR_ACL))
        status = check_acl(obj, set);
    if (status == VFS_OK && (set->mask & VFS_ATTR_HELD))
        return set_held(obj, cred, set, applied);
    if (status == VFS_OK)
        status = local_cred_use(local_fs_of(base), cred);
    if (status != VFS_OK)
        return status;
    if (set->mask & VFS_ATTR_SIZE) {
        status = set_size(obj, cred, set->size, opened);
        *applied |= status == VFS_OK ? (uint32_t)VFS_ATTR_SIZE : 0;
    }
    if (status == VFS_OK && (set->mask & ~(uint32_t)VFS_ATTR_SIZE)) {
        vfs_blocking_begin(false);
        status = set_rest(obj, cred, set, applied);
        vfs_blocking_end();
    }
    if (*applied)
        tell_change(obj, cred->actor);
    return status;
}

enum vfs_status local_touch(struct vfs_object *base)
{
    static const struct vfs_attr now = {.mask = VFS_ATTR_MTIME_NOW};

    return set_own(local_of(base), &now, NULL);
}
