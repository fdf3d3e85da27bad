/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_result.h"

#include <string.h>

#include "wire/op_table.h"

#define RESULT_OPS_MAX 4096u

void (*client_result_watch)(const struct client_result *result);

/* There is no decoder yet for the results of successful operations of minor version 2: they end the
 * decoded part, which is not an error. */
static bool undecodable(const struct nfs_resop4 *op)
{
    const struct op_info *info = op_info(op->resop);

    return info && info->minor_first > 1;
}

static bool result_decode(struct client_result *result)
{
    struct xdr *x = &result->reply.results;
    uint32_t status = 0;

    result->body = (struct wire_opaque){x->p, (uint32_t)xdr_left(x)};
    xdr_u32(x, &status);
    result->status = status;
    xdr_opaque(x, &result->tag, UINT32_MAX);
    result->ops = xdr_array(x, &result->count, RESULT_OPS_MAX, NULL, sizeof(*result->ops));
    if (x->failed)
        return false;
    for (result->decoded = 0; result->decoded < result->count; result->decoded++) {
        struct nfs_resop4 *op = &result->ops[result->decoded];

        if (!wire_nfs_resop4(x, op))
            return undecodable(op);
    }
    return xdr_left(x) == 0;
}

static enum client_status received(struct client_conn *conn, enum client_status status,
                                   struct client_result *result)
{
    result->minor = conn->minor;
    if (status == CLIENT_OK && !result_decode(result)) {
        client_result_free(result);
        status = CLIENT_MALFORMED;
    }
    if (status == CLIENT_OK && client_result_watch)
        client_result_watch(result);
    return status;
}

enum client_status client_result_receive(struct client_conn *conn, uint32_t xid,
                                         struct client_result *result)
{
    memset(result, 0, sizeof(*result));
    return received(conn, client_call_receive(conn, xid, &result->reply), result);
}

enum client_status client_result_receive_any(struct client_conn *conn, struct client_result *result)
{
    memset(result, 0, sizeof(*result));
    return received(conn, client_call_receive_any(conn, &result->reply), result);
}

void client_result_free(struct client_result *result)
{
    client_reply_free(&result->reply);
    memset(result, 0, sizeof(*result));
}

const struct nfs_resop4 *client_result_lookup(const struct client_result *result, uint32_t op)
{
    for (uint32_t i = 0; i < result->decoded; i++)
        if (result->ops[i].resop == op)
            return &result->ops[i];
    return NULL;
}
