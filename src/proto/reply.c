/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/reply.h"

#include "base/clock.h"
#include "base/log.h"
#include "proto/admission.h"
#include "proto/compound_trace.h"
#include "proto/op_counters.h"
#include "wire/nfs4_codec.h"
#include "wire/op_table.h"

void reply_begin(struct reply *reply, struct compound *c, const struct wire_opaque *tag,
                 enum nfsstat4 too_big)
{
    struct wire_opaque copy = *tag;
    struct xdr *out = c->out;

    reply->limit = out->end;
    reply->too_big = too_big;
    reply->trace = compound_trace_begin(c->arena);
    reply->start = xdr_pos(out);
    xdr_put_u32(out, NFS4_OK);
    xdr_opaque(out, &copy, LIMIT_COMPOUND_TAG_BYTES);
    reply->count_pos = xdr_pos(out);
    xdr_put_u32(out, 0);
}

/* Does it leave the attributes of the current object as they are? */
static bool keeps_attributes(enum nfs_opnum4 op)
{
    return op == OP_GETFH || op == OP_ACCESS || op == OP_GETATTR;
}

/* Operations that only look at the current filehandle or move it along a name: what one of them
 * saw, the next one may still answer (vfs_memo.h).  OPEN decides for itself.  All others change
 * something, let the client see what others changed meanwhile, or may wait. */
#define MEMO_OPS                                                                                   \
    (1ull << OP_LOOKUP | 1ull << OP_LOOKUPP | 1ull << OP_GETFH | 1ull << OP_GETATTR |              \
     1ull << OP_ACCESS | 1ull << OP_SAVEFH)

/* Operations that show the client nothing of the files that may change; and OPEN, READ and REMOVE,
 * which decide for themselves when they begin to look.  After these a request may still use what
 * another one met. */
#define BLIND_OPS                                                                                  \
    (1ull << OP_SEQUENCE | 1ull << OP_PUTFH | 1ull << OP_PUTROOTFH | 1ull << OP_PUTPUBFH |         \
     1ull << OP_RESTOREFH | 1ull << OP_OPEN | 1ull << OP_READ | 1ull << OP_REMOVE)

static bool is_of(enum nfs_opnum4 op, uint64_t ops)
{
    return (uint32_t)op < 64 && (ops >> (uint32_t)op & 1) != 0;
}

static void memo_for(enum nfs_opnum4 op)
{
    if (is_of(op, MEMO_OPS)) {
        vfs_memo_on();
        if (op == OP_LOOKUP || op == OP_LOOKUPP)
            vfs_memo_look();
    } else if (is_of(op, BLIND_OPS)) {
        vfs_memo_pause();
    } else {
        vfs_memo_off();
    }
}

size_t reply_op_begin(struct reply *reply, struct compound *c, enum nfs_opnum4 op)
{
    struct xdr *out = c->out;
    size_t pos = xdr_pos(out);
    bool last = c->op_index + 1 == c->op_count;

    if (c->made && !keeps_attributes(op))
        c->made = NULL;
    c->op = op;
    c->op_pos = pos;
    memo_for(op);
    out->end = reply->limit;
    xdr_put_u32(out, op);
    xdr_put_u32(out, NFS4_OK);
    if (!last && xdr_left(out) >= REPLY_ERROR_BYTES)
        out->end -= REPLY_ERROR_BYTES;
    return pos;
}

/* One that waited is timed in any case.  The next one begins where this one ends. */
static void op_time(struct compound *c, unsigned row)
{
    int64_t since_ns = c->call->waited_since_ns, now_ns = clock_now_ns();

    if (since_ns)
        op_counters_add_time(c->server->ops, row, now_ns - since_ns, 1);
    else
        op_counters_add_time(c->server->ops, row, now_ns - c->op_begun_ns, OP_TIMED_EACH);
    c->op_begun_ns = now_ns;
    c->call->waited_since_ns = 0;
}

static void op_count_all(struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status)
{
    unsigned row = op_row(c->op_rows, op);

    op_counters_add(c->server->ops, row);
    if (status != NFS4_OK)
        op_counters_add_error(c->server->ops, row, status);
    if (c->timed || c->call->waited_since_ns)
        op_time(c, row);
}

static void op_count(struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status)
{
    if (__builtin_expect(status == NFS4_OK && c->ops_own && !c->call->waited_since_ns, 1))
        counter_add_own(c->ops_own, op, 1);
    else
        op_count_all(c, op, status);
}

/* What the handler encoded, and what it hung on as a tail, must fit. */
static bool result_fits(const struct compound *c)
{
    return !c->out->failed && rpc_tail_bytes(&c->call->tail) <= xdr_left(c->out);
}

/* An error's result, without a body. */
static void put_error(struct xdr *out, enum nfs_opnum4 op, size_t pos, enum nfsstat4 status)
{
    xdr_rewind(out, pos + 8);
    /* SETATTR4res has its bitmap with every status. */
    if (op == OP_SETATTR)
        xdr_put_u32(out, 0);
    xdr_patch_u32(out, pos + 4, status);
}

/* The result has an error, or does not fit. */
static enum nfsstat4 op_fail(struct reply *reply, struct compound *c, enum nfs_opnum4 op,
                             size_t pos, enum nfsstat4 status)
{
    struct xdr *out = c->out;
    const struct op_info *info = op_info(op);
    bool fits = result_fits(c);
    bool keep_body = fits && info && info->flags & OP_ERROR_BODY && xdr_pos(out) > pos + 8;

    if (!fits && status == NFS4_OK && info && info->flags & OP_MUTATES)
        log_error("compound.result_too_long", LOG_STR("op", info->name),
                  LOG_U64("bound", info->reply_bound));
    if (!fits && (status == NFS4_OK || (info && info->flags & OP_ERROR_BODY)))
        status = reply->too_big;
    out->end = reply->limit;
    if (status != NFS4_OK) {
        admission_audit(c, op, status);
        rpc_tail_end(&c->call->tail);
        if (keep_body)
            xdr_patch_u32(out, pos + 4, status);
        else
            put_error(out, op, pos, status);
    }
    return status;
}

enum nfsstat4 reply_op_end(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                           enum nfsstat4 status)
{
    if (__builtin_expect(status == NFS4_OK && result_fits(c), 1))
        c->out->end = reply->limit;
    else
        status = op_fail(reply, c, op, pos, status);
    op_count(c, op, status);
    if (__builtin_expect(reply->trace != NULL, 0))
        compound_trace_add(reply->trace, op,
                           xdr_pos(c->out) - pos + rpc_tail_bytes(&c->call->tail));
    return status;
}

bool reply_op_fits(const struct reply *reply, const struct compound *c, const struct op_info *info)
{
    bool last = c->op_index + 1 == c->op_count;

    if (!last && (size_t)(reply->limit - c->out->p) < REPLY_ERROR_BYTES)
        return false;
    return !info || !(info->flags & OP_MUTATES) || info->reply_bound <= 8 ||
           xdr_left(c->out) >= info->reply_bound - 8;
}

void reply_op_retract(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                      enum nfsstat4 status)
{
    struct xdr *out = c->out;

    rpc_tail_end(&c->call->tail);
    out->end = reply->limit;
    put_error(out, op, pos, status);
    op_counters_add_error(c->server->ops, op_row(c->op_rows, op), status);
    compound_trace_cut(reply->trace, c->op_index, xdr_pos(out) - pos);
}

void reply_end(struct reply *reply, struct compound *c, enum nfsstat4 status, uint32_t results)
{
    size_t body = reply->count_pos + 4;

    xdr_patch_u32(c->out, reply->start, status);
    xdr_patch_u32(c->out, reply->count_pos, results);
    compound_trace_end(reply->trace, status, body - reply->start,
                       xdr_pos(c->out) - body + rpc_tail_bytes(&c->call->tail));
}
