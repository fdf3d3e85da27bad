/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of CB_COMPOUND operations (RFC 7530 §18, RFC 8881 §20, RFC 7862 §16).  A new operation
 * needs a row here and a codec in wire/nfs4_callback.
 */
#pragma once

#include "wire/nfs4_callback.h"

/* X(NAME, member, arguments) */
#define CB_OPS(X)                                                                                  \
    X(CB_GETATTR, getattr, CB_GETATTR4args)                                                        \
    X(CB_RECALL, recall, CB_RECALL4args)                                                           \
    X(CB_LAYOUTRECALL, layoutrecall, CB_LAYOUTRECALL4args)                                         \
    X(CB_NOTIFY, notify, CB_NOTIFY4args)                                                           \
    X(CB_PUSH_DELEG, push_deleg, CB_PUSH_DELEG4args)                                               \
    X(CB_RECALL_ANY, recall_any, CB_RECALL_ANY4args)                                               \
    X(CB_RECALLABLE_OBJ_AVAIL, recallable_obj_avail, CB_RECALL_ANY4args)                           \
    X(CB_RECALL_SLOT, recall_slot, CB_RECALL_SLOT4args)                                            \
    X(CB_SEQUENCE, sequence, CB_SEQUENCE4args)                                                     \
    X(CB_WANTS_CANCELLED, wants_cancelled, CB_WANTS_CANCELLED4args)                                \
    X(CB_NOTIFY_LOCK, notify_lock, CB_NOTIFY_LOCK4args)                                            \
    X(CB_NOTIFY_DEVICEID, notify_deviceid, CB_NOTIFY_DEVICEID4args)                                \
    X(CB_OFFLOAD, offload, CB_OFFLOAD4args)

/* X(NAME, member, results): operations that return more than a status, if the status is NFS4_OK. */
#define CB_OPS_WITH_RESULTS(X)                                                                     \
    X(CB_GETATTR, getattr, CB_GETATTR4resok)                                                       \
    X(CB_SEQUENCE, sequence, CB_SEQUENCE4resok)

struct cb_op {
    enum nfs_cb_opnum4 op;
    union {
#define X(NAME, member, arguments) struct arguments member;
        CB_OPS(X)
#undef X
    };
};

/* Its pointers refer to the reply or its arena. */
struct cb_op_result {
    uint32_t op;
    uint32_t status; /* an nfsstat4, or any other number that the client sends */
    union {
#define X(NAME, member, results) struct results member;
        CB_OPS_WITH_RESULTS(X)
#undef X
    };
};

/* Encode number and arguments.  False: it does not fit, or is not in the table. */
bool cb_op_put(struct xdr *x, struct cb_op *op);

/* Decode one result: number, status, and what follows if the status is NFS4_OK. */
bool cb_op_result_get(struct xdr *x, struct cb_op_result *result);
