/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as its handler sees it, and the reply that the handler fills.  Errors are
 * application/problem+json (RFC 9457).
 */
#pragma once

#include "admin/http/http_route.h"
#include "admin/http/http_text.h"

struct json_t;

struct http_reply {
    unsigned status;          /* 200, unless the handler says otherwise */
    const char *content_type; /* of the body; a string that stays */
    struct http_text body;
};

struct http_request {
    const char *method;
    const char *path;   /* encoded, without its query */
    const char *accept; /* the Accept field; NULL: there is none */
    struct http_args args;
    const char *body;
    size_t body_len;
    struct http_reply reply;
};

/* The reply is this problem.  `reasons` is an array of strings to show as well, or NULL; it is
 * given away. */
void http_reply_problem(struct http_reply *reply, unsigned status, const char *detail,
                        struct json_t *reasons);

/* The reply is this JSON value, which is given away. */
void http_reply_json(struct http_reply *reply, struct json_t *value);
