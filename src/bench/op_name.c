/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on names: lookups, opens, creations, listings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lane.h"

#define NAME_DIGITS 8
#define LIST_BYTES (256u << 10)

/* What stands in a request until the real thing is known; its place is found by its bytes. */
static const struct stateid4 stateid_mark = {0x73746964, "stateid mark"};
static const uint64_t cookie_mark = 0x636f6f6b69652121ull;
static const char name_mark[] = "name-XXXXXXXX";

static uint32_t mark_find(const struct lane_request *request, const void *mark, size_t len)
{
    const uint8_t *at = memmem(request->bytes, request->len, mark, len);

    CHECK(at);
    return (uint32_t)(at - request->bytes);
}

static void stateid_patch(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][0], be = htobe32(slot->stateid.seqid);

    if (*at == 0)
        *at = mark_find(&slot->requests[slot->stage], stateid_mark.other, NFS4_OTHER_SIZE) - 4;
    memcpy(request + *at, &be, sizeof(be));
    memcpy(request + *at + 4, slot->stateid.other, NFS4_OTHER_SIZE);
}

static void name_patch(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][1];
    char digits[NAME_DIGITS + 1];

    if (*at == 0)
        *at = mark_find(&slot->requests[slot->stage], name_mark, sizeof(name_mark) - 1);
    /* Lanes have directories of their own; the slot makes the names of one differ. */
    (void)snprintf(digits, sizeof(digits), "%03x%05x", slot->index & 0xfff,
                   slot->name_count & 0xfffff);
    memcpy(request + *at + sizeof(name_mark) - 1 - NAME_DIGITS, digits, NAME_DIGITS);
}

/* PUTFH and OPEN: the stateid. */
static int take_open(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (!wire_nfs_resop4(results, &op) || !wire_nfs_resop4(results, &op) || op.resop != OP_OPEN)
        return STAGE_ERROR;
    slot->stateid = op.opopen.stateid;
    return STAGE_NEXT;
}

static enum nfsstat4 setup_lookup(struct bench_work *work)
{
    return bench_work_files(work, 1, 4096, false);
}

static void build_lookup(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->dir);
    client_op_lookup(c, "f0");
    client_op_getfh(c);
    client_op_getattr(c, bench_attrs());
}

/* Every slot has a file and an owner of its own, so that one's CLOSE is not another's. */
static enum nfsstat4 setup_open_close(struct bench_work *work)
{
    return bench_work_files(work, work->options->slots, 16, false);
}

static void build_open(const struct bench_work *work, const struct lane_slot *slot,
                       struct client_compound *c, const char *name, bool create)
{
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "bench %u", slot->index);
    client_op_putfh(c, &work->dir);
    client_op_open(c, &(struct client_open){
                          .clientid = work->mount->session.clientid,
                          .owner = owner,
                          .access = OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                          .name = name,
                          .create = create,
                          .how = UNCHECKED4,
                          .mode = 0644,
                      });
    client_op_getfh(c);
    client_op_getattr(c, bench_attrs());
}

static void build_open_existing(const struct bench_work *work, const struct lane_slot *slot,
                                struct client_compound *c)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "f%u", slot->index);
    build_open(work, slot, c, name, false);
}

static void build_close(const struct bench_work *work, const struct lane_slot *slot,
                        struct client_compound *c)
{
    client_op_putfh(c, &work->files[slot->index].fh);
    client_op_close(c, &stateid_mark);
}

/* One file of the kind made here tells how long a handle is. */
static enum nfsstat4 setup_create(struct bench_work *work)
{
    return bench_work_files(work, 1, 0, false);
}

static void build_create(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    build_open(work, slot, c, name_mark, true);
}

/* PUTFH, OPEN, GETFH. */
static int take_create(struct lane_slot *slot, struct xdr *results)
{
    struct nfs_resop4 op;

    if (take_open(slot, results) == STAGE_ERROR || !wire_nfs_resop4(results, &op) ||
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
    client_op_close(c, &stateid_mark);
}

static void patch_close_created(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][1];
    const struct client_fh *mark = &slot->lane->work.files[0].fh;

    if (*at == 0)
        *at = mark_find(&slot->requests[slot->stage], mark->data, mark->len);
    memcpy(request + *at, slot->fh.data, slot->fh.len);
    stateid_patch(slot, request);
}

static void build_remove(const struct bench_work *work, const struct lane_slot *slot,
                         struct client_compound *c)
{
    (void)slot;
    client_op_putfh(c, &work->dir);
    client_op_remove(c, name_mark);
}

static int take_remove(struct lane_slot *slot, struct xdr *results)
{
    (void)results;
    slot->name_count++;
    return STAGE_NEXT;
}

static enum nfsstat4 setup_readdir(struct bench_work *work)
{
    return bench_work_files(work, work->options->entries, 0, false);
}

static void build_readdir(const struct bench_work *work, struct client_compound *c, uint64_t cookie,
                          const uint8_t *verifier)
{
    struct bitmap4 bits = bench_attrs();

    bitmap4_set(&bits, FATTR4_RDATTR_ERROR);
    bitmap4_set(&bits, FATTR4_FILEHANDLE);
    client_op_putfh(c, &work->dir);
    client_op_readdir(c, cookie, verifier, LIST_BYTES, bits);
}

static void build_readdir_first(const struct bench_work *work, const struct lane_slot *slot,
                                struct client_compound *c)
{
    (void)slot;
    build_readdir(work, c, 0, NULL);
}

static void build_readdir_more(const struct bench_work *work, const struct lane_slot *slot,
                               struct client_compound *c)
{
    (void)slot;
    build_readdir(work, c, cookie_mark, (const uint8_t *)"verifier");
}

static void patch_readdir(struct lane_slot *slot, uint8_t *request)
{
    uint32_t *at = &slot->patch_at[slot->stage][0];
    uint64_t be = htobe64(cookie_mark);

    if (*at == 0)
        *at = mark_find(&slot->requests[slot->stage], &be, sizeof(be));
    be = htobe64(slot->cookie);
    memcpy(request + *at, &be, sizeof(be));
    memcpy(request + *at + sizeof(be), slot->verifier, NFS4_VERIFIER_SIZE);
}

/* Step over the entries without keeping them: the bench must not be slower than the server. */
static int take_readdir(struct lane_slot *slot, struct xdr *x)
{
    struct nfs_resop4 putfh;
    uint32_t op, status;
    bool more, eof = false;

    wire_nfs_resop4(x, &putfh);
    op = xdr_get_u32(x);
    status = xdr_get_u32(x);
    xdr_fixed(x, slot->verifier, NFS4_VERIFIER_SIZE);
    if (x->failed || op != OP_READDIR || status != NFS4_OK)
        return STAGE_ERROR;
    while (xdr_bool(x, &more) && more) {
        struct wire_opaque name = {0};
        struct fattr4 attrs;

        xdr_u64(x, &slot->cookie);
        xdr_opaque(x, &name, UINT32_MAX);
        wire_fattr4(x, &attrs);
    }
    xdr_bool(x, &eof);
    return eof ? STAGE_DONE : 1;
}

const struct bench_op bench_op_lookup = {
    .name = "lookup",
    .stage_count = 1,
    .stages = {{.build = build_lookup}},
    .setup = setup_lookup,
};

const struct bench_op bench_op_open_close = {
    .name = "open-close",
    .stage_count = 2,
    .stages = {{.build = build_open_existing, .take = take_open, .cache_this = true},
               {.build = build_close, .patch = stateid_patch, .cache_this = true}},
    .setup = setup_open_close,
};

const struct bench_op bench_op_create_remove = {
    .name = "create-remove",
    .stage_count = 3,
    .stages =
        {{.build = build_create, .patch = name_patch, .take = take_create, .cache_this = true},
         {.build = build_close_created, .patch = patch_close_created, .cache_this = true},
         {.build = build_remove, .patch = name_patch, .take = take_remove, .cache_this = true}},
    .setup = setup_create,
};

const struct bench_op bench_op_readdir = {
    .name = "readdir",
    .stage_count = 2,
    .stages = {{.build = build_readdir_first, .take = take_readdir},
               {.build = build_readdir_more, .patch = patch_readdir, .take = take_readdir}},
    .setup = setup_readdir,
};
