/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COMPOUND of minor versions 1 and 2 (RFC 8881 §2.10.6.4, §16.2; RFC 7862 adds operations and
 * nothing else): the gate that SEQUENCE is, the loop over the operations, and the bounds of the
 * reply.
 *
 *     head -> first operation -> SEQUENCE: gate -> the others, one by one -> slot gets the reply
 *                             -> one of the five that need no session, alone
 *                             -> anything else: OP_NOT_IN_SESSION
 *
 * An operation that has to wait for a delegation parks the whole of it (park.h): the slot stays
 * busy and the references stay; others of the connection go on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/compound.h"
#include "proto/park.h"
#include "proto/reply.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"

struct v41_compound {
    struct compound base;
    struct reply reply; /* its limit is the session's, once there is one */
    struct compound_park park;
    enum nfsstat4 status; /* so far */
    struct session_conn *conn;
    uint32_t minor;

    /* The gate's: all NULL or 0 without a session. */
    struct session *session;
    struct session_binding *binding; /* of conn, or NULL; see session_conn_lookup() */
    struct slot *slot;               /* owned by this compound; NULL for a retry */
    uint32_t slot_id;
    bool cache_this;
};

/* Everything of one COMPOUND behind its head. */
enum rpc_result v41_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct export_caller *caller,
                                 const struct compound_head *head);
