/* SPDX-License-Identifier: Apache-2.0 */
/* Between the wire and state/v40: principals in, results out. */
#include "proto/v40/client_ops.h"

#include <string.h>

#include "callback/dial_client.h"
#include "proto/v40/stateid40.h"
#include "state/file/owner.h"
#include "state/session/session_conn.h"
#include "state/v40/client_setclientid.h"
#include "state/v40/client_v40.h"
#include "transport/connection.h"
#include "wire/nfs4_codec.h"

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

/* The client that uses the name, as the body of NFS4ERR_CLID_INUSE. */
static void using_encode(struct v40_compound *x, const struct client_callback *using)
{
    struct netaddr4 addr = {.na_r_netid = text(using->netid), .na_r_addr = text(using->addr)};

    wire_netaddr4(x->base.out, &addr);
}

enum nfsstat4 v40_setclientid(struct v40_compound *x, const struct SETCLIENTID4args *args)
{
    struct compound *c = &x->base;
    const struct client_caller caller = compound_caller(c);
    struct client_setclientid set;
    const struct client_source source = compound_source(c);
    struct SETCLIENTID4resok res;
    enum nfsstat4 status =
        client_setclientid(c->server->state, &caller, &source, args, c->call->received_ns, &set);

    if (status == NFS4ERR_CLID_INUSE)
        using_encode(x, &set.using);
    if (status != NFS4_OK)
        return status;
    res.clientid = set.clientid;
    memcpy(res.setclientid_confirm, set.confirm, NFS4_VERIFIER_SIZE);
    wire_SETCLIENTID4resok(c->out, &res);
    return NFS4_OK;
}

/* Where it wants its calls; once more if that changes meanwhile.  False: there is no memory. */
static bool callback_set(struct server *server, struct client *client, const struct sockaddr *peer)
{
    struct client_callback callback;
    uint32_t serial = client_v40_callback(client, &callback), before;
    bool set;

    if (!server->dial_out)
        return true;
    do {
        before = serial;
        set = dial_client_set(server->dial_out, client, &callback, peer, serial);
        serial = client_v40_callback(client, &callback);
    } while (serial != before);
    return set;
}

enum nfsstat4 v40_setclientid_confirm(struct v40_compound *x,
                                      const struct SETCLIENTID_CONFIRM4args *args)
{
    struct compound *c = &x->base;
    const struct client_principal principal = compound_principal(c);
    struct client *client;
    enum nfsstat4 status = client_setclientid_confirm(c->server->state, principal, args,
                                                      c->call->received_ns, &client);

    if (status == NFS4_OK) {
        if (!callback_set(c->server, client, connection_peer(c->call->conn)))
            status = NFS4ERR_DELAY;
        session_conn_used_by(x->conn, client);
        client_put(client);
    }
    return status;
}

static bool has_delegations(const struct client *client)
{
    const struct owner_table *table = client->owners;

    return table && atomic_load_explicit(&table->delegation_total, memory_order_relaxed) > 0;
}

/* Has it delegations that could not be recalled? */
static bool out_of_reach(const struct server *server, uint64_t clientid)
{
    struct client *client = client_lookup(server->state, clientid);
    bool lost = false;

    if (client && has_delegations(client)) {
        enum dial_path_state path = dial_out_state(server->dial_out, clientid);

        lost = path == DIAL_PATH_DOWN || path == DIAL_PATH_NONE;
    }
    if (client)
        client_put(client);
    return lost;
}

/* Its lease is renewed all the same: RFC 7530 §16.28.4. */
enum nfsstat4 v40_renew(struct v40_compound *x, const struct RENEW4args *args)
{
    struct compound *c = &x->base;
    const struct client_principal principal = compound_principal(c);
    enum nfsstat4 status =
        client_renew_id(c->server->state, principal, args->clientid, c->call->received_ns);

    if (status == NFS4_OK && c->server->dial_out && out_of_reach(c->server, args->clientid))
        return NFS4ERR_CB_PATH_DOWN;
    return status;
}

/* Delegations end with their client, so none of an earlier incarnation is left to purge. */
enum nfsstat4 v40_delegpurge(struct v40_compound *x, const struct DELEGPURGE4args *args)
{
    enum nfsstat4 status = v40_use_client(x, args->clientid);

    return status == NFS4_OK ? NFS4ERR_NOTSUPP : status;
}
