/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks.  Handler of a route; its context is the endpoint. */
#pragma once

struct http_request;

/* GET /callbacks: counters, and the ways to clients: of 4.1 and later by sessions, then of 4.0. */
void api_callbacks_show(struct http_request *request, void *context);
