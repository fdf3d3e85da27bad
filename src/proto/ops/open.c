/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPEN (RFC 8881 §18.16): find or make the file, let the backend check the caller's right, reserve
 * the shares, truncate, and only then make the open, and maybe give a delegation with it.
 */
#include "state/open/open_share.h"

#include "proto/admission.h"
#include "proto/open_arguments.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/grace.h"
#include "proto/ops/open_create.h"
#include "proto/ops/open_delegation.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/delegation/delegation_stats.h"
#include "state/lock/lock_notice.h"

static uint32_t access_of(const struct OPEN4args *args)
{
    return args->share_access & OPEN4_SHARE_ACCESS_BOTH;
}

static enum nfsstat4 find_current(struct compound *c, struct open_target *target)
{
    target->obj = vfs_object_get(c->current.obj);
    target->export = c->current.export;
    return NFS4_OK;
}

static bool is_delegated(enum open_claim_type4 claim)
{
    return claim == CLAIM_DELEGATE_CUR || claim == CLAIM_DELEG_CUR_FH;
}

/* Has the client opened the file itself, by this delegation?  Also one that is being recalled. */
static enum nfsstat4 check_delegated(struct compound *c, const struct stateid4 *stateid,
                                     uint32_t access, const struct vfs_object *obj)
{
    struct stateid *sid;
    uint32_t seqid;
    enum nfsstat4 status = stateid_arg_lookup_of(c, obj, stateid, STATEID_DELEGATION,
                                                 STATEID_ARG_LATEST, &sid, &seqid);

    if (status != NFS4_OK)
        return status;
    status = stateid_check_seqid(sid, seqid);
    /* OPENMODE would say it better, but RFC 8881 §15.2 has that for no OPEN. */
    if (status == NFS4_OK && (access & OPEN4_SHARE_ACCESS_WRITE) &&
        delegation_of_stateid(sid)->kind != DELEGATION_WRITE)
        status = NFS4ERR_BAD_STATEID;
    stateid_put(sid);
    return status;
}

/* CLAIM_DELEGATE_CUR, CLAIM_DELEG_CUR_FH. */
static enum nfsstat4 find_delegated(struct compound *c, const struct OPEN4args *args,
                                    struct open_target *target)
{
    const struct open_claim_delegate_cur4 *cur = &args->claim.delegate_cur_info;
    const struct stateid4 *stateid = &args->claim.oc_delegate_stateid;
    bool create = args->openhow.opentype == OPEN4_CREATE;
    enum nfsstat4 status;

    if (args->claim.claim == CLAIM_DELEGATE_CUR) {
        stateid = &cur->delegate_stateid;
        status = create ? open_create_known(c, &cur->file, &args->openhow.how, target)
                        : open_lookup(c, &cur->file, target);
    } else {
        status = create ? NFS4ERR_INVAL : find_current(c, target);
    }
    if (status != NFS4_OK)
        return status;
    status = check_delegated(c, stateid, access_of(args), target->obj);
    if (status != NFS4_OK)
        vfs_object_put(target->obj);
    return status;
}

/* The file that the claim names.  Delegations end with their client: it has none from a former life
 * of its own. */
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
        return find_delegated(c, args, target);
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

static const struct vfs_attr empty = {.mask = VFS_ATTR_SIZE, .size = 0};

/* UNCHECKED4 with a size of zero, on a file that was there. */
static enum nfsstat4 truncate_target(struct compound *c, struct open_target *target,
                                     uint32_t access)
{
    struct vfs_object *obj = target->obj;
    uint32_t applied;
    enum vfs_status status;

    if (!target->truncate)
        return NFS4_OK;
    vfs_memo_off();
    status = obj->fs->ops->setattr(obj, &c->cred, &empty, (access & OPEN4_SHARE_ACCESS_WRITE) != 0,
                                   &applied);
    if (status != VFS_OK)
        return status_from_vfs(status);
    changes_add(c, target->export, obj);
    bitmap4_set(&target->attrset, FATTR4_SIZE);
    return NFS4_OK;
}

/* Not what the client has, or had before a restart. */
static bool is_new(enum open_claim_type4 claim)
{
    return claim == CLAIM_NULL || claim == CLAIM_FH;
}

/* Linux heeds the flag only in replies to OPENs that it sends for a program, not to those that
 * claim what it has opened by a delegation.  By the latter it waits for locks by polling: notices
 * are lost on it, and a lock reserved until it retries would delay all others. */
static bool may_notify_lock(const struct compound *c, const struct OPEN4args *args)
{
    return !is_delegated(args->claim.claim) && lock_notice_possible(c->client);
}

/* Shares, truncation, open: all of it or nothing.  The vfs open() is done.  A request that has
 * created the file does not wait: run again from its beginning, it would find the file there. */
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
        .transport = (uint8_t)c->caller.xprtsec,
        .now_ns = c->call->received_ns,
        .admitted = args->openhow.opentype == OPEN4_CREATE,
        .notifiable = may_notify_lock(c, args),
        .waiter = target->fresh ? NULL : c->waiter,
    };
    enum nfsstat4 status = NFS4_OK;

    if (target->truncate)
        status = open_share_denied(c->server->state, target->obj, OPEN4_SHARE_ACCESS_WRITE,
                                   request.now_ns);
    if (status == NFS4ERR_LOCKED)
        status = NFS4ERR_SHARE_DENIED;
    if (status == NFS4_OK)
        status = open_reserve(&request);
    if (status != NFS4_OK)
        return status;
    /* The conflicting state may have gone with its client, though the record could not. */
    if (is_new(args->claim.claim) && !target->created)
        status = grace_check_new(c);
    if (status == NFS4_OK)
        status = truncate_target(c, target, request.access);
    /* The file stays; but a client that hears NFS4ERR_IO has no stateid, and so must have no open.
     */
    if (status == NFS4_OK && !changes_settle(c))
        status = NFS4ERR_IO;
    if (status == NFS4_OK) {
        status = open_commit(&request, stateid);
        target->fresh_open = status == NFS4_OK && request.fresh;
        return status;
    }
    open_cancel(&request);
    return status;
}

static enum nfsstat4 permit_truncation(const struct compound *c, const void *subject)
{
    struct vfs_object *obj = ((const struct open_target *)subject)->obj;

    return exclusion_refusal(obj->fs->ops->may_setattr(obj, &c->cred, &empty, false));
}

/* Truncating is writing, also in an open that is only for reading; the backend has checked the
 * right of one for writing. */
static enum nfsstat4 make_open_alone(struct compound *c, const struct OPEN4args *args,
                                     struct open_target *target, struct stateid4 *stateid)
{
    const bool writes = (access_of(args) & OPEN4_SHARE_ACCESS_WRITE) != 0;
    struct exclusion exclusion = {.permit = writes ? NULL : permit_truncation, .subject = target};
    enum nfsstat4 status;

    if (target->truncate)
        exclusion_add(&exclusion, vfs_object_get(target->obj), DELEGATION_USE_CHANGE);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    status = make_open(c, args, target, stateid);
    exclusion_end(&exclusion, c);
    return status;
}

static enum nfsstat4 open_target_open(struct compound *c, const struct OPEN4args *args,
                                      struct open_target *target, struct stateid4 *stateid)
{
    struct vfs_object *obj = target->obj;
    enum vfs_open_want want = (enum vfs_open_want)access_of(args);
    enum nfsstat4 status = check_target(target, access_of(args));
    /* Its owner may have changed a file's mode behind an open that comes back. */
    bool held = target->created || !is_new(args->claim.claim);
    enum vfs_status opened;

    if (status != NFS4_OK)
        return status;
    opened = obj->fs->ops->open(obj, &c->cred, want, held);
    if (opened != VFS_OK)
        return status_from_vfs(opened);
    status = make_open_alone(c, args, target, stateid);
    if (status != NFS4_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

/* The open is made.  One that has still to be confirmed gets none (RFC 7530 §16.18.5). */
static void delegate(struct compound *c, const struct OPEN4args *args,
                     const struct open_target *target, struct open_delegation4 *out)
{
    struct open_delegation_ask ask = {.obj = target->obj,
                                      .export = target->export,
                                      .access = args->share_access,
                                      .created = target->created};

    if (args->claim.claim == CLAIM_PREVIOUS)
        ask.reclaim = args->claim.delegate_type;
    if (is_delegated(args->claim.claim))
        open_delegation_refuse(args->share_access, WND4_CONTENTION, out);
    else if ((c->open_rflags & OPEN4_RESULT_CONFIRM) ||
             (args->claim.claim == CLAIM_PREVIOUS && ask.reclaim == OPEN_DELEGATE_NONE))
        open_delegation_refuse(args->share_access, WND4_RESOURCE, out);
    else
        open_delegation_offer(c, &ask, out);
}

/* RFC 9754 §4: a client that wants only one of the two gets the delegation.  But if the owner has
 * had an open before, or the delegation is less than the open, it gets both. */
static void drop_open(struct compound *c, const struct OPEN4args *args,
                      const struct open_target *target, struct OPEN4resok *resok)
{
    if (!(args->share_access & c->open_wants & OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION) ||
        !target->fresh_open ||
        !open_delegation_covers(&resok->delegation, access_of(args), args->share_deny) ||
        !open_withdraw(c->client, &resok->stateid))
        return;
    resok->stateid = (struct stateid4){0};
    resok->rflags = OPEN4_RESULT_NO_OPEN_STATEID;
    delegation_stats_add(c->server->state, DELEGATION_COUNTER_granted_without_open);
}

static enum nfsstat4 open_and_delegate(struct compound *c, const struct OPEN4args *args,
                                       struct open_target *target, struct OPEN4resok *resok)
{
    enum nfsstat4 status = open_target_open(c, args, target, &resok->stateid);

    if (status != NFS4_OK)
        return status;
    resok->rflags = 0;
    delegate(c, args, target, &resok->delegation);
    drop_open(c, args, target, resok);
    return NFS4_OK;
}

/* CLAIM_PREVIOUS.  What else there is can only be what others have reclaimed. */
static enum nfsstat4 reclaim_target(struct compound *c, const struct OPEN4args *args,
                                    struct open_target *target, struct OPEN4resok *resok)
{
    enum nfsstat4 status = grace_reclaim_begin(c);

    if (status != NFS4_OK)
        return status;
    status = grace_reclaim_status(open_and_delegate(c, args, target, resok));
    grace_reclaim_end(c, status);
    return status;
}

/* Takes the reference in `target` unless NFS4_OK. */
static enum nfsstat4 open_found(struct compound *c, const struct OPEN4args *args,
                                struct open_target *target, struct OPEN4resok *resok)
{
    enum nfsstat4 status = args->claim.claim == CLAIM_PREVIOUS
                               ? reclaim_target(c, args, target, resok)
                               : open_and_delegate(c, args, target, resok);

    if (status == NFS4_OK)
        return NFS4_OK;
    /* The retry of the other creates finds its own file. */
    if (status == NFS4ERR_DELAY && target->fresh && args->openhow.how.mode == GUARDED4)
        open_create_undo(c, &args->claim.file, target);
    vfs_object_put(target->obj);
    return status;
}

/* What was found by its name, and removed before it could be opened, is as if it had not been
 * found: another file may have the name by now. */
static enum nfsstat4 find_and_open(struct compound *c, const struct OPEN4args *args,
                                   struct open_target *target, struct OPEN4resok *resok)
{
    for (int turn = 0; turn < EXCLUSION_TURNS; turn++) {
        enum nfsstat4 status;

        *target = (struct open_target){.obj = NULL};
        status = find_target(c, args, target);
        if (status != NFS4_OK)
            return status;
        status = open_found(c, args, target, resok);
        if (status != NFS4ERR_STALE || args->claim.claim != CLAIM_NULL)
            return status;
    }
    return NFS4ERR_DELAY;
}

enum nfsstat4 op_open(struct compound *c, const struct OPEN4args *args)
{
    struct open_target target;
    struct OPEN4resok resok;
    enum nfsstat4 status = compound_need_fh(c);

    CHECK(c->client);
    if (status == NFS4_OK)
        status = open_arguments_check(c, args);
    /* Also if it will make the file, although RFC 8881 §18.29.4 says that the filehandle has been
     * checked: it has not if an OPEN by name follows. */
    if (status == NFS4_OK)
        status = admission_here(c);
    /* Before a file is made that the client could not open. */
    if (status == NFS4_OK && args->openhow.opentype == OPEN4_CREATE &&
        !open_has_room(c->client, &args->owner.owner))
        status = NFS4ERR_DELAY;
    if (status == NFS4_OK)
        status = find_and_open(c, args, &target, &resok);
    if (status != NFS4_OK)
        return status;
    compound_set_current(c, target.obj, target.export);
    c->made = target.made;
    compound_set_stateid(c, resok.rflags & OPEN4_RESULT_NO_OPEN_STATEID
                                ? open_delegation_stateid(&resok.delegation)
                                : &resok.stateid);
    resok.cinfo = target.cinfo;
    resok.rflags |= OPEN4_RESULT_LOCKTYPE_POSIX | c->open_rflags;
    if (may_notify_lock(c, args) && !(resok.rflags & OPEN4_RESULT_NO_OPEN_STATEID))
        resok.rflags |= OPEN4_RESULT_MAY_NOTIFY_LOCK;
    resok.attrset = target.attrset;
    wire_OPEN4resok(c->out, &resok);
    return NFS4_OK;
}
