/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_callback_op.h"

#include <string.h>

static void keep_fh(const struct nfs_fh4 *fh, struct client_callback_op *op)
{
    op->fh.len = fh->len;
    if (fh->len)
        memcpy(op->fh.data, fh->data, fh->len);
}

static bool getattr_get(struct xdr *x, struct client_callback_op *op)
{
    struct CB_GETATTR4args args;

    if (!wire_CB_GETATTR4args(x, &args))
        return false;
    keep_fh(&args.fh, op);
    op->bits = args.attr_request;
    return true;
}

static bool recall_get(struct xdr *x, struct client_callback_op *op)
{
    struct CB_RECALL4args args;

    if (!wire_CB_RECALL4args(x, &args))
        return false;
    keep_fh(&args.fh, op);
    op->stateid = args.stateid;
    op->truncate = args.truncate;
    return true;
}

static bool recall_any_get(struct xdr *x, struct client_callback_op *op)
{
    struct CB_RECALL_ANY4args args;

    if (!wire_CB_RECALL_ANY4args(x, &args))
        return false;
    op->keep = args.craa_objects_to_keep;
    op->bits = args.craa_type_mask;
    return true;
}

static bool notify_lock_get(struct xdr *x, struct client_callback_op *op)
{
    struct CB_NOTIFY_LOCK4args args;

    if (!wire_CB_NOTIFY_LOCK4args(x, &args))
        return false;
    keep_fh(&args.cnla_fh, op);
    op->clientid = args.cnla_lock_owner.clientid;
    op->owner_len = args.cnla_lock_owner.owner.len;
    if (op->owner_len > CLIENT_CALLBACK_OWNER_BYTES)
        op->owner_len = CLIENT_CALLBACK_OWNER_BYTES;
    if (op->owner_len)
        memcpy(op->owner, args.cnla_lock_owner.owner.data, op->owner_len);
    return true;
}

static bool notify_get(struct xdr *x, struct client_callback_op *op, struct CB_NOTIFY4args *args)
{
    if (!wire_CB_NOTIFY4args(x, args))
        return false;
    keep_fh(&args->cna_fh, op);
    op->stateid = args->cna_stateid;
    op->change_count = args->cna_changes_count;
    return true;
}

static bool offload_get(struct xdr *x, struct client_callback_op *op)
{
    struct CB_OFFLOAD4args args;

    if (!wire_CB_OFFLOAD4args(x, &args))
        return false;
    keep_fh(&args.coa_fh, op);
    op->stateid = args.coa_stateid;
    op->offload_status = args.coa_status;
    if (args.coa_status != NFS4_OK) {
        op->offload_bytes = args.coa_bytes_copied;
        return true;
    }
    op->offload_bytes = args.coa_resok4.wr_count;
    memcpy(op->offload_verifier, args.coa_resok4.wr_writeverf, NFS4_VERIFIER_SIZE);
    return args.coa_resok4.wr_callback_id_count == 0; /* RFC 7862 §16.1.3 */
}

bool client_callback_op_get(struct xdr *x, struct client_callback_op *op,
                            struct CB_NOTIFY4args *notify)
{
    struct CB_RECALL_SLOT4args slot;

    switch (op->op) {
    case OP_CB_GETATTR:
        return getattr_get(x, op);
    case OP_CB_RECALL:
        return recall_get(x, op);
    case OP_CB_RECALL_ANY:
    case OP_CB_RECALLABLE_OBJ_AVAIL:
        return recall_any_get(x, op);
    case OP_CB_RECALL_SLOT:
        if (!wire_CB_RECALL_SLOT4args(x, &slot))
            return false;
        op->target_highest_slot = slot.rsa_target_highest_slotid;
        return true;
    case OP_CB_NOTIFY_LOCK:
        return notify_lock_get(x, op);
    case OP_CB_NOTIFY:
        return notify_get(x, op, notify);
    case OP_CB_OFFLOAD:
        return offload_get(x, op);
    default:
        return false;
    }
}

static void raw_put(struct xdr *x, const struct wire_opaque *raw)
{
    uint8_t *p = xdr_take(x, raw->len);

    if (p)
        memcpy(p, raw->data, raw->len);
}

/* The requested attributes that a delegation holder knows (RFC 8881 §20.1, RFC 9754 §5). */
static void getattr_put(struct xdr *x, const struct bitmap4 *asked, const struct nfs4_attrs *attrs)
{
    static const uint32_t known[] = {FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_DELEG_ACCESS,
                                     FATTR4_TIME_DELEG_MODIFY};
    struct bitmap4 told = {0};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (bitmap4_isset(asked, known[i]))
            bitmap4_set(&told, known[i]);
    fattr_encode(x, &told, attrs);
}

void client_callback_op_put(struct xdr *x, const struct client_callback_op *op,
                            const struct client_callbacks *cbs)
{
    xdr_put_u32(x, op->op);
    xdr_put_u32(x, op->status);
    if (op->op != OP_CB_GETATTR || op->status != NFS4_OK)
        return;
    if (cbs->raw_attrs.len > 0)
        raw_put(x, &cbs->raw_attrs);
    else
        getattr_put(x, &op->bits, &cbs->attrs);
}
