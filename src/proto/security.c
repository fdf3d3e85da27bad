/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/security.h"

#include "proto/compound.h"
#include "tls/tls_peer.h"
#include "transport/connection.h"

enum security_flavor security_flavor_of(const struct rpc_cred *cred)
{
    switch (cred->flavor) {
    case RPC_AUTH_NONE:
        return SECURITY_NONE;
    case RPC_AUTH_SYS:
        return SECURITY_SYS;
    case RPC_AUTH_GSS:
        break;
    }
    switch (cred->service) {
    case RPC_GSS_SVC_INTEGRITY:
        return SECURITY_KRB5I;
    case RPC_GSS_SVC_PRIVACY:
        return SECURITY_KRB5P;
    default:
        return SECURITY_KRB5;
    }
}

static enum export_xprtsec transport_of(const struct tls_peer *tls)
{
    if (!tls)
        return XPRTSEC_NONE;
    return tls_peer_is_known(tls) ? XPRTSEC_MTLS : XPRTSEC_TLS;
}

void security_caller_init(struct export_caller *caller, const struct rpc_call *call)
{
    static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC}; /* without a connection */
    const struct tls_peer *tls = connection_tls_peer(call->conn);
    const struct sockaddr *peer = call->conn ? connection_peer(call->conn) : &nowhere;

    export_caller_init(caller, peer, tls, security_flavor_of(&call->cred), transport_of(tls));
}

/* OPEN of a filehandle does not say it; one that cannot be decoded says that. */
static bool opens_by_name(struct xdr *in)
{
    struct OPEN4args args;

    if (!wire_OPEN4args(in, &args))
        return true;
    switch (args.claim.claim) {
    case CLAIM_NULL:
    case CLAIM_DELEGATE_CUR:
    case CLAIM_DELEGATE_PREV:
        return true;
    case CLAIM_PREVIOUS:
    case CLAIM_FH:
    case CLAIM_DELEG_CUR_FH:
    case CLAIM_DELEG_PREV_FH:
        break;
    }
    return false;
}

bool security_is_put_lightly(const struct compound *c)
{
    struct xdr ahead = *c->in;
    uint32_t left = c->op_count - c->op_index - 1, op;

    do {
        if (left-- == 0)
            return true;
        op = xdr_get_u32(&ahead);
    } while (!ahead.failed && op == OP_SAVEFH);
    switch (op) {
    case OP_PUTFH:
    case OP_PUTPUBFH:
    case OP_PUTROOTFH:
    case OP_RESTOREFH:
    case OP_LOOKUP:
    case OP_LOOKUPP:
    case OP_SECINFO:
    case OP_SECINFO_NO_NAME:
        return true;
    case OP_OPEN:
        return opens_by_name(&ahead);
    default:
        return false;
    }
}

/* Linux reports the times of a delegation in the COMPOUND that returns it. */
static bool reports_times(struct xdr *ahead)
{
    struct SETATTR4args setattr;
    struct bitmap4 *mask = &setattr.obj_attributes.attrmask;

    if (!wire_SETATTR4args(ahead, &setattr) || mask->beyond)
        return false;
    bitmap4_clear(mask, FATTR4_TIME_DELEG_ACCESS);
    bitmap4_clear(mask, FATTR4_TIME_DELEG_MODIFY);
    for (uint32_t w = 0; w < LIMIT_BITMAP_WORDS; w++) {
        if (mask->words[w] != 0)
            return false;
    }
    return true;
}

/* Is it an operation that goes along with those of the machine? */
static bool goes_along(struct xdr *ahead, uint32_t op)
{
    struct GETATTR4args getattr;

    if (op == OP_GETATTR)
        return wire_GETATTR4args(ahead, &getattr);
    return op == OP_SETATTR && reports_times(ahead);
}

bool security_is_put_for_machine(const struct compound *c)
{
    struct xdr ahead = *c->in;
    uint32_t left = c->op_count - c->op_index - 1, op;

    do {
        if (left-- == 0)
            return false;
        op = xdr_get_u32(&ahead);
    } while (!ahead.failed && goes_along(&ahead, op));
    return !ahead.failed && compound_mach_allows(c, (enum nfs_opnum4)op);
}
