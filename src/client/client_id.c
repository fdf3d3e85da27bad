/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_id.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client_callback.h"
#include "client/client_op.h"

struct client_id_wish client_id_wish_default(const char *owner)
{
    static char unique[64];
    static unsigned count;
    struct client_id_wish wish = {
        .owner = owner ? owner : unique,
        .callback_program = CLIENT_CALLBACK_PROGRAM,
        .netid = "tcp",
        .address = "0.0.0.0.0.0",
    };
    int64_t now_ns = clock_now_ns();

    if (!owner)
        (void)snprintf(unique, sizeof(unique), "mainstay-client-id %ld %lld %u", (long)getpid(),
                       (long long)now_ns, count++);
    memcpy(wish.verifier, &now_ns, sizeof(now_ns));
    return wish;
}

void client_id_op_set(struct client_compound *c, const struct client_id_wish *wish)
{
    struct nfs_argop4 op = {
        .argop = OP_SETCLIENTID,
        .opsetclientid = {.client = {.id = client_text(wish->owner)},
                          .callback = {.cb_program = wish->callback_program,
                                       .cb_location = {client_text(wish->netid),
                                                       client_text(wish->address)}},
                          .callback_ident = wish->callback_ident},
    };

    memcpy(op.opsetclientid.client.verifier, wish->verifier, NFS4_VERIFIER_SIZE);
    client_compound_add(c, &op);
}

void client_id_op_confirm(struct client_compound *c, const struct client_id *id)
{
    struct nfs_argop4 op = {.argop = OP_SETCLIENTID_CONFIRM};

    op.opsetclientid_confirm.clientid = id->clientid;
    memcpy(op.opsetclientid_confirm.setclientid_confirm, id->confirm, NFS4_VERIFIER_SIZE);
    client_compound_add(c, &op);
}

void client_id_op_renew(struct client_compound *c, uint64_t clientid)
{
    client_compound_add(c, &(struct nfs_argop4){.argop = OP_RENEW, .oprenew = {clientid}});
}

static void begin(struct client_compound *c)
{
    client_compound_begin(c, client_text(""), 0);
}

/* Call, take the compound's status, and with success what SETCLIENTID brought.  `id` is NULL when
 * the call has none in it. */
static enum client_status call(struct client_conn *conn, struct client_compound *c,
                               struct client_id *id, enum nfsstat4 *status)
{
    struct client_result r;
    enum client_status client = client_compound_call(conn, c, &r);
    const struct nfs_resop4 *op = client_result_lookup(&r, OP_SETCLIENTID);

    client_compound_free(c);
    *status = client == CLIENT_OK ? r.status : NFS4ERR_SERVERFAULT;
    if (client == CLIENT_OK && *status == NFS4_OK && r.decoded == 0)
        client = CLIENT_MALFORMED;
    if (client == CLIENT_OK && *status == NFS4_OK && op && id) {
        id->clientid = op->opsetclientid.clientid;
        memcpy(id->confirm, op->opsetclientid.setclientid_confirm, NFS4_VERIFIER_SIZE);
    }
    client_result_free(&r);
    return client;
}

enum client_status client_id_set(struct client_conn *conn, const struct client_id_wish *wish,
                                 struct client_id *id, enum nfsstat4 *status)
{
    struct client_compound c;

    begin(&c);
    client_id_op_set(&c, wish);
    return call(conn, &c, id, status);
}

enum client_status client_id_confirm(struct client_conn *conn, const struct client_id *id,
                                     enum nfsstat4 *status)
{
    struct client_compound c;

    begin(&c);
    client_id_op_confirm(&c, id);
    return call(conn, &c, NULL, status);
}

enum client_status client_id_renew(struct client_conn *conn, const struct client_id *id,
                                   enum nfsstat4 *status)
{
    struct client_compound c;

    begin(&c);
    client_id_op_renew(&c, id->clientid);
    return call(conn, &c, NULL, status);
}

enum client_status client_id_open(struct client_conn *conn, const struct client_id_wish *wish,
                                  struct client_id *id, enum nfsstat4 *status)
{
    enum client_status client = client_id_set(conn, wish, id, status);

    if (client == CLIENT_OK && *status == NFS4_OK)
        client = client_id_confirm(conn, id, status);
    return client;
}
