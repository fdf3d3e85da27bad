/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets up outgoing connections.  connect() does not block: epoll waits until the socket is writable
 * or has failed.  The connection receives only from then on.
 */
#include "transport/dial.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "transport/address.h"
#include "transport/connection_event.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/transport_internal.h"

/* ---- admission ---- */

/* Count the connection before checking `draining`; transport_drain_stop() does it the other way
 * round (both seq_cst).  So either it waits for this connection, or this connection gives up. */
static int dial_admit(struct transport *transport)
{
    uint32_t before = atomic_fetch_add_explicit(&transport->dialled_count, 1, memory_order_relaxed);

    atomic_fetch_add_explicit(&transport->connection_count, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&transport->draining, memory_order_seq_cst))
        return -ESHUTDOWN;
    return before < transport->config.dialled_max ? 0 : -EMFILE;
}

static void dial_withdraw(struct transport *transport)
{
    atomic_fetch_sub_explicit(&transport->dialled_count, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&transport->connection_count, 1, memory_order_release);
}

/* ---- connecting ---- */

/* The connection attempt has succeeded or failed. */
static void dial_event(struct loop *loop, struct source *source, uint32_t events)
{
    struct connection *conn = CONTAINER_OF(source, struct connection, source);
    socklen_t len = sizeof(conn->dial.error);

    (void)events;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &conn->dial.error, &len) != 0)
        conn->dial.error = errno;
    /* We shut it down before it was connected: not an error, whatever the kernel reports. */
    if (connection_is_dead(conn))
        conn->dial.error = 0;
    if (conn->dial.error || connection_is_dead(conn)) {
        connection_shutdown(conn);
        loop_leave(loop, conn);
        return;
    }
    conn->dial.connecting = false;
    conn->source.event = connection_event;
    conn->dial.hooks->connected(conn, conn->dial.arg);
    /* Have epoll wait for input from now on. */
    send_queue_pump(conn);
}

/* ---- dialling ---- */

/* A socket that is connecting, or -errno. */
static int socket_connecting(struct transport *transport, const struct sockaddr *peer,
                             socklen_t len)
{
    int fd = socket(peer->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -errno;
    connection_options(fd, &transport->config);
    if (connect(fd, peer, len) == 0 || errno == EINPROGRESS)
        return fd;
    error = -errno;
    close(fd);
    return error;
}

static int connection_dial(struct transport *transport, const struct sockaddr *peer, socklen_t len,
                           const struct dial_hooks *hooks, void *arg, struct connection **conn)
{
    int fd = socket_connecting(transport, peer, len);
    char text[ADDRESS_TEXT_BYTES];
    struct connection *made;

    if (fd < 0)
        return fd;
    made = connection_create(transport, fd, peer, len);
    if (!made) {
        close(fd);
        return -ENOMEM;
    }
    made->source.event = dial_event;
    made->dial = (struct dial){.hooks = hooks, .arg = arg, .connecting = true};
    *conn = connection_get(made);
    transport_count(transport, TRANSPORT_COUNTER_dialled, 1);
    log_debug("connection.dial", LOG_U64("connection", made->id),
              LOG_STR("peer", address_format(peer, text, sizeof(text))));
    if (!loop_add(loop_choose(transport), made, EPOLLOUT)) {
        made->dial.error = errno;
        log_warn("transport.epoll", LOG_I64("errno", errno));
        connection_unpin(made);
    }
    return 0;
}

int transport_dial(struct transport *transport, const struct sockaddr *peer, socklen_t len,
                   const struct dial_hooks *hooks, void *arg, struct connection **conn)
{
    int error = dial_admit(transport);

    if (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)
        error = -EAFNOSUPPORT;
    if (!error)
        error = connection_dial(transport, peer, len, hooks, arg, conn);
    if (error) {
        dial_withdraw(transport);
        transport_count(transport, TRANSPORT_COUNTER_dial_failures, 1);
    }
    return error;
}

void *connection_dial_arg(const struct connection *conn, const struct dial_hooks *hooks)
{
    return hooks && conn->dial.hooks == hooks ? conn->dial.arg : NULL;
}
