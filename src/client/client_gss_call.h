/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls by RPCSEC_GSS and their replies, byte by byte: credentials, verifiers, protected bodies.
 * A connection notes with which sequence numbers each call was sent, since the reply's verifier
 * is the MIC of one of them (RFC 2203 §5.3.3.2).
 */
#pragma once

#include "client/client_gss.h"

/* free() the data. */
struct client_bytes {
    uint8_t *data;
    size_t len;
};

struct client_gss_message {
    struct client_gss *gss;
    uint32_t proc; /* enum rpc_gss_proc_t */
    uint32_t service;
    uint32_t rpc_program, rpc_version, rpc_proc;
    const void *args;
    size_t args_len;
    uint32_t xid;
};

/* The whole call, spoiled as conn->gss_fault says, with the context's next sequence number. */
struct client_bytes client_gss_call_encode(struct client_conn *conn,
                                           const struct client_gss_message *message);

/* Check the reply to a call that was made by client_gss_call_encode() over this connection, and
 * let reply->results decode what was protected.  False: it is not to be believed.  Other replies
 * are left as they are. */
MUST_USE bool client_gss_call_check(struct client_conn *conn, struct client_reply *reply);

void client_gss_calls_free(struct client_conn *conn);
