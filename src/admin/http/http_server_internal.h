/* SPDX-License-Identifier: Apache-2.0 */
/* What http_server.c (listeners, the thread) and http_exchange.c (requests) share. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/http/http_route.h"
#include "admin/http/http_shake.h"
#include "admin/http/http_socket.h"
#include "admin/http/http_token.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log_limit.h"

struct http_listener {
    struct http_server *server;
    struct http_socket socket;
    struct MHD_Daemon *mhd;
    uint32_t connection_count; /* the thread's */
    bool local;                /* a Unix socket */
    bool any_host;             /* names in Host are fine: it listens beyond this machine */
    bool secure;               /* speaks TLS */
};

struct http_server {
    const struct http_route *routes;
    size_t route_count;
    void *context;
    unsigned listener_count;
    struct http_listener listeners[LIMIT_ADMIN_LISTENERS];

    /* The thread's alone. */
    struct list connections; /* the oldest first */
    struct list streams;     /* replies that go on */
    struct list jobs;        /* requests that wait */
    bool ending;             /* no connection is suspended any more */
    struct log_limit refusals;

    pthread_t thread;
    bool started;
    int stop_fd;
    int wake_fd; /* a job is done */

    pthread_mutex_t lock; /* guards all below; a leaf */
    struct http_tokens tokens;
    struct http_tls *tls; /* of connections to come; a reference; NULL: no listener is secure */
    bool unverified;      /* it was replaced since the connections were verified by it */
};

/* A connection; MHD's socket context. */
struct http_connection {
    struct list link;
    struct http_listener *listener;
    struct MHD_Connection *mhd;
    struct http_shake shake;
    int fd;
    int64_t since_ns;
    bool trusted;               /* its peer, over a Unix socket */
    bool streams;               /* its reply goes on */
    bool waits;                 /* for its job */
    bool asks;                  /* the header of its request is there */
    bool cut;                   /* what has come and was not read yet is not to be done */
    char peer[HTTP_PEER_BYTES]; /* with TLS: an address, for the log */
};

/* NULL: there was no memory for it. */
static inline struct http_connection *http_connection_of(struct MHD_Connection *conn)
{
    return MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* For MHD: what there is to do for a request, and after it. */
enum MHD_Result http_exchange_run(void *listener, struct MHD_Connection *conn, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **context);
void http_exchange_end(void *listener, struct MHD_Connection *conn, void **context,
                       enum MHD_RequestTerminationCode why);
