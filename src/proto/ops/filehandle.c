/* SPDX-License-Identifier: Apache-2.0 */
/* PUTFH, PUTROOTFH, PUTPUBFH, GETFH, SAVEFH, RESTOREFH: the filehandles in effect. */
#include "proto/admission.h"
#include "proto/ops/ops.h"

enum nfsstat4 op_putfh(struct compound *c, const struct PUTFH4args *args)
{
    struct vfs_object *obj;
    struct export *export;
    enum vfs_status status = export_fh_export(c->server->exports, &args->object, &export);
    enum nfsstat4 admitted;

    if (status == VFS_OK && compound_enter(c, export) != NFS4_OK)
        return NFS4ERR_DELAY;
    if (status == VFS_OK)
        status = export_fh_resolve(export, &args->object, &obj);
    if (status == VFS_IO || status == VFS_NXIO)
        return NFS4ERR_SERVERFAULT; /* PUTFH may not say IO, RFC 8881 §15.2 */
    if (status != VFS_OK)
        return status_from_vfs(status);
    admitted = admission_to_put(c, export, obj, NFS4ERR_STALE);
    if (admitted != NFS4_OK) {
        vfs_object_put(obj);
        return admitted;
    }
    compound_set_current(c, obj, export);
    return NFS4_OK;
}

enum nfsstat4 op_putrootfh(struct compound *c)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 admitted;
    enum vfs_status status = export_root(c->server->exports, &c->caller, &obj, &export);

    if (status != VFS_OK)
        return status_from_vfs(status);
    admitted = admission_to_put(c, export, obj, NFS4ERR_ACCESS);
    if (admitted == NFS4_OK)
        admitted = compound_enter(c, export);
    if (admitted != NFS4_OK) {
        vfs_object_put(obj);
        return admitted;
    }
    compound_set_current(c, obj, export);
    return NFS4_OK;
}

/* The public filehandle is the root, RFC 8881 §18.20.3. */
enum nfsstat4 op_putpubfh(struct compound *c)
{
    return op_putrootfh(c);
}

enum nfsstat4 op_getfh(struct compound *c)
{
    enum nfsstat4 status = compound_need_fh(c);
    uint8_t bytes[LIMIT_FH_BYTES];
    struct GETFH4resok resok = {.object = {.data = bytes}};

    if (status != NFS4_OK)
        return status;
    resok.object.len = export_fh_build(c->current.export, &c->current.obj->handle, bytes);
    wire_GETFH4resok(c->out, &resok);
    return NFS4_OK;
}

/* The stateid goes with its filehandle, RFC 8881 §16.2.3.1.2 (W17). */
enum nfsstat4 op_savefh(struct compound *c)
{
    enum nfsstat4 status = compound_need_fh(c);

    if (status != NFS4_OK)
        return status;
    compound_fh_copy(&c->saved, &c->current);
    c->saved_stateid = c->current_stateid;
    c->has_saved_stateid = c->has_current_stateid;
    return NFS4_OK;
}

enum nfsstat4 op_restorefh(struct compound *c)
{
    enum nfsstat4 admitted;

    if (!c->saved.obj)
        return NFS4ERR_NOFILEHANDLE;
    admitted = admission_to_put(c, c->saved.export, c->saved.obj, NFS4ERR_STALE);
    if (admitted != NFS4_OK)
        return admitted;
    compound_set_current(c, vfs_object_get(c->saved.obj), c->saved.export);
    c->current_stateid = c->saved_stateid;
    c->has_current_stateid = c->has_saved_stateid;
    return NFS4_OK;
}
