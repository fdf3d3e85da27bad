/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/fattr.h"

#define BIT(n) (1u << ((n) % 32))

const struct bitmap4 fattr_known = {
    .count = 3,
    .words =
        {
            ~BIT(FATTR4_FS_LOCATIONS),
            0x00ffffffu | BIT(FATTR4_DIR_NOTIF_DELAY) | BIT(FATTR4_DIRENT_NOTIF_DELAY) |
                BIT(FATTR4_DACL) | BIT(FATTR4_CHANGE_POLICY), /* 32..55 and these */
            BIT(FATTR4_MODE_SET_MASKED) | BIT(FATTR4_SUPPATTR_EXCLCREAT) |
                BIT(FATTR4_FS_CHARSET_CAP) | BIT(FATTR4_CLONE_BLKSIZE) | BIT(FATTR4_SPACE_FREED) |
                BIT(FATTR4_CHANGE_ATTR_TYPE) | BIT(FATTR4_SEC_LABEL) | BIT(FATTR4_MODE_UMASK) |
                BIT(FATTR4_XATTR_SUPPORT) | BIT(FATTR4_TIME_DELEG_ACCESS) |
                BIT(FATTR4_TIME_DELEG_MODIFY) | BIT(FATTR4_OPEN_ARGUMENTS),
        },
};

/* A list that is longer than anyone keeps takes no memory. */
static bool count_aces(struct xdr *x, uint32_t *count)
{
    struct nfsace4 ace;

    xdr_u32(x, count);
    if (*count > LIMIT_WIRE_ACES)
        xdr_fail(x);
    for (uint32_t i = 0; i < *count && !x->failed; i++)
        wire_nfsace4(x, &ace);
    if (x->failed)
        *count = 0;
    return !x->failed;
}

/* Is it too long to be kept, or for what arrived? */
static bool is_too_long(const struct xdr *x)
{
    struct xdr ahead = *x;
    uint32_t count = x->op == XDR_DECODE ? xdr_get_u32(&ahead) : 0;

    return count > LIMIT_WIRE_ARRAY || count > xdr_left(&ahead) / 16;
}

static bool fattr_aces(struct xdr *x, struct nfsace4 **aces, uint32_t *count)
{
    if (is_too_long(x)) {
        *aces = NULL;
        return count_aces(x, count);
    }
    *aces = xdr_array(x, count, LIMIT_WIRE_ACES, *aces, sizeof(**aces));
    for (uint32_t i = 0; i < *count && !x->failed; i++)
        wire_nfsace4(x, &(*aces)[i]);
    return !x->failed;
}

bool fattr_value(struct xdr *x, struct nfs4_attrs *a, uint32_t attribute)
{
    switch (attribute) {
    case FATTR4_SUPPORTED_ATTRS:
        return wire_bitmap4(x, &a->supported_attrs);
    case FATTR4_TYPE:
        return xdr_u32(x, &a->type);
    case FATTR4_FH_EXPIRE_TYPE:
        return xdr_u32(x, &a->fh_expire_type);
    case FATTR4_CHANGE:
        return xdr_u64(x, &a->change);
    case FATTR4_SIZE:
        return xdr_u64(x, &a->size);
    case FATTR4_LINK_SUPPORT:
        return xdr_bool(x, &a->link_support);
    case FATTR4_SYMLINK_SUPPORT:
        return xdr_bool(x, &a->symlink_support);
    case FATTR4_NAMED_ATTR:
        return xdr_bool(x, &a->named_attr);
    case FATTR4_FSID:
        return wire_fsid4(x, &a->fsid);
    case FATTR4_UNIQUE_HANDLES:
        return xdr_bool(x, &a->unique_handles);
    case FATTR4_LEASE_TIME:
        return xdr_u32(x, &a->lease_time);
    case FATTR4_RDATTR_ERROR:
        return xdr_u32(x, &a->rdattr_error);
    case FATTR4_ACL:
        return fattr_aces(x, &a->acl, &a->acl_count);
    case FATTR4_ACLSUPPORT:
        return xdr_u32(x, &a->aclsupport);
    case FATTR4_ARCHIVE:
        return xdr_bool(x, &a->archive);
    case FATTR4_CANSETTIME:
        return xdr_bool(x, &a->cansettime);
    case FATTR4_CASE_INSENSITIVE:
        return xdr_bool(x, &a->case_insensitive);
    case FATTR4_CASE_PRESERVING:
        return xdr_bool(x, &a->case_preserving);
    case FATTR4_CHOWN_RESTRICTED:
        return xdr_bool(x, &a->chown_restricted);
    case FATTR4_FILEHANDLE:
        return wire_nfs_fh4(x, &a->filehandle);
    case FATTR4_FILEID:
        return xdr_u64(x, &a->fileid);
    case FATTR4_FILES_AVAIL:
        return xdr_u64(x, &a->files_avail);
    case FATTR4_FILES_FREE:
        return xdr_u64(x, &a->files_free);
    case FATTR4_FILES_TOTAL:
        return xdr_u64(x, &a->files_total);
    case FATTR4_HIDDEN:
        return xdr_bool(x, &a->hidden);
    case FATTR4_HOMOGENEOUS:
        return xdr_bool(x, &a->homogeneous);
    case FATTR4_MAXFILESIZE:
        return xdr_u64(x, &a->maxfilesize);
    case FATTR4_MAXLINK:
        return xdr_u32(x, &a->maxlink);
    case FATTR4_MAXNAME:
        return xdr_u32(x, &a->maxname);
    case FATTR4_MAXREAD:
        return xdr_u64(x, &a->maxread);
    case FATTR4_MAXWRITE:
        return xdr_u64(x, &a->maxwrite);
    case FATTR4_MIMETYPE:
        return xdr_opaque(x, &a->mimetype, NFS4_OPAQUE_LIMIT);
    case FATTR4_MODE:
        return xdr_u32(x, &a->mode);
    case FATTR4_NO_TRUNC:
        return xdr_bool(x, &a->no_trunc);
    case FATTR4_NUMLINKS:
        return xdr_u32(x, &a->numlinks);
    case FATTR4_OWNER:
        return xdr_opaque(x, &a->owner, LIMIT_OWNER_STRING_BYTES);
    case FATTR4_OWNER_GROUP:
        return xdr_opaque(x, &a->owner_group, LIMIT_OWNER_STRING_BYTES);
    case FATTR4_QUOTA_AVAIL_HARD:
        return xdr_u64(x, &a->quota_avail_hard);
    case FATTR4_QUOTA_AVAIL_SOFT:
        return xdr_u64(x, &a->quota_avail_soft);
    case FATTR4_QUOTA_USED:
        return xdr_u64(x, &a->quota_used);
    case FATTR4_RAWDEV:
        return wire_specdata4(x, &a->rawdev);
    case FATTR4_SPACE_AVAIL:
        return xdr_u64(x, &a->space_avail);
    case FATTR4_SPACE_FREE:
        return xdr_u64(x, &a->space_free);
    case FATTR4_SPACE_TOTAL:
        return xdr_u64(x, &a->space_total);
    case FATTR4_SPACE_USED:
        return xdr_u64(x, &a->space_used);
    case FATTR4_SYSTEM:
        return xdr_bool(x, &a->system);
    case FATTR4_TIME_ACCESS:
        return wire_nfstime4(x, &a->time_access);
    case FATTR4_TIME_ACCESS_SET:
        return wire_settime4(x, &a->time_access_set);
    case FATTR4_TIME_BACKUP:
        return wire_nfstime4(x, &a->time_backup);
    case FATTR4_TIME_CREATE:
        return wire_nfstime4(x, &a->time_create);
    case FATTR4_TIME_DELTA:
        return wire_nfstime4(x, &a->time_delta);
    case FATTR4_TIME_METADATA:
        return wire_nfstime4(x, &a->time_metadata);
    case FATTR4_TIME_MODIFY:
        return wire_nfstime4(x, &a->time_modify);
    case FATTR4_TIME_MODIFY_SET:
        return wire_settime4(x, &a->time_modify_set);
    case FATTR4_MOUNTED_ON_FILEID:
        return xdr_u64(x, &a->mounted_on_fileid);
    case FATTR4_DIR_NOTIF_DELAY:
        return wire_nfstime4(x, &a->dir_notif_delay);
    case FATTR4_DIRENT_NOTIF_DELAY:
        return wire_nfstime4(x, &a->dirent_notif_delay);
    case FATTR4_DACL:
        xdr_u32(x, &a->dacl_flag);
        return fattr_aces(x, &a->dacl, &a->dacl_count);
    case FATTR4_CHANGE_POLICY:
        return wire_change_policy4(x, &a->change_policy);
    case FATTR4_MODE_SET_MASKED:
        return wire_mode_masked4(x, &a->mode_set_masked);
    case FATTR4_SUPPATTR_EXCLCREAT:
        return wire_bitmap4(x, &a->suppattr_exclcreat);
    case FATTR4_FS_CHARSET_CAP:
        return xdr_u32(x, &a->fs_charset_cap);
    case FATTR4_CLONE_BLKSIZE:
        return xdr_u32(x, &a->clone_blksize);
    case FATTR4_SPACE_FREED:
        return xdr_u64(x, &a->space_freed);
    case FATTR4_CHANGE_ATTR_TYPE:
        return xdr_u32(x, &a->change_attr_type);
    case FATTR4_SEC_LABEL:
        xdr_u32(x, &a->sec_label.slai_lfs);
        xdr_u32(x, &a->sec_label.slai_pi);
        return xdr_opaque(x, &a->sec_label.slai_data, LIMIT_WIRE_OPAQUE_BYTES);
    case FATTR4_MODE_UMASK:
        xdr_u32(x, &a->mode_umask.mu_mode);
        return xdr_u32(x, &a->mode_umask.mu_umask);
    case FATTR4_XATTR_SUPPORT:
        return xdr_bool(x, &a->xattr_support);
    case FATTR4_TIME_DELEG_ACCESS:
        return wire_nfstime4(x, &a->time_deleg_access);
    case FATTR4_TIME_DELEG_MODIFY:
        return wire_nfstime4(x, &a->time_deleg_modify);
    case FATTR4_OPEN_ARGUMENTS:
        return wire_open_arguments4(x, &a->open_arguments);
    default:
        return xdr_fail(x);
    }
}

/* Each set attribute in ascending order. */
static bool fattr_values(struct xdr *x, const struct bitmap4 *mask, struct nfs4_attrs *attrs)
{
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        for (uint32_t bits = mask->words[w]; bits; bits &= bits - 1) {
            if (!fattr_value(x, attrs, w * 32 + (uint32_t)__builtin_ctz(bits)))
                return false;
        }
    }
    return true;
}

/* Trailing zero words are left out. */
static struct bitmap4 trimmed(const struct bitmap4 *mask)
{
    struct bitmap4 out = *mask;

    out.count = LIMIT_BITMAP_WORDS;
    while (out.count && out.words[out.count - 1] == 0)
        out.count--;
    return out;
}

bool fattr_encode(struct xdr *x, const struct bitmap4 *want, const struct nfs4_attrs *attrs)
{
    struct bitmap4 mask = trimmed(want);
    size_t length_at;

    wire_bitmap4(x, &mask);
    length_at = xdr_pos(x);
    xdr_put_u32(x, 0);
    /* Encoding only reads through the pointer. */
    if (!fattr_values(x, &mask, (struct nfs4_attrs *)attrs) || x->failed)
        return false;
    xdr_patch_u32(x, length_at, (uint32_t)(xdr_pos(x) - length_at - 4));
    return true;
}

bool fattr_decode(const struct fattr4 *in, struct nfs4_attrs *attrs, struct arena *arena)
{
    struct xdr x;

    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (in->attrmask.words[w] & ~fattr_known.words[w])
            return false;
    }
    xdr_init_decode(&x, in->attr_vals.data, in->attr_vals.len, arena);
    return fattr_values(&x, &in->attrmask, attrs) && xdr_left(&x) == 0;
}
