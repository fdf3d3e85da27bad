/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of minor version 2: reads that tell holes, copies on the server, extended
 * attributes. */
#include <stdlib.h>
#include <string.h>

#include "bench/load/lane.h"

#define COPY_BYTES_MAX (1u << 30)
#define XATTR_BYTES_MAX (64u << 10)

/* A placeholder for the source offset of COPY, which the target offset and the count follow. */
static const uint64_t copy_mark = 0x636f707921212121ull;

static void build_read_plus(const struct bench_work *work, const struct lane_slot *slot,
                            struct client_compound *c)
{
    struct nfs_argop4 op = {
        .argop = OP_READ_PLUS,
        .opread_plus = {.rpa_stateid = work->files[0].stateid,
                        .rpa_offset = bench_file_offset(slot),
                        .rpa_count = work->options->size},
    };

    client_op_putfh(c, &work->files[0].fh);
    client_compound_add(c, &op);
}

/* Operation and status, after PUTFHs and the like; the result follows. */
static bool begin_result(struct xdr *x, unsigned before, uint32_t op)
{
    struct nfs_resop4 other;

    for (unsigned i = 0; i < before; i++)
        if (!wire_nfs_resop4(x, &other))
            return false;
    return xdr_get_u32(x) == op && xdr_get_u32(x) == NFS4_OK && !x->failed;
}

/* All of it must be there, as data or as holes. */
static int take_read_plus(struct lane_slot *slot, struct xdr *results)
{
    uint64_t offset = 0, length = 0, total = 0;
    bool eof;

    if (!begin_result(results, 1, OP_READ_PLUS) || !xdr_bool(results, &eof))
        return STAGE_ERROR;
    for (uint32_t left = xdr_get_u32(results); left > 0 && !results->failed; left--) {
        struct wire_opaque data = {0};
        uint32_t what = xdr_get_u32(results);

        xdr_u64(results, &offset);
        if (what == NFS4_CONTENT_DATA && xdr_opaque(results, &data, UINT32_MAX))
            total += data.len;
        else if (what == NFS4_CONTENT_HOLE && xdr_u64(results, &length))
            total += length;
        else
            return STAGE_ERROR;
    }
    return total >= slot->lane->work.options->size ? STAGE_NEXT : STAGE_ERROR;
}

/* A source, and a target for each slot. */
static enum nfsstat4 setup_copy(struct bench_work *work)
{
    enum nfsstat4 status = bench_work_files(work, 1 + work->options->slots, 0, true);

    return status == NFS4_OK ? bench_work_fill(work, &work->files[0], work->options->size) : status;
}

/* Synchronous copies, which every server can make that can copy; it may copy less. */
static void build_copy(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c)
{
    const struct client_file *target = &work->files[1 + slot->index];
    struct nfs_argop4 op = {
        .argop = OP_COPY,
        .opcopy = {.ca_src_stateid = work->files[0].stateid,
                   .ca_dst_stateid = target->stateid,
                   .ca_src_offset = copy_mark,
                   .ca_consecutive = true,
                   .ca_synchronous = true},
    };

    client_op_putfh(c, &work->files[0].fh);
    client_op(c, OP_SAVEFH);
    client_op_putfh(c, &target->fh);
    client_compound_add(c, &op);
}

/* What is left to copy; slot->cookie bytes are done. */
static void patch_copy(struct lane_slot *slot, uint8_t *request)
{
    const uint64_t mark = htobe64(copy_mark), done = htobe64(slot->cookie);
    const uint64_t left = htobe64(slot->lane->work.options->size - slot->cookie);
    uint32_t *at = &slot->patch_at[slot->stage][0];

    if (*at == 0)
        *at = bench_mark_find(slot, &mark, sizeof(mark));
    memcpy(request + *at, &done, 8);
    memcpy(request + *at + 8, &done, 8);
    memcpy(request + *at + 16, &left, 8);
}

static int take_copy(struct lane_slot *slot, struct xdr *results)
{
    uint64_t count = 0;

    if (!begin_result(results, 3, OP_COPY) || xdr_get_u32(results) != 0) /* a callback ID */
        return STAGE_ERROR;
    xdr_u64(results, &count);
    if (results->failed || count == 0 || count > slot->lane->work.options->size - slot->cookie)
        return STAGE_ERROR;
    slot->cookie += count;
    if (slot->cookie < slot->lane->work.options->size)
        return 0;
    slot->cookie = 0;
    return STAGE_NEXT;
}

static void add_setxattr(const struct bench_work *work, struct client_compound *c)
{
    struct nfs_argop4 op = {
        .argop = OP_SETXATTR,
        .opsetxattr = {.sxa_option = SETXATTR4_EITHER,
                       .sxa_key = client_text("bench"),
                       .sxa_value = {work->payload, work->options->size}},
    };

    client_op_putfh(c, &work->files[0].fh);
    client_compound_add(c, &op);
}

/* A file with an attribute. */
static enum nfsstat4 setup_xattr(struct bench_work *work)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status = bench_work_files(work, 1, 0, false);

    work->payload = must_calloc(1, work->options->size);
    memset(work->payload, 0x5a, work->options->size);
    if (status != NFS4_OK)
        return status;
    client_mount_begin(work->mount, &c);
    add_setxattr(work, &c);
    status = client_mount_call(work->mount, &c, &r);
    client_result_free(&r);
    return status;
}

static void build_setxattr(const struct bench_work *work, const struct lane_slot *slot,
                           struct client_compound *c)
{
    (void)slot;
    add_setxattr(work, c);
}

static void build_getxattr(const struct bench_work *work, const struct lane_slot *slot,
                           struct client_compound *c)
{
    struct nfs_argop4 op = {.argop = OP_GETXATTR, .opgetxattr = {.gxa_name = client_text("bench")}};

    (void)slot;
    client_op_putfh(c, &work->files[0].fh);
    client_compound_add(c, &op);
}

static int take_getxattr(struct lane_slot *slot, struct xdr *results)
{
    struct wire_opaque value = {0};

    if (!begin_result(results, 1, OP_GETXATTR) || !xdr_opaque(results, &value, UINT32_MAX) ||
        value.len != slot->lane->work.options->size)
        return STAGE_ERROR;
    return STAGE_NEXT;
}

const struct bench_op bench_op_read_plus = {
    .name = "read-plus",
    .size_max = BENCH_IO_MAX,
    .minor = 2,
    .stage_count = 1,
    .stages = {{.build = build_read_plus, .take = take_read_plus}},
    .setup = bench_work_places,
};

const struct bench_op bench_op_copy = {
    .name = "copy",
    .size_max = COPY_BYTES_MAX,
    .in_server = true,
    .minor = 2,
    .stage_count = 1,
    .stages = {{.build = build_copy, .patch = patch_copy, .take = take_copy}},
    .setup = setup_copy,
};

const struct bench_op bench_op_getxattr = {
    .name = "getxattr",
    .size_max = XATTR_BYTES_MAX,
    .minor = 2,
    .stage_count = 1,
    .stages = {{.build = build_getxattr, .take = take_getxattr}},
    .setup = setup_xattr,
};

const struct bench_op bench_op_setxattr = {
    .name = "setxattr",
    .size_max = XATTR_BYTES_MAX,
    .minor = 2,
    .stage_count = 1,
    .stages = {{.build = build_setxattr}},
    .setup = setup_xattr,
};
