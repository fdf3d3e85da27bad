/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_mode.h"

enum {
    MODE_SUID = 04000,
    MODE_SGID = 02000,
    MODE_STICKY = 01000,
    MODE_GROUP_X = 0010
};

bool vfs_cred_in_group(const struct vfs_cred *cred, uint32_t gid)
{
    if (cred->gid == gid)
        return true;
    for (uint32_t i = 0; i < cred->gid_count; i++) {
        if (cred->gids[i] == gid)
            return true;
    }
    return false;
}

uint32_t vfs_mode_rwx(const struct vfs_attr *attr, const struct vfs_cred *cred)
{
    if (cred->uid == 0)
        return vfs_type_is_dir(attr->type) || (attr->mode & 0111) ? 7 : 6;
    if (cred->uid == attr->uid)
        return (attr->mode >> 6) & 7;
    if (vfs_cred_in_group(cred, attr->gid))
        return (attr->mode >> 3) & 7;
    return attr->mode & 7;
}

uint32_t vfs_mode_access(const struct vfs_attr *attr, const struct vfs_cred *cred, uint32_t want)
{
    uint32_t rwx = vfs_mode_rwx(attr, cred);
    uint32_t granted = 0;

    if (rwx & 4)
        granted |= VFS_MAY_READ;
    if (rwx & 2)
        granted |= VFS_MAY_MODIFY | VFS_MAY_EXTEND;
    if (vfs_type_is_dir(attr->type)) {
        if (rwx & 1)
            granted |= VFS_MAY_LOOKUP;
        if ((rwx & 3) == 3)
            granted |= VFS_MAY_DELETE;
        else
            granted &= ~(uint32_t)(VFS_MAY_MODIFY | VFS_MAY_EXTEND);
    } else if (rwx & 1) {
        granted |= VFS_MAY_EXECUTE;
    }
    return granted & want;
}

enum vfs_status vfs_mode_may_delete(const struct vfs_attr *dir, const struct vfs_attr *victim,
                                    const struct vfs_cred *cred)
{
    if ((vfs_mode_rwx(dir, cred) & 3) != 3)
        return VFS_ACCESS;
    if ((dir->mode & MODE_STICKY) && cred->uid != 0 && cred->uid != dir->uid &&
        cred->uid != victim->uid)
        return VFS_PERM;
    return VFS_OK;
}

static enum vfs_status may_chown(const struct vfs_attr *cur, const struct vfs_cred *cred,
                                 const struct vfs_attr *set)
{
    if (cred->uid == 0)
        return VFS_OK;
    if ((set->mask & VFS_ATTR_UID) && set->uid != cur->uid)
        return VFS_PERM;
    if (!(set->mask & VFS_ATTR_GID) || (cred->uid == cur->uid && set->gid == cur->gid))
        return cred->uid == cur->uid ? VFS_OK : VFS_PERM;
    return cred->uid == cur->uid && vfs_cred_in_group(cred, set->gid) ? VFS_OK : VFS_PERM;
}

static enum vfs_status may_set_times(const struct vfs_attr *cur, const struct vfs_cred *cred,
                                     const struct vfs_attr *set)
{
    if (cred->uid == 0 || cred->uid == cur->uid)
        return VFS_OK;
    if (set->mask & (VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_BTIME))
        return VFS_PERM;
    return vfs_mode_rwx(cur, cred) & 2 ? VFS_OK : VFS_ACCESS;
}

uint32_t vfs_mode_after(const struct vfs_attr *cur, const struct vfs_cred *cred,
                        const struct vfs_attr *set)
{
    bool privileged = cred->uid == 0;
    uint32_t gid_after = set->mask & VFS_ATTR_GID ? set->gid : cur->gid;
    uint32_t after = set->mask & VFS_ATTR_MODE ? set->mode & 07777 : cur->mode;

    if ((set->mask & VFS_ATTR_MODE) && !privileged && !vfs_cred_in_group(cred, gid_after))
        after &= ~(uint32_t)MODE_SGID;
    if ((set->mask & (VFS_ATTR_UID | VFS_ATTR_GID)) && !vfs_type_is_dir(cur->type) &&
        !(set->mask & VFS_ATTR_MODE)) {
        after &= ~(uint32_t)MODE_SUID;
        if (after & MODE_GROUP_X)
            after &= ~(uint32_t)MODE_SGID;
    }
    if ((set->mask & VFS_ATTR_SIZE) && !privileged && !(set->mask & VFS_ATTR_MODE)) {
        after &= ~(uint32_t)MODE_SUID;
        if (after & MODE_GROUP_X)
            after &= ~(uint32_t)MODE_SGID;
    }
    return after;
}

enum vfs_status vfs_mode_may_setattr(const struct vfs_attr *cur, const struct vfs_cred *cred,
                                     const struct vfs_attr *set, bool opened, uint32_t *mode_after)
{
    const uint32_t times =
        VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_BTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW;
    enum vfs_status status = VFS_OK;

    if ((set->mask & VFS_ATTR_SIZE) && !opened && !(vfs_mode_rwx(cur, cred) & 2))
        return VFS_ACCESS;
    if ((set->mask & (VFS_ATTR_MODE | VFS_ATTR_ACL | VFS_ATTR_LABEL)) && cred->uid != 0 &&
        cred->uid != cur->uid)
        return VFS_PERM;
    if (set->mask & (VFS_ATTR_UID | VFS_ATTR_GID))
        status = may_chown(cur, cred, set);
    if (status == VFS_OK && (set->mask & times))
        status = may_set_times(cur, cred, set);
    if (status == VFS_OK)
        *mode_after = vfs_mode_after(cur, cred, set);
    return status;
}
