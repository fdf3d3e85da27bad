/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READDIR, RFC 8881 §18.23.  The backend walks its directory and every entry goes straight into
 * the reply until that is full.  Exports that the name space puts into a directory come after its
 * entries, under cookies that no backend uses.
 */
#include "proto/admission.h"
#include "proto/attr/attr.h"
#include "proto/attr/attr_owner.h"
#include "proto/caller.h"
#include "proto/ops/ops.h"
#include "proto/utf8.h"
#include "vfs/vfs_acl.h"

enum {
    RESOK_FIXED_BYTES = 8 + 4 + 4, /* verifier, end of list, eof */
    TAIL_BYTES = 8,                /* end of list, eof */
    /* Behind so many a listing ends with its connection's slice of time: the client asks again. */
    ENTRIES_MIN = 64,
};

struct listing {
    struct compound *c;
    const struct READDIR4args *args;
    struct bitmap4 supported; /* attr_supported() of the directory's export */
    uint32_t attr_mask;       /* attr_vfs_mask() of what is asked for */
    uint64_t dir_bytes;       /* names and cookies so far, against dircount */
    uint32_t entries;
    bool full;
    bool wants_acl, wants_label;
    enum nfsstat4
        unreadable;       /* why attributes can't be read: ACCESS, or STALE; OK: not known yet */
    enum nfsstat4 status; /* why the walk ended, if not for room */
};

/* One entry4, or nothing when it does not fit. */
static bool listing_put(struct listing *l, const struct vfs_name *name, uint64_t cookie,
                        const struct attr_source *source, const struct bitmap4 *want)
{
    struct xdr *out = l->c->out;
    size_t start = xdr_pos(out);
    struct wire_opaque text = {(const uint8_t *)name->data, (uint32_t)name->len};
    uint64_t dir_bytes = l->dir_bytes + 8 + 4 + xdr_padded(name->len);

    if (l->entries && l->args->dircount && dir_bytes > l->args->dircount) {
        l->full = true;
        return false;
    }
    xdr_put_u32(out, 1);
    xdr_put_u64(out, cookie);
    xdr_opaque(out, &text, LIMIT_NAME_BYTES);
    l->status = attr_encode(source, want, out);
    if (out->failed || l->status != NFS4_OK) {
        l->full = out->failed;
        xdr_rewind(out, start);
        return false;
    }
    l->dir_bytes = dir_bytes;
    l->full = ++l->entries >= ENTRIES_MIN && rpc_call_slice_over(l->c->call);
    return !l->full;
}

/* Without leave to look names up there is no entry that can be looked at; with it, one that cannot
 * has gone meanwhile. */
static enum nfsstat4 unreadable(struct listing *l)
{
    struct vfs_object *dir = l->c->current.obj;
    uint32_t granted = 0;

    if (l->unreadable == NFS4_OK) {
        bool asked = dir->fs->ops->access(dir, &l->c->cred, VFS_MAY_LOOKUP, &granted) == VFS_OK;

        l->unreadable = asked && !granted ? NFS4ERR_ACCESS : NFS4ERR_STALE;
    }
    return l->unreadable;
}

/* An entry whose attributes can't be had: with rdattr_error if the client wants that.  RFC 8881
 * §18.23.3: else the whole READDIR fails, but not for an entry that is gone. */
static bool put_unreadable(struct listing *l, const struct vfs_name *name, uint64_t cookie,
                           struct attr_source *source, enum nfsstat4 why)
{
    static const struct bitmap4 only_error = {.count = 1, .words = {1u << FATTR4_RDATTR_ERROR}};

    if (bitmap4_isset(&l->args->attr_request, FATTR4_RDATTR_ERROR)) {
        source->rdattr_error = why;
        return listing_put(l, name, cookie, source, &only_error);
    }
    /* READDIR itself may not say WRONGSEC, RFC 8881 §18.29.4. */
    l->status = why == NFS4ERR_STALE ? NFS4_OK : why == NFS4ERR_WRONGSEC ? NFS4ERR_ACCESS : why;
    return l->status == NFS4_OK;
}

static bool emit(void *arg, const struct vfs_dirent *entry)
{
    struct listing *l = arg;
    struct compound *c = l->c;
    const struct bitmap4 *want = &l->args->attr_request;
    struct attr_source source = {
        .c = c,
        .export = c->current.export,
        .supported = &l->supported,
        .any = c->current.obj,
        .attr = entry->attr,
        .handle = entry->handle,
        .acl = entry->acl,
        .label = entry->label,
        .mounted_on_fileid = entry->fileid,
    };

    if (export_child_named(c->current.export, c->current.obj, &entry->name))
        return true; /* an export covers it */
    if (c->current.export->strict_utf8 &&
        !utf8_valid((const uint8_t *)entry->name.data, entry->name.len))
        return true; /* no client could name it */
    if (entry->denied || (!entry->attr && l->attr_mask) || (!entry->acl && l->wants_acl) ||
        (!entry->handle && bitmap4_isset(want, FATTR4_FILEHANDLE)))
        return put_unreadable(l, &entry->name, entry->cookie, &source,
                              entry->denied ? NFS4ERR_ACCESS : unreadable(l));
    return listing_put(l, &entry->name, entry->cookie, &source, want);
}

/* What a name alone says needs no leave to enter the export that is there. */
static bool needs_export(const struct bitmap4 *want)
{
    struct bitmap4 rest = *want;

    bitmap4_clear(&rest, FATTR4_RDATTR_ERROR);
    bitmap4_clear(&rest, FATTR4_MOUNTED_ON_FILEID);
    for (uint32_t i = 0; i < rest.count; i++) {
        if (rest.words[i] != 0)
            return true;
    }
    return false;
}

/* Uses the caller as squashed by that export. */
static enum nfsstat4 look_at_child(struct listing *l, struct attr_source *source,
                                   struct vfs_acl *acl, struct vfs_label *label)
{
    enum nfsstat4 status;
    struct vfs_cred squashed;

    if (!admission_is_secure(l->c, source->export, source->any))
        return needs_export(&l->args->attr_request) ? NFS4ERR_WRONGSEC : NFS4_OK;
    caller_squash(l->c, source->export, &squashed);
    status = attr_check_guard(source->any, &squashed, source->attr);
    if (status == NFS4_OK && attr_wants_acl(source->any->fs, &l->args->attr_request)) {
        status = attr_get_acl(l->c, source->any, &squashed, acl);
        source->acl = acl;
    }
    if (status == NFS4_OK && attr_wants_label(l->c, source->export, &l->args->attr_request))
        status = attr_get_label(source, &squashed, label);
    return status;
}

static bool put_child(struct listing *l, const struct vfs_name *name, uint64_t cookie,
                      struct attr_source *source)
{
    struct vfs_acl acl;
    struct vfs_label label;
    enum nfsstat4 status = look_at_child(l, source, &acl, &label);
    bool more = status == NFS4_OK ? listing_put(l, name, cookie, source, &l->args->attr_request)
                                  : put_unreadable(l, name, cookie, source, status);

    source->acl = NULL; /* these are local to this function */
    source->label = NULL;
    return more;
}

/* Exports that stand in this directory, after the one with the cookie `last`. */
static bool list_children(struct listing *l, uint32_t last)
{
    struct compound *c = l->c;
    struct vfs_name name;
    struct vfs_object *obj;
    struct export *export;
    bool more = true;

    while (more && export_child_next(c->server->exports, c->current.export, c->current.obj,
                                     &c->caller, &last, &name, &obj, &export)) {
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

        attr_supported(c, export, &supported);
        if (obj->fs->ops->getattr(obj, l->attr_mask, &attr) == VFS_OK)
            more = put_child(l, &name, VFS_COOKIE_EXPORTS + last, &source);
        vfs_object_put(obj);
    }
    return more;
}

static enum nfsstat4 list_backend(struct listing *l, uint64_t cookie, bool *eof)
{
    struct compound *c = l->c;
    const struct bitmap4 *want = &l->args->attr_request;
    struct vfs_readdir rd = {
        .cookie = cookie,
        .attr_mask = l->attr_mask,
        .want_handle = bitmap4_isset(want, FATTR4_FILEHANDLE),
        .want_acl = l->wants_acl,
        .want_label = l->wants_label,
        .emit = emit,
        .arg = l,
    };
    enum vfs_status status = c->current.obj->fs->ops->readdir(c->current.obj, &c->cred, &rd);

    if (status != VFS_OK)
        return status_from_vfs(status);
    *eof = rd.eof;
    return l->status;
}

static bool is_exports_cookie(uint64_t cookie)
{
    return cookie >= VFS_COOKIE_EXPORTS && cookie < VFS_COOKIE_EXPORTS + VFS_COOKIE_EXPORTS_COUNT;
}

static enum nfsstat4 list_all(struct listing *l, bool *eof)
{
    struct compound *c = l->c;
    bool has_place = export_has_place(c->current.export, c->current.obj);
    uint64_t cookie = l->args->cookie;
    enum nfsstat4 status = NFS4_OK;
    uint32_t last = 0;

    *eof = true;
    if (has_place && is_exports_cookie(cookie))
        last = (uint32_t)(cookie - VFS_COOKIE_EXPORTS);
    else
        status = list_backend(l, cookie, eof);
    if (status != NFS4_OK || !has_place || !*eof || l->full)
        return status;
    *eof = list_children(l, last);
    return l->status;
}

/* Cookies last as long as their entries, so one verifier, all zero, does for every listing. */
static enum nfsstat4 check_args(struct compound *c, const struct READDIR4args *args)
{
    static const uint8_t zero[sizeof(args->cookieverf)];
    enum nfsstat4 status = compound_need_dir(c);

    if (status == NFS4ERR_SYMLINK)
        status = NFS4ERR_NOTDIR; /* READDIR may not say SYMLINK, RFC 8881 §15.2 */
    if (status == NFS4_OK)
        status = attr_check_readable(c, &args->attr_request);
    if (status != NFS4_OK)
        return status;
    if (args->cookie == 1 || args->cookie == 2)
        return NFS4ERR_BAD_COOKIE;
    if (args->cookie != 0 && memcmp(args->cookieverf, zero, sizeof(zero)) != 0)
        return NFS4ERR_NOT_SAME;
    return args->maxcount < RESOK_FIXED_BYTES ? NFS4ERR_TOOSMALL : NFS4_OK;
}

static enum nfsstat4 listing_encode(struct compound *c, const struct READDIR4args *args)
{
    struct listing l = {.c = c, .args = args, .unreadable = NFS4_OK, .status = NFS4_OK};
    struct xdr *out = c->out;
    uint8_t *end = out->end;
    size_t left = xdr_left(out), room;
    enum nfsstat4 status;
    bool eof;

    attr_supported(c, c->current.export, &l.supported);
    l.attr_mask = attr_vfs_mask(&args->attr_request);
    l.wants_acl = attr_wants_acl(c->current.obj->fs, &args->attr_request);
    l.wants_label = attr_wants_label(c, c->current.export, &args->attr_request);
    room = args->maxcount < LIMIT_READDIR_BYTES ? args->maxcount : LIMIT_READDIR_BYTES;
    if (room > left)
        room = left;
    if (room < RESOK_FIXED_BYTES) {
        xdr_fail(out); /* the reply is what is too small, not what the client asked for */
        return NFS4_OK;
    }
    out->end = out->p + room - TAIL_BYTES;
    xdr_put_u64(out, 0);
    status = list_all(&l, &eof);
    out->end = end;
    if (status != NFS4_OK)
        return status;
    if (l.full && l.entries == 0) {
        if (room < left)
            return NFS4ERR_TOOSMALL;
        xdr_fail(out);
        return NFS4_OK;
    }
    xdr_put_u32(out, 0);
    xdr_put_u32(out, eof && !l.full);
    return NFS4_OK;
}

enum nfsstat4 op_readdir(struct compound *c, const struct READDIR4args *args)
{
    const size_t start = xdr_pos(c->out);
    enum nfsstat4 status = check_args(c, args);

    if (status != NFS4_OK)
        return status;
    for (;;) {
        status = listing_encode(c, args);
        if (status != NFS4_OK || !attr_names_await(c))
            return status;
        xdr_rewind(c->out, start);
    }
}
