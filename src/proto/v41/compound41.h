/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COMPOUND of minor version 1 (RFC 8881 §2.10.6.4, §16.2): the gate that SEQUENCE is, the loop over
 * the operations, and the bounds of the reply.
 *
 *     head -> first operation -> SEQUENCE: gate -> the others, one by one -> slot gets the reply
 *                             -> one of the five that need no session, alone
 *                             -> anything else: OP_NOT_IN_SESSION
 *
 * The reply is built in place.  While an operation runs, `out` ends where its reply must: at the
 * session's limit, less what the next operation needs for an error.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/compound.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"

struct v41_trace;

enum {
    V41_ERROR_BYTES = 12 /* the longest result of an error: SETATTR's, with its empty bitmap */
};

struct v41_compound {
    struct compound base;
    struct session_conn *conn;

    /* The gate's: all NULL or 0 without a session. */
    struct session *session;
    struct session_binding *binding; /* of conn, or NULL; see session_conn_find() */
    struct slot *slot;               /* owned by this compound; NULL for a retry */
    uint32_t slot_id;
    bool cache_this;

    size_t start;            /* of the COMPOUND4res in out */
    size_t count_pos;        /* of the number of results */
    uint8_t *limit;          /* where the whole reply must end */
    enum nfsstat4 too_big;   /* what to say when it does not */
    struct v41_trace *trace; /* NULL unless the log level is debug */
};

/* Everything of one COMPOUND behind its head. */
enum rpc_result v41_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct wire_opaque *tag,
                                 uint32_t op_count);
