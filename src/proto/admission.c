/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/admission.h"

#include "base/log.h"
#include "state/session/session_conn.h"
#include "transport/address.h"
#include "transport/connection.h"
#include "wire/op_table.h"

static void refused(const struct rpc_call *call, struct server *server, const char *export,
                    const char *why, const char *op)
{
    char peer[ADDRESS_TEXT_BYTES];

    if (!log_enabled(LOG_PART_export, LOG_LEVEL_INFO) ||
        !log_limit_take(&server->export_refusals, call->received_ns, LIMIT_LOG_EXPORTS_PER_S))
        return;
    log_info_taken(NULL, "export.refused",
                   LOG_STR("peer", address_format(connection_peer(call->conn), peer, sizeof(peer))),
                   LOG_STR("export", export), LOG_U64("uid", call->cred.uid), LOG_STR("why", why),
                   LOG_STR("op", op));
}

static const char *why_not(enum export_admission admission)
{
    return admission == EXPORT_WRONG_PORT ? "port" : "client";
}

bool admission_to_server(const struct rpc_call *call, struct server *server,
                         struct session_conn *conn)
{
    uint32_t generation = export_table_generation(server->exports);
    enum export_admission admission;

    if (atomic_load_explicit(&conn->admitted, memory_order_relaxed) == generation)
        return true;
    admission = export_table_admit(server->exports, connection_peer(call->conn));
    if (admission == EXPORT_ADMITTED) {
        atomic_store_explicit(&conn->admitted, generation, memory_order_relaxed);
        return true;
    }
    refused(call, server, "", why_not(admission), "COMPOUND");
    return false;
}

enum nfsstat4 admission_to_export(const struct compound *c, const struct export *export,
                                  enum nfsstat4 foreign)
{
    enum export_admission admission = export_admit(export, connection_peer(c->call->conn));

    if (admission == EXPORT_ADMITTED)
        return NFS4_OK;
    refused(c->call, c->server, export->path, why_not(admission), "");
    return admission == EXPORT_WRONG_PORT ? NFS4ERR_PERM : foreign;
}

static bool squashed(const struct compound *c)
{
    return c->cred.uid != c->call->cred.uid || c->cred.gid != c->call->cred.gid;
}

void admission_audit(const struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status)
{
    const struct export *export = c->current.export;
    const struct op_info *info = op_info(op);
    const char *name = info ? info->name : "";

    if (!export || export->pseudo)
        return;
    if (status == NFS4ERR_ROFS && export->read_only)
        refused(c->call, c->server, export->path, "ro", name);
    else if ((status == NFS4ERR_ACCESS || status == NFS4ERR_PERM) && squashed(c))
        refused(c->call, c->server, export->path, "squash", name);
}

void admission_tick(struct server *server)
{
    uint64_t lines = log_limit_left_out(&server->export_refusals);

    if (lines)
        log_info("export.refused_left_out", LOG_U64("lines", lines));
}
