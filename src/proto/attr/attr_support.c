/* SPDX-License-Identifier: Apache-2.0 */
/* Which attributes there are: in a minor version, at an export, and what of an object they need. */
#include "proto/attr/attr.h"

#define BIT(n) (1u << ((n) % 32))

static const struct bitmap4 write_only = {
    .count = 3,
    .words = {0, BIT(FATTR4_TIME_ACCESS_SET) | BIT(FATTR4_TIME_MODIFY_SET),
              BIT(FATTR4_MODE_SET_MASKED)},
};

/* The same where they exist: RFC 9754 §5, for SETATTR and CB_GETATTR alone, and RFC 8275 §5. */
static const struct bitmap4 write_only_minor2 = {
    .count = 3,
    .words = {0, 0,
              BIT(FATTR4_TIME_DELEG_ACCESS) | BIT(FATTR4_TIME_DELEG_MODIFY) |
                  BIT(FATTR4_MODE_UMASK)},
};

/* What every backend answers; the rest depends on its caps. */
static const struct bitmap4 base_supported = {
    .count = 3,
    .words =
        {
            BIT(FATTR4_SUPPORTED_ATTRS) | BIT(FATTR4_TYPE) | BIT(FATTR4_FH_EXPIRE_TYPE) |
                BIT(FATTR4_CHANGE) | BIT(FATTR4_SIZE) | BIT(FATTR4_LINK_SUPPORT) |
                BIT(FATTR4_SYMLINK_SUPPORT) | BIT(FATTR4_NAMED_ATTR) | BIT(FATTR4_FSID) |
                BIT(FATTR4_UNIQUE_HANDLES) | BIT(FATTR4_LEASE_TIME) | BIT(FATTR4_RDATTR_ERROR) |
                BIT(FATTR4_ACLSUPPORT) | BIT(FATTR4_CANSETTIME) | BIT(FATTR4_CASE_INSENSITIVE) |
                BIT(FATTR4_CASE_PRESERVING) | BIT(FATTR4_CHOWN_RESTRICTED) |
                BIT(FATTR4_FILEHANDLE) | BIT(FATTR4_FILEID) | BIT(FATTR4_FILES_AVAIL) |
                BIT(FATTR4_FILES_FREE) | BIT(FATTR4_FILES_TOTAL) | BIT(FATTR4_HOMOGENEOUS) |
                BIT(FATTR4_MAXFILESIZE) | BIT(FATTR4_MAXLINK) | BIT(FATTR4_MAXNAME) |
                BIT(FATTR4_MAXREAD) | BIT(FATTR4_MAXWRITE),
            BIT(FATTR4_MODE) | BIT(FATTR4_NO_TRUNC) | BIT(FATTR4_NUMLINKS) | BIT(FATTR4_OWNER) |
                BIT(FATTR4_OWNER_GROUP) | BIT(FATTR4_RAWDEV) | BIT(FATTR4_SPACE_AVAIL) |
                BIT(FATTR4_SPACE_FREE) | BIT(FATTR4_SPACE_TOTAL) | BIT(FATTR4_SPACE_USED) |
                BIT(FATTR4_TIME_ACCESS) | BIT(FATTR4_TIME_ACCESS_SET) | BIT(FATTR4_TIME_DELTA) |
                BIT(FATTR4_TIME_METADATA) | BIT(FATTR4_TIME_MODIFY) | BIT(FATTR4_TIME_MODIFY_SET) |
                BIT(FATTR4_MOUNTED_ON_FILEID),
            BIT(FATTR4_MODE_SET_MASKED) | BIT(FATTR4_SUPPATTR_EXCLCREAT) |
                BIT(FATTR4_CHANGE_ATTR_TYPE) | BIT(FATTR4_MODE_UMASK) | BIT(FATTR4_XATTR_SUPPORT) |
                BIT(FATTR4_OPEN_ARGUMENTS) | BIT(FATTR4_TIME_DELEG_ACCESS) |
                BIT(FATTR4_TIME_DELEG_MODIFY),
        },
};

/* Up to mounted_on_fileid; up to fs_charset_cap; all.  open_arguments belongs to 4.2, but describes
 * an OPEN that is the same in 4.1, and clients of 4.1 ask for it, too. */
const struct bitmap4 attr_minor0 = {.count = 2, .words = {UINT32_MAX, 0x00ffffffu}};
const struct bitmap4 attr_minor1 = {
    .count = 3, .words = {UINT32_MAX, UINT32_MAX, 0x00001fffu | BIT(FATTR4_OPEN_ARGUMENTS)}};
const struct bitmap4 attr_minor2 = {.count = 3, .words = {UINT32_MAX, UINT32_MAX, UINT32_MAX}};

/* All that other creates take is taken with an exclusive one, too, but for the times: there the
 * verifier may be kept (RFC 8881 §18.16.3). */
static const struct bitmap4 exclcreat = {
    .count = 3,
    .words =
        {
            BIT(FATTR4_SIZE) | BIT(FATTR4_ACL),
            BIT(FATTR4_MODE) | BIT(FATTR4_OWNER) | BIT(FATTR4_OWNER_GROUP) | BIT(FATTR4_DACL),
            BIT(FATTR4_MODE_SET_MASKED) | BIT(FATTR4_MODE_UMASK) | BIT(FATTR4_SEC_LABEL),
        },
};

static void add_acls(uint32_t caps, struct bitmap4 *out)
{
    if (!(caps & VFS_CAP_ACL))
        return;
    bitmap4_set(out, FATTR4_ACL);
    bitmap4_set(out, FATTR4_DACL);
}

/* Leave out the others, and words that say nothing: clients compare what they sent back. */
static void bitmap_cut(struct bitmap4 *bits, const struct bitmap4 *others)
{
    for (uint32_t w = 0; w < bits->count; w++)
        bits->words[w] &= others->words[w];
    while (bits->count > 0 && bits->words[bits->count - 1] == 0)
        bits->count--;
}

void attr_supported(const struct compound *c, const struct export *export, struct bitmap4 *out)
{
    const uint32_t caps = export->fs->caps;

    *out = base_supported;
    if (caps & VFS_CAP_BTIME)
        bitmap4_set(out, FATTR4_TIME_CREATE);
    add_acls(caps, out);
    if (caps & VFS_CAP_CLONE)
        bitmap4_set(out, FATTR4_CLONE_BLKSIZE);
    if (caps & VFS_CAP_SPACE)
        bitmap4_set(out, FATTR4_SPACE_FREED);
    if ((caps & VFS_CAP_LABEL) && export->security_label)
        bitmap4_set(out, FATTR4_SEC_LABEL);
    bitmap_cut(out, c->attributes);
}

void attr_exclcreat(const struct compound *c, const struct export *export, struct bitmap4 *out)
{
    struct bitmap4 supported;

    attr_supported(c, export, &supported);
    *out = exclcreat;
    bitmap_cut(out, &supported);
}

enum nfsstat4 attr_check_readable(const struct compound *c, const struct bitmap4 *want)
{
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        uint32_t unreadable =
            write_only.words[w] | (write_only_minor2.words[w] & c->attributes->words[w]);

        if (want->words[w] & unreadable)
            return NFS4ERR_INVAL;
    }
    return NFS4_OK;
}

/* What of struct vfs_attr each attribute is made of. */
static const uint32_t vfs_needs[LIMIT_BITMAP_WORDS * 32] = {
    [FATTR4_TYPE] = VFS_ATTR_TYPE,
    [FATTR4_CHANGE] = VFS_ATTR_CHANGE,
    [FATTR4_SIZE] = VFS_ATTR_SIZE,
    [FATTR4_FILEID] = VFS_ATTR_FILEID,
    [FATTR4_MODE] = VFS_ATTR_MODE,
    [FATTR4_NUMLINKS] = VFS_ATTR_NLINK,
    [FATTR4_OWNER] = VFS_ATTR_UID,
    [FATTR4_OWNER_GROUP] = VFS_ATTR_GID,
    [FATTR4_RAWDEV] = VFS_ATTR_RDEV,
    [FATTR4_SPACE_USED] = VFS_ATTR_SPACE,
    [FATTR4_TIME_ACCESS] = VFS_ATTR_ATIME,
    [FATTR4_TIME_CREATE] = VFS_ATTR_BTIME,
    [FATTR4_TIME_METADATA] = VFS_ATTR_CTIME,
    [FATTR4_TIME_MODIFY] = VFS_ATTR_MTIME,
    [FATTR4_MOUNTED_ON_FILEID] = VFS_ATTR_FILEID,
    [FATTR4_NAMED_ATTR] = VFS_ATTR_NAMED_ATTR,
};

uint32_t attr_vfs_mask(const struct bitmap4 *want)
{
    uint32_t mask = 0;

    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        for (uint32_t bits = want->words[w]; bits; bits &= bits - 1)
            mask |= vfs_needs[w * 32 + (uint32_t)__builtin_ctz(bits)];
    }
    return mask;
}

bool attr_has_acl(const struct bitmap4 *bits)
{
    return bitmap4_isset(bits, FATTR4_ACL) || bitmap4_isset(bits, FATTR4_DACL);
}

bool attr_wants_acl(const struct vfs *fs, const struct bitmap4 *want)
{
    return attr_has_acl(want) && (fs->caps & VFS_CAP_ACL);
}

bool attr_wants_label(const struct compound *c, const struct export *export,
                      const struct bitmap4 *want)
{
    struct bitmap4 supported;

    if (!bitmap4_isset(want, FATTR4_SEC_LABEL))
        return false;
    attr_supported(c, export, &supported);
    return bitmap4_isset(&supported, FATTR4_SEC_LABEL);
}
