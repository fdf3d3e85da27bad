/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/memory.h"
#include "transport/address.h"
#include "transport/connection_internal.h"
#include "transport/dial.h"
#include "transport/peer_table.h"
#include "transport/send_queue.h"
#include "transport/stream.h"
#include "transport/tls_table.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/unsent.h"

enum {
    /* A peer that has vanished is detected within two minutes. */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 15,
    KEEPALIVE_PROBES = 4,
    SEND_TIMEOUT_MS = 120000,
};

static void option_set(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof(value)) != 0)
        log_warn("transport.socket_option", LOG_I64("option", option), LOG_I64("errno", errno));
}

void connection_options(int fd, const struct transport_config *config)
{
    option_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    option_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    option_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    option_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    option_set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    option_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, SEND_TIMEOUT_MS);
    if (config->send_buffer_bytes > 0)
        option_set(fd, SOL_SOCKET, SO_SNDBUF, config->send_buffer_bytes);
}

struct connection *connection_create(struct transport *transport, int fd,
                                     const struct sockaddr *peer, socklen_t peer_len)
{
    struct connection *conn = memory_zalloc(MEMORY_connections, sizeof(*conn));

    if (!conn)
        return NULL;
    CHECK(peer_len <= sizeof(conn->peer));
    conn->fd = fd;
    atomic_init(&conn->refs, 1);
    atomic_init(&conn->active, 1);
    conn->transport = transport;
    conn->id =
        1 + atomic_fetch_add_explicit(&transport->next_connection_id, 1, memory_order_relaxed);
    memcpy(&conn->peer, peer, peer_len);
    list_init(&conn->link);
    list_init(&conn->yielded);
    turn_init(&conn->turn, peer, transport->peers.seed);
    list_init(&conn->postponed_link);
    list_init(&conn->idle_link);
    list_init(&conn->half.link);
    list_init(&conn->half.address_link);
    list_init(&conn->blocked.link);
    atomic_init(&conn->activity_ns, clock_now_ns());
    CHECK(pthread_mutex_init(&conn->queue.lock, NULL) == 0);
    return conn;
}

struct connection *connection_get(struct connection *conn)
{
    connection_hold(conn);
    return conn;
}

void connection_put(struct connection *conn)
{
    if (atomic_fetch_sub_explicit(&conn->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (stream_is_secure(conn))
        stream_destroy(conn);
    pthread_mutex_destroy(&conn->queue.lock);
    memory_free(MEMORY_connections, conn);
}

bool connection_try_pin(struct connection *conn)
{
    uint32_t active = atomic_load_explicit(&conn->active, memory_order_relaxed);

    do {
        if (active == 0)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&conn->active, &active, active + 1,
                                                    memory_order_acquire, memory_order_relaxed));
    return true;
}

/* Of a dialled connection: dial.c. */
static void dial_closed(struct connection *conn)
{
    const struct dial *dial = &conn->dial;

    if (dial->connecting)
        transport_count(conn->transport, TRANSPORT_COUNTER_dial_failures, 1);
    dial->hooks->closed(conn, dial->error, dial->arg);
    atomic_fetch_sub_explicit(&conn->transport->dialled_count, 1, memory_order_relaxed);
}

static void programs_closed(struct connection *conn)
{
    const struct transport_config *config = &conn->transport->config;

    for (unsigned i = 0; i < config->program_count; i++) {
        if (config->programs[i].closed)
            config->programs[i].closed(conn, config->programs[i].context);
    }
}

static void secure_closed(struct connection *conn)
{
    tls_table_leave(&conn->transport->tls, stream_tls(conn));
    if (!connection_is_dead(conn))
        stream_close(conn);
}

/* The socket has no users left, and no call of the connection runs. */
static void connection_close(struct connection *conn)
{
    struct transport *transport = conn->transport;

    if (stream_is_secure(conn))
        secure_closed(conn);
    atomic_store_explicit(&conn->dead, true, memory_order_relaxed);
    send_queue_fini(conn);
    unsent_done(conn);
    if (connection_is_dialled(conn))
        dial_closed(conn);
    else
        programs_closed(conn);
    close(conn->fd);
    peer_put(&transport->peers, conn->counted);
    log_debug("connection.closed", LOG_U64("connection", conn->id));
    transport_count(transport, TRANSPORT_COUNTER_closed, 1);
    connection_put(conn);
    atomic_fetch_sub_explicit(&transport->connection_count, 1, memory_order_release);
}

void connection_unpin(struct connection *conn)
{
    if (atomic_fetch_sub_explicit(&conn->active, 1, memory_order_acq_rel) == 1)
        connection_close(conn);
}

uint64_t connection_id(const struct connection *conn)
{
    return conn->id;
}

const struct sockaddr *connection_peer(const struct connection *conn)
{
    return &conn->peer.sa;
}

const struct tls_peer *connection_tls_peer(const struct connection *conn)
{
    return conn && stream_is_open(conn) ? stream_tls(conn)->peer : NULL;
}

int64_t connection_activity_ns(const struct connection *conn)
{
    return atomic_load_explicit(&conn->activity_ns, memory_order_relaxed);
}

void *connection_user(const struct connection *conn, unsigned slot)
{
    CHECK(slot < CONNECTION_USER_SLOTS);
    return atomic_load_explicit(&conn->user[slot], memory_order_acquire);
}

void *connection_user_init(struct connection *conn, unsigned slot, void *value)
{
    void *current = NULL;

    CHECK(slot < CONNECTION_USER_SLOTS);
    if (atomic_compare_exchange_strong_explicit(&conn->user[slot], &current, value,
                                                memory_order_acq_rel, memory_order_acquire))
        return value;
    return current;
}

void connection_user_set(struct connection *conn, unsigned slot, void *value)
{
    CHECK(slot < CONNECTION_USER_SLOTS);
    atomic_store_explicit(&conn->user[slot], value, memory_order_release);
}

bool connection_send(struct connection *conn, const void *record, size_t len)
{
    bool queued;

    CHECK(len < 1u << 31);
    if (!connection_try_pin(conn))
        return false;
    queued = send_queue_record(conn, record, len);
    connection_unpin(conn);
    return queued;
}

void connection_shutdown(struct connection *conn)
{
    if (!connection_try_pin(conn))
        return;
    /* The loop is notified by EPOLLHUP and then leaves the connection. */
    if (!atomic_exchange_explicit(&conn->dead, true, memory_order_relaxed))
        shutdown(conn->fd, SHUT_RDWR);
    connection_unpin(conn);
}

void connection_cut(struct connection *conn, enum transport_counter counter, const char *event)
{
    struct transport *transport = conn->transport;
    struct log_limit *limit = &transport->cuts[counter];
    char peer[ADDRESS_TEXT_BYTES];

    transport_count(transport, counter, 1);
    if (log_enabled(LOG_PART_transport, LOG_LEVEL_INFO) &&
        log_limit_take(limit, clock_now_ns(), LIMIT_LOG_CUTS_PER_S))
        log_info_taken(limit, event, LOG_U64("connection", conn->id),
                       LOG_STR("peer", address_format(&conn->peer.sa, peer, sizeof(peer))));
    connection_shutdown(conn);
}

void connection_shutdown_no_memory(struct connection *conn)
{
    connection_cut(conn, TRANSPORT_COUNTER_no_memory, "transport.no_memory");
}

void connection_set_serves_client(struct connection *conn)
{
    /* Read before writing: the flag is nearly always set, and its cache line is shared. */
    if (conn && !atomic_load_explicit(&conn->serves_client, memory_order_relaxed))
        atomic_store_explicit(&conn->serves_client, true, memory_order_relaxed);
}

bool connection_is_open(const struct connection *conn)
{
    return !atomic_load_explicit(&conn->dead, memory_order_relaxed);
}
