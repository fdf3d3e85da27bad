/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WRITE_SAME, RFC 7862 §15.12: blocks of zeros, each with its number and with a pattern in it.
 *
 * It is synchronous.  What one call writes is bounded, so nothing runs long enough to be worth a
 * callback: like a WRITE, it says how much it has written, and the client asks again for the rest.
 * A number has 32 bits, like adb_block_num, the most significant byte first (as in §8.3).
 */
#include <endian.h>

#include "export/export_counters.h"
#include "proto/ops/ops.h"
#include "proto/ops/stateid_arg.h"
#include "proto/ops/write_verifier.h"
#include "wire/nfs4_advise.h"

enum {
    NUMBER_BYTES = 4,
    CHUNK_BYTES = 64 << 10, /* written at a time */
};

/* The blocks, as bytes in a row. */
struct pattern {
    const struct app_data_block4 *adb;
    bool numbered, filled; /* each block has a number, has the pattern */
};

static bool field_fits(uint64_t at, uint64_t bytes, uint64_t block)
{
    return bytes <= block && at <= block - bytes;
}

/* Both are within a block. */
static bool fields_overlap(const struct app_data_block4 *adb)
{
    return adb->adb_reloff_blocknum < adb->adb_reloff_pattern + adb->adb_pattern.len &&
           adb->adb_reloff_pattern < adb->adb_reloff_blocknum + NUMBER_BYTES;
}

/* INVAL: blocks that cannot be written as they are described. */
static enum nfsstat4 pattern_init(struct pattern *p, const struct app_data_block4 *adb)
{
    *p = (struct pattern){
        .adb = adb,
        .numbered = adb->adb_reloff_blocknum != NFS4_UINT64_MAX,
        .filled = adb->adb_reloff_pattern != NFS4_UINT64_MAX && adb->adb_pattern.len > 0,
    };
    if (adb->adb_block_size == 0)
        return NFS4ERR_INVAL;
    if (p->numbered && !field_fits(adb->adb_reloff_blocknum, NUMBER_BYTES, adb->adb_block_size))
        return NFS4ERR_INVAL;
    if (p->filled &&
        !field_fits(adb->adb_reloff_pattern, adb->adb_pattern.len, adb->adb_block_size))
        return NFS4ERR_INVAL;
    if (p->numbered && p->filled && fields_overlap(adb))
        return NFS4ERR_INVAL;
    /* Numbers only grow. */
    if (p->numbered && adb->adb_block_count > (uint64_t)UINT32_MAX - adb->adb_block_num + 1)
        return NFS4ERR_INVAL;
    return NFS4_OK;
}

/* FBIG; or how much of it is written now: whole blocks, unless a single one is more than that. */
static enum nfsstat4 pattern_measure(const struct pattern *p, uint32_t *len)
{
    const struct app_data_block4 *adb = p->adb;
    uint64_t total;

    if (__builtin_mul_overflow(adb->adb_block_size, adb->adb_block_count, &total) ||
        adb->adb_offset > INT64_MAX || total > INT64_MAX - adb->adb_offset)
        return NFS4ERR_FBIG;
    *len = total < LIMIT_WRITE_SAME_BYTES ? (uint32_t)total : LIMIT_WRITE_SAME_BYTES;
    if (*len < total && *len >= adb->adb_block_size)
        *len -= *len % (uint32_t)adb->adb_block_size;
    return NFS4_OK;
}

/* A part of a row: its `len` bytes from `from` on. */
struct piece {
    uint8_t *bytes;
    uint64_t from;
    uint32_t len;
};

/* Copy what of a field, which is at `at` in the row, lies in the piece. */
static void lay(const struct piece *piece, uint64_t at, const void *field, uint64_t len)
{
    const uint64_t end_of_piece = piece->from + piece->len;
    const uint64_t first = at > piece->from ? at : piece->from;
    const uint64_t end = at + len < end_of_piece ? at + len : end_of_piece;

    if (first < end)
        memcpy(piece->bytes + (first - piece->from), (const uint8_t *)field + (first - at),
               end - first);
}

static void pattern_lay(const struct pattern *p, const struct piece *piece)
{
    const struct app_data_block4 *adb = p->adb;
    const uint64_t end = piece->from + piece->len;
    uint64_t block = piece->from / adb->adb_block_size;

    memset(piece->bytes, 0, piece->len);
    if (!p->numbered && !p->filled)
        return;
    for (uint64_t at = block * adb->adb_block_size; at < end; at += adb->adb_block_size) {
        const uint32_t number = htobe32(adb->adb_block_num + (uint32_t)block++);

        if (p->numbered)
            lay(piece, at + adb->adb_reloff_blocknum, &number, sizeof(number));
        if (p->filled)
            lay(piece, at + adb->adb_reloff_pattern, adb->adb_pattern.data, adb->adb_pattern.len);
    }
}

/* Write the first `len` bytes; *written is how far it came. */
static enum vfs_status write_pieces(struct compound *c, const struct pattern *p, uint8_t *buffer,
                                    uint32_t len, uint32_t *written)
{
    struct vfs_object *obj = c->current.obj;
    enum vfs_status status = VFS_OK;

    *written = 0;
    while (*written < len && status == VFS_OK) {
        const uint32_t left = len - *written;
        const struct piece piece = {
            .bytes = buffer,
            .from = *written,
            .len = left < CHUNK_BYTES ? left : (uint32_t)CHUNK_BYTES,
        };
        enum vfs_stability reached;
        uint32_t done = 0;

        pattern_lay(p, &piece);
        status = obj->fs->ops->write(obj, &c->cred, p->adb->adb_offset + piece.from, piece.bytes,
                                     piece.len, VFS_UNSTABLE, &done, &reached);
        *written += done;
    }
    return status;
}

/* What was stored before a failure counts, as with WRITE. */
static enum nfsstat4 write_blocks(struct compound *c, const struct pattern *p, uint32_t len,
                                  enum stable_how4 stable)
{
    struct vfs_object *obj = c->current.obj;
    struct WRITE_SAME4resok resok = {.wr_committed = stable};
    uint8_t *buffer = arena_alloc(c->arena, CHUNK_BYTES);
    enum vfs_status status;
    uint32_t written;

    if (!buffer)
        return NFS4ERR_DELAY;
    write_verifier_put(resok.wr_writeverf, obj->fs);
    status = write_pieces(c, p, buffer, len, &written);
    export_counters_add(c->current.export, EXPORT_COUNTER_written_bytes, written);
    if (written > 0)
        status = stable == UNSTABLE4
                     ? VFS_OK
                     : obj->fs->ops->commit(obj, &c->cred, p->adb->adb_offset, written);
    if (status != VFS_OK)
        return status_from_vfs(status);
    resok.wr_count = written;
    wire_WRITE_SAME4resok(c->out, &resok);
    return NFS4_OK;
}

enum nfsstat4 op_write_same(struct compound *c, const struct WRITE_SAME4args *args)
{
    struct stateid_io io;
    struct pattern pattern;
    enum nfsstat4 status = stateid_arg_need_file(c);
    uint32_t len = 0;

    if (status == NFS4_OK)
        status = compound_need_writable(c);
    if (status == NFS4_OK)
        status = pattern_init(&pattern, &args->wsa_adb);
    if (status == NFS4_OK)
        status = pattern_measure(&pattern, &len);
    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, &args->wsa_stateid, OPEN4_SHARE_ACCESS_WRITE, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_WRITE);
    if (status == NFS4_OK)
        status = write_blocks(c, &pattern, len, args->wsa_stable);
    stateid_io_end(c, &io);
    return status;
}
