/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/attr/attr_set.h"

#include "proto/attr/attr.h"
#include "proto/attr/attr_acl.h"
#include "proto/attr/attr_owner.h"
#include "wire/fattr.h"

#define BIT(n) (1u << ((n) % 32))

static const struct bitmap4 settable = {
    .count = 3,
    .words =
        {
            BIT(FATTR4_SIZE) | BIT(FATTR4_ACL),
            BIT(FATTR4_MODE) | BIT(FATTR4_OWNER) | BIT(FATTR4_OWNER_GROUP) |
                BIT(FATTR4_TIME_ACCESS_SET) | BIT(FATTR4_TIME_MODIFY_SET) | BIT(FATTR4_DACL),
            BIT(FATTR4_MODE_SET_MASKED) | BIT(FATTR4_MODE_UMASK) | BIT(FATTR4_TIME_DELEG_ACCESS) |
                BIT(FATTR4_TIME_DELEG_MODIFY) | BIT(FATTR4_SEC_LABEL),
        },
};

enum {
    MODE_BITS = 07777,
    UMASK_BITS = 0777,
    NSEC_MAX = 999999999
};

/* Attributes we don't have: ATTRNOTSUPP; those we have but can't be set: INVAL. */
static enum nfsstat4 check_settable(const struct compound *c, const struct bitmap4 *mask)
{
    struct bitmap4 supported;

    if (mask->beyond)
        return NFS4ERR_ATTRNOTSUPP;
    attr_supported(c, c->current.export, &supported);
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (mask->words[w] & ~supported.words[w])
            return NFS4ERR_ATTRNOTSUPP;
    }
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (mask->words[w] & ~settable.words[w])
            return NFS4ERR_INVAL;
    }
    return NFS4_OK;
}

static enum nfsstat4 set_time(const struct settime4 *in, struct timespec *out, uint32_t *mask,
                              uint32_t given, uint32_t now)
{
    if (in->set_it == SET_TO_SERVER_TIME4) {
        *mask |= now;
        return NFS4_OK;
    }
    if (in->time.nseconds > NSEC_MAX)
        return NFS4ERR_INVAL;
    *out = (struct timespec){.tv_sec = in->time.seconds, .tv_nsec = in->time.nseconds};
    *mask |= given;
    return NFS4_OK;
}

/* RFC 8275 §5: only for a new object.  The backend takes the umask from the mode, unless the object
 * inherits an ACL. */
static enum nfsstat4 set_mode_umask(const struct vfs_object *obj, const struct nfs4_attrs *a,
                                    const struct bitmap4 *mask, struct vfs_attr *set)
{
    if (obj || bitmap4_isset(mask, FATTR4_MODE) || bitmap4_isset(mask, FATTR4_MODE_SET_MASKED))
        return NFS4ERR_INVAL;
    if ((a->mode_umask.mu_mode & ~(uint32_t)MODE_BITS) ||
        (a->mode_umask.mu_umask & ~(uint32_t)UMASK_BITS))
        return NFS4ERR_INVAL;
    set->mode = a->mode_umask.mu_mode;
    set->umask = a->mode_umask.mu_umask;
    set->mask |= VFS_ATTR_MODE | VFS_ATTR_UMASK;
    return NFS4_OK;
}

static enum nfsstat4 set_mode(struct vfs_object *obj, const struct nfs4_attrs *a,
                              const struct bitmap4 *mask, struct vfs_attr *set)
{
    struct vfs_attr current = {.mode = 0};
    enum vfs_status status = VFS_OK;

    if (bitmap4_isset(mask, FATTR4_MODE_UMASK))
        return set_mode_umask(obj, a, mask, set);
    if (bitmap4_isset(mask, FATTR4_MODE)) {
        if (bitmap4_isset(mask, FATTR4_MODE_SET_MASKED) || (a->mode & ~(uint32_t)MODE_BITS))
            return NFS4ERR_INVAL; /* both at once: RFC 8881 §6.2.5 */
        set->mode = a->mode;
        set->mask |= VFS_ATTR_MODE;
        return NFS4_OK;
    }
    if (!bitmap4_isset(mask, FATTR4_MODE_SET_MASKED))
        return NFS4_OK;
    if ((a->mode_set_masked.mm_value_to_set | a->mode_set_masked.mm_mask_bits) &
        ~(uint32_t)MODE_BITS)
        return NFS4ERR_INVAL;
    if (obj)
        status = obj->fs->ops->getattr(obj, VFS_ATTR_MODE | VFS_ATTR_FRESH, &current);
    if (status != VFS_OK)
        return status_from_vfs(status);
    set->mode = (current.mode & ~a->mode_set_masked.mm_mask_bits) |
                (a->mode_set_masked.mm_value_to_set & a->mode_set_masked.mm_mask_bits);
    set->mask |= VFS_ATTR_MODE;
    if (obj && (obj->fs->caps & VFS_CAP_ACL) && !(a->mode_set_masked.mm_mask_bits & 0777))
        set->mask |= VFS_ATTR_MODE_HIGH;
    return NFS4_OK;
}

static enum nfsstat4 set_owners(struct compound *c, const struct nfs4_attrs *a,
                                const struct bitmap4 *mask, struct vfs_attr *set)
{
    enum nfsstat4 status = NFS4_OK;

    if (bitmap4_isset(mask, FATTR4_OWNER)) {
        status = attr_owner_parse(c, IDENTITY_USER, &a->owner, &set->uid);
        set->mask |= VFS_ATTR_UID;
    }
    if (status == NFS4_OK && bitmap4_isset(mask, FATTR4_OWNER_GROUP)) {
        status = attr_owner_parse(c, IDENTITY_GROUP, &a->owner_group, &set->gid);
        set->mask |= VFS_ATTR_GID;
    }
    return status;
}

static enum nfsstat4 set_times(const struct nfs4_attrs *a, const struct bitmap4 *mask,
                               struct vfs_attr *set)
{
    enum nfsstat4 status = NFS4_OK;

    if (bitmap4_isset(mask, FATTR4_TIME_ACCESS_SET))
        status = set_time(&a->time_access_set, &set->atime, &set->mask, VFS_ATTR_ATIME,
                          VFS_ATTR_ATIME_NOW);
    if (status == NFS4_OK && bitmap4_isset(mask, FATTR4_TIME_MODIFY_SET))
        status = set_time(&a->time_modify_set, &set->mtime, &set->mask, VFS_ATTR_MTIME,
                          VFS_ATTR_MTIME_NOW);
    return status;
}

/* One who reports the times of a file can set them by the same request, but to what? */
static enum nfsstat4 check_held(const struct vfs_object *obj, const struct bitmap4 *mask)
{
    const bool atime = bitmap4_isset(mask, FATTR4_TIME_DELEG_ACCESS);
    const bool mtime = bitmap4_isset(mask, FATTR4_TIME_DELEG_MODIFY);

    if (!atime && !mtime)
        return NFS4_OK;
    if (!obj) /* for SETATTR, not for what is created */
        return NFS4ERR_INVAL;
    if ((atime && bitmap4_isset(mask, FATTR4_TIME_ACCESS_SET)) ||
        (mtime && bitmap4_isset(mask, FATTR4_TIME_MODIFY_SET)))
        return NFS4ERR_INVAL;
    return NFS4_OK;
}

static enum nfsstat4 held_time(const struct nfstime4 *in, struct timespec *out)
{
    *out = (struct timespec){.tv_sec = in->seconds, .tv_nsec = in->nseconds};
    return in->nseconds > NSEC_MAX ? NFS4ERR_INVAL : NFS4_OK;
}

enum nfsstat4 attr_decode_held(struct compound *c, const struct fattr4 *in,
                               struct delegation_report *report)
{
    enum nfsstat4 status = NFS4_OK;
    struct nfs4_attrs a;

    *report = (struct delegation_report){
        .has_atime = bitmap4_isset(&in->attrmask, FATTR4_TIME_DELEG_ACCESS),
        .has_mtime = bitmap4_isset(&in->attrmask, FATTR4_TIME_DELEG_MODIFY)};
    if (!report->has_atime && !report->has_mtime)
        return NFS4_OK;
    if (!fattr_decode(in, &a, c->arena))
        return compound_undecoded(c);
    if (report->has_atime)
        status = held_time(&a.time_deleg_access, &report->atime);
    if (status == NFS4_OK && report->has_mtime)
        status = held_time(&a.time_deleg_modify, &report->mtime);
    return status;
}

/* One of them at a time, RFC 8881 §6.4.1. */
static enum nfsstat4 set_acl(struct compound *c, const struct nfs4_attrs *a,
                             const struct bitmap4 *mask, enum vfs_type type, struct vfs_attr *set)
{
    if (!attr_has_acl(mask))
        return NFS4_OK;
    if (bitmap4_isset(mask, FATTR4_ACL) && bitmap4_isset(mask, FATTR4_DACL))
        return NFS4ERR_ATTRNOTSUPP;
    set->mask |= VFS_ATTR_ACL;
    return bitmap4_isset(mask, FATTR4_ACL) ? attr_acl_decode(c, a, type, &set->acl)
                                           : attr_dacl_decode(c, a, type, &set->acl);
}

/* RFC 7862 §12.2.4.  Before Linux 6.16, clients leave the format of the label of a new object
 * uninitialized, so it is not looked at there. */
static enum nfsstat4 set_label(const struct vfs_object *obj, const struct nfs4_attrs *a,
                               const struct bitmap4 *mask, struct vfs_attr *set)
{
    const struct sec_label4 *label = &a->sec_label;

    if (!bitmap4_isset(mask, FATTR4_SEC_LABEL))
        return NFS4_OK;
    if (obj && (label->slai_lfs != ATTR_LABEL_FORMAT || label->slai_pi != 0))
        return NFS4ERR_WRONG_LFS;
    if (label->slai_data.len == 0 || label->slai_data.len > LIMIT_LABEL_BYTES)
        return NFS4ERR_BADLABEL;
    set->label = (struct vfs_label){label->slai_data.data, label->slai_data.len};
    set->mask |= VFS_ATTR_LABEL;
    return NFS4_OK;
}

enum nfsstat4 attr_decode_settable(struct compound *c, const struct fattr4 *in,
                                   struct vfs_object *obj, enum vfs_type type, struct vfs_attr *set,
                                   struct bitmap4 *bits)
{
    const struct bitmap4 *mask = &in->attrmask;
    enum nfsstat4 status = check_settable(c, mask);
    struct nfs4_attrs a;

    set->mask = 0;
    *bits = *mask;
    if (status == NFS4_OK)
        status = check_held(obj, mask);
    if (status != NFS4_OK)
        return status;
    if (!fattr_decode(in, &a, c->arena))
        return compound_undecoded(c);
    if (bitmap4_isset(mask, FATTR4_SIZE)) {
        set->size = a.size;
        set->mask |= VFS_ATTR_SIZE;
    }
    status = set_mode(obj, &a, mask, set);
    if (status == NFS4_OK)
        status = set_owners(c, &a, mask, set);
    if (status == NFS4_OK)
        status = set_times(&a, mask, set);
    if (status == NFS4_OK)
        status = set_label(obj, &a, mask, set);
    if (status == NFS4_OK)
        status = set_acl(c, &a, mask, type, set);
    return status;
}

void attr_applied_bitmap(const struct bitmap4 *asked, uint32_t applied, struct bitmap4 *out)
{
    static const struct {
        uint32_t attribute;
        uint32_t mask;
    } map[] = {
        {FATTR4_SIZE, VFS_ATTR_SIZE},
        {FATTR4_ACL, VFS_ATTR_ACL},
        {FATTR4_DACL, VFS_ATTR_ACL},
        {FATTR4_MODE, VFS_ATTR_MODE},
        {FATTR4_MODE_SET_MASKED, VFS_ATTR_MODE},
        {FATTR4_MODE_UMASK, VFS_ATTR_MODE},
        {FATTR4_SEC_LABEL, VFS_ATTR_LABEL},
        {FATTR4_OWNER, VFS_ATTR_UID},
        {FATTR4_OWNER_GROUP, VFS_ATTR_GID},
        {FATTR4_TIME_ACCESS_SET, VFS_ATTR_ATIME | VFS_ATTR_ATIME_NOW},
        {FATTR4_TIME_MODIFY_SET, VFS_ATTR_MTIME | VFS_ATTR_MTIME_NOW},
    };

    *out = (struct bitmap4){0};
    for (size_t i = 0; i < ARRAY_SIZE(map); i++) {
        if (bitmap4_isset(asked, map[i].attribute) && (applied & map[i].mask))
            bitmap4_set(out, map[i].attribute);
    }
}
