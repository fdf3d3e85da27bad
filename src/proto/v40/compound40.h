/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COMPOUND of minor version 0 (RFC 7530 §15.2): no session and no gate.  Operations run one by one;
 * what makes a retry harmless is found operation by operation: owner seqids, and the duplicate
 * request cache for the rest.
 *
 *     head -> operation: decode -> who sent it? (stateid40.h) -> handler of ops/ -> status40.h
 *                               -> an owner's seqid            -^
 *
 * An operation that has to wait for a delegation parks the whole COMPOUND (park.h).  Its owner's
 * sequence is given back as it was, so a retry that comes meanwhile waits for the same delegation;
 * the one that runs first makes the result, and the other one finds that.  What is in the duplicate
 * request cache stays in progress.
 */
#pragma once

#include "proto/compound.h"
#include "proto/park.h"
#include "proto/reply.h"

struct duplicate;
struct session_conn;
struct stateid;

struct v40_compound {
    struct compound base;
    struct reply reply;
    struct session_conn *conn;
    struct compound_park park;
    enum nfsstat4 status;  /* so far */
    struct client *client; /* base.client, with a reference and a request begun; or NULL */
    struct stateid
        *used;           /* a reference: what v40_use_stateid() found for this operation; or NULL */
    const uint8_t *args; /* where this operation's arguments begin in base.in */
    struct duplicate *duplicate; /* the reply will be kept (duplicate_request.h); or NULL */
    bool again;                  /* the next operation is one that was here and had to wait */
    bool in_sequence;            /* an operation with an owner's seqid has been here */
    bool unanswered;             /* the owner is busy, and this operation can't wait */
};

/* Everything of one COMPOUND behind its head. */
enum rpc_result v40_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct wire_opaque *tag,
                                 uint32_t op_count);
