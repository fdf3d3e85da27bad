/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_NULL and CB_COMPOUND (RFC 7530 §17, RFC 8881 §20) as records: encodes calls, decodes replies.
 * Used for all minor versions: the minor version and what identifies the server are arguments.  No
 * I/O, no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "callback/cb_op.h"

/* AUTH_SYS with these IDs, or AUTH_NONE.  The Linux client accepts AUTH_NONE for CB_NULL only. */
struct cb_cred {
    uint32_t flavor;
    uint32_t uid, gid;
    uint32_t stamp;
    const uint32_t *gids; /* gid_count of them, at most LIMIT_RPC_AUTH_SYS_GIDS */
    uint32_t gid_count;
    struct wire_opaque machine; /* data NULL: our own name */
};

struct cb_compound {
    uint32_t xid;
    uint32_t program; /* chosen by the client; the version is always NFS_CB */
    struct cb_cred cred;
    struct wire_opaque tag;
    uint32_t minor_version;
    uint32_t callback_ident; /* 4.0: from SETCLIENTID; 0 in later versions */
    struct cb_op *ops;
    uint32_t op_count; /* at most LIMIT_CALLBACK_OPS, including `more` */
    /* Operations after `ops` that are already encoded. */
    struct wire_opaque more;
    uint32_t more_count;
};

/* The reply at the RPC level. */
enum cb_answer {
    CB_ANSWERED,  /* the procedure ran: see cb_reply.status */
    CB_REFUSED,   /* an RPC error: unknown program or procedure, or credentials refused */
    CB_MALFORMED, /* malformed, or not a reply to this call */
};

struct cb_reply {
    uint32_t status;       /* of the compound: the status of its last result */
    uint32_t result_count; /* all but the last one are NFS4_OK */
    struct cb_op_result results[LIMIT_CALLBACK_OPS];
};

/* Encode the CALL record, without record mark.  False: it does not fit. */
bool cb_null_encode(struct xdr *x, uint32_t xid, uint32_t program) MUST_USE;
bool cb_compound_encode(struct xdr *x, const struct cb_compound *call) MUST_USE;

/* Decode a REPLY; `body` is what follows xid and message type. */
enum cb_answer cb_null_answer(const void *body, size_t len) MUST_USE;

/* The same.  `sent` are the operations of the call, which the results must match. *reply is set
 * only on CB_ANSWERED; it points into `body` and `arena`. */
enum cb_answer cb_compound_answer(const void *body, size_t len, const uint32_t *sent,
                                  uint32_t sent_count, struct arena *arena,
                                  struct cb_reply *reply) MUST_USE;

/* The same for the results alone, when the header has been read. */
enum cb_answer cb_compound_results(const void *results, size_t len, const uint32_t *sent,
                                   uint32_t sent_count, struct arena *arena,
                                   struct cb_reply *reply) MUST_USE;
