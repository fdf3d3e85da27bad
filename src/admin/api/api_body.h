/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON body of a request. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct http_request;

/* Parse the body as an object that has only these members, of any type and in any number; with
 * `members` NULL, any members.  The caller owns the object.  NULL: the reply is a problem that
 * names the place (400: it is no JSON; 415: it says it is none; 422: it is something else). */
json_t *api_body_object(struct http_request *request, const char *const *members,
                        size_t count) MUST_USE;

/* Is there no body, or an empty object?  False: the reply is a problem. */
bool api_body_none(struct http_request *request) MUST_USE;
