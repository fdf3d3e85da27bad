/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC calls over a client connection (RFC 5531).  Sending and receiving are separate, so calls can
 * be pipelined.  Replies to other calls that arrive meanwhile are kept; calls of the server are
 * answered.
 */
#pragma once

#include "client/client_conn.h"
#include "client/client_gss_call.h"
#include "wire/rpc_msg.h"

/* The verifier of an accepted reply to a call by RPCSEC_GSS. */
enum client_verf {
    CLIENT_VERF_NONE, /* AUTH_NONE, or it was not looked at */
    CLIENT_VERF_GOOD, /* the MIC of the call's sequence number */
    CLIENT_VERF_WRONG,
    CLIENT_VERF_OTHER, /* of a third flavor */
};

/* A reply and its memory.  Filled by client_call_receive() on CLIENT_OK and CLIENT_REJECTED.  To be
 * freed with client_reply_free(). */
struct client_reply {
    struct client_record *record;
    struct arena arena;
    struct rpc_reply_header header;
    struct xdr results;    /* decodes what follows the header, or was protected there */
    enum client_verf verf; /* reply->header.verf has its bytes */
    uint8_t *plain;        /* what was decrypted; NULL: nothing */
};

/* The call with the connection's credentials, verifier and body, as client_call_send_as() sends it.
 * With RPCSEC_GSS it takes the next sequence number.  free() the data. */
struct client_bytes client_call_make(struct client_conn *conn, uint32_t xid, uint32_t program,
                                     uint32_t version, uint32_t procedure, const void *args,
                                     size_t len);

/* Send a CALL with the connection's credentials and a new xid, which is returned. */
MUST_USE enum client_status client_call_send(struct client_conn *conn, uint32_t program,
                                             uint32_t version, uint32_t procedure, const void *args,
                                             size_t len, uint32_t *xid);

/* The same with a given xid. */
MUST_USE enum client_status client_call_send_as(struct client_conn *conn, uint32_t xid,
                                                uint32_t program, uint32_t version,
                                                uint32_t procedure, const void *args, size_t len);

/* Wait for the reply to `xid`. */
MUST_USE enum client_status client_call_receive(struct client_conn *conn, uint32_t xid,
                                                struct client_reply *reply);

/* Wait for any reply. */
MUST_USE enum client_status client_call_receive_any(struct client_conn *conn,
                                                    struct client_reply *reply);

/* Answer calls of the server for `wait_ms`, or until one was answered. */
enum client_status client_call_serve(struct client_conn *conn, int wait_ms);

void client_reply_free(struct client_reply *reply);

/* The NULL procedure of NFS. */
MUST_USE enum client_status client_call_null(struct client_conn *conn);

/* Encode a call with AUTH_SYS or AUTH_NONE, for senders that frame it themselves.  Returns its
 * length, or 0. */
size_t client_call_encode(const struct client_cred *cred, uint32_t xid, uint32_t program,
                          uint32_t version, uint32_t procedure, const void *args, size_t len,
                          uint8_t *out, size_t size);

/* Room for the header that client_call_encode() puts before the arguments. */
#define CLIENT_CALL_HEADER_BYTES 256u
