/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All lanes open one file and lock ranges of it. A range has one owner: a LOCKU or CLOSE that ran
 * twice, or late, would release another lane's lock.
 */
#include "step.h"

enum {
    RANGE_BYTES = 10,
    LEAVE_ONE_IN = 10
};

static void open_build(struct lane *lane, struct client_compound *c)
{
    lane->step.op = OP_OPEN;
    client_op_open(c, &(struct client_open){.clientid = lane->clientid,
                                            .owner = lane->owner,
                                            .access = OPEN4_SHARE_ACCESS_BOTH});
    client_op_getfh(c);
}

static void open_done(struct lane *lane, struct client_result *r)
{
    lane->meeting.open = client_result_lookup(r, OP_OPEN)->opopen.stateid;
    lane->meeting.is_open = true;
    if (lane->meeting.open.seqid != 1)
        lane_differs(lane, "a new open with seqid %u", lane->meeting.open.seqid);
}

static void lock_build(struct lane *lane, struct client_compound *c)
{
    struct meeting *m = &lane->meeting;
    struct nfs_argop4 op = {.argop = OP_LOCK};
    uint32_t range = lane->step.range;

    lane->step.op = OP_LOCK;
    lane->step.also = NFS4ERR_DENIED;
    if (m->has_lock) {
        op.oplock.locktype = WRITE_LT;
        op.oplock.offset = (uint64_t)range * RANGE_BYTES;
        op.oplock.length = RANGE_BYTES;
        op.oplock.locker.lock_owner.lock_stateid = m->lock;
        client_compound_add(c, &op);
    } else {
        client_op_lock_new(c, &m->open, lane->clientid, lane->owner, WRITE_LT,
                           (uint64_t)range * RANGE_BYTES, RANGE_BYTES);
    }
}

static void note_lock(struct lane *lane, const struct stateid4 *stateid)
{
    struct meeting *m = &lane->meeting;

    if (stateid->seqid != (m->has_lock ? m->lock.seqid + 1 : 1))
        lane_differs(lane, "a lock with seqid %u", stateid->seqid);
    m->lock = *stateid;
    m->has_lock = true;
}

static void lock_done(struct lane *lane, struct client_result *r)
{
    uint32_t before;

    if (r->status != NFS4_OK)
        return;
    note_lock(lane, &client_result_lookup(r, OP_LOCK)->oplock.lock_stateid);
    lane->meeting.is_locked = true;
    lane->meeting.range = lane->step.range;
    before = atomic_exchange(&lane->work->range_owner[lane->step.range], lane_id(lane) + 1);
    if (before != 0)
        lane_differs(lane, "range %u is lane %u's already", lane->step.range, before - 1);
}

/* The range is free for others from the moment when the request is sent. */
static void give_up(struct lane *lane)
{
    struct meeting *m = &lane->meeting;
    uint32_t owner;

    if (!m->is_locked)
        return;
    m->is_locked = false;
    owner = atomic_exchange(&lane->work->range_owner[m->range], 0);
    if (owner != lane_id(lane) + 1)
        lane_differs(lane, "range %u was lane %d's", m->range, (int)owner - 1);
}

static void unlock_build(struct lane *lane, struct client_compound *c)
{
    struct meeting *m = &lane->meeting;

    lane->step.op = OP_LOCKU;
    client_compound_add(
        c, &(struct nfs_argop4){
               .argop = OP_LOCKU,
               .oplocku = {WRITE_LT, 0, m->lock, (uint64_t)m->range * RANGE_BYTES, RANGE_BYTES},
           });
    give_up(lane);
}

static void close_build(struct lane *lane, struct client_compound *c)
{
    lane->step.op = OP_CLOSE;
    client_op_close(c, &lane->meeting.open);
    give_up(lane);
}

/* If other lanes were faster, that must not change the lane's next steps: each case uses the same
 * random numbers. */
static bool meeting_build(struct lane *lane, struct client_compound *c)
{
    struct meeting *m = &lane->meeting;
    bool leave = random_one_in(&lane->random, LEAVE_ONE_IN);

    lane->step.range = random_below(&lane->random, WORKLOAD_RANGES);
    client_op_putfh(c, &lane->work->meeting);
    if (!m->is_open)
        open_build(lane, c);
    else if (leave)
        close_build(lane, c);
    else if (m->is_locked)
        unlock_build(lane, c);
    else
        lock_build(lane, c);
    return true;
}

static void meeting_done(struct lane *lane, struct client_result *r)
{
    switch (lane->step.op) {
    case OP_OPEN:
        open_done(lane, r);
        break;
    case OP_LOCK:
        lock_done(lane, r);
        break;
    case OP_LOCKU:
        note_lock(lane, &client_result_lookup(r, OP_LOCKU)->oplocku.lock_stateid);
        break;
    default: /* CLOSE */
        memset(&lane->meeting, 0, sizeof(lane->meeting));
    }
}

static const struct step_kind kinds[] = {
    {"the meeting", 14, false, meeting_build, meeting_done},
};

const struct step_table step_meetings = {kinds, sizeof(kinds) / sizeof(kinds[0])};
