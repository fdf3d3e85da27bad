/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GETXATTR, SETXATTR, LISTXATTRS and REMOVEXATTR, RFC 8276 §8.4.  Changes are treated as those by
 * SETATTR: they wait for the same delegations, and are durable at the same time.
 */
#include "proto/ops/xattr.h"

#include "proto/ops/dir_change.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"
#include "proto/utf8.h"

enum {
    LIST_HEAD_BYTES = 8 + 4, /* cookie, count */
    LIST_TAIL_BYTES = 4,     /* eof */
    /* Behind so many a listing ends with its connection's slice of time. */
    LIST_NAMES_MIN = 64,
};

_Static_assert((int)VFS_MAY_XAREAD == ACCESS4_XAREAD && (int)VFS_MAY_XAWRITE == ACCESS4_XAWRITE &&
                   (int)VFS_MAY_XALIST == ACCESS4_XALIST,
               "ACCESS bits");
_Static_assert((int)VFS_SETXATTR_EITHER == SETXATTR4_EITHER &&
                   (int)VFS_SETXATTR_CREATE == SETXATTR4_CREATE &&
                   (int)VFS_SETXATTR_REPLACE == SETXATTR4_REPLACE,
               "setxattr_option4");

static enum nfsstat4 check_object(const struct compound *c)
{
    enum nfsstat4 status = compound_need_fh(c);

    if (status != NFS4_OK)
        return status;
    if (!(c->current.obj->fs->caps & VFS_CAP_XATTR))
        return NFS4ERR_NOTSUPP;
    return xattr_possible(c->current.obj) ? NFS4_OK : NFS4ERR_WRONG_TYPE;
}

/* Unlike names of files they may contain slashes, and be "." or "..". */
static enum nfsstat4 check_name(const struct compound *c, const struct wire_opaque *text,
                                struct vfs_xattr_name *name)
{
    if (text->len == 0 || memchr(text->data, '\0', text->len))
        return NFS4ERR_INVAL;
    if (text->len > LIMIT_XATTR_NAME_BYTES)
        return NFS4ERR_NAMETOOLONG;
    if (c->current.export->strict_utf8 && !utf8_valid(text->data, text->len))
        return NFS4ERR_INVAL;
    *name = (struct vfs_xattr_name){.data = (const char *)text->data, .len = text->len};
    return NFS4_OK;
}

/* The value goes straight to its place in the reply. */
enum nfsstat4 op_getxattr(struct compound *c, const struct GETXATTR4args *args)
{
    enum nfsstat4 status = check_object(c);
    size_t left = xdr_left(c->out);
    struct GETXATTR4resok resok = {.gxr_value.len = 0};
    struct vfs_object *obj = c->current.obj;
    struct vfs_xattr_name name;
    enum vfs_status got;
    size_t room;

    if (status == NFS4_OK)
        status = check_name(c, &args->gxa_name, &name);
    if (status != NFS4_OK)
        return status;
    room = left < 4 ? 0 : (left - 4) & ~(size_t)3;
    resok.gxr_value.data = c->out->p + 4;
    if (room > LIMIT_XATTR_VALUE_BYTES)
        room = LIMIT_XATTR_VALUE_BYTES;
    got = obj->fs->ops->getxattr(obj, &c->cred, &name, c->out->p + 4, (uint32_t)room,
                                 &resok.gxr_value.len);
    if (got == VFS_TOOSMALL) {
        xdr_fail(c->out); /* the reply is what is too small */
        return NFS4_OK;
    }
    if (got != VFS_OK)
        return status_from_vfs(got);
    wire_GETXATTR4resok(c->out, &resok);
    return NFS4_OK;
}

static enum nfsstat4 permit_change(const struct compound *c, const void *subject)
{
    struct vfs_object *obj = c->current.obj;
    uint32_t granted = 0;
    enum vfs_status asked = obj->fs->ops->access(obj, &c->cred, VFS_MAY_XAWRITE, &granted);

    (void)subject;
    if (asked != VFS_OK)
        return status_from_vfs(asked);
    return granted ? NFS4_OK : NFS4ERR_ACCESS;
}

/* Begin a change: no other client has a delegation that it would break.  RFC 8276 §8.4.2.4,
 * §8.4.4.4: as for SETATTR. */
static enum nfsstat4 begin_change(const struct compound *c, struct exclusion *exclusion)
{
    struct vfs_object *obj = c->current.obj;

    *exclusion = (struct exclusion){.after_reclaims = true, .permit = permit_change};
    exclusion_add(exclusion, vfs_object_get(obj),
                  obj->type == VFS_DIR ? DELEGATION_USE_DIR_ATTRS : DELEGATION_USE_CHANGE);
    return exclusion_begin(exclusion, c);
}

static enum nfsstat4 end_change(struct compound *c, struct exclusion *exclusion,
                                enum vfs_status changed)
{
    exclusion_end(exclusion, c);
    if (changed != VFS_OK)
        return status_from_vfs(changed);
    changes_add(c, c->current.export, c->current.obj);
    return NFS4_OK;
}

static enum nfsstat4 check_change(const struct compound *c, const struct wire_opaque *text,
                                  struct vfs_xattr_name *name)
{
    enum nfsstat4 status = check_object(c);

    if (status == NFS4_OK)
        status = check_name(c, text, name);
    return status == NFS4_OK ? compound_need_writable(c) : status;
}

enum nfsstat4 op_setxattr(struct compound *c, const struct SETXATTR4args *args)
{
    struct vfs_object *obj = c->current.obj;
    const struct wire_opaque *value = &args->sxa_value;
    struct SETXATTR4resok resok;
    struct vfs_change_info info;
    struct vfs_xattr_name name;
    struct exclusion exclusion;
    enum nfsstat4 status = check_change(c, &args->sxa_key, &name);

    if (status == NFS4_OK && value->len > LIMIT_XATTR_VALUE_BYTES)
        status = NFS4ERR_XATTR2BIG;
    if (status == NFS4_OK)
        status = begin_change(c, &exclusion);
    if (status != NFS4_OK)
        return status;
    status =
        end_change(c, &exclusion,
                   obj->fs->ops->setxattr(obj, &c->cred, &name, (enum vfs_setxattr)args->sxa_option,
                                          value->data, value->len, &info));
    if (status == NFS4_OK) {
        resok.sxr_info = change_info_from_vfs(&info);
        wire_SETXATTR4resok(c->out, &resok);
    }
    return status;
}

enum nfsstat4 op_removexattr(struct compound *c, const struct REMOVEXATTR4args *args)
{
    struct vfs_object *obj = c->current.obj;
    struct REMOVEXATTR4resok resok;
    struct vfs_change_info info;
    struct vfs_xattr_name name;
    struct exclusion exclusion;
    enum nfsstat4 status = check_change(c, &args->rxa_name, &name);

    if (status == NFS4_OK)
        status = begin_change(c, &exclusion);
    if (status != NFS4_OK)
        return status;
    status = end_change(c, &exclusion, obj->fs->ops->removexattr(obj, &c->cred, &name, &info));
    if (status == NFS4_OK) {
        resok.rxr_info = change_info_from_vfs(&info);
        wire_REMOVEXATTR4resok(c->out, &resok);
    }
    return status;
}

struct listing {
    struct compound *c;
    uint32_t count;
    uint64_t cookie; /* of the last name */
    bool full;
};

static bool emit(void *arg, const struct vfs_xattr_name *name, uint64_t cookie)
{
    struct listing *l = arg;
    struct xdr *out = l->c->out;
    struct wire_opaque text = {(const uint8_t *)name->data, (uint32_t)name->len};

    if (l->c->current.export->strict_utf8 && !utf8_valid(text.data, text.len))
        return true; /* no client could name it */
    if (xdr_left(out) < 4 + xdr_padded(text.len)) {
        l->full = true;
        return false;
    }
    xdr_opaque(out, &text, LIMIT_XATTR_NAME_BYTES);
    l->cookie = cookie;
    l->full = ++l->count >= LIST_NAMES_MIN && rpc_call_slice_over(l->c->call);
    return !l->full;
}

/* The names, within `room` bytes of the reply. */
static enum nfsstat4 list_names(struct listing *l, size_t room, bool *eof)
{
    struct compound *c = l->c;
    struct vfs_object *obj = c->current.obj;
    struct vfs_listxattrs list = {.cookie = l->cookie, .emit = emit, .arg = l};
    uint8_t *end = c->out->end;
    size_t start = xdr_pos(c->out);
    enum vfs_status status;

    c->out->end = c->out->p + room - LIST_TAIL_BYTES;
    xdr_put_u64(c->out, 0);
    xdr_put_u32(c->out, 0);
    status = obj->fs->ops->listxattrs(obj, &c->cred, &list);
    c->out->end = end;
    if (status != VFS_OK)
        return status_from_vfs(status);
    *eof = list.eof && !l->full;
    xdr_patch_u32(c->out, start, (uint32_t)(l->cookie >> 32));
    xdr_patch_u32(c->out, start + 4, (uint32_t)l->cookie);
    xdr_patch_u32(c->out, start + 8, l->count);
    return NFS4_OK;
}

/* RFC 8276 §8.4.3: lxa_maxcount bounds the whole of LISTXATTRS4resok. */
enum nfsstat4 op_listxattrs(struct compound *c, const struct LISTXATTRS4args *args)
{
    struct listing l = {.c = c, .cookie = args->lxa_cookie};
    size_t left = xdr_left(c->out), room = args->lxa_maxcount;
    enum nfsstat4 status = check_object(c);
    bool eof = false;

    if (status != NFS4_OK)
        return status;
    if (room < LIST_HEAD_BYTES + LIST_TAIL_BYTES)
        return NFS4ERR_TOOSMALL;
    if (room > LIMIT_READDIR_BYTES)
        room = LIMIT_READDIR_BYTES;
    if (room > left)
        room = left;
    if (room < LIST_HEAD_BYTES + LIST_TAIL_BYTES) {
        xdr_fail(c->out); /* the reply is what is too small, not what the client asked for */
        return NFS4_OK;
    }
    status = list_names(&l, room, &eof);
    if (status != NFS4_OK)
        return status;
    if (l.full && l.count == 0) {
        if (room < left)
            return NFS4ERR_TOOSMALL;
        xdr_fail(c->out);
        return NFS4_OK;
    }
    xdr_put_u32(c->out, eof);
    return NFS4_OK;
}
