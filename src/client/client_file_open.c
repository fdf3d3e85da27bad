/* SPDX-License-Identifier: Apache-2.0 */
/* Open files: OPEN, OPEN_CONFIRM, CLOSE, reclaims after a restart, delegations. */
#include <string.h>

#include "client/client_file.h"

/* The name in the ACE is freed with the reply. */
static void forget_who(struct open_delegation4 *delegation)
{
    if (delegation->delegation_type == OPEN_DELEGATE_READ ||
        delegation->delegation_type == OPEN_DELEGATE_READ_ATTRS_DELEG)
        delegation->read.permissions.who = (struct wire_opaque){NULL, 0};
    if (delegation->delegation_type == OPEN_DELEGATE_WRITE ||
        delegation->delegation_type == OPEN_DELEGATE_WRITE_ATTRS_DELEG)
        delegation->write.permissions.who = (struct wire_opaque){NULL, 0};
}

static enum nfsstat4 call_for_open(struct client_mount *mount, struct client_compound *c,
                                   struct client_file *file)
{
    struct client_result r;
    const struct nfs_resop4 *op;
    enum nfsstat4 status;

    client_op_getfh(c);
    status = client_mount_call(mount, c, &r);
    op = client_result_lookup(&r, OP_OPEN);
    if (status == NFS4_OK && op) {
        file->open = op->opopen;
        file->stateid = op->opopen.stateid;
        forget_who(&file->open.delegation);
        client_file_result_fh(&r, &file->fh);
    }
    client_result_free(&r);
    return status;
}

static enum nfsstat4 confirm(struct client_mount *mount, struct client_file *file)
{
    struct client_compound c;
    struct client_result r;
    const struct nfs_resop4 *op;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, &file->fh);
    client_owner_open_confirm(&c, file->owner, &file->stateid);
    status = client_mount_call(mount, &c, &r);
    op = client_result_lookup(&r, OP_OPEN_CONFIRM);
    if (status == NFS4_OK && op)
        file->stateid = op->opopen_confirm.open_stateid;
    client_result_free(&r);
    return status;
}

enum nfsstat4 client_file_open(struct client_mount *mount, const struct client_fh *dir,
                               const struct client_open *how, struct client_file *file)
{
    struct client_open open = *how;
    struct client_compound c;
    enum nfsstat4 status;

    *file = (struct client_file){
        .owner = client_mount_owner(mount, how->owner), .access = how->access, .deny = how->deny};
    open.clientid = client_mount_clientid(mount);
    client_mount_begin(mount, &c);
    client_op_putfh(&c, dir);
    if (file->owner)
        client_owner_open(&c, file->owner, &open);
    else
        client_op_open(&c, &open);
    status = call_for_open(mount, &c, file);
    if (status == NFS4_OK && file->owner && file->open.rflags & OPEN4_RESULT_CONFIRM)
        status = confirm(mount, file);
    return status;
}

enum nfsstat4 client_file_reclaim(struct client_mount *mount, const char *owner,
                                  struct client_file *file)
{
    const struct client_fh fh = file->fh;

    return client_file_open(mount, &fh,
                            &(struct client_open){
                                .owner = owner,
                                .access = file->access,
                                .deny = file->deny,
                                .reclaim = true,
                            },
                            file);
}

enum nfsstat4 client_file_create(struct client_mount *mount, const struct client_fh *dir,
                                 const char *name, struct client_file *file)
{
    return client_file_open(mount, dir,
                            &(struct client_open){
                                .owner = "file",
                                .access = OPEN4_SHARE_ACCESS_BOTH,
                                .name = name,
                                .create = true,
                                .how = GUARDED4,
                                .mode = 0644,
                            },
                            file);
}

enum nfsstat4 client_file_open_rw(struct client_mount *mount, const struct client_fh *dir,
                                  const char *name, struct client_file *file)
{
    return client_file_open(
        mount, dir,
        &(struct client_open){.owner = "file", .access = OPEN4_SHARE_ACCESS_BOTH, .name = name},
        file);
}

enum nfsstat4 client_file_close(struct client_mount *mount, struct client_file *file)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, &file->fh);
    if (file->owner)
        client_owner_close(&c, file->owner, &file->stateid);
    else
        client_op_close(&c, &file->stateid);
    status = client_mount_call(mount, &c, &r);
    client_result_free(&r);
    return status;
}

const struct stateid4 *client_file_delegation(const struct client_file *file)
{
    switch (file->open.delegation.delegation_type) {
    case OPEN_DELEGATE_READ:
    case OPEN_DELEGATE_READ_ATTRS_DELEG:
        return &file->open.delegation.read.stateid;
    case OPEN_DELEGATE_WRITE:
    case OPEN_DELEGATE_WRITE_ATTRS_DELEG:
        return &file->open.delegation.write.stateid;
    default:
        return NULL;
    }
}

enum nfsstat4 client_file_return(struct client_mount *mount, const struct client_fh *fh,
                                 const struct stateid4 *delegation)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, fh);
    client_compound_add(
        &c, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {*delegation}});
    status = client_mount_call(mount, &c, &r);
    client_result_free(&r);
    return status;
}
