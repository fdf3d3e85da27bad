/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a server that its clients leave one by one: for another that takes its place, or for
 * repairs.  It refuses new connections at once, serves those that it has, and ends when the last is
 * closed or the time is over.
 */
#pragma once

struct http_request;

/* POST /drain?timeout_s=N */
void api_drain_begin(struct http_request *request, void *context);
