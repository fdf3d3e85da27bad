/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_NULL and CB_COMPOUND (RFC 7530 §17, RFC 8881 §20) as records: calls to encode, replies to
 * decode.  Shared by all ways to a client: the minor version and what identifies the server are
 * arguments.  Pure; no I/O, no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "callback/cb_op.h"

/* AUTH_SYS with these ids, or AUTH_NONE.  The Linux client takes AUTH_NONE for CB_NULL only. */
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
    uint32_t program; /* of the client's choice; the version is NFS_CB */
    struct cb_cred cred;
    struct wire_opaque tag;
    uint32_t minor_version;
    uint32_t callback_ident; /* 4.0: as in SETCLIENTID; 0 later */
    struct cb_op *ops;
    uint32_t op_count; /* at most LIMIT_CALLBACK_OPS, with those of `more` */
    /* Operations behind `ops` that are encoded already. */
    struct wire_opaque more;
    uint32_t more_count;
};

/* What came back, as far as RPC can tell. */
enum cb_answer {
    CB_ANSWERED, /* the procedure ran: cb_reply.status says how it went */
    CB_REFUSED,  /* an RPC error: no such program or procedure, other credentials wanted */
    CB_NONSENSE, /* no answer to that call, or none at all */
};

struct cb_reply {
    uint32_t status;       /* of the compound: that of its last result */
    uint32_t result_count; /* those before the last one are NFS4_OK */
    struct cb_op_result results[LIMIT_CALLBACK_OPS];
};

/* The CALL record, without record mark.  False: no room. */
bool cb_null_encode(struct xdr *x, uint32_t xid, uint32_t program) MUST_USE;
bool cb_compound_encode(struct xdr *x, const struct cb_compound *call) MUST_USE;

/* The bytes of a REPLY behind xid and message type. */
enum cb_answer cb_null_answer(const void *body, size_t len) MUST_USE;

/* The same; `sent` are the operations of the call, which the results must match.  *reply is set on
 * CB_ANSWERED only; it points into `body` and `arena`. */
enum cb_answer cb_compound_answer(const void *body, size_t len, const uint32_t *sent,
                                  uint32_t sent_count, struct arena *arena,
                                  struct cb_reply *reply) MUST_USE;
