/* SPDX-License-Identifier: Apache-2.0 */
/* What the server does now, in one answer: counters since its start, from two of which a client
 * makes rates.  Without a walk over clients or sessions, so that many may ask each second. */
#pragma once

struct http_request;

/* Handler of a route; its context is the endpoint (admin/endpoint.h). */
void api_activity_show(struct http_request *request, void *context);
