/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on existing names: lookups, opens, listings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/lane.h"

#define LIST_BYTES (256u << 10)
#define PAGE_BYTES (16u << 10) /* so that a page of a small directory is as full as others */

/* Placeholders in requests, found by their bytes. */
const struct stateid4 bench_stateid_mark = {0x73746964, "stateid mark"};
static const uint64_t cookie_mark = 0x636f6f6b69652121ull;

uint32_t bench_mark_find(const struct lane_slot *slot, const void *mark, size_t len)
{
    const struct lane_request *request = &slot->requests[slot->stage];
    const uint8_t *at = memmem(request->bytes, request->len, mark, len);

    CHECK(at);
    return (uint32_t)(at - request->bytes);
}

void bench_stateid_patch(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][0], be = htobe32(slot->stateid.seqid);

    if (*at == 0)
        *at = bench_mark_find(slot, bench_stateid_mark.other, NFS4_OTHER_SIZE) - 4;
    memcpy(request + *at, &be, sizeof(be));
    memcpy(request + *at + 4, slot->stateid.other, NFS4_OTHER_SIZE);
}

int bench_take_open(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (!wire_nfs_resop4(results, &op) || !wire_nfs_resop4(results, &op) || op.resop != OP_OPEN)
        return STAGE_ERROR;
    slot->stateid = op.opopen.stateid;
    slot->confirm = op.opopen.rflags & OPEN4_RESULT_CONFIRM;
    slot->fh = slot->lane->work.files[slot->index % slot->lane->work.file_room].fh;
    return STAGE_NEXT;
}

static enum nfsstat4 setup_lookup(struct bench_work *work)
{
    return bench_work_files(work, 1, 4096, false);
}

static void build_lookup(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    char name[BENCH_NAME_BYTES];

    (void)slot;
    bench_file_name(0, name);
    client_op_putfh(c, &work->dir);
    client_op_lookup(c, name);
    client_op_getfh(c);
    client_op_getattr(c, bench_attrs());
}

/* Of the many names in --dir, all have their turn. */
static void patch_lookup(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][0];
    char name[BENCH_NAME_BYTES];

    if (!slot->lane->work.options->dir)
        return;
    bench_file_name(0, name);
    if (*at == 0)
        *at = bench_mark_find(slot, name, strlen(name));
    bench_file_name(bench_entry(slot, slot->name_count++), name);
    memcpy(request + *at, name, strlen(name));
}

/* Each slot has its own file and owner, so that CLOSEs do not interfere. */
static enum nfsstat4 setup_open_close(struct bench_work *work)
{
    return bench_work_files(work, work->options->slots, 16, false);
}

uint32_t bench_access(const struct bench_work *work, uint32_t access)
{
    return work->mount->v40 ? access & OPEN4_SHARE_ACCESS_BOTH : access;
}

void bench_op_close(const struct bench_work *work, struct client_compound *c)
{
    struct nfs_argop4 op = {
        .argop = OP_CLOSE,
        .opclose = {work->mount->v40 ? BENCH_SEQID_MARK : 0, bench_stateid_mark},
    };

    client_compound_add(c, &op);
}

static void build_open(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c, const char *name, bool create, uint32_t access)
{
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "bench %u", slot->index);
    client_op_putfh(c, &work->dir);
    client_op_open(c, &(struct client_open){
                          .clientid = client_mount_clientid(work->mount),
                          .owner = owner,
                          .seqid = work->mount->v40 ? BENCH_SEQID_MARK : 0,
                          .access = bench_access(work, access),
                          .name = name,
                          .create = create,
                          .how = UNCHECKED4,
                          .mode = 0644,
                      });
    client_op_getfh(c);
    client_op_getattr(c, bench_attrs());
}

void bench_build_open(const struct bench_work *work, const struct lane_slot *slot,
                      struct client_compound *c, const char *name, bool create)
{
    build_open(work, slot, c, name, create,
               OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
}

void bench_build_open_as(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c, uint32_t access)
{
    char name[BENCH_NAME_BYTES];

    bench_file_name(work->options->dir ? slot->index % work->options->entries : slot->index, name);
    build_open(work, slot, c, name, false, access);
}

static void build_open_existing(const struct bench_work *work, const struct lane_slot *slot,
                                struct client_compound *c)
{
    bench_build_open_as(work, slot, c, OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
}

void bench_build_close(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c)
{
    client_op_putfh(c, &work->files[slot->index].fh);
    bench_op_close(work, c);
}

static enum nfsstat4 setup_readdir(struct bench_work *work)
{
    if (work->options->dir)
        return NFS4_OK;
    return bench_work_files(work, work->options->entries, 0, false);
}

static void build_readdir(const struct bench_work *work, struct client_compound *c, uint64_t cookie,
                          const uint8_t *verifier, uint32_t bytes)
{
    struct bitmap4 bits = bench_attrs();

    bitmap4_set(&bits, FATTR4_RDATTR_ERROR);
    bitmap4_set(&bits, FATTR4_FILEHANDLE);
    client_op_putfh(c, &work->dir);
    client_op_readdir(c, cookie, verifier, bytes, bits);
}

static void build_readdir_first(const struct bench_work *work, const struct lane_slot *slot,
                                struct client_compound *c)
{
    (void)slot;
    build_readdir(work, c, 0, NULL, LIST_BYTES);
}

static void build_readdir_more(const struct bench_work *work, const struct lane_slot *slot,
                               struct client_compound *c)
{
    (void)slot;
    build_readdir(work, c, cookie_mark, (const uint8_t *)"verifier", LIST_BYTES);
}

static void patch_readdir(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][0];
    uint64_t be = htobe64(cookie_mark);

    if (*at == 0)
        *at = bench_mark_find(slot, &be, sizeof(be));
    be = htobe64(slot->cookie);
    memcpy(request + *at, &be, sizeof(be));
    memcpy(request + *at + sizeof(be), slot->verifier, NFS4_VERIFIER_SIZE);
}

/* Skip the entries without storing them, so that the bench is not the bottleneck. */
static bool entries_skip(struct lane_slot *slot, struct xdr *x, uint32_t *count, bool *eof)
{
    struct nfs_resop4 putfh;
    uint32_t op, status;
    bool more;

    *count = 0;
    wire_nfs_resop4(x, &putfh);
    op = xdr_get_u32(x);
    status = xdr_get_u32(x);
    xdr_fixed(x, slot->verifier, NFS4_VERIFIER_SIZE);
    if (x->failed || op != OP_READDIR || status != NFS4_OK)
        return false;
    for (; xdr_bool(x, &more) && more; ++*count) {
        struct wire_opaque name = {0};
        struct fattr4 attrs;

        xdr_u64(x, &slot->cookie);
        xdr_opaque(x, &name, UINT32_MAX);
        wire_fattr4(x, &attrs);
    }
    return xdr_bool(x, eof);
}

static int take_readdir(struct lane_slot *slot, struct xdr *x)
{
    uint32_t count;
    bool eof;

    if (!entries_skip(slot, x, &count, &eof))
        return STAGE_ERROR;
    return eof ? STAGE_DONE : 1;
}

static void build_list(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c)
{
    (void)slot;
    build_readdir(work, c, cookie_mark, (const uint8_t *)"verifier", PAGE_BYTES);
}

/* Each entry counts.  After the last one, which may come with none behind it, the first one
 * follows. */
static int take_list(struct lane_slot *slot, struct xdr *x)
{
    uint32_t count;
    bool eof;

    if (!entries_skip(slot, x, &count, &eof) || (count == 0 && !eof))
        return STAGE_ERROR;
    slot->lane->done += count;
    slot->lane->done--; /* it counts as one itself */
    if (eof) {
        slot->cookie = 0;
        memset(slot->verifier, 0, sizeof(slot->verifier));
    }
    return STAGE_DONE;
}

const struct bench_op bench_op_lookup = {
    .name = "lookup",
    .stage_count = 1,
    .in_dir = true,
    .stages = {{.build = build_lookup, .patch = patch_lookup}},
    .setup = setup_lookup,
};

const struct bench_op bench_op_open_close = {
    .name = "open-close",
    .in_dir = true,
    .stage_count = 2,
    .stages = {{.build = build_open_existing, .take = bench_take_open, .cache_this = true},
               {.build = bench_build_close, .patch = bench_stateid_patch, .cache_this = true}},
    .setup = setup_open_close,
};

const struct bench_op bench_op_readdir = {
    .name = "readdir",
    .in_dir = true,
    .stage_count = 2,
    .stages = {{.build = build_readdir_first, .take = take_readdir},
               {.build = build_readdir_more, .patch = patch_readdir, .take = take_readdir}},
    .setup = setup_readdir,
};

const struct bench_op bench_op_list = {
    .name = "list",
    .in_dir = true,
    .stage_count = 1,
    .stages = {{.build = build_list, .patch = patch_readdir, .take = take_list}},
    .setup = setup_readdir,
};
