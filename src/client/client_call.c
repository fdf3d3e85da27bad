/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_call.h"

#include <stdlib.h>
#include <string.h>

#include "client/client_callback.h"
#include "wire/nfs4_const.h"
#include "wire/rpcsec_gss.h"

static void cred_encode(const struct client_cred *cred, struct opaque_auth *auth, uint8_t *body,
                        size_t size)
{
    static const char machine[] = "mainstay";
    uint32_t gids[CLIENT_GIDS];
    struct authsys_parms parms = {
        .stamp = 1,
        .machinename = {(const uint8_t *)machine, sizeof(machine) - 1},
        .uid = cred->uid,
        .gid = cred->gid,
        .gids = gids,
        .gids_count = cred->gid_count,
    };
    struct xdr x;

    *auth = (struct opaque_auth){.flavor = AUTH_NONE};
    if (cred->none)
        return;
    CHECK(cred->gid_count <= CLIENT_GIDS);
    memcpy(gids, cred->gids, sizeof(gids));
    xdr_init_encode(&x, body, size);
    CHECK(wire_authsys_parms(&x, &parms));
    *auth = (struct opaque_auth){AUTH_SYS, {body, (uint32_t)xdr_pos(&x)}};
}

size_t client_call_encode(const struct client_cred *cred, uint32_t xid, uint32_t program,
                          uint32_t version, uint32_t procedure, const void *args, size_t len,
                          uint8_t *out, size_t size)
{
    struct rpc_call_header header = {
        .xid = xid,
        .rpcvers = RPC_VERSION,
        .prog = program,
        .vers = version,
        .proc = procedure,
    };
    uint8_t body[128];
    struct xdr x;

    cred_encode(cred, &header.cred, body, sizeof(body));
    xdr_init_encode(&x, out, size);
    if (!wire_rpc_call_header(&x, &header) || len > xdr_left(&x))
        return 0;
    if (len)
        memcpy(x.p, args, len);
    return xdr_pos(&x) + len;
}

struct client_bytes client_call_make(struct client_conn *conn, uint32_t xid, uint32_t program,
                                     uint32_t version, uint32_t procedure, const void *args,
                                     size_t len)
{
    const struct client_gss_message message = {
        .gss = conn->gss,
        .proc = RPCSEC_GSS_DATA,
        .service = conn->gss_service,
        .rpc_program = program,
        .rpc_version = version,
        .rpc_proc = procedure,
        .args = args,
        .args_len = len,
        .xid = xid,
    };
    struct client_bytes call;
    size_t size = CLIENT_CALL_HEADER_BYTES + len;

    if (conn->gss)
        return client_gss_call_encode(conn, &message);
    call.data = must_malloc(size);
    call.len = client_call_encode(&conn->cred, xid, program, version, procedure, args, len,
                                  call.data, size);
    CHECK(call.len > 0);
    return call;
}

enum client_status client_call_send(struct client_conn *conn, uint32_t program, uint32_t version,
                                    uint32_t procedure, const void *args, size_t len, uint32_t *xid)
{
    *xid = ++conn->xid;
    return client_call_send_as(conn, *xid, program, version, procedure, args, len);
}

enum client_status client_call_send_as(struct client_conn *conn, uint32_t xid, uint32_t program,
                                       uint32_t version, uint32_t procedure, const void *args,
                                       size_t len)
{
    struct client_bytes call = client_call_make(conn, xid, program, version, procedure, args, len);
    enum client_status status = client_conn_send_record(conn, call.data, call.len, 0);

    free(call.data);
    return status;
}

/* Takes over the record in any case. */
static enum client_status reply_open(struct client_conn *conn, struct client_record *record,
                                     struct client_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    reply->record = record;
    arena_init(&reply->arena, 4096);
    xdr_init_decode(&reply->results, record->data, record->len, &reply->arena);
    if (!wire_rpc_reply_header(&reply->results, &reply->header) ||
        !client_gss_call_check(conn, reply)) {
        client_reply_free(reply);
        return CLIENT_MALFORMED;
    }
    if (reply->header.stat != MSG_ACCEPTED || reply->header.accept_stat != ACCEPT_SUCCESS)
        return CLIENT_REJECTED;
    return CLIENT_OK;
}

void client_reply_free(struct client_reply *reply)
{
    if (!reply->record)
        return;
    free(reply->record);
    free(reply->plain);
    arena_fini(&reply->arena);
    memset(reply, 0, sizeof(*reply));
}

static struct client_record *stash_take(struct client_conn *conn, uint32_t xid, bool any)
{
    LIST_FOREACH (record, &conn->stash, struct client_record, link) {
        enum rpc_msg_type type;
        uint32_t other;

        if (any || (rpc_msg_peek(record->data, record->len, &other, &type) && other == xid)) {
            list_remove(&record->link);
            conn->stash_count--;
            return record;
        }
    }
    return NULL;
}

/* The next reply.  Calls of the server that arrive before it are answered. */
static enum client_status next_reply(struct client_conn *conn, struct client_record **record,
                                     uint32_t *xid)
{
    for (;;) {
        enum client_status status = client_conn_receive_record(conn, record);
        enum rpc_msg_type type;

        if (status != CLIENT_OK)
            return status;
        if (!rpc_msg_peek((*record)->data, (*record)->len, xid, &type)) {
            free(*record);
            return CLIENT_MALFORMED;
        }
        if (type == RPC_MSG_REPLY)
            return CLIENT_OK;
        status = client_callback_answer(conn, *record);
        free(*record);
        if (status != CLIENT_OK)
            return status;
    }
}

enum client_status client_call_receive(struct client_conn *conn, uint32_t xid,
                                       struct client_reply *reply)
{
    struct client_record *record = stash_take(conn, xid, false);
    uint32_t other = 0;

    memset(reply, 0, sizeof(*reply));
    while (!record) {
        enum client_status status = next_reply(conn, &record, &other);

        if (status != CLIENT_OK)
            return status;
        if (other == xid)
            break;
        if (conn->stash_count == CLIENT_STASH_RECORDS) {
            free(record);
            return CLIENT_MALFORMED;
        }
        list_push_back(&conn->stash, &record->link);
        conn->stash_count++;
        record = NULL;
    }
    return reply_open(conn, record, reply);
}

enum client_status client_call_receive_any(struct client_conn *conn, struct client_reply *reply)
{
    struct client_record *record = stash_take(conn, 0, true);
    uint32_t xid;

    memset(reply, 0, sizeof(*reply));
    if (!record) {
        enum client_status status = next_reply(conn, &record, &xid);

        if (status != CLIENT_OK)
            return status;
    }
    return reply_open(conn, record, reply);
}

enum client_status client_call_serve(struct client_conn *conn, int wait_ms)
{
    int limit_ms = conn->timeout_ms;
    struct client_record *record;
    enum client_status status;
    enum rpc_msg_type type;
    uint32_t xid;

    conn->timeout_ms = wait_ms;
    status = client_conn_receive_record(conn, &record);
    conn->timeout_ms = limit_ms;
    if (status != CLIENT_OK)
        return status;
    if (!rpc_msg_peek(record->data, record->len, &xid, &type)) {
        free(record);
        return CLIENT_MALFORMED;
    }
    if (type == RPC_MSG_REPLY) {
        list_push_back(&conn->stash, &record->link);
        conn->stash_count++;
        return CLIENT_OK;
    }
    status = client_callback_answer(conn, record);
    free(record);
    return status;
}

enum client_status client_call_null(struct client_conn *conn)
{
    struct client_reply reply = {0};
    enum client_status status;
    uint32_t xid;

    status = client_call_send(conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, NULL, 0, &xid);
    if (status == CLIENT_OK)
        status = client_call_receive(conn, xid, &reply);
    client_reply_free(&reply);
    return status;
}
