/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on one file by its handle: attributes and data. */
#include <stdlib.h>
#include <string.h>

#include "bench/load/lane.h"

uint32_t bench_place_count(const struct bench_options *options)
{
    uint32_t most = options->size ? BENCH_FILE_BYTES_MAX / options->size : 1;

    if (most == 0)
        return 1;
    return options->slots < most ? options->slots : most;
}

uint64_t bench_file_offset(const struct lane_slot *slot)
{
    const struct bench_options *options = slot->lane->work.options;

    return (uint64_t)(slot->index % bench_place_count(options)) * options->size;
}

enum nfsstat4 bench_work_places(struct bench_work *work)
{
    const struct bench_options *options = work->options;

    return bench_work_files(work, 1, bench_place_count(options) * options->size, true);
}

static enum nfsstat4 setup_one(struct bench_work *work)
{
    return bench_work_files(work, 1, 4096, true);
}

static enum nfsstat4 setup_data(struct bench_work *work)
{
    const struct bench_options *o = work->options;

    work->payload_len = (o->size + 3) & ~3u;
    work->payload = must_calloc(1, work->payload_len);
    memset(work->payload, 0xa5, o->size);
    return bench_work_places(work);
}

static void build_getattr(const struct bench_work *work, const struct lane_slot *slot,
                          struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->files[0].fh);
    client_op_getattr(c, bench_attrs());
}

static void build_access(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->files[0].fh);
    client_op_access(c, ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE);
}

static void build_read(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c)
{
    client_op_putfh(c, &work->files[0].fh);
    client_op_read(c, &work->files[0].stateid, bench_file_offset(slot), work->options->size);
}

/* Accepting short reads would favour the server. */
static int take_read(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (!wire_nfs_resop4(results, &op) || !wire_nfs_resop4(results, &op) ||
        op.opread.data.len != slot->lane->work.options->size)
        return STAGE_ERROR;
    return STAGE_NEXT;
}

static void build_any_write(const struct bench_work *work, const struct lane_slot *slot,
                            struct client_compound *c, enum stable_how4 stable)
{
    client_op_putfh(c, &work->files[0].fh);
    client_op_write(c, &work->files[0].stateid, bench_file_offset(slot), stable, work->payload,
                    work->options->size);
}

static void build_write(const struct bench_work *work, const struct lane_slot *slot,
                        struct client_compound *c)
{
    build_any_write(work, slot, c, UNSTABLE4);
}

static void build_write_sync(const struct bench_work *work, const struct lane_slot *slot,
                             struct client_compound *c)
{
    build_any_write(work, slot, c, FILE_SYNC4);
}

const struct bench_op bench_op_getattr = {
    .name = "getattr",
    .in_dir = true,
    .stage_count = 1,
    .stages = {{.build = build_getattr}},
    .setup = setup_one,
};

const struct bench_op bench_op_access = {
    .name = "access",
    .in_dir = true,
    .stage_count = 1,
    .stages = {{.build = build_access}},
    .setup = setup_one,
};

const struct bench_op bench_op_read = {
    .name = "read",
    .size_max = BENCH_IO_MAX,
    .stage_count = 1,
    .stages = {{.build = build_read, .take = take_read}},
    .setup = setup_data,
};

const struct bench_op bench_op_write = {
    .name = "write",
    .size_max = BENCH_IO_MAX,
    .stage_count = 1,
    .stages = {{.build = build_write, .payload = true}},
    .setup = setup_data,
};

const struct bench_op bench_op_write_sync = {
    .name = "write-sync",
    .size_max = BENCH_IO_MAX,
    .stage_count = 1,
    .stages = {{.build = build_write_sync, .payload = true}},
    .setup = setup_data,
};
