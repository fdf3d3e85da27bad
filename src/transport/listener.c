/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets.
 *
 * When the process runs out of descriptors, accepting pauses for a moment: otherwise epoll would
 * report the pending connection again at once.
 */
#include "transport/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "transport/address.h"
#include "transport/connection_event.h"
#include "transport/connection_internal.h"
#include "transport/idle.h"
#include "transport/loop.h"
#include "transport/peer_table.h"
#include "transport/source.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    LISTENER_BACKLOG = 1024,
    LISTENER_ACCEPTS = 64, /* per event */
    LISTENER_PAUSE_MS = 100,
    LISTENER_DISPLACED = 8,      /* displaced connections that may still be open, at most */
    LISTENER_RESERVED_PART = 16, /* fraction of all connections that is reserved */
    LISTENER_QUIET_MS = 10000,   /* a pause after such a time without one is logged again */
};

/* ---- accepting ---- */

/* Dialled connections have a limit of their own. */
static bool connections_full(struct transport *transport, int64_t beyond)
{
    int64_t all = atomic_load_explicit(&transport->connection_count, memory_order_relaxed);
    int64_t dialled = atomic_load_explicit(&transport->dialled_count, memory_order_relaxed);

    return all >= transport_limit(transport, TRANSPORT_LIMIT_connections) + beyond ||
           all - dialled >= transport->config.connections_max + beyond;
}

/* The last connections are reserved for those that displace others: a displaced connection counts
 * until its loop has closed it, and many new ones may arrive at once. */
static int64_t reserve(const struct transport *transport)
{
    uint32_t limit = transport_limit(transport, TRANSPORT_LIMIT_connections);
    uint32_t share = transport->config.connections_max;

    return (share < limit ? share : limit) / LISTENER_RESERVED_PART;
}

static bool has_room(struct transport *transport, const struct sockaddr *peer)
{
    if (!connections_full(transport, -reserve(transport)))
        return true;
    return !connections_full(transport, LISTENER_DISPLACED) && idle_displace(transport, peer);
}

static void connection_refuse(struct transport *transport, int fd, const struct sockaddr *peer,
                              enum transport_counter counter, const char *reason)
{
    struct log_limit *limit = &transport->cuts[counter];
    char text[ADDRESS_TEXT_BYTES];

    transport_count(transport, counter, 1);
    if (log_enabled(LOG_PART_transport, LOG_LEVEL_INFO) &&
        log_limit_take(limit, clock_now_ns(), LIMIT_LOG_CUTS_PER_S))
        log_info_taken(limit, "transport.refused", LOG_STR("reason", reason),
                       LOG_STR("peer", address_format(peer, text, sizeof(text))));
    close(fd);
}

/* A connection that is counted for its address, or NULL. */
static struct connection *connection_admit(struct transport *transport, int fd,
                                           const struct sockaddr *peer, socklen_t peer_len)
{
    struct connection *conn;
    struct peer *counted;

    if (!has_room(transport, peer)) {
        connection_refuse(transport, fd, peer, TRANSPORT_COUNTER_refused, "connections");
        return NULL;
    }
    counted = peer_get(&transport->peers, peer,
                       transport_limit(transport, TRANSPORT_LIMIT_connections_per_address));
    if (!counted) {
        connection_refuse(transport, fd, peer, TRANSPORT_COUNTER_refused_address, "address");
        return NULL;
    }
    conn = connection_create(transport, fd, peer, peer_len);
    if (conn) {
        conn->counted = counted;
        return conn;
    }
    peer_put(&transport->peers, counted);
    connection_refuse(transport, fd, peer, TRANSPORT_COUNTER_refused_memory, "memory");
    return NULL;
}

static void connection_accepted(struct transport *transport, int fd, const struct sockaddr *peer,
                                socklen_t peer_len)
{
    struct connection *conn = connection_admit(transport, fd, peer, peer_len);
    char text[ADDRESS_TEXT_BYTES];

    if (!conn)
        return;
    conn->source.event = connection_event;
    connection_options(fd, &transport->config);
    atomic_fetch_add_explicit(&transport->connection_count, 1, memory_order_relaxed);
    transport_count(transport, TRANSPORT_COUNTER_accepted, 1);
    log_debug("connection.accepted", LOG_U64("connection", conn->id),
              LOG_STR("peer", address_format(peer, text, sizeof(text))));
    if (!loop_add(loop_choose(transport), conn, EPOLLIN)) {
        log_warn("transport.epoll", LOG_I64("errno", errno));
        connection_unpin(conn);
    }
}

static void listeners_arm(struct loop *loop, uint32_t events)
{
    struct transport *transport = loop->transport;

    for (unsigned i = 0; i < transport->listener_count; i++) {
        struct listener *listener = &transport->listeners[i];

        if (listener->fd >= 0)
            epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, listener->fd,
                      &(struct epoll_event){.events = events, .data.ptr = &listener->source});
    }
}

static void listeners_pause(struct loop *loop, int error)
{
    int64_t now_ns = clock_now_ns();

    /* Log once per shortage, however many pauses it takes. */
    if (now_ns > loop->accept_complain_ns)
        log_warn("transport.accept_paused", LOG_I64("errno", error));
    loop->accept_complain_ns = now_ns + LISTENER_QUIET_MS * NSEC_PER_MSEC;
    transport_count(loop->transport, TRANSPORT_COUNTER_accept_pauses, 1);
    loop->accept_paused_until_ns = now_ns + LISTENER_PAUSE_MS * NSEC_PER_MSEC;
    listeners_arm(loop, 0);
}

void listeners_resume(struct loop *loop)
{
    if (clock_now_ns() < loop->accept_paused_until_ns)
        return;
    loop->accept_paused_until_ns = 0;
    listeners_arm(loop, EPOLLIN);
}

/* Accept pending connections up to a bound.  Pause when out of descriptors. */
static void listener_event(struct loop *loop, struct source *source, uint32_t events)
{
    struct listener *listener = CONTAINER_OF(source, struct listener, source);
    struct sockaddr_storage peer;
    socklen_t peer_len;

    (void)events;
    turn_settle(&loop->turns, clock_now_ns());
    for (int i = 0; i < LISTENER_ACCEPTS && listener->fd >= 0; i++) {
        int fd;

        peer_len = sizeof(peer);
        fd = accept4(listener->fd, (struct sockaddr *)&peer, &peer_len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            address_unmap(&peer, &peer_len);
            connection_accepted(loop->transport, fd, (struct sockaddr *)&peer, peer_len);
            if (!worker_owns(loop))
                return;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listeners_pause(loop, errno);
            return;
        }
        /* Other errors concern only the pending connection: go on with the next. */
    }
}

/* ---- listening ---- */

static int listen_socket(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    int error;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (address->sa_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
        bind(fd, address, len) == 0 && listen(fd, LISTENER_BACKLOG) == 0)
        return fd;
    error = -errno;
    close(fd);
    return error;
}

static uint16_t socket_port(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t len = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    /* sin_port and sin6_port have the same offset. */
    return ntohs(address.sin6_port);
}

static void listener_add(struct transport *transport, int fd)
{
    struct listener *listener = &transport->listeners[transport->listener_count];

    listener->source.event = listener_event;
    listener->fd = fd;
    listener->port = socket_port(fd);
    transport->listener_count++;
    atomic_fetch_add_explicit(&transport->listening, 1, memory_order_relaxed);
}

static bool is_internet(int family)
{
    return family == AF_INET || family == AF_INET6;
}

int transport_listen(struct transport *transport, const struct sockaddr *address, socklen_t len)
{
    int fd;

    if (!is_internet(address->sa_family))
        return -EAFNOSUPPORT;
    if (transport->listener_count >= LIMIT_LISTENERS)
        return -ENOSPC;
    fd = listen_socket(address, len);
    if (fd < 0)
        return fd;
    listener_add(transport, fd);
    return 0;
}

int transport_listen_socket(struct transport *transport, int fd)
{
    int family = 0, listens = 0, flags = fcntl(fd, F_GETFL);
    socklen_t len = sizeof(family);

    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0)
        return -errno;
    if (!is_internet(family))
        return -EAFNOSUPPORT;
    if (!listens)
        return -EINVAL;
    if (transport->listener_count >= LIMIT_LISTENERS)
        return -ENOSPC;
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -errno;
    listener_add(transport, fd);
    return 0;
}

char *transport_address(const struct transport *transport, unsigned n, char *text, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);

    if (n < transport->listener_count)
        (void)getsockname(transport->listeners[n].fd, (struct sockaddr *)&address, &len);
    return address_format((const struct sockaddr *)&address, text, size);
}

uint16_t transport_port(const struct transport *transport, unsigned n)
{
    return n < transport->listener_count ? transport->listeners[n].port : 0;
}

bool listeners_start(struct loop *loop)
{
    struct transport *transport = loop->transport;

    for (unsigned i = 0; i < transport->listener_count; i++) {
        struct listener *listener = &transport->listeners[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener->source};

        if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, listener->fd, &event) != 0)
            return false;
    }
    return true;
}

void listeners_close(struct transport *transport)
{
    for (unsigned i = 0; i < transport->listener_count; i++) {
        struct listener *listener = &transport->listeners[i];

        if (listener->fd < 0)
            continue;
        close(listener->fd);
        listener->fd = -1;
        atomic_fetch_sub_explicit(&transport->listening, 1, memory_order_release);
    }
}
