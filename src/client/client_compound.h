/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the arguments of a COMPOUND (RFC 8881 §16.2) operation by operation, and calls it, once or
 * repeatedly: the same compound sent again over any connection is a retry, byte for byte, with a
 * new xid.
 *
 *     struct client_compound c;
 *     struct client_result r;
 *
 *     client_compound_begin_slot(&c, session, 0, true);
 *     client_op_putrootfh(&c);
 *     client_op_getattr(&c, &bits);
 *     status = client_compound_call(conn, &c, &r);
 *     ... r.status, r.ops[2].opgetattr ...
 *     client_result_free(&r);
 *     client_compound_free(&c);
 */
#pragma once

#include "client/client_result.h"
#include "wire/nfs4_op.h"

struct client_session; /* client/client_session.h */
struct client_owner;   /* client/client_owner.h */

/* An owner's seqid that an operation carries, in minor version 0. */
#define CLIENT_COMPOUND_SEQIDS 16u
struct client_compound_seqid {
    struct client_owner *owner;
    uint32_t seqid, op_index;
};

struct client_compound {
    uint8_t *buffer;
    size_t size;
    struct xdr x;
    size_t count_pos;               /* of the operation count in the buffer */
    size_t seqid_pos;               /* of sa_sequenceid; 0: there is no SEQUENCE */
    uint32_t minor;                 /* version */
    uint32_t count;                 /* operations so far */
    bool broken;                    /* an operation could not be encoded: it can't be sent */
    struct client_session *session; /* whose slot advances with the reply; NULL: none */
    uint32_t slot;
    struct client_conn *conn; /* of the mount that it belongs to; NULL: none */
    uint32_t seqid_count;
    struct client_compound_seqid seqids[CLIENT_COMPOUND_SEQIDS];
};

/* An empty compound. */
void client_compound_begin(struct client_compound *c, struct wire_opaque tag,
                           uint32_t minor_version);

/* Minor version 1, no tag. */
void client_compound_begin_plain(struct client_compound *c);

/* A compound of the session's minor version, beginning with SEQUENCE for the next use of the
 * slot. */
void client_compound_begin_slot(struct client_compound *c, struct client_session *session,
                                uint32_t slot, bool cache_this);

/* Append an operation with its arguments.  If XDR cannot express it (an invalid enum value), every
 * later send fails with EINVAL. */
void client_compound_add(struct client_compound *c, struct nfs_argop4 *op);

/* Append raw words: malformed operations, invalid numbers. */
void client_compound_add_words(struct client_compound *c, const uint32_t *words, size_t count);

/* Replace sa_sequenceid: the same operations become a new request. */
void client_compound_set_seqid(struct client_compound *c, uint32_t seqid);

/* Set a wrong number of operations. */
void client_compound_set_count(struct client_compound *c, uint32_t count);

/* The arguments as they are now. */
struct wire_opaque client_compound_args(const struct client_compound *c);

/* Send and wait for the reply.  The slot's seqid advances if SEQUENCE succeeded; owners' seqids
 * advance with their operations.  `result` is filled on CLIENT_OK. */
MUST_USE enum client_status client_compound_call(struct client_conn *conn,
                                                 struct client_compound *c,
                                                 struct client_result *result);

/* Its two halves. */
MUST_USE enum client_status client_compound_send(struct client_conn *conn,
                                                 const struct client_compound *c, uint32_t *xid);
MUST_USE enum client_status client_compound_receive(struct client_conn *conn,
                                                    struct client_compound *c, uint32_t xid,
                                                    struct client_result *result);

/* The first half with a previous xid, on the same or another connection: exactly the same call. */
MUST_USE enum client_status client_compound_send_again(struct client_conn *conn,
                                                       const struct client_compound *c,
                                                       uint32_t xid);

void client_compound_free(struct client_compound *c);
