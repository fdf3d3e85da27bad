/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "script.h"

enum {
    RESERVED_FIRST = 600,
};

static bool bind_to(int fd, struct sockaddr_in *own, uint16_t port)
{
    own->sin_port = htons(port);
    return bind(fd, (const struct sockaddr *)own, sizeof(*own)) == 0;
}

void peer_connect(struct client_conn *conn, const char *address, bool reserved)
{
    struct sockaddr_in own = {.sin_family = AF_INET}, server = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound = false;

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &own.sin_addr), 1);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons((uint16_t)script_server.port);
    if (!reserved)
        bound = bind_to(fd, &own, 0);
    for (uint16_t port = IPPORT_RESERVED - 1; reserved && !bound && port >= RESERVED_FIRST; port--)
        bound = bind_to(fd, &own, port);
    assert_true(bound);
    /* The loopback answers at once. */
    assert_true(connect(fd, (const struct sockaddr *)&server, sizeof(server)) == 0 ||
                errno == EINPROGRESS);
    client_conn_adopt(conn, fd, SCRIPT_TIMEOUT_MS);
    conn->cred = script_cred();
}
