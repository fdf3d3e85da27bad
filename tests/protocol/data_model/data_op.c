/* SPDX-License-Identifier: Apache-2.0 */
#include "data_model/data_op.h"

#include <string.h>

#include "wire/rpc_msg.h"

/* Call the compound, whose last operation is `op`, and have `take` decode what follows the status
 * of that; NULL: nothing does. */
static enum nfsstat4 call(struct client_mount *mount, struct client_compound *c, uint32_t op,
                          bool (*take)(struct xdr *x, void *context), void *context)
{
    struct wire_opaque tag = {NULL, 0};
    struct nfs_resop4 other;
    struct client_result r;
    struct arena arena;
    struct xdr x;
    const uint32_t count = c->count;
    enum nfsstat4 status = client_mount_call(mount, c, &r);

    if (status == NFS4_OK) {
        arena_init(&arena, 4096);
        xdr_init_decode(&x, r.body.data, r.body.len, &arena);
        xdr_get_u32(&x);
        xdr_opaque(&x, &tag, NFS4_OPAQUE_LIMIT);
        if (xdr_get_u32(&x) != count)
            xdr_fail(&x);
        for (uint32_t i = 1; i < count && !x.failed; i++)
            wire_nfs_resop4(&x, &other);
        if (xdr_get_u32(&x) != op || xdr_get_u32(&x) != NFS4_OK || x.failed ||
            (take && !take(&x, context)) || xdr_left(&x) != 0)
            status = NFS4ERR_BADXDR;
        arena_fini(&arena);
    }
    client_result_free(&r);
    return status;
}

static void begin_file(struct client_mount *mount, struct client_compound *c,
                       const struct client_file *file)
{
    client_mount_begin_uncached(mount, c);
    client_op_putfh(c, &file->fh);
}

enum nfsstat4 data_op_allocate(struct client_mount *mount, const struct client_file *file,
                               uint64_t offset, uint64_t length)
{
    struct nfs_argop4 op = {
        .argop = OP_ALLOCATE,
        .opallocate = {.aa_stateid = file->stateid, .aa_offset = offset, .aa_length = length}};
    struct client_compound c;

    begin_file(mount, &c, file);
    client_compound_add(&c, &op);
    return call(mount, &c, OP_ALLOCATE, NULL, NULL);
}

enum nfsstat4 data_op_deallocate(struct client_mount *mount, const struct client_file *file,
                                 uint64_t offset, uint64_t length)
{
    struct nfs_argop4 op = {
        .argop = OP_DEALLOCATE,
        .opdeallocate = {.da_stateid = file->stateid, .da_offset = offset, .da_length = length}};
    struct client_compound c;

    begin_file(mount, &c, file);
    client_compound_add(&c, &op);
    return call(mount, &c, OP_DEALLOCATE, NULL, NULL);
}

struct seek_result {
    bool eof;
    uint64_t offset;
};

static bool take_seek(struct xdr *x, void *context)
{
    struct seek_result *result = context;

    return xdr_bool(x, &result->eof) && xdr_u64(x, &result->offset);
}

enum nfsstat4 data_op_seek(struct client_mount *mount, const struct client_file *file,
                           uint64_t offset, enum data_content4 what, uint64_t *at, bool *eof)
{
    struct nfs_argop4 op = {
        .argop = OP_SEEK,
        .opseek = {.sa_stateid = file->stateid, .sa_offset = offset, .sa_what = what}};
    struct seek_result result = {0};
    struct client_compound c;
    enum nfsstat4 status;

    begin_file(mount, &c, file);
    client_compound_add(&c, &op);
    status = call(mount, &c, OP_SEEK, take_seek, &result);
    *at = result.offset;
    *eof = result.eof;
    return status;
}

struct read_result {
    uint64_t offset;
    uint8_t *data;
    uint32_t len, got, hole_bytes;
    bool eof;
};

/* One segment, which must begin where the last one ended.  A hole may go on behind what was asked
 * for. */
static bool take_segment(struct xdr *x, struct read_result *result)
{
    struct wire_opaque data = {NULL, 0};
    uint64_t offset = 0, length = 0;
    const uint32_t what = xdr_get_u32(x), room = result->len - result->got;

    if (!xdr_u64(x, &offset) || offset != result->offset + result->got)
        return false;
    if (what == NFS4_CONTENT_HOLE) {
        if (!xdr_u64(x, &length) || length == 0)
            return false;
        length = length < room ? length : room;
        memset(result->data + result->got, 0, length);
        result->hole_bytes += (uint32_t)length;
        result->got += (uint32_t)length;
        return true;
    }
    if (what != NFS4_CONTENT_DATA || !xdr_opaque(x, &data, room))
        return false;
    if (data.len > 0)
        memcpy(result->data + result->got, data.data, data.len);
    result->got += data.len;
    return true;
}

static bool take_read_plus(struct xdr *x, void *context)
{
    struct read_result *result = context;

    if (!xdr_bool(x, &result->eof))
        return false;
    for (uint32_t left = xdr_get_u32(x); left > 0; left--)
        if (!take_segment(x, result))
            return false;
    return !x->failed;
}

enum nfsstat4 data_op_read_plus(struct client_mount *mount, const struct client_file *file,
                                uint64_t offset, void *data, uint32_t len, uint32_t *got,
                                uint32_t *hole_bytes, bool *eof)
{
    struct nfs_argop4 op = {
        .argop = OP_READ_PLUS,
        .opread_plus = {.rpa_stateid = file->stateid, .rpa_offset = offset, .rpa_count = len}};
    struct read_result result = {.offset = offset, .data = data, .len = len};
    struct client_compound c;
    enum nfsstat4 status;

    begin_file(mount, &c, file);
    client_compound_add(&c, &op);
    status = call(mount, &c, OP_READ_PLUS, take_read_plus, &result);
    *got = result.got;
    *hole_bytes = result.hole_bytes;
    *eof = result.eof;
    return status;
}

static void begin_range(struct client_mount *mount, struct client_compound *c,
                        const struct data_op_range *range)
{
    begin_file(mount, c, range->from);
    client_op(c, OP_SAVEFH);
    client_op_putfh(c, &range->to->fh);
}

enum nfsstat4 data_op_clone(struct client_mount *mount, const struct data_op_range *range)
{
    struct nfs_argop4 op = {.argop = OP_CLONE,
                            .opclone = {.cl_src_stateid = range->from->stateid,
                                        .cl_dst_stateid = range->to->stateid,
                                        .cl_src_offset = range->from_offset,
                                        .cl_dst_offset = range->to_offset,
                                        .cl_count = range->length}};
    struct client_compound c;

    begin_range(mount, &c, range);
    client_compound_add(&c, &op);
    return call(mount, &c, OP_CLONE, NULL, NULL);
}

/* write_response4 without a callback ID, and copy_requirements4. */
static bool take_copy(struct xdr *x, void *context)
{
    uint64_t *count = context;
    uint8_t verifier[NFS4_VERIFIER_SIZE] = {0};
    bool consecutive = false, synchronous = false;

    if (xdr_get_u32(x) != 0 || !xdr_u64(x, count) || xdr_get_u32(x) > FILE_SYNC4)
        return false;
    return xdr_fixed(x, verifier, sizeof(verifier)) && xdr_bool(x, &consecutive) &&
           xdr_bool(x, &synchronous) && synchronous;
}

enum nfsstat4 data_op_copy(struct client_mount *mount, const struct data_op_range *range,
                           uint64_t *copied)
{
    struct nfs_argop4 op = {.argop = OP_COPY,
                            .opcopy = {.ca_src_stateid = range->from->stateid,
                                       .ca_dst_stateid = range->to->stateid,
                                       .ca_src_offset = range->from_offset,
                                       .ca_dst_offset = range->to_offset,
                                       .ca_count = range->length,
                                       .ca_consecutive = true,
                                       .ca_synchronous = true}};
    struct client_compound c;

    *copied = 0;
    begin_range(mount, &c, range);
    client_compound_add(&c, &op);
    return call(mount, &c, OP_COPY, take_copy, copied);
}
