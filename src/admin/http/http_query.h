/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a request's query, "?name=value&name=value", decoded; a '+' is a space there.
 * They are checked by handlers that have parameters, and ignored by all others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct http_request;

enum {
    HTTP_QUERY_PARAMETERS = 8,
    HTTP_QUERY_BYTES = 5120, /* of all names and values, each with its NUL */
};

/* Zeroed, it has no parameters. */
struct http_query {
    unsigned count;
    struct http_parameter {
        const char *name, *value; /* in `text` */
    } of[HTTP_QUERY_PARAMETERS];
    char wrong[128]; /* what is wrong with it; "": nothing */
    size_t used;
    char text[HTTP_QUERY_BYTES];
};

/* Add a parameter as it was sent, but with spaces for '+'.  `value` NULL: there is no '='.  One
 * that cannot be taken is left out and makes the query `wrong`. */
void http_query_add(struct http_query *query, const char *name, const char *value);

/* The value of a parameter, "" without a '='; NULL: there is none of this name. */
const char *http_query(const struct http_request *request, const char *name);

/* Are all parameters among these, none twice, and the query well-formed?  False: the reply is a
 * problem that names the parameter. */
bool http_query_check(struct http_request *request, const char *const *names,
                      size_t count) MUST_USE;

/* A parameter that is true or false; without it, false.  False: it is neither, and the reply is a
 * problem. */
bool http_query_flag(struct http_request *request, const char *name, bool *value) MUST_USE;
