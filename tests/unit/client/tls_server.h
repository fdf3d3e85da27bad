/* SPDX-License-Identifier: Apache-2.0 */
/* A server of NULL with RPC-with-TLS, in a thread at the other end of a socket pair. */
#pragma once

#include <pthread.h>

#include "client/client_tls.h"
#include "lib/pki.h"

struct tls_server {
    /* To be set before it is started; files of the pki, without their ends. */
    const char *cert;  /* its own; "server" if NULL */
    bool asks;         /* for a certificate of the client, of the CA */
    bool refuses;      /* AUTH_TLS: the answer has no token */
    bool updates_keys; /* before its first answer */
    const char *alpn;  /* that it chooses; NULL: none */
    unsigned tickets;  /* that it sends */
    bool only_12;
    /* Known after tls_server_stop(). */
    bool accepted, close_notify;
    unsigned calls;   /* answered inside of TLS */
    char client[128]; /* common name of the client's certificate */

    struct client_conn conn; /* the client's end */
    int fd;
    pthread_t thread;
    const struct pki *pki;
};

void tls_server_start(struct tls_server *server, const struct pki *pki);

/* Closes both ends. */
void tls_server_stop(struct tls_server *server);
