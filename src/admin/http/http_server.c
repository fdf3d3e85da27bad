/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admin/http/http_job.h"
#include "admin/http/http_server_internal.h"
#include "admin/http/http_stream.h"
#include "admin/http/http_tls.h"
#include "admin/http/http_tls_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "tls/tls_context.h"

enum {
    TICK_MS = 1000,
    JOB_MS = 100,   /* to see in time that one waits for too long */
    SHAKE_MS = 10,  /* between two looks at a handshake that does not go on, ... */
    ASKED_MS = 1,   /* ... and while there is a request, too, which may be as slow */
    END_TRIES = 20, /* for the last lines of streams, ... */
    END_MS = 5,     /* ... with this between two of them */
};

struct http_server *http_server_create(const struct http_route *routes, size_t count, void *context)
{
    struct http_server *server = must_calloc(1, sizeof(*server));

    server->routes = routes;
    server->route_count = count;
    server->context = context;
    server->stop_fd = server->wake_fd = -1;
    list_init(&server->connections);
    list_init(&server->streams);
    list_init(&server->jobs);
    CHECK(pthread_mutex_init(&server->lock, NULL) == 0);
    return server;
}

static struct http_listener *listener_next(struct http_server *server, char *error,
                                           size_t error_size)
{
    if (server->listener_count < LIMIT_ADMIN_LISTENERS)
        return &server->listeners[server->listener_count];
    (void)snprintf(error, error_size, "more than %u listeners", LIMIT_ADMIN_LISTENERS);
    return NULL;
}

bool http_server_listen_unix(struct http_server *server, const char *path, char *error,
                             size_t error_size)
{
    struct http_listener *listener = listener_next(server, error, error_size);

    if (!listener || !http_socket_unix(&listener->socket, path, error, error_size))
        return false;
    listener->local = true;
    server->listener_count++;
    return true;
}

bool http_server_listen_tcp(struct http_server *server, const struct sockaddr *address,
                            socklen_t len, char *error, size_t error_size)
{
    struct http_listener *listener = listener_next(server, error, error_size);

    if (!listener || !http_socket_tcp(&listener->socket, address, len, error, error_size))
        return false;
    listener->any_host = !http_address_is_loopback(address);
    listener->secure = server->tls != NULL;
    server->listener_count++;
    return true;
}

bool http_server_set_tokens(struct http_server *server, const struct http_tokens *tokens)
{
    bool differ;

    pthread_mutex_lock(&server->lock);
    differ = !http_tokens_equal(&server->tokens, tokens);
    server->tokens = *tokens;
    pthread_mutex_unlock(&server->lock);
    return differ;
}

bool http_server_differ(struct http_server *server, const struct http_tokens *tokens)
{
    bool differ;

    pthread_mutex_lock(&server->lock);
    differ = !http_tokens_equal(&server->tokens, tokens);
    pthread_mutex_unlock(&server->lock);
    return differ;
}

bool http_server_set_tls(struct http_server *server, struct http_tls *tls)
{
    struct http_tls *before;
    uint64_t one = 1;
    bool late;

    pthread_mutex_lock(&server->lock);
    before = server->tls;
    late = before && tls_context_is_before(http_tls_context(tls), http_tls_context(before));
    if (!late) {
        server->tls = http_tls_get(tls);
        server->unverified = before != NULL;
    }
    pthread_mutex_unlock(&server->lock);
    if (late || !before)
        return !late;
    http_tls_put(before);
    (void)!write(server->wake_fd, &one, sizeof(one));
    return true;
}

bool http_server_address(const struct http_server *server, unsigned n,
                         struct sockaddr_storage *address)
{
    socklen_t len = sizeof(*address);

    return n < server->listener_count && !server->listeners[n].local &&
           getsockname(server->listeners[n].socket.fd, (struct sockaddr *)address, &len) == 0;
}

/* ---- connections ---- */

/* A reference, or NULL. */
static struct http_tls *tls_now(struct http_server *server)
{
    struct http_tls *tls;

    pthread_mutex_lock(&server->lock);
    tls = server->tls ? http_tls_get(server->tls) : NULL;
    pthread_mutex_unlock(&server->lock);
    return tls;
}

/* Lines about refusals are limited all together, since anybody who can connect causes them. */
static void tls_refusal_log(struct http_connection *connection, const char *why)
{
    struct http_server *server = connection->listener->server;

    if (log_enabled(LOG_PART_admin, LOG_LEVEL_INFO) &&
        log_limit_take(&server->refusals, clock_now_ns(), LIMIT_LOG_ADMIN_REFUSALS_PER_S))
        log_info_taken(&server->refusals, "admin.tls_refused", LOG_STR("peer", connection->peer),
                       LOG_STR("why", why));
}

static void connection_begin(struct http_listener *listener, struct MHD_Connection *conn,
                             void **socket_context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_connection *connection = memory_zalloc(MEMORY_admin, sizeof(*connection));

    *socket_context = connection;
    if (!connection) { /* nothing would end it in time */
        (void)shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    connection->listener = listener;
    connection->mhd = conn;
    connection->fd = info->connect_fd;
    connection->since_ns = clock_now_ns();
    connection->trusted = listener->local && http_peer_is_trusted(connection->fd);
    list_push_back(&listener->server->connections, &connection->link);
    listener->connection_count++;
    if (!listener->secure)
        return;
    http_peer_print(connection->fd, connection->peer);
    if (!http_shake_begin(&connection->shake, conn, tls_now(listener->server)))
        (void)shutdown(connection->fd, SHUT_RDWR);
}

static void connection_end(struct http_connection *connection)
{
    const char *why = http_shake_end(&connection->shake);

    if (why)
        tls_refusal_log(connection, why);
    list_remove(&connection->link);
    connection->listener->connection_count--;
    memory_free(MEMORY_admin, connection);
}

static void connection_notify(void *listener, struct MHD_Connection *conn, void **socket_context,
                              enum MHD_ConnectionNotificationCode what)
{
    struct http_connection *connection = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_begin(listener, conn, socket_context);
    } else if (connection) {
        connection_end(connection);
        *socket_context = NULL;
    }
}

/* How long it may take.  Those that ask for nothing do not keep others out for long. */
static int64_t connection_time_ns(const struct http_connection *connection)
{
    bool crowded = connection->listener->connection_count > LIMIT_ADMIN_CONNECTIONS_EASY;

    return (!connection->asks && crowded ? LIMIT_ADMIN_IDLE_S : LIMIT_ADMIN_REQUEST_S) *
           NSEC_PER_SEC;
}

/* However busy a slow peer keeps its connection: MHD's own timeout begins anew with each byte. */
static void connections_expire(struct http_server *server, int64_t now_ns)
{
    LIST_FOREACH (connection, &server->connections, struct http_connection, link) {
        bool late = now_ns - connection->since_ns >= connection_time_ns(connection);

        if (late && !connection->streams && !connection->waits)
            (void)shutdown(connection->fd, SHUT_RDWR);
    }
}

/* After a reload, as NFS does it: whose certificate is no longer good is cut off. */
static void connections_verify(struct http_server *server)
{
    struct http_tls *tls = NULL;

    pthread_mutex_lock(&server->lock);
    if (server->unverified)
        tls = http_tls_get(server->tls);
    server->unverified = false;
    pthread_mutex_unlock(&server->lock);
    if (!tls)
        return;
    LIST_FOREACH (connection, &server->connections, struct http_connection, link) {
        if (!connection->shake.tls || http_shake_verify(&connection->shake, connection->mhd, tls))
            continue;
        if (connection->shake.stage == HTTP_SHAKE_DONE) /* else http_shake_end() tells why */
            tls_refusal_log(connection, connection->shake.why);
        connection->cut = true;
        (void)shutdown(connection->fd, SHUT_RDWR);
    }
    http_tls_put(tls);
}

/* ---- the thread ---- */

/* libmicrohttpd wants to run at once, again and again, as long as a part of a handshake has come
 * and the rest has not.  The rest would wake us.  How long may it wait for that? */
static int shaking_wait_ms(const struct http_listener *listener)
{
    bool shaking = false, asked = false;

    if (!listener->secure)
        return 0;
    LIST_FOREACH (connection, &listener->server->connections, struct http_connection, link) {
        if (connection->listener != listener)
            continue;
        asked |= connection->asks && !connection->streams && !connection->waits;
        shaking |= connection->shake.stage != HTTP_SHAKE_DONE;
    }
    if (!shaking)
        return 0;
    return asked ? ASKED_MS : SHAKE_MS;
}

static int listener_wait_ms(const struct http_listener *listener)
{
    int least = shaking_wait_ms(listener);
    MHD_UNSIGNED_LONG_LONG ms;

    if (MHD_get_timeout(listener->mhd, &ms) != MHD_YES || ms > TICK_MS)
        return TICK_MS;
    return (int)ms < least ? least : (int)ms;
}

static int wait_ms(const struct http_server *server)
{
    int wait = list_empty(&server->streams) ? TICK_MS : HTTP_STREAM_MS;

    if (!list_empty(&server->jobs) && wait > JOB_MS)
        wait = JOB_MS;
    for (unsigned i = 0; i < server->listener_count; i++) {
        int ms = listener_wait_ms(&server->listeners[i]);

        if (ms < wait)
            wait = ms;
    }
    return wait;
}

static void *server_main(void *arg)
{
    struct pollfd fds[LIMIT_ADMIN_LISTENERS + 2];
    struct http_server *server = arg;
    unsigned count = server->listener_count;
    uint64_t done;

    (void)pthread_setname_np(pthread_self(), "admin");
    for (unsigned i = 0; i < count; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(server->listeners[i].mhd, MHD_DAEMON_INFO_EPOLL_FD);

        fds[i] = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
    }
    fds[count] = (struct pollfd){.fd = server->stop_fd, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = server->wake_fd, .events = POLLIN};
    for (;;) {
        (void)poll(fds, count + 2, wait_ms(server));
        if (fds[count].revents != 0)
            return NULL;
        (void)!read(server->wake_fd, &done, sizeof(done));
        http_jobs_resume(server, false);
        http_streams_resume(server, false);
        connections_verify(server);
        for (unsigned i = 0; i < count; i++)
            (void)MHD_run(server->listeners[i].mhd);
        connections_expire(server, clock_now_ns());
    }
}

/* Paths are decoded by http_segment_decode(), a segment at a time. */
static size_t keep_encoded(void *context, struct MHD_Connection *conn, char *text)
{
    (void)context;
    (void)conn;
    return strlen(text);
}

static struct MHD_Daemon *listener_start(struct http_listener *listener)
{
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)http_tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)http_tls_none},
        {MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (listener->secure ? MHD_USE_TLS : 0u), 0, NULL,
        NULL, http_exchange_run, listener, MHD_OPTION_LISTEN_SOCKET, listener->socket.fd,
        MHD_OPTION_CONNECTION_LIMIT, LIMIT_ADMIN_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        LIMIT_ADMIN_CONNECTIONS_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)LIMIT_ADMIN_CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_ADMIN_REQUEST_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notify, listener, MHD_OPTION_NOTIFY_COMPLETED,
        http_exchange_end, listener, MHD_OPTION_ARRAY, listener->secure ? secure : secure + 2,
        MHD_OPTION_END);
}

bool http_server_start(struct http_server *server)
{
    int error;

    for (unsigned i = 0; i < server->listener_count; i++) {
        struct http_listener *listener = &server->listeners[i];

        listener->server = server;
        listener->mhd = listener_start(listener);
        if (!listener->mhd)
            return false;
    }
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->stop_fd < 0 || server->wake_fd < 0)
        return false;
    error = pthread_create(&server->thread, NULL, server_main, server);
    server->started = error == 0;
    errno = error;
    return server->started;
}

/* Streams may still tell why they end, and so may requests that wait, to those who read.  MHD reads
 * new requests, too, but `ending` keeps these from waiting.  So no connection is suspended
 * afterwards, as MHD demands when it stops. */
static void streams_end(struct http_server *server)
{
    bool jobs = !list_empty(&server->jobs);

    server->ending = true;
    for (unsigned i = 0; i < END_TRIES && (!list_empty(&server->streams) || jobs); i++) {
        if (i > 0)
            (void)poll(NULL, 0, END_MS);
        jobs = i == 0 && jobs; /* a second run sends */
        http_jobs_resume(server, true);
        http_streams_resume(server, true);
        for (unsigned l = 0; l < server->listener_count; l++)
            (void)MHD_run(server->listeners[l].mhd);
    }
}

bool http_server_stop(struct http_server *server, uint32_t timeout_s)
{
    struct timespec until = clock_realtime();
    uint64_t one = 1;

    if (!server || !server->started)
        return true;
    until.tv_sec += timeout_s;
    CHECK(write(server->stop_fd, &one, sizeof(one)) == sizeof(one));
    server->started = pthread_timedjoin_np(server->thread, NULL, &until) != 0;
    if (!server->started)
        streams_end(server);
    return !server->started;
}

void http_server_destroy(struct http_server *server)
{
    if (!server)
        return;
    CHECK(!server->started);
    for (unsigned i = 0; i < server->listener_count; i++) {
        struct http_listener *listener = &server->listeners[i];

        if (listener->mhd) {
            /* MHD would close the socket, which http_socket_close() does. */
            (void)MHD_quiesce_daemon(listener->mhd);
            MHD_stop_daemon(listener->mhd);
        }
        http_socket_close(&listener->socket);
    }
    if (server->stop_fd >= 0)
        (void)close(server->stop_fd);
    if (server->wake_fd >= 0)
        (void)close(server->wake_fd);
    http_tls_put(server->tls);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
