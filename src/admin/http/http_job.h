/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request whose handler may wait for a file system: it is handled as an errand (base/errand.h),
 * and its connection is suspended until the reply is there, or the errand is late.  Then the reply
 * says which directory does not answer.  What the handler still does is dropped, unless it has
 * begun to change something (errand_commit()): that goes on, and the reply says so.
 *
 * If as many run as may, a request waits LIMIT_ERRAND_S for one to end, and not at all if those
 * that run are abandoned.
 *
 * All but the handler runs on the server's thread.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct http_job;
struct http_request;
struct http_route;
struct http_server;
struct http_text;

/* Start it with a copy of the request, and suspend the connection; the body is given away.  NULL:
 * the reply of `request` says why not. */
struct http_job *http_job_start(struct http_server *server, struct MHD_Connection *conn,
                                const struct http_route *route, struct http_request *request,
                                struct http_text *body) MUST_USE;

/* Put the reply, which may be that there is none, into `request`.  To be called after the
 * connection was resumed; the job is no more. */
void http_job_end(struct http_job *job, struct http_request *request);

/* The same without a reply: the connection is gone.  NULL is allowed. */
void http_job_drop(struct http_job *job);

/* Resume the connections whose jobs are done or have waited for too long; all, if it is `over`. */
void http_jobs_resume(struct http_server *server, bool over);
