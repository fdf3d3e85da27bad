/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/attr/attr_notice.h"

#include "base/arena.h"
#include "proto/attr/attr.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_watch.h"

enum {
    ARENA_BYTES = 2048 /* of a chunk */
};

static bool none_encode(struct xdr *out)
{
    struct fattr4 none = {.attrmask.count = 0};

    return wire_fattr4(out, &none);
}

/* What may be told at all: no ACLs and labels, which nobody can subscribe to, and a change
 * attribute of the directory only as of what the holder has been told. */
static struct bitmap4 told_of(const struct delegation_notice *notice, const struct bitmap4 *want)
{
    struct bitmap4 told = *want;

    bitmap4_clear(&told, FATTR4_ACL);
    bitmap4_clear(&told, FATTR4_DACL);
    bitmap4_clear(&told, FATTR4_SEC_LABEL);
    if (notice->type == NOTIFY4_CHANGE_DIR_ATTRS && !notice->has_change)
        bitmap4_clear(&told, FATTR4_CHANGE);
    return told;
}

/* False: it is gone, or the holder may not see them. */
static bool attr_get(const struct delegation_notice *notice, const struct bitmap4 *told,
                     struct vfs_attr *attr)
{
    struct vfs_object *obj = notice->obj;
    uint32_t mask = attr_vfs_mask(told);

    attr->mask = 0;
    if (mask && obj->fs->ops->getattr(obj, mask, attr) != VFS_OK)
        return false;
    if (attr_check_guard(obj, &notice->delegation->watch->cred, attr) != NFS4_OK)
        return false;
    if (notice->type == NOTIFY4_CHANGE_DIR_ATTRS && notice->has_change)
        attr->change = notice->change;
    return true;
}

/* A name that has to be asked for first is not waited for, and none that is wrong is told: which
 * object it is has to do.  The next notice has the names. */
static enum nfsstat4 names_encode(const struct attr_source *source, const struct bitmap4 *told,
                                  struct xdr *out)
{
    const size_t start = xdr_pos(out);
    struct bitmap4 identity = {.count = 0};
    enum nfsstat4 status = attr_encode(source, told, out);

    if (!source->c->missing)
        return status;
    if (bitmap4_isset(told, FATTR4_FILEHANDLE))
        bitmap4_set(&identity, FATTR4_FILEHANDLE);
    if (bitmap4_isset(told, FATTR4_FILEID))
        bitmap4_set(&identity, FATTR4_FILEID);
    xdr_rewind(out, start);
    return attr_encode(source, &identity, out);
}

/* There is no request: what encoding asks of one is the server, the form of owners, and the
 * attributes that exist in the minor version; those that were granted do. */
static bool encode(const struct delegation_notice *notice, const struct bitmap4 *want,
                   struct export *export, struct compound *c, struct xdr *out)
{
    const struct bitmap4 told = told_of(notice, want);
    const size_t start = xdr_pos(out);
    struct bitmap4 supported;
    struct vfs_attr attr;
    struct attr_source source = {
        .c = c,
        .export = export,
        .supported = &supported,
        .any = notice->obj,
        .handle = &notice->obj->handle,
        .mounted_on_fileid = notice->obj->fileid,
    };

    if (!attr_get(notice, &told, &attr))
        return none_encode(out);
    attr_supported(c, export, &supported);
    source.attr = attr.mask ? &attr : NULL;
    if (names_encode(&source, &told, out) == NFS4_OK)
        return !out->failed;
    xdr_rewind(out, start);
    return none_encode(out);
}

bool attr_notice_encode(const struct delegation_notice *notice, const struct bitmap4 *want,
                        struct xdr *out, void *context)
{
    const struct delegation *delegation = notice->delegation;
    const struct nfs_fh4 fh = {.data = delegation->fh, .len = delegation->fh_len};
    struct server *server = context;
    unsigned phase = export_enter(server->exports);
    struct export *export;
    struct arena arena; /* takes no memory unless names are missing */
    struct compound c = {.server = server,
                         .arena = &arena,
                         .attributes = &attr_minor2,
                         .named_owners = delegation->watch->wants.named_owners};
    bool fits;

    arena_init(&arena, ARENA_BYTES);
    if (export_fh_export(server->exports, &fh, &export) == VFS_OK)
        fits = encode(notice, want, export, &c, out);
    else
        fits = none_encode(out);
    arena_fini(&arena);
    export_leave(server->exports, phase);
    return fits;
}
