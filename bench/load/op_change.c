/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that change names: creations, removals, renames. */
#include <stdio.h>
#include <string.h>

#include "bench/load/lane.h"

#define NAME_BYTES (sizeof(name_mark))

/* Placeholders for names in requests, found by their bytes. */
static const char name_mark[] = "name-XXXXXXXXXXX";
static const char new_mark[] = "new!-XXXXXXXXXXX";

static void name_text(uint32_t lane, uint32_t index, uint32_t count, char text[NAME_BYTES])
{
    (void)snprintf(text, NAME_BYTES, "name-%03x%03x%05x", lane & 0xfff, index & 0xfff,
                   count & 0xfffff);
}

/* Names contain lane and slot, since with --dir all work in one directory. */
static void mark_patch(struct lane_slot *slot, uint8_t *request, uint32_t *at, const char *mark,
                       uint32_t count)
{
    char text[NAME_BYTES];

    if (*at == 0)
        *at = bench_mark_find(slot, mark, NAME_BYTES - 1);
    name_text(slot->lane->work.lane, slot->index, count, text);
    memcpy(request + *at, text, NAME_BYTES - 1);
}

static void name_patch(struct lane_slot *slot, uint8_t *request)
{
    mark_patch(slot, request, &slot->patch_at[slot->stage][1], name_mark, slot->name_count);
}

/* Create names 0 to count-1 for each slot. */
static enum nfsstat4 setup_names(struct bench_work *work, uint32_t count)
{
    enum nfsstat4 status = NFS4_OK;

    for (uint32_t i = 0; i < work->options->slots * count && status == NFS4_OK; i++) {
        struct client_file file;
        char text[NAME_BYTES];

        name_text(work->lane, i / count, i % count, text);
        status = client_file_create(work->mount, &work->dir, text, &file);
        if (status == NFS4_OK)
            status = client_file_close(work->mount, &file);
    }
    return status;
}

/* Create one file here, or look at one, which tells the length of handles. */
static enum nfsstat4 setup_create(struct bench_work *work)
{
    return bench_work_files(work, 1, 0, false);
}

static void build_create(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    bench_build_open(work, slot, c, name_mark, true);
}

/* Decode PUTFH, OPEN, GETFH. */
static int take_create(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (bench_take_open(slot, results) == STAGE_ERROR || !wire_nfs_resop4(results, &op) ||
        op.opgetfh.object.len != slot->lane->work.files[0].fh.len)
        return STAGE_ERROR;
    slot->fh.len = op.opgetfh.object.len;
    memcpy(slot->fh.data, op.opgetfh.object.data, slot->fh.len);
    return STAGE_NEXT;
}

static void build_close_created(const struct bench_work *work, const struct lane_slot *slot,
                                struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->files[0].fh);
    bench_op_close(work, c);
}

static void patch_close_created(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][1];
    const struct client_fh *mark = &slot->lane->work.files[0].fh;

    if (*at == 0)
        *at = bench_mark_find(slot, mark->data, mark->len);
    memcpy(request + *at, slot->fh.data, slot->fh.len);
    bench_stateid_patch(slot, request);
}

static void build_remove(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->dir);
    client_op_remove(c, name_mark);
}

/* The next operation uses another name. */
static int take_done(struct lane_slot *slot, struct xdr *results)
{
    (void)results;
    slot->name_count++;
    return STAGE_NEXT;
}

static uint32_t names_of_slot(const struct bench_options *options)
{
    return options->entries / options->slots + 1;
}

static enum nfsstat4 setup_remove(struct bench_work *work)
{
    return setup_names(work, names_of_slot(work->options));
}

/* Continue until no name is left. */
static int take_removed(struct lane_slot *slot, struct xdr *results)
{
    (void)take_done(slot, results);
    return slot->name_count == names_of_slot(slot->lane->work.options) ? STAGE_LAST : STAGE_NEXT;
}

static enum nfsstat4 setup_rename(struct bench_work *work)
{
    return setup_names(work, 1);
}

static void build_rename(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->dir);
    client_op(c, OP_SAVEFH);
    client_op_rename(c, name_mark, new_mark);
}

static void patch_rename(struct lane_slot *slot, uint8_t *request)
{
    name_patch(slot, request);
    mark_patch(slot, request, &slot->patch_at[slot->stage][0], new_mark, slot->name_count + 1);
}

const struct bench_op bench_op_create_remove = {
    .name = "create-remove",
    .in_dir = true,
    .stage_count = 3,
    .stages =
        {{.build = build_create, .patch = name_patch, .take = take_create, .cache_this = true},
         {.build = build_close_created, .patch = patch_close_created, .cache_this = true},
         {.build = build_remove, .patch = name_patch, .take = take_done, .cache_this = true}},
    .setup = setup_create,
};

const struct bench_op bench_op_create = {
    .name = "create",
    .in_dir = true,
    .stage_count = 2,
    .stages =
        {{.build = build_create, .patch = name_patch, .take = take_create, .cache_this = true},
         {.build = build_close_created,
          .patch = patch_close_created,
          .take = take_done,
          .cache_this = true}},
    .setup = setup_create,
};

const struct bench_op bench_op_remove = {
    .name = "remove",
    .stage_count = 1,
    .stages =
        {{.build = build_remove, .patch = name_patch, .take = take_removed, .cache_this = true}},
    .setup = setup_remove,
};

const struct bench_op bench_op_rename = {
    .name = "rename",
    .stage_count = 1,
    .stages =
        {{.build = build_rename, .patch = patch_rename, .take = take_done, .cache_this = true}},
    .setup = setup_rename,
};
