/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the sources of attributes to a fattr4.  Most requests, and all that list directories, want
 * attributes of objects and a few more: these are written straight into the reply, where there is
 * room for any values.  Otherwise all of them go by struct nfs4_attrs.
 */
#include "proto/attr/attr.h"
#include "proto/attr/attr_acl.h"
#include "proto/attr/attr_owner.h"
#include "proto/open_arguments.h"
#include "wire/fattr.h"

#define BIT(n) (1u << ((n) % 32))

/* ---- straight into the reply ---- */

#define DIRECT_LOW                                                                                 \
    (BIT(FATTR4_TYPE) | BIT(FATTR4_CHANGE) | BIT(FATTR4_SIZE) | BIT(FATTR4_NAMED_ATTR) |           \
     BIT(FATTR4_FSID) | BIT(FATTR4_RDATTR_ERROR) | BIT(FATTR4_FILEHANDLE) | BIT(FATTR4_FILEID))
#define DIRECT_HIGH                                                                                \
    (BIT(FATTR4_MODE) | BIT(FATTR4_NUMLINKS) | BIT(FATTR4_OWNER) | BIT(FATTR4_OWNER_GROUP) |       \
     BIT(FATTR4_RAWDEV) | BIT(FATTR4_SPACE_USED) | BIT(FATTR4_TIME_ACCESS) |                       \
     BIT(FATTR4_TIME_CREATE) | BIT(FATTR4_TIME_METADATA) | BIT(FATTR4_TIME_MODIFY) |               \
     BIT(FATTR4_MOUNTED_ON_FILEID))

enum {
    DIRECT_HEAD_BYTES = 4 + 2 * 4 + 4, /* two words of a mask, and the length */
    DIRECT_LOW_BYTES = 4 + 8 + 8 + 4 + 16 + 4 + (4 + LIMIT_FH_BYTES) + 8,
    DIRECT_HIGH_BYTES = 4 + 4 + 2 * (4 + ATTR_OWNER_BYTES) + 8 + 8 + 4 * 12 + 8,
    DIRECT_BYTES_MAX = DIRECT_HEAD_BYTES + DIRECT_LOW_BYTES + DIRECT_HIGH_BYTES
};

_Static_assert(LIMIT_FH_BYTES % 4 == 0 && ATTR_OWNER_BYTES % 4 == 0, "padding is counted");

static inline uint8_t *time_put(uint8_t *p, const struct timespec *t)
{
    return xdr_store_u32(xdr_store_u64(p, (uint64_t)t->tv_sec), (uint32_t)t->tv_nsec);
}

static inline uint8_t *number_put(uint8_t *p, uint32_t id)
{
    char text[ATTR_OWNER_BYTES];
    struct wire_opaque number = attr_owner_text(text, id);

    return xdr_store_opaque(p, number.data, number.len);
}

static uint8_t *handle_put(uint8_t *p, const struct attr_source *s)
{
    uint32_t len = export_fh_build(s->export, s->handle, p + 4);

    xdr_store_u32(p, len);
    return xdr_store_padding(p + 4, len);
}

/* Attributes of the first word, in ascending order. */
static uint8_t *low_put(uint8_t *p, const struct attr_source *s, uint32_t mask)
{
    const struct vfs_attr *v = s->attr;

    if (mask & BIT(FATTR4_TYPE))
        p = xdr_store_u32(p, v->type);
    if (mask & BIT(FATTR4_CHANGE))
        p = xdr_store_u64(p, v->change);
    if (mask & BIT(FATTR4_SIZE))
        p = xdr_store_u64(p, v->size);
    if (mask & BIT(FATTR4_NAMED_ATTR))
        p = xdr_store_u32(p, v->named_attr);
    if (mask & BIT(FATTR4_FSID))
        p = xdr_store_u64(xdr_store_u64(p, s->export->fsid_major), s->export->fsid_minor);
    if (mask & BIT(FATTR4_RDATTR_ERROR))
        p = xdr_store_u32(p, s->rdattr_error);
    if (mask & BIT(FATTR4_FILEHANDLE))
        p = handle_put(p, s);
    if (mask & BIT(FATTR4_FILEID))
        p = xdr_store_u64(p, v->fileid);
    return p;
}

/* Those of the second word. */
static uint8_t *high_put(uint8_t *p, const struct attr_source *s, uint32_t mask)
{
    const struct vfs_attr *v = s->attr;

    if (mask & BIT(FATTR4_MODE))
        p = xdr_store_u32(p, v->mode);
    if (mask & BIT(FATTR4_NUMLINKS))
        p = xdr_store_u32(p, v->nlink);
    if (mask & BIT(FATTR4_OWNER))
        p = number_put(p, v->uid);
    if (mask & BIT(FATTR4_OWNER_GROUP))
        p = number_put(p, v->gid);
    if (mask & BIT(FATTR4_RAWDEV))
        p = xdr_store_u32(xdr_store_u32(p, v->rdev_major), v->rdev_minor);
    if (mask & BIT(FATTR4_SPACE_USED))
        p = xdr_store_u64(p, v->space_used);
    if (mask & BIT(FATTR4_TIME_ACCESS))
        p = time_put(p, &v->atime);
    if (mask & BIT(FATTR4_TIME_CREATE))
        p = time_put(p, &v->btime);
    if (mask & BIT(FATTR4_TIME_METADATA))
        p = time_put(p, &v->ctime);
    if (mask & BIT(FATTR4_TIME_MODIFY))
        p = time_put(p, &v->mtime);
    if (mask & BIT(FATTR4_MOUNTED_ON_FILEID))
        p = xdr_store_u64(p, s->mounted_on_fileid);
    return p;
}

static void fattr_put(struct xdr *out, const struct attr_source *s, const struct bitmap4 *mask)
{
    uint8_t *length = xdr_store_u32(out->p, mask->count), *p;

    for (uint32_t w = 0; w < mask->count; w++)
        length = xdr_store_u32(length, mask->words[w]);
    p = low_put(length + 4, s, mask->words[0]);
    p = high_put(p, s, mask->words[1]);
    xdr_store_u32(length, (uint32_t)(p - length - 4));
    out->p = p;
}

/* Are all of these direct, and is there room for them whatever they are? */
static bool is_direct(const struct attr_source *s, const struct bitmap4 *mask,
                      const struct xdr *out)
{
    const uint32_t owners = BIT(FATTR4_OWNER) | BIT(FATTR4_OWNER_GROUP);
    const uint32_t high = s->c->named_owners ? DIRECT_HIGH & ~owners : DIRECT_HIGH;

    return !(mask->words[0] & ~DIRECT_LOW) && !(mask->words[1] & ~high) && mask->count <= 2 &&
           !out->failed && xdr_left(out) >= DIRECT_BYTES_MAX;
}

/* ---- by struct nfs4_attrs ---- */

static struct nfstime4 to_nfstime(struct timespec t)
{
    return (struct nfstime4){.seconds = t.tv_sec, .nseconds = (uint32_t)t.tv_nsec};
}

static void fill_constants(struct nfs4_attrs *a, const struct attr_source *s)
{
    uint32_t caps = s->any->fs->caps;

    a->supported_attrs = *s->supported;
    attr_exclcreat(s->c, s->export, &a->suppattr_exclcreat);
    /* A handle lasts as long as its file, also where neither outlives the server. */
    a->fh_expire_type = FH4_PERSISTENT;
    a->link_support = caps & VFS_CAP_LINK;
    a->symlink_support = caps & VFS_CAP_SYMLINK;
    a->fsid.major = s->export->fsid_major;
    a->fsid.minor = s->export->fsid_minor;
    a->unique_handles = true;
    a->lease_time = s->c->server->lease_s;
    a->rdattr_error = s->rdattr_error;
    a->aclsupport = caps & VFS_CAP_ACL ? ACL4_SUPPORT_ALLOW_ACL | ACL4_SUPPORT_DENY_ACL : 0;
    a->cansettime = true;
    a->case_insensitive = false;
    a->case_preserving = true;
    a->chown_restricted = true;
    a->homogeneous = true;
    a->maxread = LIMIT_READ_BYTES;
    a->maxwrite = LIMIT_WRITE_BYTES;
    a->no_trunc = true;
    a->clone_blksize = s->any->fs->clone_blksize;
    a->change_attr_type = s->any->fs->change_type;
    a->xattr_support = caps & VFS_CAP_XATTR;
    open_arguments_get(s->c, &a->open_arguments);
    a->time_delta = (struct nfstime4){.seconds = 0, .nseconds = 1};
    a->mounted_on_fileid = s->mounted_on_fileid;
}

static void fill_object(struct nfs4_attrs *a, const struct vfs_attr *v)
{
    a->type = (uint32_t)v->type;
    a->change = v->change;
    a->size = v->size;
    a->fileid = v->fileid;
    a->mode = v->mode;
    a->numlinks = v->nlink;
    a->named_attr = v->named_attr;
    a->rawdev.specdata1 = v->rdev_major;
    a->rawdev.specdata2 = v->rdev_minor;
    a->space_used = v->space_used;
    a->time_access = to_nfstime(v->atime);
    a->time_create = to_nfstime(v->btime);
    a->time_metadata = to_nfstime(v->ctime);
    a->time_modify = to_nfstime(v->mtime);
}

static bool wants_statfs(const struct bitmap4 *want)
{
    const uint32_t low = BIT(FATTR4_FILES_AVAIL) | BIT(FATTR4_FILES_FREE) |
                         BIT(FATTR4_FILES_TOTAL) | BIT(FATTR4_MAXFILESIZE) | BIT(FATTR4_MAXLINK) |
                         BIT(FATTR4_MAXNAME);
    const uint32_t high =
        BIT(FATTR4_SPACE_AVAIL) | BIT(FATTR4_SPACE_FREE) | BIT(FATTR4_SPACE_TOTAL);

    return (want->words[0] & low) || (want->words[1] & high);
}

static enum vfs_status fill_statfs(struct nfs4_attrs *a, struct vfs_object *any)
{
    struct vfs_statfs fs;
    enum vfs_status status = any->fs->ops->statfs(any, &fs);

    if (status != VFS_OK)
        return status;
    a->files_avail = fs.files_avail;
    a->files_free = fs.files_free;
    a->files_total = fs.files_total;
    a->maxfilesize = fs.file_size_max;
    a->maxlink = fs.link_max;
    a->maxname = fs.name_max;
    a->space_avail = fs.bytes_avail;
    a->space_free = fs.bytes_free;
    a->space_total = fs.bytes_total;
    return VFS_OK;
}

static enum nfsstat4 encode_any(const struct attr_source *s, const struct bitmap4 *mask,
                                struct xdr *out)
{
    char owner[ATTR_NAME_BYTES], group[ATTR_NAME_BYTES];
    uint8_t fh[LIMIT_FH_BYTES];
    struct nfs4_attrs a;

    fill_constants(&a, s);
    if (s->attr)
        fill_object(&a, s->attr);
    if (s->attr && bitmap4_isset(mask, FATTR4_OWNER))
        a.owner = attr_owner_of(s->c, IDENTITY_USER, s->attr->uid, owner);
    if (s->attr && bitmap4_isset(mask, FATTR4_OWNER_GROUP))
        a.owner_group = attr_owner_of(s->c, IDENTITY_GROUP, s->attr->gid, group);
    if (bitmap4_isset(mask, FATTR4_FILEHANDLE)) {
        a.filehandle.len = export_fh_build(s->export, s->handle, fh);
        a.filehandle.data = fh;
    }
    if (s->space_freed)
        a.space_freed = *s->space_freed;
    if (s->label)
        a.sec_label = (struct sec_label4){
            .slai_lfs = ATTR_LABEL_FORMAT,
            .slai_data = {s->label->data, s->label->len},
        };
    if (attr_has_acl(mask) && !attr_acl_encode(s->c, s->acl, &a))
        return NFS4ERR_DELAY;
    if (wants_statfs(mask)) {
        enum vfs_status status = fill_statfs(&a, s->any);

        if (status != VFS_OK)
            return status_from_vfs(status);
    }
    fattr_encode(out, mask, &a);
    return NFS4_OK;
}

/* ---- which ---- */

/* What of `want` there is, without trailing words of zero. */
static struct bitmap4 mask_of(const struct attr_source *s, const struct bitmap4 *want)
{
    struct bitmap4 mask = {.count = LIMIT_BITMAP_WORDS};

    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++)
        mask.words[w] = want->words[w] & s->supported->words[w];
    if (s->attr && !(s->attr->mask & VFS_ATTR_BTIME))
        bitmap4_clear(&mask, FATTR4_TIME_CREATE);
    if (!s->space_freed)
        bitmap4_clear(&mask, FATTR4_SPACE_FREED);
    if (!s->label)
        bitmap4_clear(&mask, FATTR4_SEC_LABEL);
    while (mask.count > 0 && mask.words[mask.count - 1] == 0)
        mask.count--;
    return mask;
}

enum nfsstat4 attr_encode(const struct attr_source *s, const struct bitmap4 *want, struct xdr *out)
{
    const struct bitmap4 mask = mask_of(s, want);

    if (__builtin_expect(!is_direct(s, &mask, out), 0))
        return encode_any(s, &mask, out);
    fattr_put(out, s, &mask);
    return NFS4_OK;
}
