/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the wire and state/: principals in, results out.
 */
#include "proto/v41/session_ops.h"

#include "state/client/client_exchange.h"
#include "state/client/client_table.h"
#include "state/session/session_back.h"
#include "state/session/session_create.h"
#include "state/session/session_end.h"
#include "state/session/session_stats.h"
#include "wire/nfs4_codec.h"

enum {
    /* CREATE_SESSION4resok, always, and EXCHANGE_ID4resok without its strings. */
    CREATE_SESSION_RESOK_BYTES = 24 + 2 * 28,
    EXCHANGE_ID_RESOK_BYTES = 20 + 12 + 4 + 4 + 20 + 2 * 12,
};

static const char impl_domain[] = "mainstay";
static const char impl_name[] = "Mainstay " MAINSTAY_VERSION;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static struct state *state_of(const struct v41_compound *x)
{
    return x->base.server->state;
}

enum nfsstat4 v41_exchange_id(struct v41_compound *x, const struct EXCHANGE_ID4args *args)
{
    const struct client_caller caller = compound_caller(&x->base);
    const struct client_source source = compound_source(&x->base);
    struct wire_opaque owner = text(state_of(x)->server_owner);
    struct nfs_impl_id4 impl = {.nii_domain = text(impl_domain), .nii_name = text(impl_name)};
    struct client_exchange exchange;
    enum nfsstat4 status;

    if (xdr_left(x->base.out) < EXCHANGE_ID_RESOK_BYTES + 2 * xdr_padded(owner.len) +
                                    xdr_padded(impl.nii_domain.len) + xdr_padded(impl.nii_name.len))
        return x->reply.too_big;
    status = client_exchange_id(state_of(x), &caller, &source, args, x->base.call->received_ns,
                                &exchange);
    if (status != NFS4_OK)
        return status;
    struct EXCHANGE_ID4resok res = {
        .eir_clientid = exchange.clientid,
        .eir_sequenceid = exchange.sequence,
        .eir_flags =
            EXCHGID4_FLAG_USE_NON_PNFS | (exchange.confirmed ? EXCHGID4_FLAG_CONFIRMED_R : 0),
        .eir_server_owner = {.so_minor_id = 0, .so_major_id = owner},
        .eir_server_scope = owner,
        .eir_server_impl_id = &impl,
        .eir_server_impl_id_count = 1,
    };
    client_protection_encode(&exchange.protection, &res.eir_state_protect);
    wire_EXCHANGE_ID4resok(x->base.out, &res);
    return NFS4_OK;
}

enum nfsstat4 v41_create_session(struct v41_compound *x, const struct CREATE_SESSION4args *args)
{
    const struct client_caller caller = compound_caller(&x->base);
    struct CREATE_SESSION4resok res;
    enum nfsstat4 status;

    if (xdr_left(x->base.out) < CREATE_SESSION_RESOK_BYTES)
        return x->reply.too_big;
    status = session_create(state_of(x), &caller, x->conn, x->minor, args,
                            x->base.call->received_ns, &res);
    if (status == NFS4_OK)
        wire_CREATE_SESSION4resok(x->base.out, &res);
    return status;
}

/* A reference for the caller.  NULL too for one of another minor version (RFC 8881 §2.7, rule
 * 13). */
static struct session *session_named(struct v41_compound *x, const uint8_t *id)
{
    struct session *session = session_lookup(state_of(x), id);

    if (!session || session->minor_version == x->minor)
        return session;
    session_put(session);
    return NULL;
}

/* DELAY at once when other slots are in use: waiting for them would take a thread, and they may be
 * waiting for a disk. */
enum nfsstat4 v41_destroy_session(struct v41_compound *x, const struct DESTROY_SESSION4args *args)
{
    const struct client_caller caller = compound_caller(&x->base);
    struct session *session;
    enum nfsstat4 status;
    bool admitted,
        own = x->session && memcmp(x->session->id, args->dsa_sessionid, NFS4_SESSIONID_SIZE) == 0;

    if (own && x->base.op_index + 1 < x->base.op_count)
        return NFS4ERR_NOT_ONLY_OP;
    session = session_named(x, args->dsa_sessionid);
    if (!session)
        return NFS4ERR_BADSESSION;
    admitted = client_protection_admits(session->client, &caller);
    session_put(session);
    if (!admitted)
        return NFS4ERR_WRONG_CRED;
    status = session_destroy(state_of(x), args->dsa_sessionid, x->conn, x->session, x->slot_id);
    if (status == NFS4ERR_CONN_NOT_BOUND_TO_SESSION)
        session_count(state_of(x), SESSION_FAILURE_not_bound);
    return status;
}

enum nfsstat4 v41_bind_conn_to_session(struct v41_compound *x,
                                       const struct BIND_CONN_TO_SESSION4args *args)
{
    const struct client_caller caller = compound_caller(&x->base);
    struct BIND_CONN_TO_SESSION4resok res = {.bctsr_use_conn_in_rdma_mode = false};
    struct session *session;
    enum nfsstat4 status;

    /* It must be the only operation, RFC 8881 §18.34.3: not even SEQUENCE before it. */
    if (x->session)
        return NFS4ERR_NOT_ONLY_OP;
    session = session_named(x, args->bctsa_sessid);
    if (!session)
        return NFS4ERR_BADSESSION;
    if (client_protection_admits(session->client, &caller))
        status = session_conn_bind_request(x->conn, session, args->bctsa_dir, &res.bctsr_dir);
    else
        status = NFS4ERR_WRONG_CRED;
    memcpy(res.bctsr_sessid, args->bctsa_sessid, NFS4_SESSIONID_SIZE);
    session_put(session);
    if (status == NFS4_OK)
        wire_BIND_CONN_TO_SESSION4resok(x->base.out, &res);
    return status;
}

/* About the back channel of its session, which it has: the gate has checked that. */
enum nfsstat4 v41_backchannel_ctl(struct v41_compound *x, const struct BACKCHANNEL_CTL4args *args)
{
    return session_back_control(x->session, compound_principal(&x->base), args);
}

/* The client of the SEQUENCE before it has a session and is busy. */
enum nfsstat4 v41_destroy_clientid(struct v41_compound *x, const struct DESTROY_CLIENTID4args *args)
{
    const struct client_caller caller = compound_caller(&x->base);

    return client_destroy_id(state_of(x), args->dca_clientid, &caller, x->base.call->received_ns);
}

/* No file system ever moves here, so one alone has nothing to complete: RFC 8881 §18.51.3. */
enum nfsstat4 v41_reclaim_complete(struct v41_compound *x, const struct RECLAIM_COMPLETE4args *args)
{
    if (args->rca_one_fs)
        return compound_need_fh(&x->base);
    return client_reclaim_complete(x->base.client);
}
