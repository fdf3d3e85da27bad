/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC calls over a client connection (RFC 5531).  Sending and receiving are apart, so calls can
 * be pipelined: replies to others that arrive meanwhile are kept, the server's own calls are
 * answered on the way.
 */
#pragma once

#include "client/client_conn.h"
#include "wire/rpc_msg.h"

/* A reply and the memory behind it.  Filled by client_call_receive() on CLIENT_OK and
 * CLIENT_REJECTED; free with client_reply_free(). */
struct client_reply {
    struct client_record *record;
    struct arena arena;
    struct rpc_reply_header header;
    struct xdr results; /* decodes what follows the header */
};

/* Send a CALL with the connection's credentials under a new xid, which is stored. */
MUST_USE enum client_status client_call_send(struct client_conn *conn, uint32_t program,
                                             uint32_t version, uint32_t procedure, const void *args,
                                             size_t len, uint32_t *xid);

/* The same under a given xid. */
MUST_USE enum client_status client_call_send_as(struct client_conn *conn, uint32_t xid,
                                                uint32_t program, uint32_t version,
                                                uint32_t procedure, const void *args, size_t len);

/* Wait for the reply to `xid`. */
MUST_USE enum client_status client_call_receive(struct client_conn *conn, uint32_t xid,
                                                struct client_reply *reply);

/* Wait for any reply at all. */
MUST_USE enum client_status client_call_receive_any(struct client_conn *conn,
                                                    struct client_reply *reply);

/* Answer the server's calls for `wait_ms`, or until one was answered. */
enum client_status client_call_serve(struct client_conn *conn, int wait_ms);

void client_reply_free(struct client_reply *reply);

/* The NULL procedure of NFS. */
MUST_USE enum client_status client_call_null(struct client_conn *conn);

/* The bytes of a call, for senders that frame it themselves.  Returns their number or 0. */
size_t client_call_encode(const struct client_cred *cred, uint32_t xid, uint32_t program,
                          uint32_t version, uint32_t procedure, const void *args, size_t len,
                          uint8_t *out, size_t size);

/* Room for the header that client_call_encode() puts before the arguments. */
#define CLIENT_CALL_HEADER_BYTES 256u
