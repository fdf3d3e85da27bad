/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the arguments of a COMPOUND (RFC 8881 §16.2) operation by operation and calls it, once or
 * as often as a test wants: the same compound sent again on the same or another connection is a
 * retry, byte for byte, under a new xid.
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

/* An owner's seqid that an operation carries, minor version 0. */
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
    bool broken;                    /* an operation could not be encoded: it will not be sent */
    struct client_session *session; /* whose slot's seqid follows the reply; NULL: none */
    uint32_t slot;
    struct client_conn *conn; /* of the mount whose compound it is; NULL: of none */
    uint32_t seqid_count;
    struct client_compound_seqid seqids[CLIENT_COMPOUND_SEQIDS];
};

/* An empty compound. */
void client_compound_begin(struct client_compound *c, struct wire_opaque tag,
                           uint32_t minor_version);

/* Minor version 1, no tag. */
void client_compound_begin_plain(struct client_compound *c);

/* One of the session's minor version, with SEQUENCE for the next use of its slot. */
void client_compound_begin_slot(struct client_compound *c, struct client_session *session,
                                uint32_t slot, bool cache_this);

/* Append an operation with its arguments.  Those that XDR cannot express (a number that its enum
 * does not have) make every later send fail with EINVAL. */
void client_compound_add(struct client_compound *c, struct nfs_argop4 *op);

/* Append words as they are: broken operations, numbers that don't exist. */
void client_compound_add_words(struct client_compound *c, const uint32_t *words, size_t count);

/* Another sa_sequenceid in a compound that has SEQUENCE: the same operations as a new request. */
void client_compound_set_seqid(struct client_compound *c, uint32_t seqid);

/* Lie about the number of operations. */
void client_compound_set_count(struct client_compound *c, uint32_t count);

/* The arguments as they are now. */
struct wire_opaque client_compound_args(const struct client_compound *c);

/* Send and wait; the slot's seqid follows when SEQUENCE succeeded, owners' seqids follow their
 * operations.  Fill `result` on CLIENT_OK. */
MUST_USE enum client_status client_compound_call(struct client_conn *conn,
                                                 struct client_compound *c,
                                                 struct client_result *result);

/* The two halves of it. */
MUST_USE enum client_status client_compound_send(struct client_conn *conn,
                                                 const struct client_compound *c, uint32_t *xid);
MUST_USE enum client_status client_compound_receive(struct client_conn *conn,
                                                    struct client_compound *c, uint32_t xid,
                                                    struct client_result *result);

/* The first half under an xid of before, on the same or another connection: the very same call. */
MUST_USE enum client_status client_compound_send_again(struct client_conn *conn,
                                                       const struct client_compound *c,
                                                       uint32_t xid);

void client_compound_free(struct client_compound *c);
