/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NFS program, version 4: called by transport/ for each RPC call; selects the minor version.
 * Register it as {NFS4_PROGRAM, NFS_V4, NFS_V4, nfs4_dispatch, &server, nfs4_closed, nfs4_resume}.
 */
#pragma once

#include "proto/compound.h"
#include "transport/rpc_call.h"

enum {
    NFS4_CONNECTION_SLOT = 0 /* slot of connection_user(): a struct session_conn */
};

/* Create what the minor versions keep for a server, before its first call; free it after the
 * last. */
void nfs4_start(struct server *server);
void nfs4_stop(struct server *server);

/* NULL and COMPOUND.  `context` is a struct server *. */
enum rpc_result nfs4_dispatch(struct rpc_call *call, void *context);

/* Continue a parked COMPOUND. */
enum rpc_result nfs4_resume(struct rpc_call *call, void *context);

/* The connection is closed: unbind it from its sessions. */
void nfs4_closed(struct connection *conn, void *context);

/* About once a second: log how many lines were suppressed, and drop expired entries. */
void nfs4_tick(struct server *server, int64_t now_ns);

struct session_conn;

/* COMPOUND for an admitted caller that has its own session_conn; nfs4_dispatch() takes it from the
 * connection. */
enum rpc_result nfs4_compound(struct rpc_call *call, struct server *server,
                              struct session_conn *conn, const struct export_caller *caller);
