/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/admission.h"

#include "base/counter.h"
#include "base/log.h"
#include "gss/gss_principal.h"
#include "proto/caller.h"
#include "proto/security.h"
#include "state/session/session_conn.h"
#include "transport/address.h"
#include "transport/connection.h"
#include "wire/op_table.h"

static void refused(const struct rpc_call *call, struct server *server,
                    const struct export_caller *caller, const char *export, const char *why,
                    const char *op)
{
    char peer[ADDRESS_TEXT_BYTES];

    if (!log_enabled(LOG_PART_export, LOG_LEVEL_INFO) ||
        !log_limit_take(&server->export_refusals, call->received_ns, LIMIT_LOG_EXPORTS_PER_S))
        return;
    log_info_taken(NULL, "export.refused",
                   LOG_STR("peer", address_format(connection_peer(call->conn), peer, sizeof(peer))),
                   LOG_STR("export", export),
                   call->cred.principal ? LOG_STR("principal", call->cred.principal->name)
                                        : LOG_U64("uid", call->cred.uid),
                   LOG_STR("why", why), LOG_STR("sec", security_flavor_name(caller->flavor)),
                   LOG_STR("xprtsec", export_xprtsec_name(caller->xprtsec)), LOG_STR("op", op));
}

static enum admission_reason reason_of(enum export_admission admission)
{
    switch (admission) {
    case EXPORT_WRONG_PORT:
        return ADMISSION_REASON_port;
    case EXPORT_WRONG_FLAVOR:
        return ADMISSION_REASON_sec;
    case EXPORT_WRONG_CERTIFICATE:
        return ADMISSION_REASON_tls_peer;
    case EXPORT_WRONG_TRANSPORT:
        return ADMISSION_REASON_xprtsec;
    case EXPORT_ADMITTED:
    case EXPORT_WRONG_ADDRESS:
        break;
    }
    return ADMISSION_REASON_client;
}

/* By an export, or by each one (""). */
static void not_admitted(const struct rpc_call *call, struct server *server,
                         const struct export_caller *caller, const char *export,
                         enum export_admission admission, const char *op)
{
    static const char *const names[] = {
#define X(name) #name,
        ADMISSION_REASONS(X)
#undef X
    };
    enum admission_reason reason = reason_of(admission);

    counter_add(server->refused, reason, 1);
    refused(call, server, caller, export, names[reason], op);
}

uint64_t admission_refused(const struct server *server, enum admission_reason reason)
{
    return counter_read(server->refused, reason);
}

/* ---- to the server ---- */

/* The flavor may be wrong for every export and right for a client's own business: Linux has
 * EXCHANGE_ID and the like by krb5i for mounts with sec=sys, and without a keytab by AUTH_SYS for
 * mounts with sec=krb5. */
static bool admits(enum export_admission admission, const struct export_caller *caller)
{
    return admission == EXPORT_ADMITTED ||
           (admission == EXPORT_WRONG_FLAVOR && caller->flavor != SECURITY_NONE);
}

/* The generation, and the bits of the callers that it admits.  Another thread's are lost at worst,
 * and found out again. */
static void admitted_add(struct session_conn *conn, uint32_t generation, uint32_t bit)
{
    uint64_t known = atomic_load_explicit(&conn->admitted, memory_order_relaxed);
    uint32_t bits = known >> 32 == generation ? (uint32_t)known | bit : bit;

    atomic_store_explicit(&conn->admitted, (uint64_t)generation << 32 | bits, memory_order_relaxed);
}

static bool admitted_anew(const struct rpc_call *call, struct server *server,
                          struct session_conn *conn, const struct export_caller *caller,
                          uint32_t generation)
{
    enum export_admission admission = export_table_admit(server->exports, caller);

    if (admits(admission, caller)) {
        admitted_add(conn, generation, caller->bit);
        return true;
    }
    not_admitted(call, server, caller, "", admission, "COMPOUND");
    return false;
}

bool admission_to_server(const struct rpc_call *call, struct server *server,
                         struct session_conn *conn, const struct export_caller *caller)
{
    uint32_t generation = export_table_generation(server->exports);
    uint64_t known = atomic_load_explicit(&conn->admitted, memory_order_relaxed);

    if (__builtin_expect(known >> 32 == generation && (known & caller->bit) != 0, 1))
        return true;
    return admitted_anew(call, server, conn, caller, generation);
}

/* ---- to an export ---- */

static enum nfsstat4 status_of(enum export_admission admission, enum nfsstat4 foreign)
{
    switch (admission) {
    case EXPORT_ADMITTED:
        return NFS4_OK;
    case EXPORT_WRONG_PORT:
        return NFS4ERR_PERM;
    case EXPORT_WRONG_FLAVOR:
    case EXPORT_WRONG_CERTIFICATE:
    case EXPORT_WRONG_TRANSPORT:
        return NFS4ERR_WRONGSEC;
    case EXPORT_WRONG_ADDRESS:
        break;
    }
    return foreign;
}

static enum nfsstat4 refusal(struct compound *c, const struct export *export,
                             enum export_admission admission, enum nfsstat4 foreign)
{
    const struct op_info *info = op_info(c->op);

    not_admitted(c->call, c->server, &c->caller, export->path, admission, info ? info->name : "");
    return status_of(admission, foreign);
}

enum nfsstat4 admission_examine(struct compound *c, const struct export *export,
                                const struct vfs_object *obj, enum nfsstat4 foreign)
{
    enum export_admission admission = export_admit_at(export, obj, &c->caller);

    return admission == EXPORT_ADMITTED ? NFS4_OK : refusal(c, export, admission, foreign);
}

/* Is it for something that the machine credential of the client may do whatever the flavors of the
 * export are (RFC 8881 §2.10.8.3)?  What follows is held to that. */
static bool is_deferred(struct compound *c, enum export_admission admission)
{
    c->wrongsec_deferred =
        admission == EXPORT_WRONG_FLAVOR && c->mach_allow != 0 && security_is_put_for_machine(c);
    return c->wrongsec_deferred;
}

enum nfsstat4 admission_examine_put(struct compound *c, const struct export *export,
                                    const struct vfs_object *obj, enum nfsstat4 foreign)
{
    enum export_admission admission = export_admit_at(export, obj, &c->caller);

    if (admission == EXPORT_ADMITTED || is_deferred(c, admission))
        return NFS4_OK;
    if (status_of(admission, foreign) == NFS4ERR_WRONGSEC && security_is_put_lightly(c))
        return NFS4_OK;
    return refusal(c, export, admission, foreign);
}

bool admission_is_secure(const struct compound *c, const struct export *export,
                         const struct vfs_object *obj)
{
    enum export_admission admission = export_admit_at(export, obj, &c->caller);

    return status_of(admission, NFS4ERR_ACCESS) != NFS4ERR_WRONGSEC;
}

/* ---- the audit ---- */

static bool squashed(const struct compound *c)
{
    return c->cred.uid != caller_uid(c) || (!c->identity && c->cred.gid != c->call->cred.gid);
}

void admission_audit(const struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status)
{
    const struct export *export = c->current.export;
    const struct op_info *info = op_info(op);
    const char *name = info ? info->name : "";

    if (!export || export->pseudo)
        return;
    if (status == NFS4ERR_ROFS && export->read_only)
        refused(c->call, c->server, &c->caller, export->path, "ro", name);
    else if ((status == NFS4ERR_ACCESS || status == NFS4ERR_PERM) && squashed(c))
        refused(c->call, c->server, &c->caller, export->path, "squash", name);
}

void admission_tick(struct server *server)
{
    uint64_t lines = log_limit_left_out(&server->export_refusals);

    if (lines)
        log_info("export.refused_left_out", LOG_U64("lines", lines));
}
