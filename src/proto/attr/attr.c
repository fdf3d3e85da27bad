/* SPDX-License-Identifier: Apache-2.0 */
/* Getting attributes: from a backend's struct vfs_attr and what the export knows to a fattr4. */
#include "proto/attr/attr.h"

#include <stdio.h>

#include "proto/attr/attr_acl.h"
#include "proto/attr/attr_owner.h"
#include "proto/open_arguments.h"
#include "state/delegation/delegation_getattr.h"
#include "vfs/vfs_acl.h"
#include "wire/fattr.h"

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

enum nfsstat4 attr_check_guard(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *attr)
{
    uint32_t granted;
    enum vfs_status status;

    if (!(attr->mask & VFS_ATTR_GUARDED))
        return NFS4_OK;
    status = obj->fs->ops->access(obj, cred, VFS_MAY_READ_ATTR, &granted);
    if (status != VFS_OK)
        return status_from_vfs(status);
    return granted & VFS_MAY_READ_ATTR ? NFS4_OK : NFS4ERR_ACCESS;
}

enum nfsstat4 attr_get_acl(struct compound *c, struct vfs_object *obj, const struct vfs_cred *cred,
                           struct vfs_acl *acl)
{
    enum vfs_status status;

    acl->count = 0;
    acl->aces = arena_alloc(c->arena, VFS_ACL_ACES_MAX * sizeof(*acl->aces));
    if (!acl->aces)
        return NFS4ERR_DELAY;
    status = obj->fs->ops->getacl(obj, cred, acl);
    return status == VFS_OK ? NFS4_OK : status_from_vfs(status);
}

/* RFC 7862 §9.4: clients look at the root to see which format of labels is supported, so it has a
 * label, if an empty one.  Another object without a label lacks the attribute: an empty label would
 * be an invalid one to its clients. */
enum nfsstat4 attr_get_label(struct attr_source *source, const struct vfs_cred *cred,
                             struct vfs_label *label)
{
    struct vfs_object *obj = source->any;
    uint8_t *data = arena_alloc(source->c->arena, LIMIT_LABEL_BYTES);
    enum vfs_status status;

    if (!data)
        return NFS4ERR_DELAY;
    *label = (struct vfs_label){.data = data};
    status = obj->fs->ops->getlabel(obj, cred, data, &label->len);
    if (status != VFS_OK)
        return status_from_vfs(status);
    if (label->len > 0 || obj == source->export->root)
        source->label = label;
    return NFS4_OK;
}

static struct nfstime4 to_nfstime(struct timespec t)
{
    return (struct nfstime4){.seconds = t.tv_sec, .nseconds = (uint32_t)t.tv_nsec};
}

static void fill_constants(struct nfs4_attrs *a, const struct attr_source *s,
                           const struct bitmap4 *supported)
{
    uint32_t caps = s->any->fs->caps;

    a->supported_attrs = *supported;
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

enum nfsstat4 attr_encode(const struct attr_source *s, const struct bitmap4 *want, struct xdr *out)
{
    uint8_t fh[LIMIT_FH_BYTES];
    char owner[ATTR_NAME_BYTES], group[ATTR_NAME_BYTES];
    struct bitmap4 mask, supported;
    struct nfs4_attrs a;

    attr_supported(s->c, s->export, &supported);
    mask.count = LIMIT_BITMAP_WORDS;
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++)
        mask.words[w] = want->words[w] & supported.words[w];
    fill_constants(&a, s, &supported);
    if (s->attr) {
        fill_object(&a, s->attr);
        if (bitmap4_isset(&mask, FATTR4_OWNER))
            a.owner = attr_owner_of(s->c, IDENTITY_USER, s->attr->uid, owner);
        if (bitmap4_isset(&mask, FATTR4_OWNER_GROUP))
            a.owner_group = attr_owner_of(s->c, IDENTITY_GROUP, s->attr->gid, group);
        if (!(s->attr->mask & VFS_ATTR_BTIME))
            bitmap4_clear(&mask, FATTR4_TIME_CREATE);
    }
    if (bitmap4_isset(&mask, FATTR4_FILEHANDLE)) {
        a.filehandle.len = export_fh_build(s->export, s->handle, fh);
        a.filehandle.data = fh;
    }
    if (s->space_freed)
        a.space_freed = *s->space_freed;
    else
        bitmap4_clear(&mask, FATTR4_SPACE_FREED);
    if (bitmap4_isset(&mask, FATTR4_SEC_LABEL)) {
        if (s->label)
            a.sec_label = (struct sec_label4){
                .slai_lfs = ATTR_LABEL_FORMAT,
                .slai_data = {s->label->data, s->label->len},
            };
        else
            bitmap4_clear(&mask, FATTR4_SEC_LABEL);
    }
    if (attr_has_acl(&mask) && !attr_acl_encode(s->c, s->acl, &a))
        return NFS4ERR_DELAY;
    if (wants_statfs(&mask)) {
        enum vfs_status status = fill_statfs(&a, s->any);

        if (status != VFS_OK)
            return status_from_vfs(status);
    }
    fattr_encode(out, &mask, &a);
    return NFS4_OK;
}

/* What the holder of a WRITE delegation may know better (RFC 8881 §10.4.3). */
#define DELEGATED (VFS_ATTR_SIZE | VFS_ATTR_CHANGE | VFS_ATTR_MTIME | VFS_ATTR_CTIME)

/* From the backend, and for a file that another client holds a WRITE delegation of, from that
 * client.  The holder is asked first, since its answer moves the times that the backend reports. */
static enum nfsstat4 get(struct compound *c, struct vfs_object *obj, uint32_t mask,
                         struct vfs_attr *attr)
{
    const enum delegation_asked asked =
        mask & DELEGATED ? DELEGATION_ASKED_MORE : DELEGATION_ASKED_ATIME;
    struct delegation_attr held = {.valid = false};
    enum nfsstat4 status = NFS4_OK;
    enum vfs_status got;

    if (mask & (DELEGATED | VFS_ATTR_ATIME))
        status = delegation_getattr(c->server->state, obj, compound_holder(c), asked,
                                    c->call->received_ns, c->waiter, &held);
    if (status != NFS4_OK)
        return status;
    if (c->made && obj == c->current.obj && !held.valid) {
        *attr = *c->made;
        return NFS4_OK;
    }
    got = obj->fs->ops->getattr(obj, mask, attr);
    if (got != VFS_OK)
        return status_from_vfs(got);
    if (held.valid) {
        attr->change = held.change;
        attr->size = held.size;
        if (held.times.has_atime)
            attr->atime = held.times.atime;
        if (held.times.has_mtime)
            attr->mtime = held.times.mtime;
    }
    return NFS4_OK;
}

/* An object of which it is not known lacks the attribute. */
static enum nfsstat4 get_space_freed(struct attr_source *source, uint64_t *bytes)
{
    struct vfs_object *obj = source->any;
    enum vfs_status status = obj->fs->ops->space_freed(obj, bytes);

    if (status == VFS_OK)
        source->space_freed = bytes;
    return status == VFS_OK || status == VFS_NOTSUPP ? NFS4_OK : status_from_vfs(status);
}

enum nfsstat4 attr_encode_object(struct compound *c, struct vfs_object *obj, struct export *export,
                                 const struct bitmap4 *want, struct xdr *out)
{
    struct vfs_attr attr;
    struct attr_source source = {
        .c = c,
        .export = export,
        .any = obj,
        .attr = &attr,
        .handle = &obj->handle,
        .mounted_on_fileid = export_mounted_on_fileid(export, obj),
    };
    uint32_t mask = attr_vfs_mask(want);
    enum nfsstat4 allowed = NFS4_OK;
    struct vfs_label label;
    struct vfs_acl acl;
    uint64_t space_freed;

    if (mask) {
        enum nfsstat4 status = get(c, obj, mask, &attr);

        if (status != NFS4_OK)
            return status;
        allowed = attr_check_guard(obj, &c->cred, &attr);
    } else {
        source.attr = NULL;
    }
    if (allowed == NFS4_OK && attr_wants_acl(obj->fs, want)) {
        allowed = attr_get_acl(c, obj, &c->cred, &acl);
        source.acl = &acl;
    }
    if (allowed == NFS4_OK && attr_wants_label(c, export, want))
        allowed = attr_get_label(&source, &c->cred, &label);
    if (allowed == NFS4_OK && bitmap4_isset(want, FATTR4_SPACE_FREED))
        allowed = get_space_freed(&source, &space_freed);
    if (allowed != NFS4_OK)
        return allowed;
    return attr_encode(&source, want, out);
}

/* Two fattr4s with the same mask are equal when their bytes are: XDR has one form for a value, and
 * attr_acl.c one for each principal. */
enum nfsstat4 attr_compare(struct compound *c, const struct fattr4 *given)
{
    struct vfs_object *obj = c->current.obj;
    struct bitmap4 supported;
    struct fattr4 ours, plain = *given;
    struct xdr x;
    enum nfsstat4 status = attr_check_readable(c, &given->attrmask);
    const size_t acl_bytes = c->named_owners ? ATTR_ACL_NAMED_BYTES_MAX : ATTR_ACL_BYTES_MAX;
    const size_t room =
        given->attr_vals.len + 4096 + LIMIT_LABEL_BYTES + 2 * acl_bytes; /* acl and dacl */
    void *buffer;

    if (status != NFS4_OK || bitmap4_isset(&given->attrmask, FATTR4_RDATTR_ERROR))
        return NFS4ERR_INVAL;
    if (given->attrmask.beyond)
        return NFS4ERR_ATTRNOTSUPP;
    attr_supported(c, c->current.export, &supported);
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (given->attrmask.words[w] & ~supported.words[w])
            return NFS4ERR_ATTRNOTSUPP;
    }
    buffer = arena_alloc(c->arena, room);
    if (!buffer)
        return NFS4ERR_DELAY;
    xdr_init_encode(&x, buffer, room);
    do {
        xdr_rewind(&x, 0);
        status = attr_encode_object(c, obj, c->current.export, &given->attrmask, &x);
    } while (status == NFS4_OK && attr_names_await(c));
    if (status != NFS4_OK)
        return status;
    xdr_init_decode(&x, buffer, xdr_pos(&x), c->arena);
    wire_fattr4(&x, &ours);
    CHECK(!x.failed);
    if (attr_has_acl(&given->attrmask))
        (void)attr_acl_plain(c, given, &plain);
    if (ours.attr_vals.len == plain.attr_vals.len &&
        memcmp(ours.attr_vals.data, plain.attr_vals.data, ours.attr_vals.len) == 0)
        return NFS4_OK;
    return NFS4ERR_NOT_SAME;
}
