/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervisors ask: is the process alive, and may clients be sent to it?  200, or 503 with the
 * reasons.  Handlers of routes; their context is the endpoint (admin/endpoint.h).
 */
#pragma once

struct http_request;

/* Do the event loops turn, and does the timer run? */
void health_live(struct http_request *request, void *context);

/* Does it listen, outside a grace period, is it not about to end, and can it record clients? */
void health_ready(struct http_request *request, void *context);
