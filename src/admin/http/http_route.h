/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: which handler serves which method of which path, and who may call it.
 *
 * A pattern is a path of segments.  One in braces, "{id}", matches any segment, which the handler
 * gets decoded.  No two rows have the same method and pattern.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct http_request;

enum http_access {
    HTTP_READ,  /* changes nothing: every token will do, and a body is refused */
    HTTP_WRITE, /* needs a full token */
};

/* To be added to the access of a route. */
enum {
    HTTP_WAITS = 2, /* it may wait for a file system, so it has its own thread (http_job.h) */
    HTTP_ANYBODY =
        4, /* over TCP it needs no token, and pages of other sites may have links to it */
};

struct http_route {
    const char *method; /* GET serves HEAD, too */
    const char *pattern;
    unsigned access; /* enum http_access, perhaps with those below it */
    /* Fills request->reply.  Runs on the server's thread, unless the route waits, and may not wait
     * for clients. */
    void (*handle)(struct http_request *request, void *context);
};

enum {
    HTTP_ARGS = 4,          /* segments in braces */
    HTTP_ARG_BYTES = 256,   /* of one, decoded, with its NUL */
    HTTP_ALLOW_BYTES = 128, /* the methods of a path, as a list */
};

/* What the segments in braces matched, from left to right. */
struct http_args {
    unsigned count;
    char of[HTTP_ARGS][HTTP_ARG_BYTES];
};

enum http_match {
    HTTP_MATCH_FOUND,
    HTTP_MATCH_NO_PATH,
    HTTP_MATCH_NO_METHOD, /* the path is there, but not for this method */
    HTTP_MATCH_MALFORMED, /* a segment that is too long, or not percent-encoded correctly */
};

/* Find the row for a method and a path, which is still encoded and has no query.  FOUND: *found and
 * *args are set.  NO_METHOD: `allow` names the methods that there are. */
enum http_match http_route_match(const struct http_route *routes, size_t count, const char *method,
                                 const char *path, const struct http_route **found,
                                 struct http_args *args, char allow[HTTP_ALLOW_BYTES]) MUST_USE;

/* Decode a percent-encoded segment of `len` bytes (RFC 3986 §2.1).  False: malformed, a NUL byte in
 * it, or longer than `size` with its NUL. */
bool http_segment_decode(const char *text, size_t len, char *out, size_t size) MUST_USE;
