/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoded reply to a COMPOUND: its status, tag and the result of each operation.  What the
 * operations point at lives as long as the result.
 */
#pragma once

#include "client/client_call.h"
#include "client/status_name.h"
#include "wire/nfs4_op.h"

struct client_result {
    struct client_reply reply;
    uint32_t minor; /* version of the compound, or of what the connection carried last */
    enum nfsstat4 status;
    struct wire_opaque tag;
    uint32_t count;   /* results the server says there are */
    uint32_t decoded; /* results in `ops`; fewer than count only for those of minor version 2 */
    struct nfs_resop4 *ops;
    struct wire_opaque body; /* the whole encoded COMPOUND4res */
};

/* Called with each result that came, if a program sets it (before its first call). */
extern void (*client_result_watch)(const struct client_result *result);

/* Wait for the reply to `xid`.  CLIENT_REJECTED leaves the header in result->reply; free the
 * result then, too. */
MUST_USE enum client_status client_result_receive(struct client_conn *conn, uint32_t xid,
                                                  struct client_result *result);

/* Wait for the reply to any call: result->reply.header.xid tells which. */
MUST_USE enum client_status client_result_receive_any(struct client_conn *conn,
                                                      struct client_result *result);

void client_result_free(struct client_result *result);

/* The first result of that operation, or NULL. */
const struct nfs_resop4 *client_result_find(const struct client_result *result, uint32_t op);
