/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One COMPOUND in progress, as the operation handlers see it.  v40/ and v41/ embed it in their own
 * compound, decode each operation and call the handler in ops/; handlers know no minor version.
 *
 * Handler contract: `enum nfsstat4 op_xxx(struct compound *c, const struct XXX4args *args)`.
 * The processor has already encoded the operation number and room for the status.  On NFS4_OK the
 * handler has appended the body of XXX4resok to c->out; on an error whatever it appended is
 * dropped by the processor, unless the operation's table row says that it has an error body
 * (op_table.h), which the handler then has encoded.  A handler that finds no room in c->out
 * (c->out.failed) just returns; the processor turns that into NFS4ERR_REP_TOO_BIG, in 4.0
 * RESOURCE.  Operations that change something have had their reply bound checked before they run.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log_limit.h"
#include "export/export.h"
#include "proto/changes.h"
#include "proto/minor_range.h"
#include "state/client/client.h"
#include "transport/rpc_call.h"
#include "vfs/vfs.h"
#include "wire/nfs4_codec.h"
#include "wire/xdr.h"

struct callback;
struct delegation_waiter;
struct dial_out;
struct state;
struct transport;
struct v40;

/* A filehandle in effect: an object and the export (or pseudo directory) it belongs to.  obj is
 * NULL when there is none.  The compound holds a reference on both. */
struct compound_fh {
    struct vfs_object *obj;
    struct export *export;
};

/* What the handlers need of the server, wired by daemon/. */
struct server {
    struct export_table *exports;
    struct state *state;
    struct dial_out *dial_out;   /* calls to clients of 4.0; NULL: none are called */
    struct callback *callback;   /* calls to clients; NULL: none are called */
    struct transport *transport; /* for settings; NULL: there is none yet */
    struct v40 *v40;             /* nfs4_start(); NULL in a build without minor version 0 */
    uint32_t lease_s;
    _Atomic uint32_t recall_park_ms; /* for which a request waits for delegations; a setting */
    /* What is served: read once a COMPOUND, written at any time.  Relaxed: it announces nothing. */
    _Atomic(struct minor_range) minors;
    struct log_limit refusals;        /* lines about requests that SEQUENCE refused */
    struct log_limit replays;         /* and about retries */
    struct log_limit export_refusals; /* and about what exports refused (admission.h) */
};

struct compound {
    struct rpc_call *call;
    struct server *server;
    struct xdr *in;
    struct xdr *out;
    struct arena *arena;

    struct compound_fh current, saved;
    struct vfs_cred cred; /* the caller after the current export's squash */

    /* Current and saved stateid, RFC 8881 §16.2.3.1.2 */
    struct stateid4 current_stateid, saved_stateid;
    bool has_current_stateid, has_saved_stateid;

    struct client *client; /* that sent it: by the session, or by 4.0's clientid; may be NULL */
    const struct client *likely;      /* the likely one, if that is not known; only compared */
    bool want_cached;                 /* the reply will be kept: no tail by descriptor */
    const struct bitmap4 *attributes; /* those that the minor version has */
    uint32_t open_rflags;             /* for OPEN4resok, besides the handler's own */
    uint32_t op_index;
    uint32_t op_count;
    enum nfs_opnum4 op; /* that runs, and where its result begins in `out` */
    size_t op_pos;
    struct changes changes; /* what must be durable before the reply leaves */

    /* Which request of which session it is (struct session_call); NULL in 4.0. */
    const uint8_t *session_id;
    uint32_t slot_id, sequence_id;

    /* For operations that meet another client's delegation, to hand on to state/: an operation
     * that leaves it queued and returns NFS4ERR_DELAY is run once more, from its beginning and with
     * the same arguments, when the waiter is woken.  So it must have changed nothing before.  NULL:
     * this request can't wait, or has waited long enough. */
    struct delegation_waiter *waiter;
};

/* Why arguments could not be decoded: they are wrong, or there was no memory for their arrays. */
static inline enum nfsstat4 compound_undecoded(const struct compound *c)
{
    return c->arena->starved ? NFS4ERR_DELAY : NFS4ERR_BADXDR;
}

/* The client whose own delegations do not conflict with what it does; may be NULL. */
static inline const struct client *compound_holder(const struct compound *c)
{
    return c->client ? c->client : c->likely;
}

/* Has the client that sent it been removed since, for a new incarnation of it as a rule?  What has
 * waited asks that before it goes on.  (The sessions of a client end before it only when none of
 * their requests is in progress.) */
static inline bool compound_is_orphan(const struct compound *c)
{
    const struct client *client = compound_holder(c);

    return client && client_dead(client);
}

/* Set one up, of zero bytes, for a call. */
void compound_begin(struct compound *c, struct rpc_call *call, struct server *server,
                    uint32_t op_count);

/* The principal that sends it, for client records: before any squash. */
struct client_principal compound_principal(const struct compound *c);

/* The compound is about to ask the export's backend.  NFS4ERR_DELAY: so many threads block there
 * that nothing more goes in for now. */
enum nfsstat4 compound_enter(struct compound *c, struct export *export);

/* Where the call came from. */
struct client_source compound_source(const struct compound *c);

/* Take over references to obj and export as the current filehandle, compute cred for the export,
 * forget the current stateid. */
void compound_set_current(struct compound *c, struct vfs_object *obj, struct export *export);

/* Take an extra reference and put `fh` into the other place (SAVEFH, RESTOREFH). */
void compound_fh_copy(struct compound_fh *to, const struct compound_fh *from);

/* Forget the current filehandle (SECINFO consumes it). */
void compound_clear_current(struct compound *c);

/* Drop both filehandles' references, and changes that are not waited for: at the end of the
 * COMPOUND. */
void compound_release(struct compound *c);

/* NFS4ERR_NOFILEHANDLE without a current filehandle, else NFS4_OK. */
enum nfsstat4 compound_need_fh(const struct compound *c);

/* NOFILEHANDLE, NOTDIR or SYMLINK unless the current filehandle is a directory. */
enum nfsstat4 compound_need_dir(const struct compound *c);

/* Is obj a regular file, of which named attributes are some?  ISDIR, SYMLINK, WRONG_TYPE. */
enum nfsstat4 compound_check_file(const struct vfs_object *obj);

/* NFS4ERR_ROFS on a read-only export. */
enum nfsstat4 compound_need_writable(const struct compound *c);

/* Resolve the special "current stateid" {1, 0} (RFC 8881 §16.2.3.1.2) into *out; BAD_STATEID when
 * there is none.  Other stateids are copied as they are. */
enum nfsstat4 compound_stateid(const struct compound *c, const struct stateid4 *in,
                               struct stateid4 *out);
void compound_set_stateid(struct compound *c, const struct stateid4 *stateid);

/* A component name as a client sent it, for the current export: INVAL (empty; not UTF-8 where the
 * export has strict_utf8), NAMETOOLONG, BADNAME (".", "..") or BADCHAR (a slash, NUL), RFC 8881
 * §14.  Without strict_utf8 a name is bytes, as on a local file system. */
enum nfsstat4 compound_name(const struct compound *c, const struct wire_opaque *text,
                            struct vfs_name *name);

/* One table: a backend's status, never VFS_OK, as an NFS error. */
enum nfsstat4 status_from_vfs(enum vfs_status status);
