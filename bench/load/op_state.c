/* SPDX-License-Identifier: Apache-2.0 */
/* Operations whose cost could depend on the state that others hold: OPEN that may get a delegation,
 * and byte-range locks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/hold.h"
#include "bench/load/lane.h"

/* ---- OPEN with a wish for a delegation ---- */

static enum nfsstat4 setup_open_wish(struct bench_work *work)
{
    return bench_work_files(work, work->options->slots, 16, false);
}

static void build_open_wish(const struct bench_work *work, const struct lane_slot *slot,
                            struct client_compound *c)
{
    bench_build_open_as(work, slot, c,
                        OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_READ_DELEG);
}

static int take_open_wish(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;
    const struct open_delegation4 *delegation = &op.opopen.delegation;

    if (!wire_nfs_resop4(results, &op) || !wire_nfs_resop4(results, &op) || op.resop != OP_OPEN)
        return STAGE_ERROR;
    slot->stateid = op.opopen.stateid;
    slot->delegated = delegation->delegation_type == OPEN_DELEGATE_READ;
    if (slot->delegated)
        slot->delegation = delegation->read.stateid;
    return STAGE_NEXT;
}

static int take_wish_closed(struct lane_slot *slot, struct xdr *results)
{
    (void)results;
    return slot->delegated ? STAGE_NEXT : STAGE_DONE;
}

static void build_return(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN};

    op.opdelegreturn.deleg_stateid = bench_stateid_mark;
    client_op_putfh(c, &work->files[slot->index].fh);
    client_compound_add(c, &op);
}

static void patch_return(struct lane_slot *slot, uint8_t *request)
{
    slot->stateid = slot->delegation;
    bench_stateid_patch(slot, request);
}

/* ---- LOCK and LOCKU ---- */

static const uint64_t offset_mark = 0x6f66667365743f21ull;

/* Where a slot locks: free, but between those that --hold locks:N holds. */
static uint64_t lock_offset(const struct lane_slot *slot, uint32_t turn)
{
    return (uint64_t)bench_entry(slot, turn) * HOLD_LOCK_STRIDE + HOLD_LOCK_BYTES + slot->index;
}

/* An owner for each slot, which has locked and unlocked once: then its stateid is known. */
static enum nfsstat4 owner_make(struct bench_work *work, const struct client_file *file,
                                uint32_t index)
{
    struct nfs_argop4 unlock = {.argop = OP_LOCKU,
                                .oplocku = {.locktype = WRITE_LT, .offset = 0, .length = 1}};
    const uint64_t offset = HOLD_LOCK_BYTES + index;
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "bench lock %u", index);
    client_mount_begin(work->mount, &c);
    client_op_putfh(&c, &file->fh);
    client_op_lock_new(&c, &file->stateid, work->mount->session.clientid, owner, WRITE_LT, offset,
                       1);
    unlock.oplocku.lock_stateid = client_stateid_current;
    unlock.oplocku.offset = offset;
    client_compound_add(&c, &unlock);
    status = client_mount_call(work->mount, &c, &r);
    if (status == NFS4_OK)
        work->locks[index] = client_result_lookup(&r, OP_LOCK)->oplock.lock_stateid;
    client_result_free(&r);
    return status;
}

static enum nfsstat4 setup_lock(struct bench_work *work)
{
    const uint32_t slots = work->options->slots;
    char name[BENCH_NAME_BYTES];
    enum nfsstat4 status;

    bench_file_name(0, name);
    work->locks = must_calloc(slots, sizeof(*work->locks));
    work->files = must_calloc(1, sizeof(*work->files));
    status = work->options->dir
                 ? client_file_open_rw(work->mount, &work->dir, name, &work->files[0])
                 : client_file_create(work->mount, &work->dir, name, &work->files[0]);
    if (status != NFS4_OK)
        return status;
    work->file_count = 1;
    for (uint32_t i = 0; i < slots && status == NFS4_OK; i++)
        status = owner_make(work, &work->files[0], i);
    return status;
}

/* The seqid 0 of a stateid means the latest one (RFC 8881 §8.2.2). */
static void build_lock(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c)
{
    struct stateid4 stateid = work->locks[slot->index];
    struct nfs_argop4 lock = {.argop = OP_LOCK,
                              .oplock = {.locktype = WRITE_LT, .length = 1, .offset = offset_mark}};
    struct nfs_argop4 unlock = {
        .argop = OP_LOCKU, .oplocku = {.locktype = WRITE_LT, .length = 1, .offset = offset_mark}};

    stateid.seqid = 0;
    lock.oplock.locker.lock_owner.lock_stateid = stateid;
    unlock.oplocku.lock_stateid = stateid;
    client_op_putfh(c, &work->files[0].fh);
    client_compound_add(c, &lock);
    client_compound_add(c, &unlock);
}

static void patch_lock(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = slot->patch_at[slot->stage];
    uint64_t be = htobe64(offset_mark);

    if (at[0] == 0) {
        at[0] = bench_mark_find(slot, &be, sizeof(be));
        memset(request + at[0], 0, sizeof(be));
        at[1] = bench_mark_find(slot, &be, sizeof(be));
    }
    be = htobe64(lock_offset(slot, slot->name_count++));
    memcpy(request + at[0], &be, sizeof(be));
    memcpy(request + at[1], &be, sizeof(be));
}

const struct bench_op bench_op_open_wish = {
    .name = "open-wish",
    .in_dir = true,
    .session = true,
    .back = true,
    .stage_count = 3,
    .stages = {{.build = build_open_wish, .take = take_open_wish, .cache_this = true},
               {.build = bench_build_close,
                .patch = bench_stateid_patch,
                .take = take_wish_closed,
                .cache_this = true},
               {.build = build_return, .patch = patch_return, .cache_this = true}},
    .setup = setup_open_wish,
};

const struct bench_op bench_op_lock = {
    .name = "lock",
    .in_dir = true,
    .session = true,
    .stage_count = 1,
    .stages = {{.build = build_lock, .patch = patch_lock, .cache_this = true}},
    .setup = setup_lock,
};
