/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log says, as it happens: server-sent events, each the JSON object of a line.  A reader
 * that is too slow gets the event "lost" in the place of what it has missed.
 */
#pragma once

struct http_request;

/* GET /events */
void api_events_show(struct http_request *request, void *context);
