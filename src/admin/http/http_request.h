/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as its handler sees it, and the reply that the handler fills.  Errors are
 * application/problem+json (RFC 9457).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "admin/http/http_query.h"
#include "admin/http/http_route.h"
#include "admin/http/http_socket.h"
#include "admin/http/http_text.h"

struct json_t;

enum {
    HTTP_ETAG_BYTES = 40
};

/* A body that goes on, see http_stream.h.  All on the server's thread. */
struct http_source {
    /* Write up to `size` bytes to `data`.  Returns how many; 0: there are none now; -1: it ends. */
    ssize_t (*read)(void *context, char *data, size_t size);
    void (*end)(void *context); /* the last call */
    void *context;
};

struct http_reply {
    unsigned status;            /* 200, unless the handler says otherwise */
    const char *content_type;   /* of the body; a string that stays; NULL: there is no body */
    char etag[HTTP_ETAG_BYTES]; /* the entity tag, without its quotes; "": there is none */
    const char *caching;        /* Cache-Control; a string that stays; NULL: no-store */
    const char *policy;         /* Content-Security-Policy; the same; NULL: nothing may be loaded */
    struct http_text body;
    struct http_source source; /* instead of `body`, if it has a read() */
};

struct http_request {
    char by[HTTP_PEER_BYTES]; /* who asks, for the log */
    const char *method;
    const char *path; /* encoded, without its query */
    /* Fields of the header; NULL: there is none. */
    const char *accept, *content_type, *if_match, *if_none_match;
    enum http_access access; /* the most that the client may do */
    bool known;              /* it has shown a token, or may use the socket */
    bool local;              /* it came over the socket */
    struct http_args args;
    struct http_query query;
    const char *body; /* NULL if it is empty */
    size_t body_len;
    struct http_reply reply;
};

/* The reply is this problem.  `detail` may have any bytes.  `reasons` is an array of strings to
 * show as well, or NULL; it is given away. */
void http_reply_problem(struct http_reply *reply, unsigned status, const char *detail,
                        struct json_t *reasons);

/* The reply is this JSON value, which is given away. */
void http_reply_json(struct http_reply *reply, struct json_t *value);

/* The reply is 304 if If-None-Match names its entity tag: the client has that already.  True: so it
 * is. */
bool http_reply_known(struct http_request *request) MUST_USE;

/* The reply is 204: it is done, and there is nothing to tell. */
void http_reply_done(struct http_reply *reply);
