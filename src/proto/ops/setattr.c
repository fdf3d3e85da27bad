/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SETATTR, RFC 8881 §18.30.  Its stateid matters for the size, since truncating is writing, and for
 * the times that the holder of a delegation reports (RFC 9754 §5).  The result has a bitmap with
 * every status; the processor adds an empty one where we encode none.
 */
#include "base/clock.h"
#include "proto/attr/attr_set.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_stats.h"

struct wish {
    const struct vfs_attr *set;
    bool opened;
};

static enum nfsstat4 permit_change(const struct compound *c, const void *subject)
{
    const struct vfs_object *obj = c->current.obj;
    const struct wish *wish = subject;

    return exclusion_refusal(
        obj->fs->ops->may_setattr(c->current.obj, &c->cred, wish->set, wish->opened));
}

static enum nfsstat4 change(struct compound *c, const struct vfs_attr *set, bool opened,
                            uint32_t *applied)
{
    struct vfs_object *obj = c->current.obj;
    const struct wish wish = {.set = set, .opened = opened};
    /* A client that may truncate it has it open, or holds a delegation. */
    struct exclusion exclusion = {
        .after_reclaims = !(set->mask & VFS_ATTR_SIZE), .permit = permit_change, .subject = &wish};
    enum nfsstat4 status;
    enum vfs_status changed;

    exclusion_add(&exclusion, vfs_object_get(obj),
                  obj->type == VFS_DIR ? DELEGATION_USE_DIR_ATTRS : DELEGATION_USE_CHANGE);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    changed = obj->fs->ops->setattr(obj, &c->cred, set, opened, applied);
    exclusion_end(&exclusion, c);
    if (*applied)
        changes_add(c, c->current.export, obj);
    return changed == VFS_OK ? NFS4_OK : status_from_vfs(changed);
}

static enum nfsstat4 begin_truncation(struct compound *c, const struct stateid4 *stateid,
                                      struct stateid_io *io)
{
    enum vfs_type type = c->current.obj->type;

    if (!vfs_type_is_file(type))
        return vfs_type_is_dir(type) ? NFS4ERR_ISDIR : NFS4ERR_INVAL;
    return stateid_io_begin(c, stateid, OPEN4_SHARE_ACCESS_WRITE, io);
}

/* What of the report counts, given the present times of the file.  Among several holders of READ
 * delegations, the latest atime counts. */
static void vet(const struct stateid_io *io, const struct vfs_attr *attr,
                struct delegation_report *report)
{
    struct delegation *delegation = delegation_of_stateid(io->sid);
    struct delegation_times times = delegation_times_get(delegation);

    times.of_owner &= io->by_opener;
    if (delegation->kind != DELEGATION_WRITE)
        times.atime = attr->atime;
    delegation_times_vet(&times, clock_realtime(), report);
}

/* The backend's part of a report.  It is left alone when it has these times already, so that a file
 * which was only read keeps its change attribute. */
static struct vfs_attr times_to_set(const struct vfs_object *obj, const struct vfs_attr *attr,
                                    struct delegation_report *report)
{
    struct vfs_attr set = {.mask = 0, .atime = report->atime, .mtime = report->mtime};

    if (report->has_mtime && !delegation_times_equal(report->mtime, attr->mtime))
        set.mask |= VFS_ATTR_MTIME;
    if (report->has_atime && !delegation_times_equal(report->atime, attr->atime)) {
        report->has_atime = set.mask != 0 || (obj->fs->caps & VFS_CAP_ATIME);
        set.mask |= report->has_atime ? VFS_ATTR_ATIME : 0;
    }
    if (set.mask != 0)
        set.mask |= VFS_ATTR_HELD;
    return set;
}

static enum nfsstat4 set_times(struct compound *c, const struct stateid_io *io,
                               struct delegation_report *report, struct bitmap4 *applied)
{
    struct vfs_object *obj = c->current.obj;
    enum vfs_status status;
    struct vfs_attr attr, set;
    uint32_t done = 0;

    status = obj->fs->ops->getattr(obj, VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_FRESH, &attr);
    if (status != VFS_OK)
        return status_from_vfs(status);
    vet(io, &attr, report);
    set = times_to_set(obj, &attr, report);
    if (set.mask != 0)
        status = obj->fs->ops->setattr(obj, &c->cred, &set, true, &done);
    if (status != VFS_OK)
        return status_from_vfs(status);
    if (done & VFS_ATTR_MTIME)
        changes_add(c, c->current.export, obj);
    if (report->has_atime)
        bitmap4_set(applied, FATTR4_TIME_DELEG_ACCESS);
    if (report->has_mtime)
        bitmap4_set(applied, FATTR4_TIME_DELEG_MODIFY);
    delegation_stats_add(c->server->state, DELEGATION_COUNTER_times_reported);
    return NFS4_OK;
}

static enum nfsstat4 report_times(struct compound *c, const struct stateid4 *stateid,
                                  struct delegation_report *report, struct bitmap4 *applied)
{
    struct stateid_io io;
    enum nfsstat4 status = stateid_io_begin_held(c, stateid, report->has_mtime, &io);

    if (status == NFS4_OK)
        status = stateid_io_permit(
            c, &io, report->has_mtime ? OPEN4_SHARE_ACCESS_WRITE : OPEN4_SHARE_ACCESS_READ);
    if (status == NFS4_OK)
        status = set_times(c, &io, report, applied);
    stateid_io_end(c, &io);
    return status;
}

static enum nfsstat4 set_attributes(struct compound *c, const struct stateid4 *stateid,
                                    const struct vfs_attr *set, uint32_t *applied)
{
    struct stateid_io io = {0};
    enum nfsstat4 status = NFS4_OK;

    if (set->mask & VFS_ATTR_SIZE)
        status = begin_truncation(c, stateid, &io);
    if (status == NFS4_OK)
        status = change(c, set, io.by_opener, applied);
    stateid_io_end(c, &io);
    return status;
}

/* The times come last: what else is set moves them. */
static enum nfsstat4 set_all(struct compound *c, const struct SETATTR4args *args,
                             const struct vfs_attr *set, struct delegation_report *report)
{
    const bool times = report->has_atime || report->has_mtime;
    struct bitmap4 done;
    uint32_t applied = 0;
    enum nfsstat4 status = NFS4_OK;

    /* The handle was accepted for the return of a delegation: for nothing else. */
    if (c->wrongsec_deferred && (set->mask != 0 || !times))
        return NFS4ERR_ACCESS;
    if (set->mask != 0 || !times)
        status = set_attributes(c, &args->stateid, set, &applied);
    attr_applied_bitmap(&args->obj_attributes.attrmask, applied, &done);
    if (status == NFS4_OK && times)
        status = report_times(c, &args->stateid, report, &done);
    wire_bitmap4(c->out, &done);
    return status;
}

enum nfsstat4 op_setattr(struct compound *c, const struct SETATTR4args *args)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = compound_need_fh(c);
    struct delegation_report report;
    struct bitmap4 asked;
    struct vfs_attr set;

    if (status == NFS4_OK)
        status = attr_decode_settable(c, &args->obj_attributes, obj, obj->type, &set, &asked);
    if (status == NFS4_OK)
        status = attr_decode_held(c, &args->obj_attributes, &report);
    if (status == NFS4_OK)
        status = compound_need_writable(c);
    return status == NFS4_OK ? set_all(c, args, &set, &report) : status;
}
