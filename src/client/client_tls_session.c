/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_tls_session.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define WRITE_BYTES (64u << 10) /* that are encrypted before anything is sent */

bool client_tls_unsent(const struct client_tls *tls)
{
    return !tls->hold && (tls->from < tls->to || BIO_ctrl_pending(tls->out) > 0);
}

bool client_tls_flush(struct client_conn *conn, size_t step)
{
    struct client_tls *tls = conn->tls;

    while (client_tls_unsent(tls)) {
        ssize_t n;
        size_t len;

        if (tls->from == tls->to) {
            tls->from = 0;
            tls->to = (size_t)BIO_read(tls->out, tls->bytes, CLIENT_TLS_OUT_BYTES);
        }
        len = tls->to - tls->from;
        if (step > 0 && len > step)
            len = step;
        n = send(conn->fd, tls->bytes + tls->from, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            tls->from += (size_t)n;
    }
    return true;
}

ssize_t client_tls_fill(struct client_conn *conn)
{
    struct client_tls *tls = conn->tls;
    ssize_t n = recv(conn->fd, tls->received, CLIENT_TLS_IN_BYTES, MSG_DONTWAIT);

    if (n > 0)
        CHECK(BIO_write(tls->in, tls->received, (int)n) == n);
    return n;
}

ssize_t client_tls_break(struct client_conn *conn)
{
    const int alert = conn->tls->facts.alert;

    conn->tls->failed = true;
    if (alert >= 0)
        (void)snprintf(conn->why, sizeof(conn->why), "the server ended TLS: %s",
                       SSL_alert_desc_string_long(alert));
    (void)client_tls_flush(conn, 0);
    ERR_clear_error();
    errno = ECONNRESET;
    return -1;
}

ssize_t client_tls_send(struct client_conn *conn, const void *data, size_t len, short *events)
{
    struct client_tls *tls = conn->tls;
    size_t done = 0;

    *events = POLLOUT;
    tls->hold = false;
    if (tls->failed)
        return client_tls_break(conn);
    if (tls->from < tls->to && !client_tls_flush(conn, 0))
        return -1;
    while (done < len && done < WRITE_BYTES) {
        size_t n = 0;

        if (SSL_write_ex(tls->ssl, (const uint8_t *)data + done, len - done, &n) != 1)
            return client_tls_break(conn);
        done += n;
    }
    return client_tls_flush(conn, 0) || (errno == EAGAIN && done > 0) ? (ssize_t)done : -1;
}

ssize_t client_tls_receive(struct client_conn *conn, void *data, size_t len, short *events)
{
    struct client_tls *tls = conn->tls;

    *events = POLLIN;
    for (;;) {
        size_t n = 0;
        ssize_t got;

        ERR_clear_error(); /* of others in this thread: SSL_get_error() would take it for its own */
        if (SSL_read_ex(tls->ssl, data, len, &n) == 1)
            return (ssize_t)n;
        switch (SSL_get_error(tls->ssl, 0)) {
        case SSL_ERROR_WANT_READ:
            break;
        case SSL_ERROR_ZERO_RETURN:
            tls->facts.close_notify = true;
            return 0;
        default:
            return client_tls_break(conn);
        }
        if (!client_tls_flush(conn, 0) && errno != EAGAIN)
            return -1;
        got = client_tls_fill(conn);
        if (got <= 0)
            return got;
    }
}

bool client_tls_pending(const struct client_tls *tls)
{
    return SSL_pending(tls->ssl) > 0 || BIO_ctrl_pending(tls->in) > 0;
}

bool client_tls_shutdown(struct client_conn *conn)
{
    struct client_tls *tls = conn->tls;

    tls->truncated = true; /* it is sent once */
    tls->hold = false;
    (void)SSL_shutdown(tls->ssl);
    return client_tls_flush(conn, 0);
}

void client_tls_truncate(struct client_conn *conn)
{
    conn->tls->truncated = true;
}

void client_tls_free(struct client_conn *conn)
{
    struct client_tls *tls = conn->tls;

    if (tls->facts.done && !tls->truncated && !tls->failed)
        (void)client_tls_shutdown(conn);
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->ctx);
    ERR_clear_error();
    free(tls);
    conn->tls = NULL;
}
