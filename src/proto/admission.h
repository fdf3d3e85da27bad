/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission of callers: the exports' rules for addresses, ports and security, applied before any
 * other part of a call is examined; and audit log lines about those who are refused.
 *
 * A caller whom no export admits may call only NULL.  Its COMPOUNDs are denied at the RPC level
 * (AUTH_TOOWEAK, RFC 5531 §9), so it cannot end another client's state by using its owner, either.
 * For an admitted caller each step into an export is checked again.  Who has the wrong security
 * there gets NFS4ERR_WRONGSEC, but only from the operations of RFC 8881 §2.6.3.1.  Thread safe,
 * without locks.
 */
#pragma once

#include <stdbool.h>

#include "proto/compound.h"

struct session_conn;

/* X(name): why an export, or each of them, refuses a caller, as the log has it. */
#define ADMISSION_REASONS(X)                                                                       \
    X(client)                                                                                      \
    X(port)                                                                                        \
    X(sec)                                                                                         \
    X(tls_peer)                                                                                    \
    X(xprtsec)

enum admission_reason {
#define X(name) ADMISSION_REASON_##name,
    ADMISSION_REASONS(X)
#undef X
    ADMISSION_REASON_COUNT
};

/* How many requests were refused for this reason. */
uint64_t admission_refused(const struct server *server, enum admission_reason reason);

/* May this caller send COMPOUNDs?  A flavor that no export takes may, but for AUTH_NONE: clients
 * use one of their own for what has no filehandle.  The answer is cached with the connection until
 * the exports change. */
bool admission_to_server(const struct rpc_call *call, struct server *server,
                         struct session_conn *conn, const struct export_caller *caller);

/* admission_to_export() and admission_to_put() for those who don't pass by their security alone. */
enum nfsstat4 admission_examine(struct compound *c, const struct export *export,
                                const struct vfs_object *obj, enum nfsstat4 foreign);
enum nfsstat4 admission_examine_put(struct compound *c, const struct export *export,
                                    const struct vfs_object *obj, enum nfsstat4 foreign);

/* May the caller use `obj` of `export`, to which a name leads?  NFS4_OK; `foreign` if the export
 * does not admit its address; NFS4ERR_PERM if the port is not reserved and the export is `secure`,
 * like the kernel's server: RFC 8881 §15.2 lists it for none of the callers, but nothing better
 * ("Wrong ports" in docs/rfc-coverage.md); NFS4ERR_WRONGSEC. */
static inline enum nfsstat4 admission_to_export(struct compound *c, const struct export *export,
                                                const struct vfs_object *obj, enum nfsstat4 foreign)
{
    return export_admits_anywhere(export, &c->caller) ? NFS4_OK
                                                      : admission_examine(c, export, obj, foreign);
}

/* The same for a put filehandle operation, which leaves NFS4ERR_WRONGSEC to others where
 * security_is_put_lightly(). */
static inline enum nfsstat4 admission_to_put(struct compound *c, const struct export *export,
                                             const struct vfs_object *obj, enum nfsstat4 foreign)
{
    c->wrongsec_deferred = false;
    return export_admits_anywhere(export, &c->caller)
               ? NFS4_OK
               : admission_examine_put(c, export, obj, foreign);
}

/* The same for the current filehandle, which was perhaps put so. */
static inline enum nfsstat4 admission_here(struct compound *c)
{
    return admission_to_export(c, c->current.export, c->current.obj, NFS4ERR_ACCESS);
}

/* Is the security right for `obj` of `export`?  Of SECINFO and READDIR, which say nothing else of
 * it. */
bool admission_is_secure(const struct compound *c, const struct export *export,
                         const struct vfs_object *obj);

/* An operation failed with `status`: write an audit line if the export caused that, by squashing
 * the caller or by being read-only. */
void admission_audit(const struct compound *c, enum nfs_opnum4 op, enum nfsstat4 status);

/* Once a second: log how many lines were suppressed. */
void admission_tick(struct server *server);
