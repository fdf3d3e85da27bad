/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a connection's socket, through memory BIOs: what OpenSSL wants sent is taken from it and
 * sent here, so that tests decide which bytes share a segment.
 */
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include "client/client_tls.h"

#define CLIENT_TLS_OUT_BYTES (96u << 10)
#define CLIENT_TLS_IN_BYTES (64u << 10)

struct client_tls {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* of `ssl`, which owns them */
    struct client_tls_wish wish;
    struct client_tls_facts facts;
    bool hold;      /* send nothing until the next record */
    bool truncated; /* no close_notify */
    bool failed;
    size_t from, to; /* of `bytes`: encrypted and not yet sent */
    uint8_t bytes[CLIENT_TLS_OUT_BYTES];
    uint8_t received[CLIENT_TLS_IN_BYTES];
};

/* Like send() and recv() on a socket that does not block; after EAGAIN, wait for *events.  Sending
 * nothing sends what is left. */
ssize_t client_tls_send(struct client_conn *conn, const void *data, size_t len, short *events);
ssize_t client_tls_receive(struct client_conn *conn, void *data, size_t len, short *events);

/* Is something left to be sent, or received but not read? */
bool client_tls_unsent(const struct client_tls *tls);
bool client_tls_pending(const struct client_tls *tls);

/* Send what OpenSSL has produced, in steps of that size (0: any).  False with errno. */
bool client_tls_flush(struct client_conn *conn, size_t step);

/* Receive for OpenSSL: the result of recv(). */
ssize_t client_tls_fill(struct client_conn *conn);

/* What TLS found wrong ends the connection.  Its alert should still leave, and one of the server's
 * is told in conn->why.  Returns -1. */
ssize_t client_tls_break(struct client_conn *conn);

/* Send close_notify, once. */
bool client_tls_shutdown(struct client_conn *conn);

/* End TLS with close_notify, unless it was truncated.  The socket stays. */
void client_tls_free(struct client_conn *conn);
