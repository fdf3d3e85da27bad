/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/stateid_arg.h"

#include "proto/ops/grace.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/open/open_share.h"

enum nfsstat4 stateid_arg_need_file(const struct compound *c)
{
    if (!c->current.obj)
        return NFS4ERR_NOFILEHANDLE;
    return compound_check_file(c->current.obj);
}

/* Put the current stateid in; what it says may be special no more (RFC 8881 §8.2.3). */
static enum nfsstat4 resolve(const struct compound *c, const struct stateid4 *in,
                             enum stateid_arg_current current, struct stateid4 *out)
{
    enum nfsstat4 status = compound_stateid(c, in, out);

    if (status != NFS4_OK || stateid_special(in) != STATEID_CURRENT)
        return status;
    if (stateid_special(out) != STATEID_ORDINARY)
        return NFS4ERR_BAD_STATEID;
    if (current == STATEID_ARG_LATEST)
        out->seqid = 0;
    return NFS4_OK;
}

static struct stateid *lookup(const struct compound *c, const struct stateid4 *stateid)
{
    if (!c->client || stateid_special(stateid) != STATEID_ORDINARY)
        return NULL;
    return stateid_lookup(c->server->state->opens->stateids, stateid, c->client);
}

/* A lock state of an open that is revoked is about to be revoked itself. */
static enum nfsstat4 revoked(struct stateid *sid)
{
    enum nfsstat4 status = stateid_revoked(sid);

    return status == NFS4_OK ? stateid_revoked(stateid_head(sid)) : status;
}

/* Of the file, whichever export it was opened in. */
static bool is_of(struct stateid *sid, const struct vfs_object *obj)
{
    return file_of_stateid(sid)->obj->node == obj->node;
}

/* In the order of RFC 8881 §8.2.4, but for delegations: where an open or a lock is wanted they are
 * just wrong. */
static enum nfsstat4 check_found(struct stateid *sid, const struct vfs_object *obj,
                                 enum stateid_kind kind)
{
    bool delegation = sid->kind == STATEID_DELEGATION, wanted = kind == STATEID_DELEGATION;
    enum nfsstat4 status;

    if (!is_of(sid, obj) || delegation != wanted)
        return NFS4ERR_BAD_STATEID;
    status = revoked(sid);
    return status == NFS4_OK && sid->kind != kind ? NFS4ERR_BAD_STATEID : status;
}

enum nfsstat4 stateid_arg_lookup_of(const struct compound *c, const struct vfs_object *obj,
                                    const struct stateid4 *in, enum stateid_kind kind,
                                    enum stateid_arg_current current, struct stateid **sid,
                                    uint32_t *seqid)
{
    struct stateid4 stateid;
    enum nfsstat4 status = resolve(c, in, current, &stateid);
    struct stateid *found;

    if (status != NFS4_OK)
        return status;
    found = lookup(c, &stateid);
    if (!found)
        return NFS4ERR_BAD_STATEID;
    status = check_found(found, obj, kind);
    if (status != NFS4_OK) {
        stateid_put(found);
        return status;
    }
    *sid = found;
    *seqid = stateid.seqid;
    return NFS4_OK;
}

enum nfsstat4 stateid_arg_lookup(const struct compound *c, const struct stateid4 *in,
                                 enum stateid_kind kind, enum stateid_arg_current current,
                                 struct stateid **sid, uint32_t *seqid)
{
    return stateid_arg_lookup_of(c, c->current.obj, in, kind, current, sid, seqid);
}

enum nfsstat4 stateid_arg_any(const struct compound *c, const struct stateid4 *in,
                              struct stateid **sid)
{
    struct stateid4 stateid;
    enum nfsstat4 status = resolve(c, in, STATEID_ARG_LATEST, &stateid);

    *sid = NULL;
    if (status != NFS4_OK)
        return status;
    *sid = lookup(c, &stateid);
    if (!*sid)
        return NFS4ERR_BAD_STATEID;
    status = revoked(*sid);
    return status == NFS4_OK ? stateid_check_seqid(*sid, stateid.seqid) : status;
}

/* Only a READ with all ones passes by share reservations, also by those still to be reclaimed. */
static enum nfsstat4 check_special(const struct compound *c, enum stateid_special special,
                                   uint32_t access)
{
    enum nfsstat4 status;

    if (special == STATEID_READ_BYPASS && access == OPEN4_SHARE_ACCESS_READ)
        return NFS4_OK;
    /* First, since open_share_denied() takes from expired clients what is in the way. */
    status = grace_check_io(c);
    if (status != NFS4_OK)
        return status;
    return open_share_denied(c->server->state, c->current.obj, access, c->call->received_ns);
}

/* Is it a WRITE in the name of a user whose credentials have expired?  It has been permitted to the
 * user, who opened the file. */
static bool by_machine(const struct compound *c, uint32_t access)
{
    return c->op == OP_WRITE && access == OPEN4_SHARE_ACCESS_WRITE &&
           compound_mach_allows(c, OP_WRITE);
}

/* May the caller do it without a stateid of its own?  Linux sends a WRITE of the machine's with the
 * anonymous stateid while it returns a delegation that it had no open beside.  Such a stateid names
 * nobody who was permitted to write, so it is not valid for that (RFC 8881 §8.2.3).  The client
 * then repeats the WRITE with the stateid of its open, but takes NFS4ERR_ACCESS as final. */
static enum nfsstat4 permit_special(const struct compound *c, const struct stateid_io *io,
                                    uint32_t access)
{
    /* The handle was accepted for users who have opened it. */
    enum nfsstat4 status = c->wrongsec_deferred ? NFS4ERR_ACCESS : stateid_io_permit(c, io, access);

    return status == NFS4ERR_ACCESS && by_machine(c, access) ? NFS4ERR_BAD_STATEID : status;
}

/* Without an open: conflicting delegations have not been recalled yet (RFC 8881 §10.4.1). */
static enum nfsstat4 begin_special(const struct compound *c, enum stateid_special special,
                                   uint32_t access, struct stateid_io *io)
{
    const struct delegation_claim claim = {
        .client = compound_holder(c),
        .obj = c->current.obj,
        .use = access == OPEN4_SHARE_ACCESS_READ ? DELEGATION_USE_READ : DELEGATION_USE_CHANGE};
    enum nfsstat4 status;

    if (special != STATEID_ANONYMOUS && special != STATEID_READ_BYPASS)
        return NFS4ERR_BAD_STATEID;
    status = permit_special(c, io, access);
    io->permitted = status == NFS4_OK;
    if (status == NFS4_OK)
        status = check_special(c, special, access);
    if (status != NFS4_OK)
        return status;
    status = delegation_begin(c->server->state, &claim, c->call->received_ns, c->waiter);
    io->begun = status == NFS4_OK;
    return status;
}

/* The holder of a delegation needs no open.  The seqid is checked. */
static enum nfsstat4 begin_delegated(const struct compound *c, uint32_t access,
                                     struct stateid_io *io)
{
    struct delegation *delegation = delegation_of_stateid(io->sid);
    const bool writes = access == OPEN4_SHARE_ACCESS_WRITE;
    enum nfsstat4 status;

    if (writes && delegation->kind != DELEGATION_WRITE)
        return NFS4ERR_OPENMODE;
    io->by_delegation = writes && delegation_io_begin(delegation);
    if (writes && !io->by_delegation) {
        status = stateid_revoked(io->sid);
        return status == NFS4_OK ? NFS4ERR_BAD_STATEID : status;
    }
    io->by_opener = delegation_by_caller(delegation, &c->cred) || by_machine(c, access);
    return NFS4_OK;
}

static enum nfsstat4 begin_ordinary(const struct compound *c, const struct stateid4 *stateid,
                                    uint32_t access, struct stateid_io *io)
{
    const struct open *open;
    enum nfsstat4 status;

    io->sid = lookup(c, stateid);
    if (!io->sid || !is_of(io->sid, c->current.obj))
        return NFS4ERR_BAD_STATEID;
    status = revoked(io->sid);
    if (status == NFS4_OK)
        status = stateid_check_seqid(io->sid, stateid->seqid);
    if (status != NFS4_OK)
        return status;
    if (io->sid->kind == STATEID_DELEGATION)
        return begin_delegated(c, access, io);
    open = open_of_stateid(io->sid);
    if (!(open_access(open) & access))
        return NFS4ERR_OPENMODE;
    io->by_opener = open_by_caller(open, access, &c->cred) || by_machine(c, access);
    return NFS4_OK;
}

enum nfsstat4 stateid_io_begin(const struct compound *c, const struct stateid4 *in, uint32_t access,
                               struct stateid_io *io)
{
    struct stateid4 stateid;
    enum nfsstat4 status = resolve(c, in, STATEID_ARG_LATEST, &stateid);
    enum stateid_special special;

    *io = (struct stateid_io){0};
    if (status != NFS4_OK)
        return status;
    special = stateid_special(&stateid);
    if (special != STATEID_ORDINARY)
        return begin_special(c, special, access, io);
    /* A READ returns what the file had when it ran, whatever was granted meanwhile. */
    if (access == OPEN4_SHARE_ACCESS_WRITE) {
        delegation_begin_entitled(c->server->state, c->current.obj);
        io->begun = true;
    }
    return begin_ordinary(c, &stateid, access, io);
}

/* `io` is counted, so that no other client is granted a delegation before its end. */
static enum nfsstat4 begin_held(const struct compound *c, const struct stateid4 *in, bool mtime,
                                struct stateid_io *io)
{
    struct delegation *delegation;
    enum nfsstat4 status;
    uint32_t seqid;

    status = stateid_arg_lookup(c, in, STATEID_DELEGATION, STATEID_ARG_LATEST, &io->sid, &seqid);
    if (status == NFS4_OK)
        status = stateid_check_seqid(io->sid, seqid);
    if (status != NFS4_OK)
        return status;
    delegation = delegation_of_stateid(io->sid);
    if (!delegation_times_get(delegation).held)
        return NFS4ERR_BAD_STATEID;
    if (mtime && delegation->kind != DELEGATION_WRITE)
        return NFS4ERR_OPENMODE;
    io->by_delegation = delegation_io_begin(delegation);
    if (!io->by_delegation) {
        status = stateid_revoked(io->sid);
        return status == NFS4_OK ? NFS4ERR_BAD_STATEID : status;
    }
    /* The machine reports what it is about to return. */
    io->by_opener =
        delegation_by_caller(delegation, &c->cred) || compound_mach_allows(c, OP_DELEGRETURN);
    return NFS4_OK;
}

enum nfsstat4 stateid_io_begin_held(const struct compound *c, const struct stateid4 *in, bool mtime,
                                    struct stateid_io *io)
{
    *io = (struct stateid_io){.begun = true};
    delegation_begin_entitled(c->server->state, c->current.obj);
    return begin_held(c, in, mtime, io);
}

enum nfsstat4 stateid_io_permit(const struct compound *c, const struct stateid_io *io,
                                uint32_t access)
{
    struct vfs_object *obj = c->current.obj;
    /* A user that may execute a program may read it, or no client could execute it. */
    uint32_t want =
        access == OPEN4_SHARE_ACCESS_READ ? VFS_MAY_READ | VFS_MAY_EXECUTE : VFS_MAY_MODIFY;
    uint32_t granted = 0;
    struct vfs_attr attr;
    enum vfs_status status;

    if (io->by_opener || io->permitted)
        return NFS4_OK;
    status = obj->fs->ops->access(obj, &c->cred, want, &granted);
    if (status == VFS_OK && (granted & want))
        return NFS4_OK;
    /* Its owner may have closed a file's mode behind an open. */
    if (status == VFS_OK)
        status = obj->fs->ops->getattr(obj, VFS_ATTR_UID | VFS_ATTR_FRESH, &attr);
    if (status != VFS_OK)
        return status_from_vfs(status);
    return attr.uid == c->cred.uid ? NFS4_OK : NFS4ERR_ACCESS;
}

void stateid_io_end(const struct compound *c, struct stateid_io *io)
{
    if (io->begun)
        delegation_end(c->server->state, c->current.obj);
    io->begun = false;
    if (io->by_delegation)
        delegation_io_end(delegation_of_stateid(io->sid));
    io->by_delegation = false;
    if (io->sid)
        stateid_put(io->sid);
    io->sid = NULL;
}

static enum nfsstat4 check_hint_special(const struct compound *c, enum stateid_special special)
{
    const struct stateid_io nobody = {0};

    if (special != STATEID_ANONYMOUS && special != STATEID_READ_BYPASS)
        return NFS4ERR_BAD_STATEID;
    if (c->wrongsec_deferred)
        return NFS4ERR_ACCESS;
    return stateid_io_permit(c, &nobody, OPEN4_SHARE_ACCESS_READ);
}

/* Has the caller opened the file, for whatever access, or been granted the delegation? */
static bool by_holder(const struct compound *c, struct stateid *sid)
{
    if (sid->kind == STATEID_DELEGATION)
        return delegation_by_caller(delegation_of_stateid(sid), &c->cred);
    return open_by_caller(open_of_stateid(sid), OPEN4_SHARE_ACCESS_READ, &c->cred) ||
           open_by_caller(open_of_stateid(sid), OPEN4_SHARE_ACCESS_WRITE, &c->cred);
}

static enum nfsstat4 check_hint(const struct compound *c, struct stateid *sid, uint32_t seqid)
{
    struct stateid_io io = {0};
    enum nfsstat4 status = is_of(sid, c->current.obj) ? revoked(sid) : NFS4ERR_BAD_STATEID;

    if (status == NFS4_OK)
        status = stateid_check_seqid(sid, seqid);
    if (status != NFS4_OK)
        return status;
    io.by_opener = by_holder(c, sid);
    return stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_READ);
}

enum nfsstat4 stateid_arg_check_hint(const struct compound *c, const struct stateid4 *in)
{
    struct stateid4 stateid;
    enum nfsstat4 status = resolve(c, in, STATEID_ARG_LATEST, &stateid);
    enum stateid_special special;
    struct stateid *sid;

    if (status != NFS4_OK)
        return status;
    special = stateid_special(&stateid);
    if (special != STATEID_ORDINARY)
        return check_hint_special(c, special);
    sid = lookup(c, &stateid);
    if (!sid)
        return NFS4ERR_BAD_STATEID;
    status = check_hint(c, sid, stateid.seqid);
    stateid_put(sid);
    return status;
}
