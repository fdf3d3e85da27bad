/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC-with-TLS at the client (RFC 9289): the AUTH_TLS probe, the handshake, and ways to do them
 * wrong.  Afterwards the connection sends and receives through TLS: client_conn.h, unchanged.
 *
 *     status = client_tls_open(&conn, &wish, why);
 *
 * or step by step:
 *
 *     client_tls_probe(&conn, NULL, 0, &offered);
 *     client_tls_start(&conn, &wish, why);     sends the ClientHello
 *     client_tls_finish(&conn, why);
 */
#pragma once

#include "client/client_conn.h"

/* All zero: what the system's CAs vouch for, without a certificate of one's own. */
struct client_tls_wish {
    const char *ca;         /* PEM file; NULL: those of the system */
    const char *cert, *key; /* PEM files, the certificate first, then its chain; NULL: none */
    const char *name;       /* DNS name or address in the server's certificate; NULL: any name */
    bool trust_any;         /* do not check the server's certificate at all */
    /* To misbehave: */
    bool only_12;       /* offer TLS 1.2 alone */
    bool no_alpn;       /* as Linux does */
    const char *alpn;   /* in place of `sunrpc` */
    const char *suites; /* of TLS 1.3, as OpenSSL names them; NULL: the usual */
    bool hold_finished; /* send Finished in one segment with the first record after it */
    size_t split_bytes; /* send the handshake in segments of this size; 0: whole */
    bool stolen_cert;   /* sign with another key than that of `cert`, which must be EC's */
};

/* What is known of the session. */
struct client_tls_facts {
    bool done;
    char version[16], suite[64];
    char alpn[16];        /* that the server chose; empty: none */
    bool cert_asked;      /* the server asked for a certificate */
    unsigned tickets;     /* that the server sent */
    unsigned key_updates; /* that the server sent */
    int alert;            /* that the server sent, other than close_notify; -1: none */
    bool close_notify;    /* the server ended the session in an orderly way */
    char subject[256], issuer[256], names[256]; /* of the server's certificate */
    int64_t not_after;                          /* seconds since 1970 */
};

/* Call NULL with AUTH_TLS.  `behind` is sent in the same segment, `len` bytes; NULL: nothing.
 * *offered: the answer has the verifier STARTTLS. */
MUST_USE enum client_status client_tls_probe(struct client_conn *conn, const void *behind,
                                             size_t len, bool *offered);

/* Begin the handshake: sends the ClientHello.  Fails with `why` if a file is no good. */
MUST_USE enum client_status client_tls_start(struct client_conn *conn,
                                             const struct client_tls_wish *wish,
                                             char why[CLIENT_WHY_BYTES]);

/* Go on until it is done.  With CLIENT_FAILED or CLIENT_CLOSED `why` says what failed, at which
 * end.  In TLS 1.3 the server may refuse the client's certificate only later: the next receive
 * then fails with CLIENT_CLOSED, and facts.alert says why. */
MUST_USE enum client_status client_tls_finish(struct client_conn *conn, char why[CLIENT_WHY_BYTES]);

/* All three.  CLIENT_REJECTED: the server does not offer TLS. */
MUST_USE enum client_status client_tls_open(struct client_conn *conn,
                                            const struct client_tls_wish *wish,
                                            char why[CLIENT_WHY_BYTES]);

/* Facts of the session, also after its end, until the connection is closed; NULL: it is plain. */
const struct client_tls_facts *client_tls_facts(const struct client_conn *conn);

/* Send a KeyUpdate, with a wish for one in return. */
MUST_USE enum client_status client_tls_key_update(struct client_conn *conn, bool in_return);

/* Send close_notify, and nothing else: the server's data can still be received. */
MUST_USE enum client_status client_tls_end(struct client_conn *conn);

/* Bytes past TLS: below it, as they are. */
MUST_USE enum client_status client_tls_send_below(struct client_conn *conn, const void *data,
                                                  size_t len);

/* The end of the connection is a FIN alone, without close_notify. */
void client_tls_truncate(struct client_conn *conn);

/* Text of an alert, as OpenSSL words it. */
const char *client_tls_alert_name(int alert);
