/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS session of one connection to the admin endpoint, on the server's thread: what it is made
 * with, how far its handshake has come, and whether its client's certificate is still good.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct http_tls;

enum http_shake_stage {
    HTTP_SHAKE_NOTHING, /* no ClientHello has come that can be answered */
    HTTP_SHAKE_HELLO,
    HTTP_SHAKE_REFUSED, /* the client's certificate: `why` */
    HTTP_SHAKE_DONE,
};

enum {
    HTTP_SHAKE_WHY_BYTES = 256
};

/* Zeroed, it is that of a connection without TLS. */
struct http_shake {
    struct http_tls *tls; /* a reference; NULL: no TLS */
    enum http_shake_stage stage;
    char why[HTTP_SHAKE_WHY_BYTES];
};

/* The connection has just begun.  Takes over the reference.  False: it must not go on. */
bool http_shake_begin(struct http_shake *shake, struct MHD_Connection *conn,
                      struct http_tls *tls) MUST_USE;

/* Would `tls` let the client of this session in?  If not, `shake->why` says the reason.  A session
 * that began with another one is not good as long as its handshake is not done. */
bool http_shake_verify(struct http_shake *shake, struct MHD_Connection *conn,
                       const struct http_tls *tls) MUST_USE;

/* The connection is gone.  Why has its handshake not come to an end?  NULL: it has, or there was
 * none. */
const char *http_shake_end(struct http_shake *shake);
