/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPEN (RFC 8881 §18.16): find or make the file, let the backend check the caller's right, reserve
 * the shares, truncate, and only then make the open.
 */
#include "state/open/open_revoke.h"

#include "proto/open_arguments.h"
#include "proto/ops/grace.h"
#include "proto/ops/open_create.h"
#include "proto/ops/ops.h"

/* The WANT flags of RFC 8881; a delegation wanted is one number in their mask. */
#define WANT_FLAGS                                                                                 \
    (OPEN4_SHARE_ACCESS_WANT_DELEG_MASK | OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL |  \
     OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED)

static uint32_t access_of(const struct OPEN4args *args)
{
    return args->share_access & OPEN4_SHARE_ACCESS_BOTH;
}

static uint32_t deleg_wanted(const struct OPEN4args *args)
{
    return args->share_access & OPEN4_SHARE_ACCESS_WANT_DELEG_MASK;
}

static enum nfsstat4 find_current(struct compound *c, struct open_target *target)
{
    target->obj = vfs_object_get(c->current.obj);
    target->export = c->current.export;
    return NFS4_OK;
}

/* The file that the claim names. */
static enum nfsstat4 find_target(struct compound *c, const struct OPEN4args *args,
                                 struct open_target *target)
{
    bool create = args->openhow.opentype == OPEN4_CREATE;
    enum nfsstat4 status;

    switch (args->claim.claim) {
    case CLAIM_NULL:
        status = grace_check_new(c);
        if (status != NFS4_OK)
            return status;
        return create ? open_create(c, &args->claim.file, &args->openhow.how, target)
                      : open_lookup(c, &args->claim.file, target);
    case CLAIM_FH:
        status = create ? NFS4ERR_INVAL : grace_check_new(c);
        return status == NFS4_OK ? find_current(c, target) : status;
    case CLAIM_PREVIOUS:
        return create ? NFS4ERR_INVAL : find_current(c, target);
    case CLAIM_DELEGATE_CUR:
    case CLAIM_DELEG_CUR_FH:
        return NFS4ERR_BAD_STATEID; /* no delegation was ever given */
    case CLAIM_DELEGATE_PREV:
    case CLAIM_DELEG_PREV_FH:
        return NFS4ERR_NOTSUPP;
    }
    return NFS4ERR_INVAL;
}

static enum nfsstat4 check_target(const struct open_target *target, uint32_t access)
{
    enum nfsstat4 status = compound_check_file(target->obj);

    if (status != NFS4_OK)
        return status;
    if (target->export->read_only && (access & OPEN4_SHARE_ACCESS_WRITE))
        return NFS4ERR_ROFS;
    return NFS4_OK;
}

/* UNCHECKED4 with a size of zero, on a file that was there. */
static enum nfsstat4 truncate_target(struct compound *c, struct open_target *target,
                                     uint32_t access)
{
    const struct vfs_attr set = {.mask = VFS_ATTR_SIZE, .size = 0};
    struct vfs_object *obj = target->obj;
    uint32_t applied;
    enum vfs_status status;

    if (!target->truncate)
        return NFS4_OK;
    status = obj->fs->ops->setattr(obj, &c->cred, &set, (access & OPEN4_SHARE_ACCESS_WRITE) != 0,
                                   &applied);
    if (status != VFS_OK)
        return status_from_vfs(status);
    bitmap4_set(&target->attrset, FATTR4_SIZE);
    return NFS4_OK;
}

/* Shares, truncation, open: all of it or nothing.  The vfs open() is done. */
static enum nfsstat4 make_open(struct compound *c, const struct OPEN4args *args,
                               struct open_target *target, struct stateid4 *stateid)
{
    struct open_request request = {
        .client = c->client,
        .owner = args->owner.owner,
        .obj = target->obj,
        .cred = &c->cred,
        .access = access_of(args),
        .deny = args->share_deny,
        .principal = compound_principal(c),
        .now_ns = c->call->received_ns,
    };
    enum nfsstat4 status = NFS4_OK;

    /* Truncating is writing, also in an open that is only for reading. */
    if (target->truncate)
        status =
            open_denied(c->server->state, target->obj, OPEN4_SHARE_ACCESS_WRITE, request.now_ns);
    if (status == NFS4ERR_LOCKED)
        status = NFS4ERR_SHARE_DENIED;
    if (status == NFS4_OK)
        status = open_reserve(&request);
    if (status != NFS4_OK)
        return status;
    /* What was in the way may have gone meanwhile with a client whose record could not. */
    if (args->claim.claim != CLAIM_PREVIOUS && !target->created)
        status = grace_check_new(c);
    if (status == NFS4_OK)
        status = truncate_target(c, target, request.access);
    if (status == NFS4_OK)
        return open_commit(&request, stateid);
    open_cancel(&request);
    return status;
}

static enum nfsstat4 open_target_open(struct compound *c, const struct OPEN4args *args,
                                      struct open_target *target, struct stateid4 *stateid)
{
    struct vfs_object *obj = target->obj;
    enum vfs_open_want want = (enum vfs_open_want)access_of(args);
    enum nfsstat4 status = check_target(target, access_of(args));
    /* Its owner may have changed a file's mode behind an open that comes back. */
    bool held = target->created || args->claim.claim == CLAIM_PREVIOUS;
    enum vfs_status opened;

    if (status != NFS4_OK)
        return status;
    opened = obj->fs->ops->open(obj, &c->cred, want, held);
    if (opened != VFS_OK)
        return status_from_vfs(opened);
    status = make_open(c, args, target, stateid);
    if (status != NFS4_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

/* Why there is no delegation: clients that spoke of one are told (RFC 8881 §18.16.3). */
static void refuse_delegation(const struct OPEN4args *args, struct open_delegation4 *delegation)
{
    *delegation = (struct open_delegation4){.delegation_type = OPEN_DELEGATE_NONE};
    if (!(args->share_access & WANT_FLAGS))
        return;
    delegation->delegation_type = OPEN_DELEGATE_NONE_EXT;
    switch (deleg_wanted(args)) {
    case OPEN4_SHARE_ACCESS_WANT_NO_DELEG:
        delegation->od_whynone.ond_why = WND4_NOT_WANTED;
        break;
    case OPEN4_SHARE_ACCESS_WANT_CANCEL:
        delegation->od_whynone.ond_why = WND4_CANCELLED;
        break;
    default:
        delegation->od_whynone.ond_why = WND4_NOT_SUPP_FTYPE;
    }
}

/* CLAIM_PREVIOUS.  What else there is can only be what others have reclaimed. */
static enum nfsstat4 reclaim_target(struct compound *c, const struct OPEN4args *args,
                                    struct open_target *target, struct stateid4 *stateid)
{
    enum nfsstat4 status = grace_reclaim_begin(c);

    if (status != NFS4_OK)
        return status;
    status = grace_reclaim_status(open_target_open(c, args, target, stateid));
    grace_reclaim_end(c, status);
    return status;
}

enum nfsstat4 op_open(struct compound *c, const struct OPEN4args *args)
{
    struct open_target target = {.obj = NULL};
    struct OPEN4resok resok;
    enum nfsstat4 status = compound_need_fh(c);

    CHECK(c->client);
    if (status == NFS4_OK)
        status = open_arguments_check(args);
    /* Before a file is made that nobody could open. */
    if (status == NFS4_OK && args->openhow.opentype == OPEN4_CREATE &&
        !open_has_room(c->client, &args->owner.owner))
        status = NFS4ERR_DELAY;
    if (status == NFS4_OK)
        status = find_target(c, args, &target);
    if (status != NFS4_OK)
        return status;
    if (args->claim.claim == CLAIM_PREVIOUS)
        status = reclaim_target(c, args, &target, &resok.stateid);
    else
        status = open_target_open(c, args, &target, &resok.stateid);
    if (status != NFS4_OK) {
        vfs_object_put(target.obj);
        return status;
    }
    compound_set_current(c, target.obj, target.export);
    compound_set_stateid(c, &resok.stateid);
    resok.cinfo = target.cinfo;
    resok.rflags = OPEN4_RESULT_LOCKTYPE_POSIX | c->open_rflags;
    if (lock_notice_possible(c->client))
        resok.rflags |= OPEN4_RESULT_MAY_NOTIFY_LOCK;
    resok.attrset = target.attrset;
    refuse_delegation(args, &resok.delegation);
    wire_OPEN4resok(c->out, &resok);
    return NFS4_OK;
}
