/* SPDX-License-Identifier: Apache-2.0 */
/* Between the wire and state/v40: principals in, results out. */
#include "proto/v40/client_ops.h"

#include <string.h>

#include "callback/dial_client.h"
#include "proto/v40/stateid40.h"
#include "state/v40/client_v40.h"
#include "wire/nfs4_codec.h"

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

/* Who has the name, as the body of NFS4ERR_CLID_INUSE. */
static void using_encode(struct v40_compound *x, const struct client_callback *using)
{
    struct netaddr4 addr = {.na_r_netid = text(using->netid), .na_r_addr = text(using->addr)};

    wire_netaddr4(x->base.out, &addr);
}

enum nfsstat4 v40_setclientid(struct v40_compound *x, const struct SETCLIENTID4args *args)
{
    struct compound *c = &x->base;
    const struct client_principal principal = compound_principal(c);
    struct client_setclientid set;
    struct SETCLIENTID4resok res;
    enum nfsstat4 status =
        client_setclientid(c->server->state, &principal, args, c->call->received_ns, &set);

    if (status == NFS4ERR_CLID_INUSE)
        using_encode(x, &set.using);
    if (status != NFS4_OK)
        return status;
    res.clientid = set.clientid;
    memcpy(res.setclientid_confirm, set.confirm, NFS4_VERIFIER_SIZE);
    wire_SETCLIENTID4resok(c->out, &res);
    return NFS4_OK;
}

/* Where it wants its calls; once more if that changes meanwhile. */
static void callback_set(struct server *server, struct client *client)
{
    struct client_callback callback;
    uint32_t serial = client_v40_callback(client, &callback), before;

    if (!server->dial_out)
        return;
    do {
        before = serial;
        dial_client_set(server->dial_out, client, &callback, serial);
        serial = client_v40_callback(client, &callback);
    } while (serial != before);
}

enum nfsstat4 v40_setclientid_confirm(struct v40_compound *x,
                                      const struct SETCLIENTID_CONFIRM4args *args)
{
    struct compound *c = &x->base;
    const struct client_principal principal = compound_principal(c);
    struct client *client;
    enum nfsstat4 status = client_setclientid_confirm(c->server->state, &principal, args,
                                                      c->call->received_ns, &client);

    if (status == NFS4_OK) {
        callback_set(c->server, client);
        client_put(client);
    }
    return status;
}

enum nfsstat4 v40_renew(struct v40_compound *x, const struct RENEW4args *args)
{
    struct compound *c = &x->base;
    const struct client_principal principal = compound_principal(c);

    return client_renew_id(c->server->state, &principal, args->clientid, c->call->received_ns);
}

enum nfsstat4 v40_delegpurge(struct v40_compound *x, const struct DELEGPURGE4args *args)
{
    enum nfsstat4 status = v40_use_client(x, args->clientid);

    return status == NFS4_OK ? NFS4ERR_NOTSUPP : status;
}
