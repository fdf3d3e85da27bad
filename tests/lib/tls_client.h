/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's end of a TLS session over a connected, blocking socket.  It can be made to misbehave:
 * what it sends is collected, and goes out when the test says so.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_client_wish {
    const char *ca;         /* PEM files; NULL: do not verify the server */
    const char *cert, *key; /* NULL: none */
    int version;            /* TLS1_2_VERSION: that alone; 0: 1.3 */
    const char *alpn;       /* with its length before it; NULL: none, as Linux */
    const char *groups;     /* of key exchange; NULL: the usual ones */
    bool early_data;        /* it pretends to have met the server before */
    bool stolen_cert;       /* it has the certificate, but another key: `key` is not read */
};

struct tls_client {
    int fd;
    SSL_CTX *settings;
    SSL *ssl;
    BIO *in, *out;
    int alert;                     /* the last that the server sent; -1: none */
    unsigned tickets, key_updates; /* that it sent */
    bool cert_asked;
};

/* The plain call that asks for TLS, and its reply.  False: there is no STARTTLS in it. */
bool tls_client_probe(int fd, uint32_t program, uint32_t version);

/* The same call alone: its bytes at `out`, 64 at most.  Returns how many. */
size_t tls_client_probe_encode(uint8_t *out, uint32_t xid, uint32_t program, uint32_t version);

void tls_client_init(struct tls_client *client, int fd, const struct tls_client_wish *wish);

/* Close the socket, too, without a word. */
void tls_client_fini(struct tls_client *client);

/* The handshake up to what the client sends last, which is not sent yet.  False: it failed. */
bool tls_client_shake(struct tls_client *client);

/* Send what has been collected: all of it in one segment, or in pieces of `step` bytes. */
void tls_client_flush(struct tls_client *client, size_t step);

/* Both. */
bool tls_client_connect(struct tls_client *client);

/* Encrypt, into what is collected. */
void tls_client_write(struct tls_client *client, const void *data, size_t len);

/* Encrypt and send. */
void tls_client_send(struct tls_client *client, const void *data, size_t len);

/* Receive exactly this much.  False: the session, or the connection, has ended. */
bool tls_client_receive(struct tls_client *client, void *data, size_t len);

/* A record of RPC; returns its length, 0 when the session has ended. */
size_t tls_client_receive_record(struct tls_client *client, void *data, size_t size);

/* Receive until the end.  True: the server ended the session by close_notify. */
bool tls_client_drain(struct tls_client *client);
