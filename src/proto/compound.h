/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One COMPOUND in progress, as the operation handlers see it.  v40/ and v41/ embed it in their own
 * compound, decode each operation and call its handler in ops/.  Handlers do not depend on the
 * minor version.
 *
 * Contract of a handler: `enum nfsstat4 op_xxx(struct compound *c, const struct XXX4args *args)`.
 * The processor has already encoded the operation number, and room for the status.  On NFS4_OK the
 * handler has appended the body of XXX4resok to c->out.  On an error the processor drops what was
 * appended, unless the operation's table row says that it has an error body (op_table.h), which the
 * handler has encoded then.  A handler that runs out of room in c->out (c->out.failed) just
 * returns; the processor turns that into NFS4ERR_REP_TOO_BIG, in 4.0 NFS4ERR_RESOURCE.  For
 * operations that change something, the size of the reply is checked before they run.
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

struct attr_missing;
struct callback;
struct copies;
struct counter_set;
struct delegation_waiter;
struct dial_out;
struct identity;
struct identity_cache;
struct op_counters;
struct state;
struct transport;
struct v40;

/* A current filehandle: an object and the export (or pseudo directory) that it belongs to.  obj is
 * NULL if there is none.  The compound holds a reference on it. */
struct compound_fh {
    struct vfs_object *obj;
    struct export *export;
};

/* What handlers need from the server; set up by daemon/. */
struct server {
    struct export_table *exports;
    struct state *state;
    struct dial_out *dial_out;         /* callbacks to 4.0 clients; NULL: none */
    struct callback *callback;         /* callbacks; NULL: none */
    struct transport *transport;       /* for settings; NULL: not created yet */
    struct v40 *v40;                   /* set by nfs4_start(); NULL in a build without 4.0 */
    struct op_counters *ops;           /* set by nfs4_start() */
    struct copies *copies;             /* set by nfs4_start() */
    struct counter_set *refused;       /* the same; by reason (admission.h) */
    struct identity_cache *identities; /* who callers are; NULL: principals are nobody */
    _Atomic bool manage_gids;          /* groups of AUTH_SYS by `identities`, not as callers say */
    _Atomic bool number_owners;        /* numbers for owners, also with Kerberos (attr_owner.h) */
    _Atomic int32_t identity_blocked;  /* threads that wait for the database of users */
    uint32_t lease_s;
    _Atomic uint32_t recall_park_ms; /* how long a request waits for delegations; a setting */
    /* The minor versions served.  Read once per COMPOUND, written at any time; relaxed, because
     * nothing else depends on it. */
    _Atomic(struct minor_range) minors;
    struct log_limit refusals;        /* lines about requests refused by SEQUENCE */
    struct log_limit replays;         /* lines about retries */
    struct log_limit export_refusals; /* lines about refusals by exports (admission.h) */
};

/* What is in front of the operations. */
struct compound_head {
    struct wire_opaque tag;
    uint32_t minor;
    uint32_t op_count;
};

struct compound {
    struct rpc_call *call;
    struct server *server;
    struct xdr *in;
    struct xdr *out;
    struct arena *arena;

    unsigned exports_phase; /* for export_leave() */
    struct compound_fh current, saved;
    struct export_caller caller;  /* set in front of compound_begin() */
    struct vfs_cred cred;         /* the caller, after the current export's squash */
    struct identity *identity;    /* a reference; NULL: the caller is what it says (caller.h) */
    bool named_owners;            /* it gets owners as names (attr_owner.h) */
    struct attr_missing *missing; /* names that the operation lacks; in `arena` */

    /* What the current object's attributes were when an operation of this COMPOUND created it, for
     * GETATTR.  NULL: not known, or something may have changed them since. */
    const struct vfs_attr *made;

    /* Current and saved stateid, RFC 8881 §16.2.3.1.2 */
    struct stateid4 current_stateid, saved_stateid;
    bool has_current_stateid, has_saved_stateid;

    /* The operations that the machine credential of a protected client may be used for, if this
     * call has it; otherwise none: compound_mach_allows(). */
    uint64_t mach_allow;
    /* The current filehandle was accepted for the sake of those, though not with these
     * credentials. */
    bool wrongsec_deferred;

    struct client *client;        /* the sender: by session, or by 4.0's clientid; may be NULL */
    struct client *likely_client; /* the probable sender if it is not known */
    bool want_cached;             /* the reply will be cached: no tail */
    const struct bitmap4 *attributes; /* those of the minor version */
    uint32_t open_wants;  /* flags of OPEN that only this minor version has (RFC 9754) */
    uint32_t open_rflags; /* for OPEN4resok, in addition to the handler's */
    uint32_t op_index;
    uint32_t op_count;
    enum nfs_opnum4 op; /* the current one; its result begins at op_pos in `out` */
    size_t op_pos;
    /* Where this thread counts operations, op_counters_own(); NULL: reply_op_end() has more to do
     * than that. */
    _Atomic uint64_t *ops_own;
    unsigned op_rows;       /* in server.ops: the first row of the minor version */
    bool timed;             /* its operations are: op_sample_due() */
    int64_t op_begun_ns;    /* if so, when the current one began */
    struct changes changes; /* must be durable before the reply is sent */

    /* The request within its session (struct session_call); NULL in 4.0. */
    const uint8_t *session_id;
    uint32_t slot_id, sequence_id;

    /* Passed to state/ by operations that conflict with another client's delegation.  An operation
     * that leaves the waiter queued and returns NFS4ERR_DELAY is run again, from its beginning and
     * with the same arguments, when the waiter is woken; so it must not have changed anything.
     * NULL: this request can't wait, or has waited long enough. */
    struct delegation_waiter *waiter;
};

/* Why arguments could not be decoded: they are invalid, or there was no memory for them. */
static inline enum nfsstat4 compound_undecoded(const struct compound *c)
{
    return c->arena->out_of_memory ? NFS4ERR_DELAY : NFS4ERR_BADXDR;
}

/* The client whose own delegations do not conflict with the request; may be NULL. */
static inline struct client *compound_holder(const struct compound *c)
{
    return c->client ? c->client : c->likely_client;
}

/* Is the operation sent with the machine credential of its client, which may be used for it
 * whatever the export and the owner of the state demand (SP4_MACH_CRED, RFC 8881 §2.10.8.3)? */
static inline bool compound_mach_allows(const struct compound *c, enum nfs_opnum4 op)
{
    return (uint32_t)op < 64 && (c->mach_allow >> (uint32_t)op & 1) != 0;
}

/* Has the sender been removed meanwhile, usually by a new incarnation of the client?  A request
 * that has waited checks this before it continues.  (Sessions of a client end before the client
 * only when none of their requests is in progress.) */
static inline bool compound_client_removed(const struct compound *c)
{
    const struct client *client = compound_holder(c);

    return client && client_dead(client);
}

/* Initialize a zeroed compound for a call of this minor version.  compound_release() must follow,
 * once. */
void compound_begin(struct compound *c, struct rpc_call *call, struct server *server,
                    uint32_t minor, uint32_t op_count);

/* The calling thread goes on with it, after a wait; compound_begin() does the same. */
void compound_take(struct compound *c);

/* How well the call and its reply are protected on the network: more is better.  A reply that is
 * kept for retries goes only to those that have as much (RFC 8881 §2.10.6.1.3.1 lets the server
 * send NFS4ERR_SEQ_FALSE_RETRY to others). */
uint32_t compound_protection(const struct compound *c);

/* The machine whose certificate the connection showed (tls_peer.h); 0: none.  A reply that is kept
 * goes only to the same: what an export gave it may be for its certificate alone. */
uint64_t compound_machine(const struct compound *c);

/* The principal of the caller, before any squash. */
struct client_principal compound_principal(const struct compound *c);

/* The same for client records, with texts, which live as long as the call. */
struct client_caller compound_caller(const struct compound *c);

/* To be called before using the export's backend, without locks; finds out who the caller is, if
 * that has to be.  NFS4ERR_DELAY: too many threads block there already, or nobody can tell now. */
enum nfsstat4 compound_enter(struct compound *c, struct export *export);

/* The source address of the call. */
struct client_source compound_source(const struct compound *c);

/* Make obj and export the current filehandle, taking over their references; compute cred for the
 * export; clear the current stateid. */
void compound_set_current(struct compound *c, struct vfs_object *obj, struct export *export);

/* Copy the current or saved filehandle, with its own references (SAVEFH, RESTOREFH). */
void compound_fh_copy(struct compound_fh *to, const struct compound_fh *from);

/* Clear the current filehandle (SECINFO consumes it). */
void compound_clear_current(struct compound *c);

/* At the end of the COMPOUND: drop the references of both filehandles, and changes not waited
 * for. */
void compound_release(struct compound *c);

/* NFS4ERR_NOFILEHANDLE without a current filehandle, else NFS4_OK. */
enum nfsstat4 compound_need_fh(const struct compound *c);

/* NOFILEHANDLE, NOTDIR or SYMLINK unless the current filehandle is a directory. */
enum nfsstat4 compound_need_dir(const struct compound *c);

/* Is obj a regular file or a named attribute?  ISDIR, SYMLINK, WRONG_TYPE. */
enum nfsstat4 compound_check_file(const struct vfs_object *obj);

/* NFS4ERR_ROFS on a read-only export. */
enum nfsstat4 compound_need_writable(const struct compound *c);

/* Copy a stateid to *out, resolving the special "current stateid" {1, 0} (RFC 8881 §16.2.3.1.2).
 * BAD_STATEID if there is none. */
enum nfsstat4 compound_stateid(const struct compound *c, const struct stateid4 *in,
                               struct stateid4 *out);
void compound_set_stateid(struct compound *c, const struct stateid4 *stateid);

/* Check a component name for the current export: INVAL (empty, or not UTF-8 and the export has
 * strict_utf8), NAMETOOLONG, BADNAME (".", "..")  or BADCHAR (a slash, NUL), RFC 8881 §14.  Without
 * strict_utf8 a name is a byte string, as in a local file system. */
enum nfsstat4 compound_name(const struct compound *c, const struct wire_opaque *text,
                            struct vfs_name *name);

/* The NFS error for a backend's status, which must not be VFS_OK. */
enum nfsstat4 status_from_vfs(enum vfs_status status);
