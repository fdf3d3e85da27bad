/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_guard.h"

#include "vfs/vfs_mode.h"

enum {
    WRITE = VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA,
    MODE_SUID = 04000,
    MODE_SGID = 02000,
    MODE_STICKY = 01000,
};

/* By mode only what it speaks of. */
static uint32_t rights(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t *denied)
{
    bool owner = cred->uid == obj.attr->uid;
    uint32_t allowed, rwx;

    *denied = 0;
    if (!obj.acl) {
        rwx = vfs_mode_rwx(obj.attr, cred);
        return (rwx & 4 ? VFS_ACE_READ_DATA : 0u) | (rwx & 2 ? (uint32_t)WRITE : 0) |
               (rwx & 1 ? VFS_ACE_EXECUTE : 0u);
    }
    if (cred->uid == 0) {
        bool runs = vfs_type_is_dir(obj.attr->type) || (obj.attr->mode & 0111) ||
                    vfs_acl_allows_any(obj.acl, VFS_ACE_EXECUTE);

        return VFS_ACE_RIGHTS & ~(runs ? 0 : (uint32_t)VFS_ACE_EXECUTE);
    }
    allowed = vfs_acl_granted(obj.acl, obj.attr->uid, obj.attr->gid, cred, denied);
    allowed |= VFS_ACE_READ_ATTRIBUTES & ~*denied;
    if (owner)
        allowed |= VFS_ACE_READ_ACL | VFS_ACE_WRITE_ACL |
                   ((VFS_ACE_WRITE_ATTRIBUTES | VFS_ACE_WRITE_OWNER) & ~*denied);
    return allowed;
}

bool vfs_guard_may(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t wanted)
{
    uint32_t denied;

    return (rights(obj, cred, &denied) & wanted) == wanted;
}

bool vfs_guard_may_read_acl(struct vfs_guard obj, const struct vfs_cred *cred)
{
    return !obj.acl || vfs_guard_may(obj, cred, VFS_ACE_READ_ACL);
}

uint32_t vfs_guard_rwx(struct vfs_guard obj, const struct vfs_cred *cred)
{
    uint32_t allowed, denied;

    if (!obj.acl)
        return vfs_mode_rwx(obj.attr, cred);
    allowed = rights(obj, cred, &denied);
    return (allowed & VFS_ACE_READ_DATA ? 4 : 0) | ((allowed & WRITE) == WRITE ? 2 : 0) |
           (allowed & VFS_ACE_EXECUTE ? 1 : 0);
}

/* Entries change only through the right to search, too. */
static uint32_t dir_access(uint32_t allowed, uint32_t denied)
{
    uint32_t granted = allowed & VFS_ACE_READ_DATA ? VFS_MAY_READ : 0;
    bool may_delete = (allowed & VFS_ACE_DELETE_CHILD) ||
                      ((allowed & VFS_ACE_WRITE_DATA) && !(denied & VFS_ACE_DELETE_CHILD));

    if (!(allowed & VFS_ACE_EXECUTE))
        return granted;
    granted |= VFS_MAY_LOOKUP;
    if (allowed & WRITE)
        granted |= VFS_MAY_EXTEND;
    if (may_delete)
        granted |= VFS_MAY_DELETE;
    if (may_delete && (allowed & VFS_ACE_WRITE_DATA))
        granted |= VFS_MAY_MODIFY;
    return granted;
}

static uint32_t file_access(uint32_t allowed)
{
    return (allowed & VFS_ACE_READ_DATA ? VFS_MAY_READ : 0u) |
           ((allowed & WRITE) == WRITE ? VFS_MAY_MODIFY | VFS_MAY_EXTEND : 0u) |
           (allowed & VFS_ACE_EXECUTE ? VFS_MAY_EXECUTE : 0u);
}

enum vfs_status vfs_guard_may_xattr(struct vfs_guard obj, const struct vfs_cred *cred,
                                    enum vfs_access wanted)
{
    enum vfs_type type = obj.attr->type;
    bool data = type == VFS_REG || (type == VFS_DIR && !(obj.attr->mode & MODE_STICKY));

    if (type == VFS_ATTRDIR || type == VFS_NAMEDATTR)
        return VFS_WRONG_TYPE;
    if (wanted != VFS_MAY_XAWRITE)
        return vfs_guard_rwx(obj, cred) & 4 ? VFS_OK : VFS_ACCESS;
    if (!data && cred->uid != 0 && cred->uid != obj.attr->uid)
        return VFS_PERM;
    return vfs_guard_rwx(obj, cred) & 2 ? VFS_OK : VFS_ACCESS;
}

static uint32_t xattr_access(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t want)
{
    static const enum vfs_access each[] = {VFS_MAY_XAREAD, VFS_MAY_XAWRITE, VFS_MAY_XALIST};
    uint32_t granted = 0;

    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        if ((want & each[i]) && vfs_guard_may_xattr(obj, cred, each[i]) == VFS_OK)
            granted |= each[i];
    }
    return granted;
}

uint32_t vfs_guard_access(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t want)
{
    uint32_t allowed, denied, granted = xattr_access(obj, cred, want);

    if (!obj.acl)
        return granted | vfs_mode_access(obj.attr, cred, want) | (want & VFS_MAY_READ_ATTR);
    allowed = rights(obj, cred, &denied);
    granted |= vfs_type_is_dir(obj.attr->type) ? dir_access(allowed, denied) : file_access(allowed);
    if (allowed & VFS_ACE_READ_ATTRIBUTES)
        granted |= VFS_MAY_READ_ATTR;
    return granted & want;
}

enum vfs_status vfs_guard_may_delete(struct vfs_guard dir, struct vfs_guard victim,
                                     const struct vfs_cred *cred)
{
    uint32_t dir_allowed, dir_denied, victim_allowed, victim_denied;

    if (!dir.acl && !victim.acl)
        return vfs_mode_may_delete(dir.attr, victim.attr, cred);
    dir_allowed = rights(dir, cred, &dir_denied);
    victim_allowed = rights(victim, cred, &victim_denied);
    if (!(dir_allowed & VFS_ACE_EXECUTE))
        return VFS_ACCESS;
    if ((dir_allowed & VFS_ACE_DELETE_CHILD) || (victim_allowed & VFS_ACE_DELETE))
        return VFS_OK;
    if ((dir_denied & VFS_ACE_DELETE_CHILD) || (victim_denied & VFS_ACE_DELETE) ||
        !(dir_allowed & VFS_ACE_WRITE_DATA))
        return VFS_ACCESS;
    if ((dir.attr->mode & MODE_STICKY) && cred->uid != 0 && cred->uid != dir.attr->uid &&
        cred->uid != victim.attr->uid)
        return VFS_PERM;
    return VFS_OK;
}

/* Others than uid 0 take an object only for themselves. */
static bool may_chown(struct vfs_guard cur, const struct vfs_cred *cred, const struct vfs_attr *set,
                      uint32_t allowed)
{
    if (cred->uid == 0)
        return true;
    if (!(allowed & VFS_ACE_WRITE_OWNER))
        return false;
    if ((set->mask & VFS_ATTR_UID) && set->uid != cur.attr->uid && set->uid != cred->uid)
        return false;
    return !(set->mask & VFS_ATTR_GID) || set->gid == cur.attr->gid ||
           vfs_cred_in_group(cred, set->gid);
}

static enum vfs_status may_set_times(const struct vfs_attr *set, uint32_t allowed)
{
    if (allowed & VFS_ACE_WRITE_ATTRIBUTES)
        return VFS_OK;
    if (set->mask & (VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_BTIME))
        return VFS_PERM;
    return allowed & VFS_ACE_WRITE_DATA ? VFS_OK : VFS_ACCESS;
}

enum vfs_status vfs_guard_may_setattr(struct vfs_guard cur, const struct vfs_cred *cred,
                                      const struct vfs_attr *set, bool opened, uint32_t *mode_after)
{
    const uint32_t times =
        VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_BTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW;
    enum vfs_status status = VFS_OK;
    uint32_t allowed, denied;

    if (!cur.acl)
        return vfs_mode_may_setattr(cur.attr, cred, set, opened, mode_after);
    allowed = rights(cur, cred, &denied);
    if ((set->mask & VFS_ATTR_SIZE) && !opened && (allowed & WRITE) != WRITE)
        return VFS_ACCESS;
    if ((set->mask & (VFS_ATTR_MODE | VFS_ATTR_ACL)) && !(allowed & VFS_ACE_WRITE_ACL))
        return VFS_PERM;
    if ((set->mask & VFS_ATTR_LABEL) && cred->uid != 0 && cred->uid != cur.attr->uid)
        return VFS_PERM;
    if ((set->mask & (VFS_ATTR_UID | VFS_ATTR_GID)) && !may_chown(cur, cred, set, allowed))
        return VFS_PERM;
    if (set->mask & times)
        status = may_set_times(set, allowed);
    if (status != VFS_OK)
        return status;
    *mode_after = vfs_mode_after(cur.attr, cred, set);
    if ((set->mask & VFS_ATTR_MODE) && cred->uid != 0 && cred->uid != cur.attr->uid)
        *mode_after &= ~(uint32_t)(MODE_SUID | MODE_SGID);
    return VFS_OK;
}
