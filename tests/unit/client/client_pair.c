/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include "client_pair.h"

#include <stdlib.h>
#include <sys/socket.h>

#define PAIR_TIMEOUT_MS 60000

static void conn_init(struct client_conn *conn, int fd)
{
    *conn = (struct client_conn){.fd = fd, .timeout_ms = PAIR_TIMEOUT_MS, .xid = 100};
    list_init(&conn->stash);
}

int client_pair_setup(void **state)
{
    struct client_pair *pair = must_calloc(1, sizeof(*pair));
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return -1;
    conn_init(&pair->conn, fds[0]);
    conn_init(&pair->server, fds[1]);
    *state = pair;
    return 0;
}

int client_pair_teardown(void **state)
{
    struct client_pair *pair = *state;

    client_conn_close(&pair->conn);
    client_conn_close(&pair->server);
    free(pair);
    return 0;
}

void client_pair_take(struct client_pair *pair, struct client_record **record,
                      struct rpc_call_header *header, struct wire_opaque *args)
{
    struct xdr x;

    assert_int_equal(client_conn_receive_record(&pair->server, record), CLIENT_OK);
    xdr_init_decode(&x, (*record)->data, (*record)->len, NULL);
    assert_true(wire_rpc_call_header(&x, header));
    *args = (struct wire_opaque){x.p, (uint32_t)xdr_left(&x)};
}

void client_pair_answer(struct client_pair *pair, uint32_t xid, const uint32_t *words, size_t count)
{
    struct rpc_reply_header header = {.xid = xid, .stat = MSG_ACCEPTED};
    uint8_t reply[4096];
    struct xdr x;

    xdr_init_encode(&x, reply, sizeof(reply));
    wire_rpc_reply_header(&x, &header);
    for (size_t i = 0; i < count; i++)
        xdr_put_u32(&x, words[i]);
    assert_false(x.failed);
    assert_int_equal(client_conn_send_record(&pair->server, reply, xdr_pos(&x), 0), CLIENT_OK);
}
