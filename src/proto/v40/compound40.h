/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COMPOUND of minor version 0 (RFC 7530 §15.2): no session and no gate.  Operations run one by one.
 * Retries are recognized per operation: by owner seqids, and for the rest by the duplicate request
 * cache.
 *
 *     head -> operation: decode -> find the sender (stateid40.h) -> handler of ops/ -> status40.h
 *                               -> an owner's seqid               -^
 *
 * An operation that must wait for a delegation parks the whole COMPOUND (park.h).  Its owner's
 * sequence is restored, so a retry that arrives meanwhile waits for the same delegation; the first
 * of them to run produces the result, which the other one finds.  An entry of the duplicate request
 * cache remains in progress.
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
    enum nfsstat4 status;        /* so far */
    struct client *client;       /* base.client, with a reference and a request begun; or NULL */
    struct stateid *used;        /* a reference on what v40_use_stateid() found; or NULL */
    const uint8_t *args;         /* the operation's arguments in base.in */
    struct duplicate *duplicate; /* the reply will be cached (duplicate_request.h); or NULL */
    bool again;                  /* the next operation ran before and had to wait */
    bool in_sequence;            /* an operation with an owner's seqid has run */
    bool unanswered;             /* the owner is busy, and this operation can't wait */
};

/* Run a COMPOUND after its head has been decoded. */
enum rpc_result v40_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct export_caller *caller,
                                 const struct compound_head *head);
