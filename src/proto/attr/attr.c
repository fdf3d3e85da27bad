/* SPDX-License-Identifier: Apache-2.0 */
/* Getting attributes: from a backend's struct vfs_attr and what the export knows to a fattr4. */
#include "proto/attr/attr.h"

#include "proto/attr/attr_acl.h"
#include "proto/attr/attr_owner.h"
#include "state/delegation/delegation_getattr.h"
#include "vfs/vfs_acl.h"
#include "wire/fattr.h"

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

/* attr_vfs_mask().  Clients ask for the same attributes again and again. */
static uint32_t vfs_mask_again(const struct bitmap4 *want)
{
    static _Thread_local struct {
        uint32_t words[LIMIT_BITMAP_WORDS];
        uint32_t mask;
    } last; /* of no attributes: nothing */

    if (__builtin_expect(memcmp(last.words, want->words, sizeof(last.words)) != 0, 0)) {
        memcpy(last.words, want->words, sizeof(last.words));
        last.mask = attr_vfs_mask(want);
    }
    return last.mask;
}

enum nfsstat4 attr_encode_object(struct compound *c, struct vfs_object *obj, struct export *export,
                                 const struct bitmap4 *want, struct xdr *out)
{
    struct bitmap4 supported;
    struct vfs_attr attr;
    struct attr_source source = {
        .c = c,
        .export = export,
        .supported = &supported,
        .any = obj,
        .attr = &attr,
        .handle = &obj->handle,
        .mounted_on_fileid = export_mounted_on_fileid(export, obj),
    };
    uint32_t mask = vfs_mask_again(want);
    enum nfsstat4 allowed = NFS4_OK;
    struct vfs_label label;
    struct vfs_acl acl;
    uint64_t space_freed;

    attr_supported(c, export, &supported);
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
