/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics for Prometheus: OpenMetrics 1.0 for those who ask for it, else Prometheus' own text
 * format 0.0.4.  The two differ in how they name counters, and in the end.
 */
#pragma once

struct http_request;

/* Handler of a route; its context is the endpoint (admin/endpoint.h). */
void metrics_show(struct http_request *request, void *context);
