/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client ID of minor version 0: SETCLIENTID, SETCLIENTID_CONFIRM and RENEW (RFC 7530 §16.33,
 * §16.34, §16.28).  It is not tied to a connection.
 */
#pragma once

#include "client/client_compound.h"

struct client_id {
    uint64_t clientid;
    uint8_t confirm[NFS4_VERIFIER_SIZE];
};

/* The arguments of SETCLIENTID. */
struct client_id_wish {
    const char *owner;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t callback_program, callback_ident;
    const char *netid, *address; /* the callback address, RFC 5665 */
};

/* If `owner` is NULL, each call makes a different owner (in static memory: not thread safe).  No
 * callback address. */
struct client_id_wish client_id_wish_default(const char *owner);

/* The operations. */
void client_id_op_set(struct client_compound *c, const struct client_id_wish *wish);
void client_id_op_confirm(struct client_compound *c, const struct client_id *id);
void client_id_op_renew(struct client_compound *c, uint64_t clientid);

/* Each sends a compound of its own.  On CLIENT_OK, *status is the server's. */
MUST_USE enum client_status client_id_set(struct client_conn *conn,
                                          const struct client_id_wish *wish, struct client_id *id,
                                          enum nfsstat4 *status);
MUST_USE enum client_status client_id_confirm(struct client_conn *conn, const struct client_id *id,
                                              enum nfsstat4 *status);
MUST_USE enum client_status client_id_renew(struct client_conn *conn, const struct client_id *id,
                                            enum nfsstat4 *status);

/* SETCLIENTID and SETCLIENTID_CONFIRM. */
MUST_USE enum client_status client_id_open(struct client_conn *conn,
                                           const struct client_id_wish *wish, struct client_id *id,
                                           enum nfsstat4 *status);
