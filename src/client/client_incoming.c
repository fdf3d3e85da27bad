/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_incoming.h"

#include <stdio.h>
#include <string.h>

#include "client/client_callback_op.h"

void client_incoming_trouble(struct client_incoming *in, const char *what)
{
    const struct client_callback *cb = &in->cb;

    if (in->cbs->trouble_count++ == 0)
        (void)snprintf(in->cbs->trouble, sizeof(in->cbs->trouble),
                       "callback %u (xid %08x, connection %llu, slot %u, seqid %u): %s",
                       in->cbs->count, cb->xid, (unsigned long long)in->conn->serial,
                       cb->sequence.csa_slotid, cb->sequence.csa_sequenceid, what);
}

void client_incoming_cred(struct client_incoming *in, const struct opaque_auth *cred,
                          struct arena *arena)
{
    struct authsys_parms sys;
    struct xdr x;

    in->cb.flavor = cred->flavor;
    if (cred->flavor != AUTH_SYS)
        return;
    xdr_init_decode(&x, cred->body.data, cred->body.len, arena);
    if (!wire_authsys_parms(&x, &sys) || xdr_left(&x) > 0)
        client_incoming_trouble(in, "bad AUTH_SYS credentials");
    in->cb.uid = sys.uid;
    in->cb.gid = sys.gid;
}

static void referring_keep(struct client_callback *cb, const struct referring_call_list4 *list)
{
    for (uint32_t i = 0; i < list->rcl_referring_calls_count; i++) {
        const struct referring_call4 *call = &list->rcl_referring_calls[i];
        struct client_callback_referring *kept = &cb->referring[cb->referring_count];

        if (cb->referring_count++ >= CLIENT_CALLBACK_REFERRING)
            continue;
        memcpy(kept->sessionid, list->rcl_sessionid, NFS4_SESSIONID_SIZE);
        kept->seqid = call->rc_sequenceid;
        kept->slot = call->rc_slotid;
    }
}

static bool sequence_get(struct client_incoming *in, struct xdr *x)
{
    struct client_callback *cb = &in->cb;
    struct CB_SEQUENCE4args *args = &cb->sequence;

    if (cb->has_sequence || !wire_CB_SEQUENCE4args(x, args))
        return false;
    cb->has_sequence = true;
    for (uint32_t i = 0; i < args->csa_referring_call_lists_count; i++)
        referring_keep(cb, &args->csa_referring_call_lists[i]);
    args->csa_referring_call_lists = NULL; /* they are freed with the call */
    return true;
}

/* FNV-1a. */
static uint64_t digest_of(const uint8_t *data, size_t len)
{
    uint64_t digest = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++)
        digest = (digest ^ data[i]) * 0x100000001b3u;
    return digest;
}

bool client_incoming_compound(struct client_incoming *in, struct xdr *x)
{
    struct client_callback *cb = &in->cb;

    xdr_opaque(x, &in->tag, NFS4_OPAQUE_LIMIT);
    cb->minor_version = xdr_get_u32(x);
    cb->ident = xdr_get_u32(x);
    cb->op_count = xdr_get_u32(x);
    if (x->failed || cb->op_count > CLIENT_CALLBACK_OPS)
        return false;
    for (uint32_t i = 0; i < cb->op_count; i++) {
        cb->ops[i].op = xdr_get_u32(x);
        if (i == 0 && cb->ops[i].op == OP_CB_SEQUENCE) {
            if (!sequence_get(in, x))
                return false;
            in->digest = digest_of(x->p, xdr_left(x));
        } else if (!client_callback_op_get(x, &cb->ops[i], &in->notify[i])) {
            return false;
        }
    }
    return !x->failed && xdr_left(x) == 0;
}
