/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply whose body goes on for as long as its reader wants: it is exempt from
 * LIMIT_ADMIN_REQUEST_S, and ends when the reader reads nothing for LIMIT_ADMIN_STREAM_S.
 *
 * MHD asks for more when it can send.  While there is nothing, the connection is suspended, and
 * http_streams_resume() has MHD ask again.  All this on the server's thread.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>

struct http_server;
struct http_source;

enum {
    HTTP_STREAM_MS = 50 /* between two calls of http_streams_resume() while there are any */
};

/* The response with a body from `source`, which is given away.  NULL: there is no memory. */
struct MHD_Response *http_stream_response(struct http_server *server, struct MHD_Connection *conn,
                                          const struct http_source *source);

/* Have MHD ask all sources again, before it runs.  `over`: streams end as soon as there is nothing
 * to send. */
void http_streams_resume(struct http_server *server, bool over);
