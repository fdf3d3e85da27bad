/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel shows POSIX ACLs as extended attributes.  They are reached by paths below
 * /proc/self/fd, which also name objects that no descriptor is open for.
 */
#include "backend/local/acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "backend/local/status.h"
#include "backend/local/statx.h"

#define ACCESS_NAME "system.posix_acl_access"
#define DEFAULT_NAME "system.posix_acl_default"

enum {
    INHERITED = VFS_ACE_FILE_INHERIT | VFS_ACE_DIRECTORY_INHERIT | VFS_ACE_INHERIT_ONLY,
    ENTRIES_MAX = VFS_POSIX_NAMED_MAX + 4, /* owner, group, mask, others */
    BYTES_MAX =
        sizeof(struct posix_acl_xattr_header) + ENTRIES_MAX * sizeof(struct posix_acl_xattr_entry),
    PATH_BYTES = 32 + LIMIT_NAME_BYTES /* "/proc/self/fd/N/NAME" */
};

/* ---- as the kernel encodes them ---- */

/* In the kernel's order: it gives no others. */
static bool decode_entry(const struct posix_acl_xattr_entry *in, struct vfs_posix_acl *out)
{
    uint8_t rwx = le16toh(in->e_perm) & 7;

    switch (le16toh(in->e_tag)) {
    case ACL_USER_OBJ:
        out->owner = rwx;
        return true;
    case ACL_GROUP_OBJ:
        out->group = rwx;
        return true;
    case ACL_OTHER:
        out->other = rwx;
        return true;
    case ACL_MASK:
        out->mask = rwx;
        out->masked = true;
        return true;
    case ACL_USER:
    case ACL_GROUP:
        break;
    default:
        return false;
    }
    if (out->users + out->groups == VFS_POSIX_NAMED_MAX)
        return false;
    out->named[out->users + out->groups] =
        (struct vfs_posix_entry){.id = le32toh(in->e_id), .rwx = rwx};
    if (le16toh(in->e_tag) == ACL_USER)
        out->users++;
    else
        out->groups++;
    return true;
}

static bool decode(const uint8_t *bytes, size_t len, struct vfs_posix_acl *out)
{
    struct posix_acl_xattr_header header;
    struct posix_acl_xattr_entry entry;

    vfs_posix_acl_from_mode(0, out);
    if (len < sizeof(header) || (len - sizeof(header)) % sizeof(entry) != 0)
        return false;
    memcpy(&header, bytes, sizeof(header));
    if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
        return false;
    for (size_t at = sizeof(header); at < len; at += sizeof(entry)) {
        memcpy(&entry, bytes + at, sizeof(entry));
        if (!decode_entry(&entry, out))
            return false;
    }
    return true;
}

static size_t put_entry(uint8_t *to, uint16_t tag, uint16_t rwx, uint32_t id)
{
    const struct posix_acl_xattr_entry entry = {
        .e_tag = htole16(tag), .e_perm = htole16(rwx), .e_id = htole32(id)};

    memcpy(to, &entry, sizeof(entry));
    return sizeof(entry);
}

static size_t encode(const struct vfs_posix_acl *acl, uint8_t bytes[BYTES_MAX])
{
    const struct posix_acl_xattr_header header = {.a_version = htole32(POSIX_ACL_XATTR_VERSION)};
    const uint32_t none = (uint32_t)ACL_UNDEFINED_ID, named = acl->users + acl->groups;
    uint8_t *to = bytes + sizeof(header);

    memcpy(bytes, &header, sizeof(header));
    to += put_entry(to, ACL_USER_OBJ, acl->owner, none);
    for (uint32_t i = 0; i < acl->users; i++)
        to += put_entry(to, ACL_USER, acl->named[i].rwx, acl->named[i].id);
    to += put_entry(to, ACL_GROUP_OBJ, acl->group, none);
    for (uint32_t i = acl->users; i < named; i++)
        to += put_entry(to, ACL_GROUP, acl->named[i].rwx, acl->named[i].id);
    if (acl->masked)
        to += put_entry(to, ACL_MASK, acl->mask, none);
    to += put_entry(to, ACL_OTHER, acl->other, none);
    return (size_t)(to - bytes);
}

/* ---- of objects ---- */

/* Where an object is to be found, and how: a name in a directory may have become a symlink, but the
 * path of a descriptor is one. */
struct place {
    char path[PATH_BYTES];
    ssize_t (*get)(const char *path, const char *name, void *value, size_t size);
};

/* Sets *any to whether there is one.  0 or an errno. */
static int fetch(const struct place *place, const char *name, struct vfs_posix_acl *out, bool *any)
{
    uint8_t bytes[BYTES_MAX];
    ssize_t got = place->get(place->path, name, bytes, sizeof(bytes));

    *any = false;
    if (got < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
        return 0;
    if (got < 0)
        return errno == ERANGE ? E2BIG : errno;
    *any = got > 0;
    return !*any || decode(bytes, (size_t)got, out) ? 0 : E2BIG;
}

static int store(const char *path, const char *name, const struct vfs_posix_acl *acl)
{
    uint8_t bytes[BYTES_MAX];
    size_t len = encode(acl, bytes);

    return setxattr(path, name, bytes, len, 0) == 0 ? 0 : errno;
}

static int store_default(const char *path, const struct local_acls *acls)
{
    if (acls->has_inherited)
        return store(path, DEFAULT_NAME, &acls->inherited);
    return removexattr(path, DEFAULT_NAME) == 0 || errno == ENODATA ? 0 : errno;
}

/* The access ACL of an object without one says what its mode says. */
static int fetch_all(const struct place *place, const struct vfs_attr *attr, struct local_acls *out)
{
    bool any = false;
    int err = 0;

    out->has_inherited = false;
    if (attr->type != VFS_LNK)
        err = fetch(place, ACCESS_NAME, &out->access, &any);
    if (!err && !any)
        vfs_posix_acl_from_mode(attr->mode, &out->access);
    if (!err && attr->type == VFS_DIR)
        err = fetch(place, DEFAULT_NAME, &out->inherited, &out->has_inherited);
    return err;
}

static bool tell(const struct local_acls *acls, enum vfs_type type, struct vfs_acl *out)
{
    out->count = 0;
    return vfs_posix_acl_to_nfs4(&acls->access, type, 0, out) &&
           (!acls->has_inherited || vfs_posix_acl_to_nfs4(&acls->inherited, type, INHERITED, out));
}

static struct place place_of(int fd)
{
    struct place place = {.get = getxattr};

    (void)snprintf(place.path, sizeof(place.path), "/proc/self/fd/%d", fd);
    return place;
}

static int attr_of(const struct local_object *obj, struct vfs_attr *attr)
{
    struct statx st;

    if (local_statx(obj->path_fd, "", &st) != 0)
        return errno;
    local_attr_fill(attr, &st);
    return 0;
}

bool local_acl_supported(const struct local_fs *fs)
{
    const struct place root = place_of(fs->root_fd);

    return root.get(root.path, ACCESS_NAME, NULL, 0) >= 0 || errno == ENODATA;
}

/* E2BIG of ours means that there are too many entries. */
static enum vfs_status told(int err)
{
    return err == E2BIG ? VFS_IO : local_status(err);
}

enum vfs_status local_getacl(struct vfs_object *base, const struct vfs_cred *cred,
                             struct vfs_acl *out)
{
    const struct place place = place_of(local_of(base)->path_fd);
    struct local_acls acls;
    struct vfs_attr attr = {0};
    int err;

    (void)cred; /* all may read them */
    if (!(base->fs->caps & VFS_CAP_ACL))
        return VFS_NOTSUPP;
    vfs_blocking_begin(false);
    err = attr_of(local_of(base), &attr);
    if (!err)
        err = fetch_all(&place, &attr, &acls);
    vfs_blocking_end();
    if (!err && !tell(&acls, base->type, out))
        err = E2BIG;
    return told(err);
}

int local_acl_of_entry(const struct local_object *dir, const char *name,
                       const struct vfs_attr *attr, struct vfs_acl *out)
{
    struct place place = {.get = lgetxattr};
    struct local_acls acls;
    int err;

    (void)snprintf(place.path, sizeof(place.path), "/proc/self/fd/%d/%s", dir->path_fd, name);
    err = fetch_all(&place, attr, &acls);
    if (!err && !tell(&acls, attr->type, out))
        err = E2BIG;
    return err;
}

/* ---- setting them ---- */

/* What could be set, but not be told afterwards, is not taken. */
static bool can_be_told(const struct local_acls *acls, enum vfs_type type)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];

    return tell(acls, type, &(struct vfs_acl){.aces = aces});
}

enum vfs_status local_acl_translate(const struct vfs_acl *acl, enum vfs_type type, uint32_t owner,
                                    struct local_acls *out)
{
    enum vfs_status status;

    if (type == VFS_LNK)
        return VFS_ATTRNOTSUPP;
    out->has_inherited = false;
    status = vfs_posix_acl_from_nfs4(acl, type, owner, &out->access);
    if (status == VFS_OK)
        status = vfs_posix_acl_inheritable(acl, &out->access, &out->inherited, &out->has_inherited);
    if (status == VFS_OK && !can_be_told(out, type))
        status = VFS_ATTRNOTSUPP;
    return status;
}

static bool equals_told(const struct vfs_acl *acl, const struct local_acls *acls,
                        enum vfs_type type)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl now = {.aces = aces};
    bool same = tell(acls, type, &now) && now.count == acl->count;

    for (uint32_t i = 0; same && i < acl->count; i++) {
        const struct vfs_ace *a = &acl->aces[i], *b = &now.aces[i];

        same = a->mask == b->mask && a->id == b->id && a->flags == b->flags && a->who == b->who &&
               a->deny == b->deny;
    }
    return same;
}

/* The access ACL comes last: when it fails, the default ACL is as it was. */
static int replace(const char *path, enum vfs_type type, const struct local_acls *old,
                   const struct local_acls *new)
{
    int err = type == VFS_DIR ? store_default(path, new) : 0;

    if (err)
        return err;
    err = store(path, ACCESS_NAME, &new->access);
    if (err && type == VFS_DIR)
        (void)store_default(path, old);
    return err;
}

/* Too large for the file system, or for users that it does not know. */
static enum vfs_status stored(int err)
{
    if (err == EOPNOTSUPP || err == EINVAL || err == E2BIG || err == ERANGE)
        return VFS_ATTRNOTSUPP;
    return local_status(err);
}

enum vfs_status local_acl_set(struct local_object *obj, const struct vfs_acl *acl)
{
    const struct place place = place_of(obj->path_fd);
    enum vfs_type type = obj->base.type;
    struct local_acls old, new;
    enum vfs_status status;
    struct vfs_attr attr = {0};
    int err = attr_of(obj, &attr);

    if (err)
        return local_failure(err);
    status = local_acl_translate(acl, type, attr.uid, &new);
    if (status != VFS_OK)
        return status;
    err = fetch_all(&place, &attr, &old);
    if (err == E2BIG && type == VFS_DIR)
        return VFS_ATTRNOTSUPP; /* what is replaced could not be restored */
    if (err && err != E2BIG)
        return local_failure(err);
    return stored(
        replace(place.path, type, &old, !err && equals_told(acl, &old, type) ? &old : &new));
}
