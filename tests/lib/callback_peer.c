/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/callback_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"

int peer_open(int family, int backlog, struct dial_target *target)
{
    union netaddr *address = &target->address;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len;

    *target = (struct dial_target){.program = PEER_PROGRAM,
                                   .ident = PEER_IDENT,
                                   .cred = {.flavor = AUTH_SYS, .uid = PEER_UID, .gid = PEER_GID}};
    address->sa.sa_family = (sa_family_t)family;
    if (family == AF_INET)
        address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        address->in6.sin6_addr = in6addr_loopback;
    len = netaddr_len(address);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &address->sa, len), 0);
    assert_int_equal(getsockname(fd, &address->sa, &len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

int peer_open_silent(struct dial_target *target, int *fillers)
{
    int listener = peer_open(AF_INET, 0, target);

    for (int i = 0; i < PEER_FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], &target->address.sa, netaddr_len(&target->address));
    }
    return listener;
}

void peer_close_silent(int listener, const int *fillers)
{
    for (int i = 0; i < PEER_FILLERS; i++)
        close(fillers[i]);
    close(listener);
}

int peer_accept(int listener)
{
    const struct timeval timeout = {.tv_sec = WAIT_PATIENCE_MS / 1000};
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    int fd;

    assert_int_equal(poll(&ready, 1, WAIT_PATIENCE_MS), 1);
    fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    return fd;
}

static bool bytes_receive(int fd, void *data, size_t len)
{
    uint8_t *p = data;

    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);

        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool record_receive(int fd, uint8_t *bytes, size_t size, size_t *len)
{
    uint8_t mark[RPC_RECORD_MARK_BYTES];
    bool last;

    if (!bytes_receive(fd, mark, sizeof(mark)))
        return false;
    *len = rpc_record_mark_get(mark, &last);
    assert_true(last && *len <= size);
    return bytes_receive(fd, bytes, *len);
}

static void compound_head(struct peer_call *call)
{
    struct wire_opaque tag;
    struct xdr cred;

    memset(&call->sys, 0, sizeof(call->sys));
    xdr_init_decode(&cred, call->header.cred.body.data, call->header.cred.body.len, &call->arena);
    if (call->header.cred.flavor == AUTH_SYS)
        assert_true(wire_authsys_parms(&cred, &call->sys));
    xdr_opaque(&call->x, &tag, LIMIT_COMPOUND_TAG_BYTES);
    call->minor = xdr_get_u32(&call->x);
    call->ident = xdr_get_u32(&call->x);
    call->op_count = xdr_get_u32(&call->x);
    assert_false(call->x.failed);
}

size_t peer_receive_record(int fd, uint8_t *bytes, size_t size)
{
    size_t len = 0;

    assert_true(record_receive(fd, bytes, size, &len));
    return len;
}

void peer_receive(int fd, struct peer_call *call)
{
    size_t len;

    arena_init(&call->arena, 512);
    len = peer_receive_record(fd, call->bytes, sizeof(call->bytes));
    xdr_init_decode(&call->x, call->bytes, len, &call->arena);
    assert_true(wire_rpc_call_header(&call->x, &call->header));
    assert_in_range(call->header.prog, PEER_PROGRAM, PEER_PROGRAM + 1);
    assert_int_equal(call->header.vers, 1);
    assert_int_equal(call->header.verf.flavor, AUTH_NONE);
    if (call->header.proc == CB_COMPOUND) {
        compound_head(call);
    } else {
        assert_int_equal(call->header.proc, CB_NULL);
        assert_int_equal(call->header.cred.flavor, AUTH_NONE);
        assert_int_equal(xdr_left(&call->x), 0);
    }
}

void peer_call_fini(struct peer_call *call)
{
    arena_fini(&call->arena);
}

uint32_t peer_expect_null(int fd)
{
    struct peer_call call;

    peer_receive(fd, &call);
    assert_int_equal(call.header.proc, CB_NULL);
    peer_call_fini(&call);
    return call.header.xid;
}

uint32_t peer_expect_recall(int fd)
{
    struct peer_call call;

    peer_receive(fd, &call);
    assert_int_equal(call.header.proc, CB_COMPOUND);
    assert_int_equal(call.header.cred.flavor, AUTH_SYS);
    assert_int_equal(call.op_count, 1);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_RECALL);
    peer_call_fini(&call);
    return call.header.xid;
}

void peer_send(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

void peer_send_record(int fd, const void *data, size_t len)
{
    uint8_t record[1024];

    assert_true(len + RPC_RECORD_MARK_BYTES <= sizeof(record));
    rpc_record_mark_put(record, (uint32_t)len, true);
    memcpy(record + RPC_RECORD_MARK_BYTES, data, len);
    peer_send(fd, record, RPC_RECORD_MARK_BYTES + len);
}

void peer_reply(int fd, uint32_t xid, const uint32_t *words, size_t count)
{
    struct rpc_reply_header header = {
        .xid = xid, .stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS};
    uint8_t bytes[512];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    wire_rpc_reply_header(&x, &header);
    for (size_t i = 0; i < count; i++)
        xdr_put_u32(&x, words[i]);
    assert_false(x.failed);
    peer_send_record(fd, bytes, xdr_pos(&x));
}

void peer_reply_null(int fd, uint32_t xid)
{
    peer_reply(fd, xid, NULL, 0);
}

void peer_reply_recall(int fd, uint32_t xid, uint32_t status)
{
    const uint32_t words[] = {status, 0, 1, OP_CB_RECALL, status};

    peer_reply(fd, xid, words, ARRAY_SIZE(words));
}

void peer_expect_close(int fd)
{
    uint8_t drop[1024];
    ssize_t n;

    do {
        n = recv(fd, drop, sizeof(drop), 0);
    } while (n > 0);
    assert_true(n == 0 || errno == ECONNRESET);
}

/* ---- a client that answers all callbacks ---- */

enum {
    SERVER_CONNECTIONS = 64
};

struct peer_server {
    pthread_t thread;
    int wake[2];
    struct pollfd fds[SERVER_CONNECTIONS + 2];
    nfds_t count;
    unsigned answered;
};

/* False: the connection is over. */
static bool server_answer(struct peer_server *server, int fd)
{
    uint32_t recall[5] = {0, 0, 1, OP_CB_RECALL, 0};
    struct rpc_call_header header;
    uint8_t bytes[LIMIT_CALLBACK_CALL_BYTES];
    uint8_t reply[256];
    struct xdr x;
    size_t len;

    if (!record_receive(fd, bytes, sizeof(bytes), &len))
        return false;
    xdr_init_decode(&x, bytes, len, NULL);
    CHECK(wire_rpc_call_header(&x, &header));
    xdr_init_encode(&x, reply + RPC_RECORD_MARK_BYTES, sizeof(reply) - RPC_RECORD_MARK_BYTES);
    wire_rpc_reply_header(&x, &(struct rpc_reply_header){.xid = header.xid});
    for (size_t i = 0; i < ARRAY_SIZE(recall) && header.proc == CB_COMPOUND; i++)
        xdr_put_u32(&x, recall[i]);
    rpc_record_mark_put(reply, (uint32_t)xdr_pos(&x), true);
    server->answered++;
    return send(fd, reply, RPC_RECORD_MARK_BYTES + xdr_pos(&x), MSG_NOSIGNAL) > 0;
}

static void server_accept(struct peer_server *server)
{
    int fd = accept(server->fds[1].fd, NULL, NULL);

    if (fd >= 0 && server->count < ARRAY_SIZE(server->fds))
        server->fds[server->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    else if (fd >= 0)
        close(fd);
}

static void *server_main(void *arg)
{
    struct peer_server *server = arg;

    while (poll(server->fds, server->count, -1) > 0 && !server->fds[0].revents) {
        for (nfds_t i = server->count - 1; i >= 2; i--) {
            if (!server->fds[i].revents || server_answer(server, server->fds[i].fd))
                continue;
            close(server->fds[i].fd);
            server->fds[i] = server->fds[--server->count];
        }
        if (server->fds[1].revents)
            server_accept(server);
    }
    return NULL;
}

struct peer_server *peer_server_start(int family, struct dial_target *target)
{
    struct peer_server *server = calloc(1, sizeof(*server));

    assert_non_null(server);
    assert_int_equal(pipe(server->wake), 0);
    server->fds[0] = (struct pollfd){.fd = server->wake[0], .events = POLLIN};
    server->fds[1] = (struct pollfd){.fd = peer_open(family, 512, target), .events = POLLIN};
    server->count = 2;
    assert_int_equal(pthread_create(&server->thread, NULL, server_main, server), 0);
    return server;
}

unsigned peer_server_stop(struct peer_server *server)
{
    unsigned answered;

    assert_int_equal(write(server->wake[1], "", 1), 1);
    pthread_join(server->thread, NULL);
    for (nfds_t i = 0; i < server->count; i++)
        close(server->fds[i].fd);
    close(server->wake[1]);
    answered = server->answered;
    free(server);
    return answered;
}
