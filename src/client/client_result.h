/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoded reply to a COMPOUND: status, tag, and the result of each operation.  Pointers in the
 * results are valid as long as the struct.
 */
#pragma once

#include "client/client_call.h"
#include "wire/nfs4_op.h"
#include "wire/status_name.h"

struct client_result {
    struct client_reply reply;
    uint32_t minor; /* version of the compound, or of the last one on the connection */
    enum nfsstat4 status;
    struct wire_opaque tag;
    uint32_t count;   /* number of results that the server claims */
    uint32_t decoded; /* number of results in `ops`; less than count only in minor version 2 */
    struct nfs_resop4 *ops;
    struct wire_opaque body; /* the whole encoded COMPOUND4res */
};

/* If set (before the first call), called with each result received. */
extern void (*client_result_watch)(const struct client_result *result);

/* Wait for the reply to `xid`.  With CLIENT_REJECTED the header is in result->reply; the result
 * must be freed then, too. */
MUST_USE enum client_status client_result_receive(struct client_conn *conn, uint32_t xid,
                                                  struct client_result *result);

/* Wait for the reply to any call; result->reply.header.xid identifies it. */
MUST_USE enum client_status client_result_receive_any(struct client_conn *conn,
                                                      struct client_result *result);

void client_result_free(struct client_result *result);

/* The first result of this operation, or NULL. */
const struct nfs_resop4 *client_result_lookup(const struct client_result *result, uint32_t op);
