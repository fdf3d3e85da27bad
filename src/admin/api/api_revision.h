/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions of a resource as entity tags: ETag of what is shown, If-Match of a change. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct http_request;

/* ETag of the reply. */
void api_revision_tag(struct http_request *request, uint64_t revision);

/* The revision that If-Match wants (RFC 9110 §13.1.1), `any` without one.  False: the reply is a
 * problem that speaks of `what`.  A weak tag never matches. */
bool api_revision_expected(struct http_request *request, const char *what, uint64_t any,
                           uint64_t *expected) MUST_USE;
