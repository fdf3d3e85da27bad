/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client_gss_call.h"
#include "client/client_tls_session.h"
#include "wire/rpc_msg.h"

enum {
    IN_BYTES = 256 << 10,
    OUT_BYTES = 64 << 10, /* initially */
    RESERVED_FIRST = 600, /* lower ports belong to too many servers */
    RESERVED_LAST = IPPORT_RESERVED - 1,
};

/* Input not consumed yet: [from, to) of `in`.  Output: the first out_len bytes of `out`. */
struct client_buffers {
    uint8_t *in, *out;
    size_t from, to;
    size_t out_len, out_size;
};

const char *client_status_name(enum client_status status)
{
    switch (status) {
    case CLIENT_OK:
        return "ok";
    case CLIENT_TIMEOUT:
        return "timed out";
    case CLIENT_CLOSED:
        return "closed by the server";
    case CLIENT_FAILED:
        return "socket error";
    case CLIENT_MALFORMED:
        return "malformed reply";
    case CLIENT_REJECTED:
        return "call rejected";
    }
    return "unknown";
}

int64_t client_conn_deadline(const struct client_conn *conn)
{
    return clock_now_ns() + conn->timeout_ms * NSEC_PER_MSEC;
}

enum client_status client_conn_wait(const struct client_conn *conn, short events,
                                    int64_t deadline_ns)
{
    for (;;) {
        struct pollfd pfd = {conn->fd, events, 0};
        int64_t left_ns = deadline_ns - clock_now_ns();
        int n;

        if (left_ns < 0)
            return CLIENT_TIMEOUT;
        n = poll(&pfd, 1, (int)((left_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
        if (n > 0)
            return CLIENT_OK;
        if (n < 0 && errno != EINTR)
            return CLIENT_FAILED;
    }
}

/* Split HOST:PORT or [ADDR6]:PORT in place.  False if it is neither. */
static bool target_split(char *text, char **host, char **port)
{
    char *colon = strrchr(text, ':');

    if (!colon || !colon[1])
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (*text == '[' && colon > text + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = text + 1;
    }
    return **host != '\0';
}

static _Atomic bool reserved_ports;

void client_conn_reserve_ports(void)
{
    atomic_store_explicit(&reserved_ports, true, memory_order_relaxed);
}

/* Start anywhere in the range: ports of closed connections stay in use for a minute. */
static void bind_reserved(int fd, int family)
{
    const unsigned count = RESERVED_LAST - RESERVED_FIRST + 1;
    unsigned start = (unsigned)clock_now_ns() / 1000;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } own = {.sa = {.sa_family = (sa_family_t)family}};

    for (unsigned i = 0; i < count; i++) {
        in_port_t port = htons((uint16_t)(RESERVED_FIRST + (start + i) % count));

        if (family == AF_INET)
            own.in.sin_port = port;
        else
            own.in6.sin6_port = port;
        if (bind(fd, &own.sa, family == AF_INET ? sizeof(own.in) : sizeof(own.in6)) == 0 ||
            errno != EADDRINUSE)
            return; /* or binding is not permitted */
    }
}

static enum client_status connect_one(struct client_conn *conn, const struct addrinfo *ai)
{
    int one = 1, error = 0;
    socklen_t len = sizeof(error);
    enum client_status status;

    conn->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (conn->fd < 0)
        return CLIENT_FAILED;
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (atomic_load_explicit(&reserved_ports, memory_order_relaxed))
        bind_reserved(conn->fd, ai->ai_family);
    if (connect(conn->fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return CLIENT_OK;
    if (errno != EINPROGRESS)
        return CLIENT_FAILED;
    status = client_conn_wait(conn, POLLOUT, client_conn_deadline(conn));
    if (status == CLIENT_OK && getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
        error) {
        errno = error;
        status = CLIENT_FAILED;
    }
    return status;
}

void client_conn_adopt(struct client_conn *conn, int fd, int timeout_ms)
{
    static _Atomic uint64_t serial;

    memset(conn, 0, sizeof(*conn));
    conn->fd = fd;
    conn->serial = ++serial;
    conn->timeout_ms = timeout_ms;
    list_init(&conn->stash);
    conn->xid = (uint32_t)clock_now_ns();
    conn->minor = 1;
}

enum client_status client_conn_open(struct client_conn *conn, const char *target, int timeout_ms)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    enum client_status status = CLIENT_FAILED;
    char *text = must_strdup(target), *host, *port;

    client_conn_adopt(conn, -1, timeout_ms);
    errno = EINVAL;
    if (!target_split(text, &host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
        found = NULL;
    for (struct addrinfo *ai = found; ai && status != CLIENT_OK; ai = ai->ai_next) {
        status = connect_one(conn, ai);
        if (status != CLIENT_OK)
            client_conn_close(conn);
    }
    if (found)
        freeaddrinfo(found);
    free(text);
    return status;
}

void client_conn_close(struct client_conn *conn)
{
    int saved = errno;

    if (conn->tls)
        client_tls_free(conn);
    client_gss_use(conn, NULL, 0);
    client_gss_calls_free(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    if (conn->buffers) {
        free(conn->buffers->in);
        free(conn->buffers->out);
        free(conn->buffers);
        conn->buffers = NULL;
    }
    if (conn->stash_count > 0) {
        LIST_FOREACH_SAFE (record, &conn->stash, struct client_record, link)
            free(record);
        list_init(&conn->stash);
        conn->stash_count = 0;
    }
    errno = saved;
}

void client_conn_abort(struct client_conn *conn)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (conn->fd >= 0)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    if (conn->tls)
        client_tls_truncate(conn);
    client_conn_close(conn);
}

static enum client_status status_of_errno(void)
{
    return errno == EPIPE || errno == ECONNRESET ? CLIENT_CLOSED : CLIENT_FAILED;
}

/* Like send() and recv(), through TLS if the connection has it. *events: what EAGAIN waits for. */
static ssize_t stream_send(struct client_conn *conn, const void *data, size_t len, short *events)
{
    *events = POLLOUT;
    if (conn->tls)
        return client_tls_send(conn, data, len, events);
    return send(conn->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t stream_receive(struct client_conn *conn, void *data, size_t len, short *events)
{
    *events = POLLIN;
    if (conn->tls)
        return client_tls_receive(conn, data, len, events);
    return recv(conn->fd, data, len, MSG_DONTWAIT);
}

/* TLS may have bytes left to send after it took all of the data. */
static enum client_status send_now(struct client_conn *conn, const void *data, size_t len)
{
    int64_t deadline_ns = client_conn_deadline(conn);
    const uint8_t *p = data;

    while (len > 0 || (conn->tls && client_tls_unsent(conn->tls))) {
        short events = POLLOUT;
        ssize_t n = stream_send(conn, p, len, &events);

        if (n >= 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            enum client_status status = client_conn_wait(conn, events, deadline_ns);

            if (status != CLIENT_OK)
                return status;
        } else if (errno != EINTR) {
            return status_of_errno();
        }
    }
    return CLIENT_OK;
}

static void out_add(struct client_buffers *buffers, const void *data, size_t len)
{
    while (buffers->out_size - buffers->out_len < len) {
        buffers->out_size *= 2;
        buffers->out = must_realloc(buffers->out, buffers->out_size);
    }
    memcpy(buffers->out + buffers->out_len, data, len);
    buffers->out_len += len;
}

enum client_status client_conn_send_raw(struct client_conn *conn, const void *data, size_t len)
{
    if (!conn->buffers)
        return send_now(conn, data, len);
    if (len > 0)
        out_add(conn->buffers, data, len);
    return CLIENT_OK;
}

enum client_status client_conn_flush(struct client_conn *conn)
{
    size_t len = conn->buffers ? conn->buffers->out_len : 0;

    if (len == 0)
        return CLIENT_OK;
    conn->buffers->out_len = 0;
    return send_now(conn, conn->buffers->out, len);
}

void client_conn_buffer(struct client_conn *conn)
{
    struct client_buffers *buffers = must_calloc(1, sizeof(*buffers));

    CHECK(!conn->buffers);
    buffers->in = must_malloc(IN_BYTES);
    buffers->out_size = OUT_BYTES;
    buffers->out = must_malloc(buffers->out_size);
    conn->buffers = buffers;
}

bool client_conn_ready(const struct client_conn *conn)
{
    const struct client_buffers *buffers = conn->buffers;
    size_t left = buffers ? buffers->to - buffers->from : 0;
    bool last;

    if (conn->tls && client_tls_pending(conn->tls))
        return true;
    return left >= RPC_RECORD_MARK_BYTES &&
           left - RPC_RECORD_MARK_BYTES >= rpc_record_mark_get(buffers->in + buffers->from, &last);
}

enum client_status client_conn_send_record(struct client_conn *conn, const void *data, size_t len,
                                           size_t fragment_bytes)
{
    size_t step = fragment_bytes ? fragment_bytes : len;
    size_t fragments = step ? (len + step - 1) / step : 1;
    uint8_t *record = must_malloc(len + (fragments + 1) * RPC_RECORD_MARK_BYTES), *p = record;
    size_t done = 0;
    enum client_status status;

    do {
        size_t part = len - done < step ? len - done : step;

        rpc_record_mark_put(p, (uint32_t)part, done + part == len);
        if (part)
            memcpy(p + RPC_RECORD_MARK_BYTES, (const uint8_t *)data + done, part);
        p += RPC_RECORD_MARK_BYTES + part;
        done += part;
    } while (done < len);
    status = client_conn_send_raw(conn, record, (size_t)(p - record));
    free(record);
    return status;
}

/* Like recv(), but fetches more than `len` bytes at a time. */
static ssize_t receive_some(struct client_conn *conn, void *data, size_t len, short *events)
{
    struct client_buffers *buffers = conn->buffers;
    ssize_t n;

    if (!buffers)
        return stream_receive(conn, data, len, events);
    if (buffers->from == buffers->to) {
        if (client_conn_flush(conn) != CLIENT_OK)
            return -1;
        n = stream_receive(conn, buffers->in, IN_BYTES, events);
        if (n <= 0)
            return n;
        buffers->from = 0;
        buffers->to = (size_t)n;
    }
    if (len > buffers->to - buffers->from)
        len = buffers->to - buffers->from;
    memcpy(data, buffers->in + buffers->from, len);
    buffers->from += len;
    return (ssize_t)len;
}

static enum client_status receive_all(struct client_conn *conn, void *data, size_t len,
                                      int64_t deadline_ns)
{
    uint8_t *p = data;

    while (len > 0) {
        short events = POLLIN;
        ssize_t n = receive_some(conn, p, len, &events);

        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (n == 0) {
            return CLIENT_CLOSED;
        } else if (errno == EAGAIN) {
            enum client_status status = client_conn_wait(conn, events, deadline_ns);

            if (status != CLIENT_OK)
                return status;
        } else if (errno != EINTR) {
            return status_of_errno();
        }
    }
    return CLIENT_OK;
}

enum client_status client_conn_receive_record(struct client_conn *conn,
                                              struct client_record **record)
{
    struct client_record *r = must_calloc(1, sizeof(*r));
    int64_t deadline_ns = client_conn_deadline(conn);
    bool last = false;

    *record = NULL;
    while (!last) {
        uint8_t mark[RPC_RECORD_MARK_BYTES];
        enum client_status status = receive_all(conn, mark, sizeof(mark), deadline_ns);
        size_t len = status == CLIENT_OK ? rpc_record_mark_get(mark, &last) : 0;

        if (status == CLIENT_OK && r->len + len > CLIENT_RECORD_BYTES)
            status = CLIENT_MALFORMED;
        if (status == CLIENT_OK) {
            r = must_realloc(r, sizeof(*r) + r->len + len);
            status = receive_all(conn, r->data + r->len, len, deadline_ns);
        }
        if (status != CLIENT_OK) {
            free(r);
            return status;
        }
        r->len += len;
    }
    list_init(&r->link);
    *record = r;
    return CLIENT_OK;
}

ssize_t client_conn_receive(struct client_conn *conn, void *data, size_t len)
{
    short events;

    return stream_receive(conn, data, len, &events);
}

void client_conn_drain(struct client_conn *conn)
{
    uint8_t waste[4096];

    while (client_conn_receive(conn, waste, sizeof(waste)) > 0)
        ;
}

enum client_status client_conn_wait_close(struct client_conn *conn, int wait_ms)
{
    int64_t deadline_ns = clock_now_ns() + wait_ms * NSEC_PER_MSEC;
    uint8_t waste;

    for (;;) {
        enum client_status status = receive_all(conn, &waste, 1, deadline_ns);

        if (status != CLIENT_OK)
            return status == CLIENT_TIMEOUT ? CLIENT_TIMEOUT : CLIENT_CLOSED;
        client_conn_drain(conn);
    }
}
