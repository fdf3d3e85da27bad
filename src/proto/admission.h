/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission of peers: the exports' rules for addresses and ports, which are applied before anything
 * else of a call is examined, and the audit lines about peers that they refuse.
 *
 * A peer that no export admits may call NULL only: its COMPOUNDs are denied as RPC calls
 * (AUTH_TOOWEAK, RFC 5531 §9), so it cannot end another client's state by naming its owner either.
 * For an admitted peer, each step into an export checks again.  Thread safe, no lock.
 */
#pragma once

#include <stdbool.h>

#include "proto/compound.h"

struct session_conn;

/* May this peer send COMPOUNDs at all?  The answer is kept with the connection as long as the
 * exports stay as they are. */
bool admission_to_server(const struct rpc_call *call, struct server *server,
                         struct session_conn *conn);

/* May the caller use `export`?  NFS4_OK; `foreign` when the export is not meant for its address;
 * NFS4ERR_PERM when it comes from an unreserved port and the export is `secure`, as Linux' own
 * server answers. */
enum nfsstat4 admission_to_export(const struct compound *c, const struct export *export,
                                  enum nfsstat4 foreign);

/* An operation failed with `status`: leave an audit line if that was the export's doing, which
 * squashes the caller or is read-only. */
void admission_audit(const struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status);

/* Once a second: say how many lines were left out. */
void admission_tick(struct server *server);
