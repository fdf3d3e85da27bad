/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission of peers: the exports' rules for addresses and ports, applied before any other part of
 * a call is examined; and audit log lines about refused peers.
 *
 * A peer that no export admits may call only NULL.  Its COMPOUNDs are denied at the RPC level
 * (AUTH_TOOWEAK, RFC 5531 §9), so it cannot end another client's state by using its owner, either.
 * For an admitted peer each step into an export is checked again.  Thread safe, without locks.
 */
#pragma once

#include <stdbool.h>

#include "proto/compound.h"

struct session_conn;

/* May this peer send COMPOUNDs?  The answer is cached with the connection until the exports
 * change. */
bool admission_to_server(const struct rpc_call *call, struct server *server,
                         struct session_conn *conn);

/* May the caller use `export`?  NFS4_OK; `foreign` if the export does not admit its address;
 * NFS4ERR_PERM if the port is not reserved and the export is `secure`, like the kernel's server. */
enum nfsstat4 admission_to_export(const struct compound *c, const struct export *export,
                                  enum nfsstat4 foreign);

/* An operation failed with `status`: write an audit line if the export caused that, by squashing
 * the caller or by being read-only. */
void admission_audit(const struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status);

/* Once a second: log how many lines were suppressed. */
void admission_tick(struct server *server);
