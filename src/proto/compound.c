/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/compound.h"

#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "gss/gss_principal.h"
#include "identity/identity.h"
#include "proto/caller.h"
#include "proto/op_counters.h"
#include "proto/security.h"
#include "proto/utf8.h"
#include "tls/tls_peer.h"
#include "transport/connection.h"

static inline void ops_take(struct compound *c)
{
    c->ops_own = op_counters_own(c->server->ops, c->op_rows);
    if (__builtin_expect(c->timed, 0)) {
        c->ops_own = NULL;
        c->op_begun_ns = clock_now_ns();
    }
}

void compound_begin(struct compound *c, struct rpc_call *call, struct server *server,
                    uint32_t minor, uint32_t op_count)
{
    c->call = call;
    c->server = server;
    c->in = &call->in;
    c->out = &call->out;
    c->arena = call->arena;
    c->op_count = op_count;
    c->named_owners = call->cred.flavor == RPC_AUTH_GSS && server->identities &&
                      !atomic_load_explicit(&server->number_owners, memory_order_relaxed);
    c->exports_phase = export_enter(server->exports);
    c->op_rows = op_row_first(minor);
    c->timed = op_sample_due();
    vfs_memo_begin(call->received_ns);
    call->waited_since_ns = 0;
    ops_take(c);
}

void compound_take(struct compound *c)
{
    c->made = NULL;
    vfs_memo_off(); /* what it waited for has happened meanwhile */
    ops_take(c);
}

struct client_principal compound_principal(const struct compound *c)
{
    const struct rpc_cred *cred = &c->call->cred;

    if (__builtin_expect(cred->flavor == RPC_AUTH_GSS, 0))
        return client_principal_gss(cred->principal->id);
    return client_principal_plain((uint32_t)cred->flavor, cred->uid);
}

uint32_t compound_protection(const struct compound *c)
{
    return connection_tls_peer(c->call->conn) ? RPC_GSS_SVC_PRIVACY : c->call->cred.service;
}

uint64_t compound_machine(const struct compound *c)
{
    const struct tls_peer *tls = connection_tls_peer(c->call->conn);

    return tls_peer_is_known(tls) ? tls->machine : 0;
}

struct client_caller compound_caller(const struct compound *c)
{
    const struct rpc_cred *cred = &c->call->cred;
    const struct tls_peer *tls = connection_tls_peer(c->call->conn);
    struct client_caller caller = {
        .principal = compound_principal(c),
        .integrity = cred->service >= RPC_GSS_SVC_INTEGRITY,
        .flavor = security_flavor_name(security_flavor_of(cred)),
        .name = cred->principal ? cred->principal->name : NULL,
        .transport = tls ? "tls" : "tcp",
    };

    if (tls_peer_is_known(tls)) {
        caller.transport = "mtls";
        caller.certificate = tls->subject;
        caller.machine = tls->machine;
    }
    return caller;
}

enum nfsstat4 compound_enter(struct compound *c, struct export *export)
{
    if (__builtin_expect(caller_is_open(c), 0) && caller_identify(c) != NFS4_OK)
        return NFS4ERR_DELAY;
    c->call->blocked_in = &export->fs->volume->blocked;
    return rpc_call_is_crowded(c->call) ? NFS4ERR_DELAY : NFS4_OK;
}

struct client_source compound_source(const struct compound *c)
{
    const struct sockaddr *peer = connection_peer(c->call->conn);
    struct client_source source;
    struct client_address *address = &source.address;

    memset(&source, 0, sizeof(source));
    client_peer_of(peer, &source.peer);
    address->family = peer->sa_family;
    if (peer->sa_family == AF_INET6)
        memcpy(address->bytes, &((const struct sockaddr_in6 *)peer)->sin6_addr,
               CLIENT_ADDRESS_BYTES);
    else if (peer->sa_family == AF_INET)
        memcpy(address->bytes, &((const struct sockaddr_in *)peer)->sin_addr, sizeof(in_addr_t));
    return source;
}

void compound_set_current(struct compound *c, struct vfs_object *obj, struct export *export)
{
    if (c->current.export != export) {
        caller_squash(c, export, &c->cred);
        c->cred.actor = c->client;
        c->call->blocked_in = &export->fs->volume->blocked;
    }
    vfs_object_put(c->current.obj);
    c->current = (struct compound_fh){obj, export};
    c->has_current_stateid = false;
}

void compound_fh_copy(struct compound_fh *to, const struct compound_fh *from)
{
    struct vfs_object *old = to->obj;

    to->obj = from->obj ? vfs_object_get(from->obj) : NULL;
    to->export = from->export;
    vfs_object_put(old);
}

void compound_clear_current(struct compound *c)
{
    vfs_object_put(c->current.obj);
    c->current = (struct compound_fh){NULL, NULL};
    c->has_current_stateid = false;
}

void compound_release(struct compound *c)
{
    vfs_memo_end();
    vfs_object_put(c->current.obj);
    vfs_object_put(c->saved.obj);
    c->current = c->saved = (struct compound_fh){NULL, NULL};
    if (changes_pending(&c->changes))
        changes_drop(&c->changes);
    identity_put(c->identity);
    c->identity = NULL;
    c->call->blocked_in = NULL; /* it belongs to the export */
    export_leave(c->server->exports, c->exports_phase);
}

enum nfsstat4 compound_need_fh(const struct compound *c)
{
    return c->current.obj ? NFS4_OK : NFS4ERR_NOFILEHANDLE;
}

enum nfsstat4 compound_need_dir(const struct compound *c)
{
    if (!c->current.obj)
        return NFS4ERR_NOFILEHANDLE;
    if (vfs_type_is_dir(c->current.obj->type))
        return NFS4_OK;
    return c->current.obj->type == VFS_LNK ? NFS4ERR_SYMLINK : NFS4ERR_NOTDIR;
}

enum nfsstat4 compound_check_file(const struct vfs_object *obj)
{
    if (vfs_type_is_file(obj->type))
        return NFS4_OK;
    if (vfs_type_is_dir(obj->type))
        return NFS4ERR_ISDIR;
    return obj->type == VFS_LNK ? NFS4ERR_SYMLINK : NFS4ERR_WRONG_TYPE;
}

enum nfsstat4 compound_need_writable(const struct compound *c)
{
    return c->current.export->read_only ? NFS4ERR_ROFS : NFS4_OK;
}

/* RFC 8881 §8.2.3: seqid 1 with an all-zero `other` stands for the current stateid. */
static bool is_current_stateid(const struct stateid4 *stateid)
{
    static const uint8_t zero[sizeof(stateid->other)];

    return stateid->seqid == 1 && memcmp(stateid->other, zero, sizeof(zero)) == 0;
}

enum nfsstat4 compound_stateid(const struct compound *c, const struct stateid4 *in,
                               struct stateid4 *out)
{
    if (!is_current_stateid(in)) {
        *out = *in;
        return NFS4_OK;
    }
    if (!c->has_current_stateid)
        return NFS4ERR_BAD_STATEID;
    *out = c->current_stateid;
    return NFS4_OK;
}

void compound_set_stateid(struct compound *c, const struct stateid4 *stateid)
{
    c->current_stateid = *stateid;
    c->has_current_stateid = true;
}

enum nfsstat4 compound_name(const struct compound *c, const struct wire_opaque *text,
                            struct vfs_name *name)
{
    if (text->len == 0)
        return NFS4ERR_INVAL;
    if (text->len > LIMIT_NAME_BYTES)
        return NFS4ERR_NAMETOOLONG;
    if (c->current.export->strict_utf8 && !utf8_valid(text->data, text->len))
        return NFS4ERR_INVAL;
    if (memchr(text->data, '\0', text->len))
        return NFS4ERR_BADCHAR;
    if (memchr(text->data, '/', text->len))
        return NFS4ERR_BADCHAR;
    if (text->data[0] == '.' && (text->len == 1 || (text->len == 2 && text->data[1] == '.')))
        return NFS4ERR_BADNAME;
    *name = (struct vfs_name){.data = (const char *)text->data, .len = text->len};
    return NFS4_OK;
}

/* NXIO is IO: RFC 8881 §15.2 lists it for no operation. */
static const enum nfsstat4 from_vfs[] = {
    [VFS_PERM - VFS_PERM] = NFS4ERR_PERM,
    [VFS_NOENT - VFS_PERM] = NFS4ERR_NOENT,
    [VFS_IO - VFS_PERM] = NFS4ERR_IO,
    [VFS_NXIO - VFS_PERM] = NFS4ERR_IO,
    [VFS_ACCESS - VFS_PERM] = NFS4ERR_ACCESS,
    [VFS_EXIST - VFS_PERM] = NFS4ERR_EXIST,
    [VFS_XDEV - VFS_PERM] = NFS4ERR_XDEV,
    [VFS_NOTDIR - VFS_PERM] = NFS4ERR_NOTDIR,
    [VFS_ISDIR - VFS_PERM] = NFS4ERR_ISDIR,
    [VFS_INVAL - VFS_PERM] = NFS4ERR_INVAL,
    [VFS_FBIG - VFS_PERM] = NFS4ERR_FBIG,
    [VFS_NOSPC - VFS_PERM] = NFS4ERR_NOSPC,
    [VFS_ROFS - VFS_PERM] = NFS4ERR_ROFS,
    [VFS_MLINK - VFS_PERM] = NFS4ERR_MLINK,
    [VFS_NAMETOOLONG - VFS_PERM] = NFS4ERR_NAMETOOLONG,
    [VFS_NOTEMPTY - VFS_PERM] = NFS4ERR_NOTEMPTY,
    [VFS_DQUOT - VFS_PERM] = NFS4ERR_DQUOT,
    [VFS_STALE - VFS_PERM] = NFS4ERR_STALE,
    [VFS_BADHANDLE - VFS_PERM] = NFS4ERR_BADHANDLE,
    [VFS_BAD_COOKIE - VFS_PERM] = NFS4ERR_BAD_COOKIE,
    [VFS_NOTSUPP - VFS_PERM] = NFS4ERR_NOTSUPP,
    [VFS_TOOSMALL - VFS_PERM] = NFS4ERR_TOOSMALL,
    [VFS_BADNAME - VFS_PERM] = NFS4ERR_BADNAME,
    [VFS_SYMLINK - VFS_PERM] = NFS4ERR_SYMLINK,
    [VFS_WRONG_TYPE - VFS_PERM] = NFS4ERR_WRONG_TYPE,
    [VFS_DELAY - VFS_PERM] = NFS4ERR_DELAY,
    [VFS_CHANGED - VFS_PERM] = NFS4ERR_DELAY,
    [VFS_NOXATTR - VFS_PERM] = NFS4ERR_NOXATTR,
    [VFS_XATTR2BIG - VFS_PERM] = NFS4ERR_XATTR2BIG,
    [VFS_ATTRNOTSUPP - VFS_PERM] = NFS4ERR_ATTRNOTSUPP,
    [VFS_BADLABEL - VFS_PERM] = NFS4ERR_BADLABEL,
    [VFS_SERVERFAULT - VFS_PERM] = NFS4ERR_SERVERFAULT,
};

_Static_assert(ARRAY_SIZE(from_vfs) == VFS_SERVERFAULT - VFS_PERM + 1, "every status is mapped");

enum nfsstat4 status_from_vfs(enum vfs_status status)
{
    CHECK(status >= VFS_PERM && status <= VFS_SERVERFAULT);
    return from_vfs[status - VFS_PERM];
}
