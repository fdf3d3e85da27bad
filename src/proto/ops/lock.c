/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LOCK, LOCKT, LOCKU (RFC 8881 §18.10 to §18.12).  A lock that is not free is denied at once, also
 * to a client that would wait (READW_LT, WRITEW_LT): it retries, keeps its place in the queue, and
 * is notified when the lock is free if it can be (lock_notice.h).
 */
#include "state/lock/lock.h"

#include "proto/ops/exclusion.h"
#include "proto/ops/grace.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/open/open.h"

static void encode_denied(struct compound *c, const struct lock_conflict *conflict)
{
    struct LOCK4denied denied = {
        .offset = conflict->offset,
        .length = conflict->length,
        .locktype = conflict->write ? WRITE_LT : READ_LT,
        .owner = {.clientid = conflict->clientid, .owner = {conflict->owner, conflict->owner_len}},
    };

    wire_LOCK4denied(c->out, &denied);
}

static bool is_write(enum nfs_lock_type4 type)
{
    return type == WRITE_LT || type == WRITEW_LT;
}

static bool is_wait(enum nfs_lock_type4 type)
{
    return type == READW_LT || type == WRITEW_LT;
}

static enum nfsstat4 lock_new_owner(struct compound *c, const struct open_to_lock_owner4 *locker,
                                    const struct lock_request *request)
{
    struct stateid *sid;
    uint32_t seqid;
    enum nfsstat4 status = stateid_arg_lookup(c, &locker->open_stateid, STATEID_OPEN,
                                              STATEID_ARG_LATEST, &sid, &seqid);

    if (status != NFS4_OK)
        return status;
    status = lock_open_owner(open_of_stateid(sid), seqid, &locker->lock_owner.owner, request);
    stateid_put(sid);
    return status;
}

static enum nfsstat4 lock_known_owner(struct compound *c, const struct exist_lock_owner4 *locker,
                                      const struct lock_request *request)
{
    struct stateid *sid;
    uint32_t seqid;
    enum nfsstat4 status = stateid_arg_lookup(c, &locker->lock_stateid, STATEID_LOCK,
                                              STATEID_ARG_LATEST, &sid, &seqid);

    if (status != NFS4_OK)
        return status;
    status = lock_existing_owner(CONTAINER_OF(sid, struct lock_state, sid), seqid, request);
    stateid_put(sid);
    return status;
}

static enum nfsstat4 lock_any_owner(struct compound *c, const struct LOCK4args *args,
                                    const struct lock_request *request)
{
    if (args->locker.new_lock_owner)
        return lock_new_owner(c, &args->locker.open_owner, request);
    return lock_known_owner(c, &args->locker.lock_owner, request);
}

static enum nfsstat4 lock_reclaim(struct compound *c, const struct LOCK4args *args,
                                  const struct lock_request *request)
{
    enum nfsstat4 status = grace_reclaim_begin(c);

    if (status != NFS4_OK)
        return status;
    status = grace_reclaim_status(lock_any_owner(c, args, request));
    grace_reclaim_end(c, status);
    return status;
}

static enum nfsstat4 lock_fresh(struct compound *c, const struct LOCK4args *args,
                                const struct lock_request *request)
{
    enum nfsstat4 status = grace_check_new(c);

    return status == NFS4_OK ? lock_any_owner(c, args, request) : status;
}

enum nfsstat4 op_lock(struct compound *c, const struct LOCK4args *args)
{
    uint8_t fh[LIMIT_FH_BYTES];
    struct LOCK4resok resok;
    struct lock_conflict conflict = {0};
    struct lock_request request = {.write = is_write(args->locktype),
                                   .reclaim = args->reclaim,
                                   .wait = is_wait(args->locktype) && !args->reclaim,
                                   .now_ns = c->call->received_ns,
                                   .out = &resok.lock_stateid,
                                   .conflict = &conflict};
    enum nfsstat4 status = stateid_arg_need_file(c);

    if (status == NFS4_OK)
        status = lock_range_decode(args->offset, args->length, &request.range);
    if (status == NFS4_OK && request.wait)
        request.fh = (struct wire_opaque){
            fh, export_fh_build(c->current.export, &c->current.obj->handle, fh)};
    if (status == NFS4_OK)
        status = args->reclaim ? lock_reclaim(c, args, &request) : lock_fresh(c, args, &request);
    if (status == NFS4ERR_DENIED)
        encode_denied(c, &conflict);
    if (status != NFS4_OK)
        return status;
    compound_set_stateid(c, &resok.lock_stateid);
    wire_LOCK4resok(c->out, &resok);
    return NFS4_OK;
}

/* The holder of a WRITE delegation may keep its locks to itself (RFC 8881 §10.4.2). */
static enum nfsstat4 test_lock(struct compound *c, const struct LOCKT4args *args,
                               const struct lock_request *request)
{
    struct exclusion exclusion = {.after_reclaims = false};
    enum nfsstat4 status;

    exclusion_add(&exclusion, vfs_object_get(c->current.obj), DELEGATION_USE_READ);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    status = lock_test(c->client, c->current.obj, &args->owner.owner, request);
    exclusion_end(&exclusion, c);
    return status;
}

enum nfsstat4 op_lockt(struct compound *c, const struct LOCKT4args *args)
{
    struct lock_conflict conflict = {0};
    struct lock_request request = {
        .write = is_write(args->locktype), .now_ns = c->call->received_ns, .conflict = &conflict};
    enum nfsstat4 status = stateid_arg_need_file(c);

    CHECK(c->client);
    if (status == NFS4_OK)
        status = lock_range_decode(args->offset, args->length, &request.range);
    if (status == NFS4_OK)
        status = grace_check_io(c);
    if (status == NFS4_OK)
        status = test_lock(c, args, &request);
    if (status == NFS4ERR_DENIED)
        encode_denied(c, &conflict);
    return status;
}

enum nfsstat4 op_locku(struct compound *c, const struct LOCKU4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);
    struct LOCKU4resok resok;
    struct lock_range range;
    struct stateid *sid;
    uint32_t seqid;

    if (status == NFS4_OK)
        status = lock_range_decode(args->offset, args->length, &range);
    if (status == NFS4_OK)
        status = stateid_arg_lookup(c, &args->lock_stateid, STATEID_LOCK, STATEID_ARG_LATEST, &sid,
                                    &seqid);
    if (status != NFS4_OK)
        return status;
    status =
        lock_unlock(CONTAINER_OF(sid, struct lock_state, sid), seqid, &range, &resok.lock_stateid);
    stateid_put(sid);
    if (status != NFS4_OK)
        return status;
    compound_set_stateid(c, &resok.lock_stateid);
    wire_LOCKU4resok(c->out, &resok);
    return NFS4_OK;
}
