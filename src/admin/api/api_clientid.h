/* SPDX-License-Identifier: Apache-2.0 */
/* IDs of clients: 16 lower-case hexadecimal digits, as in the log. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct http_request;

json_t *api_clientid(uint64_t clientid);

/* False: the text is no such ID. */
bool api_clientid_parse(const char *text, uint64_t *clientid) MUST_USE;

/* The parameter `client`; 0: there is none, so all clients are meant.  False: the reply is a
 * problem. */
bool api_clientid_read(struct http_request *request, uint64_t *clientid) MUST_USE;
