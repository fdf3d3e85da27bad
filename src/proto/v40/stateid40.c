/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/stateid40.h"

#include "state/open/open.h"
#include "state/session/session_conn.h"
#include "state/state.h"
#include "state/v40/client_v40.h"
#include "state/v40/open_confirm.h"
#include "transport/connection.h"

void v40_client_done(struct v40_compound *x)
{
    if (!x->client)
        return;
    client_v40_end(x->client);
    x->client = x->base.client = NULL;
}

static void use(struct v40_compound *x, struct client *client)
{
    v40_client_done(x);
    x->client = x->base.client = client;
    session_conn_used_by(x->conn, client);
    connection_set_serves_client(x->base.call->conn);
}

enum nfsstat4 v40_use_client(struct v40_compound *x, uint64_t clientid)
{
    struct client *client;
    enum nfsstat4 status;

    if (x->client && x->client->id == clientid)
        return NFS4_OK;
    status = client_v40_begin(x->base.server->state, clientid, x->base.call->received_ns, &client);
    if (status == NFS4_OK)
        use(x, client);
    return status;
}

bool v40_use_client_of(struct v40_compound *x, struct client *client)
{
    if (x->client == client)
        return true;
    if (client->kind != CLIENT_V40 || !client_v40_begin_of(client, x->base.call->received_ns))
        return false;
    use(x, client);
    return true;
}

/* RFC 7530 §9.1.4.4 */
static enum nfsstat4 unknown(const struct stateid_table *table, const struct stateid4 *stateid)
{
    if (!stateid_epoch_ours(table, stateid))
        return NFS4ERR_STALE_STATEID;
    return stateid_client_removed(table, stateid) ? NFS4ERR_EXPIRED : NFS4ERR_BAD_STATEID;
}

static enum nfsstat4 use_ordinary(struct v40_compound *x, const struct stateid4 *stateid)
{
    struct stateid_table *table = x->base.server->state->opens->stateids;
    struct stateid *sid = stateid_lookup_any(table, stateid);

    if (!sid)
        return unknown(table, stateid);
    if (!v40_use_client_of(x, sid->client)) {
        bool ours = sid->client->kind == CLIENT_V40; /* and it is being removed */

        stateid_put(sid);
        return ours ? NFS4ERR_EXPIRED : NFS4ERR_BAD_STATEID;
    }
    x->used = sid;
    return stateid->seqid == 0 ? NFS4ERR_OLD_STATEID : NFS4_OK;
}

enum nfsstat4 v40_use_stateid_unconfirmed(struct v40_compound *x, const struct stateid4 *stateid)
{
    v40_stateid_done(x, NFS4_OK);
    switch (stateid_special(stateid)) {
    case STATEID_ORDINARY:
        return use_ordinary(x, stateid);
    case STATEID_ANONYMOUS:
    case STATEID_READ_BYPASS:
        return NFS4_OK;
    case STATEID_CURRENT:
    case STATEID_INVALID:
        break;
    }
    return NFS4ERR_BAD_STATEID;
}

enum nfsstat4 v40_use_stateid(struct v40_compound *x, const struct stateid4 *stateid)
{
    enum nfsstat4 status = v40_use_stateid_unconfirmed(x, stateid);

    /* It may be that of an old request that came late (RFC 7530 §16.18.5). */
    return x->used && open_is_unconfirmed(x->used) ? NFS4ERR_BAD_STATEID : status;
}

void v40_stateid_done(struct v40_compound *x, enum nfsstat4 status)
{
    if (!x->used)
        return;
    if (status == NFS4ERR_EXPIRED || status == NFS4ERR_ADMIN_REVOKED)
        client_v40_loss_reported(x->client, x->used, x->base.call->received_ns);
    stateid_put(x->used);
    x->used = NULL;
}

struct stateid *v40_peek_delegreturn(const struct v40_compound *x)
{
    struct xdr rest = *x->base.in;
    struct DELEGRETURN4args args;

    if (xdr_get_u32(&rest) != OP_DELEGRETURN || !wire_DELEGRETURN4args(&rest, &args))
        return NULL;
    return stateid_lookup_any(x->base.server->state->opens->stateids, &args.deleg_stateid);
}
