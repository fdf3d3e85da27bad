/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its reply.  MHD calls http_exchange_run() when it has the header, for each piece
 * of the body, and at the end of it.  Whatever can be refused is refused by the header alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/http_job.h"
#include "admin/http/http_origin.h"
#include "admin/http/http_request.h"
#include "admin/http/http_server_internal.h"
#include "admin/http/http_stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

struct exchange {
    struct http_listener *listener;
    struct http_request request;
    const struct http_route *route;
    struct http_text body;
    struct http_job *job; /* has the body; NULL: none */
    bool too_large;       /* the body; what is left of it is read and dropped */
    char allow[HTTP_ALLOW_BYTES];
};

static const char *header(struct MHD_Connection *conn, const char *name)
{
    return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

static void refuse(struct exchange *exchange, unsigned status, const char *detail)
{
    http_reply_problem(&exchange->request.reply, status, detail, NULL);
}

/* Lines about refusals are limited all together, since anybody who can connect causes them. */
static void refusal_log(struct exchange *exchange, unsigned status)
{
    struct http_server *server = exchange->listener->server;
    const struct http_request *request = &exchange->request;

    if (log_enabled(LOG_PART_admin, LOG_LEVEL_INFO) &&
        log_limit_take(&server->refusals, clock_now_ns(), LIMIT_LOG_ADMIN_REFUSALS_PER_S))
        log_info_taken(&server->refusals, "admin.refused", LOG_U64("status", status),
                       LOG_STR("method", request->method), LOG_STR("path", request->path));
}

/* Who is it, and what may it do?  False: the reply says why not.  `anybody`: no token is needed. */
static bool authority_check(struct exchange *exchange, struct MHD_Connection *conn, bool anybody)
{
    const struct http_connection *connection = http_connection_of(conn);
    struct http_server *server = exchange->listener->server;
    enum http_access *access = &exchange->request.access;
    enum http_token_verdict verdict;

    *access = HTTP_WRITE;
    if (exchange->listener->local) {
        if (!connection || !connection->trusted)
            refuse(exchange, 403, "only root and the user of the server may use this socket");
        return exchange->request.known = connection && connection->trusted;
    }
    pthread_mutex_lock(&server->lock);
    verdict = http_tokens_check(&server->tokens, header(conn, "Authorization"), access);
    pthread_mutex_unlock(&server->lock);
    exchange->request.known = verdict == HTTP_TOKEN_KNOWN;
    if (!exchange->request.known)
        *access = HTTP_READ;
    if (anybody && verdict == HTTP_TOKEN_WRONG)
        refusal_log(exchange, 401); /* of the token, or all could be tried here unseen */
    if (exchange->request.known || anybody)
        return true;
    if (verdict == HTTP_TOKEN_NONE)
        refuse(exchange, 401, "send Authorization: Bearer TOKEN");
    else
        refuse(exchange, 401, "this token is not known");
    return false;
}

static bool origin_check(struct exchange *exchange, struct MHD_Connection *conn, bool linked)
{
    const struct http_origin origin = {.host = header(conn, "Host"),
                                       .origin = header(conn, "Origin"),
                                       .fetch_site = header(conn, "Sec-Fetch-Site"),
                                       .fetch_mode = header(conn, "Sec-Fetch-Mode"),
                                       .fetch_dest = header(conn, "Sec-Fetch-Dest"),
                                       .secure = exchange->listener->secure,
                                       .any_host = exchange->listener->any_host,
                                       .linked = linked};
    const char *wrong = http_origin_wrong(&origin);

    if (wrong)
        refuse(exchange, 403, wrong);
    return !wrong;
}

/* What the path leads to is told to those who may ask at all. */
static enum http_match route_find(struct exchange *exchange, const struct http_route **route)
{
    const struct http_server *server = exchange->listener->server;
    struct http_request *request = &exchange->request;

    *route = NULL;
    return http_route_match(server->routes, server->route_count, request->method, request->path,
                            route, &request->args, exchange->allow);
}

static bool match_check(struct exchange *exchange, enum http_match match)
{
    switch (match) {
    case HTTP_MATCH_FOUND:
        return true;
    case HTTP_MATCH_NO_PATH:
        refuse(exchange, 404, "there is nothing at this path");
        return false;
    case HTTP_MATCH_NO_METHOD:
        refuse(exchange, 405, "the path has other methods, see Allow");
        return false;
    case HTTP_MATCH_MALFORMED:
        break;
    }
    refuse(exchange, 400, "a part of the path is too long or not percent-encoded correctly");
    return false;
}

/* Does the header announce a body that is not wanted? */
static bool size_check(struct exchange *exchange, struct MHD_Connection *conn)
{
    const char *length = header(conn, "Content-Length");
    unsigned long long most = exchange->route->access & HTTP_WRITE ? LIMIT_ADMIN_BODY_BYTES : 0,
                       size = 0;
    char *end;

    if (length) {
        errno = 0;
        size = strtoull(length, &end, 10);
        if (errno != 0 || end == length || *end != '\0' || *length == '-')
            size = most + 1;
    }
    if (size <= most && (most > 0 || !header(conn, "Transfer-Encoding")))
        return true;
    refuse(exchange, 413, most > 0 ? "the body is too large" : "this request takes no body");
    return false;
}

/* libmicrohttpd refuses what is longer than its buffer, with a page of HTML. */
static bool header_size_check(struct exchange *exchange, struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (!info || info->header_size <= LIMIT_ADMIN_HEADER_BYTES)
        return true;
    refuse(exchange, 431, "the request line and the header are longer than 16 KiB");
    return false;
}

/* Everything that can be told by the header.  False: the reply says what is wrong. */
static bool header_check(struct exchange *exchange, struct MHD_Connection *conn)
{
    const struct http_route *route;
    enum http_match match;
    bool anybody;

    if (!header_size_check(exchange, conn))
        return false;
    match = route_find(exchange, &route);
    anybody = route && (route->access & HTTP_ANYBODY) != 0;
    if (!origin_check(exchange, conn, anybody) || !authority_check(exchange, conn, anybody) ||
        !match_check(exchange, match))
        return false;
    exchange->route = route;
    if (!size_check(exchange, conn))
        return false;
    if ((route->access & HTTP_WRITE) <= exchange->request.access)
        return true;
    refuse(exchange, 403, "this token may only read");
    return false;
}

static void etag_add(struct MHD_Response *response, const char *etag)
{
    char quoted[HTTP_ETAG_BYTES + 2];

    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", etag);
    (void)MHD_add_response_header(response, "ETag", quoted);
}

/* What a browser may do with it: show it as what it is, to no other site's page. */
static void browser_fields_add(struct MHD_Response *response, const struct http_reply *reply)
{
    static const char nothing[] = "default-src 'none'; frame-ancestors 'none'";

    (void)MHD_add_response_header(response, "Content-Security-Policy",
                                  reply->policy ? reply->policy : nothing);
    (void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    (void)MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

static void fields_add(struct MHD_Response *response, const struct exchange *exchange)
{
    const struct http_reply *reply = &exchange->request.reply;

    if (reply->content_type)
        (void)MHD_add_response_header(response, "Content-Type", reply->content_type);
    if (reply->etag[0] != '\0')
        etag_add(response, reply->etag);
    (void)MHD_add_response_header(response, "Cache-Control",
                                  reply->caching ? reply->caching : "no-store");
    browser_fields_add(response, reply);
    (void)MHD_add_response_header(response, "Connection", "close");
    if (reply->status == 405)
        (void)MHD_add_response_header(response, "Allow", exchange->allow);
    if (reply->status == 401)
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* A body stays with the exchange until http_exchange_end(). */
static struct MHD_Response *response_create(struct exchange *exchange, struct MHD_Connection *conn)
{
    struct http_reply *reply = &exchange->request.reply;
    const struct http_source source = reply->source;

    if (!source.read)
        return MHD_create_response_from_buffer(reply->body.len, reply->body.data,
                                               MHD_RESPMEM_PERSISTENT);
    reply->source = (struct http_source){0};
    return http_stream_response(exchange->listener->server, conn, &source);
}

static enum MHD_Result reply_send(struct exchange *exchange, struct MHD_Connection *conn)
{
    const struct http_reply *reply = &exchange->request.reply;
    struct MHD_Response *response;
    enum MHD_Result result;

    if (reply->body.failed)
        return MHD_NO; /* for want of memory: the connection is closed */
    log_debug("admin.request", LOG_STR("method", exchange->request.method),
              LOG_STR("path", exchange->request.path), LOG_U64("status", reply->status));
    if (!exchange->route || reply->status == 403 || reply->status == 413)
        refusal_log(exchange, reply->status);
    response = response_create(exchange, conn);
    if (!response)
        return MHD_NO;
    fields_add(response, exchange);
    result = MHD_queue_response(conn, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result parameter_add(void *query, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    http_query_add(query, name, value);
    return MHD_YES;
}

static void peer_name(struct exchange *exchange, struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);

    http_peer_print(info ? info->connect_fd : -1, exchange->request.by);
}

static struct exchange *exchange_create(struct http_listener *listener, struct MHD_Connection *conn,
                                        const char *method, const char *path)
{
    struct exchange *exchange = memory_zalloc(MEMORY_admin, sizeof(*exchange));
    struct http_connection *connection = http_connection_of(conn);

    if (connection)
        connection->asks = true;
    if (!exchange)
        return NULL;
    exchange->listener = listener;
    peer_name(exchange, conn);
    exchange->request.method = method;
    exchange->request.path = path;
    exchange->request.accept = header(conn, "Accept");
    exchange->request.content_type = header(conn, "Content-Type");
    exchange->request.if_match = header(conn, "If-Match");
    exchange->request.if_none_match = header(conn, "If-None-Match");
    exchange->request.local = listener->local;
    (void)MHD_get_connection_values(conn, MHD_GET_ARGUMENT_KIND, parameter_add,
                                    &exchange->request.query);
    exchange->request.reply.status = 200;
    return exchange;
}

static void body_add(struct exchange *exchange, const char *data, size_t len)
{
    if (exchange->too_large || len > LIMIT_ADMIN_BODY_BYTES - exchange->body.len)
        exchange->too_large = true;
    else
        http_text_add(&exchange->body, data, len);
}

static bool body_check(struct exchange *exchange)
{
    if (exchange->too_large)
        refuse(exchange, 413, "the body is too large");
    else if (exchange->body.failed)
        refuse(exchange, 503, "there is no memory for the request");
    return !exchange->too_large && !exchange->body.failed;
}

static void handler_run(struct exchange *exchange)
{
    struct http_request *request = &exchange->request;

    request->body = exchange->body.data;
    request->body_len = exchange->body.len;
    exchange->route->handle(request, exchange->listener->server->context);
}

/* The request is complete.  False: its job runs, and MHD calls again when the reply is there. */
static bool request_handle(struct exchange *exchange, struct MHD_Connection *conn)
{
    struct http_server *server = exchange->listener->server;

    if (exchange->job) {
        http_job_end(exchange->job, &exchange->request);
        exchange->job = NULL;
    } else if (!body_check(exchange)) {
        return true;
    } else if (exchange->route->access & HTTP_WAITS) {
        exchange->job =
            http_job_start(server, conn, exchange->route, &exchange->request, &exchange->body);
        if (exchange->job)
            return false;
    } else {
        handler_run(exchange);
    }
    if (exchange->request.reply.body.failed)
        refuse(exchange, 503, "there is no memory for the reply");
    return true;
}

enum MHD_Result http_exchange_run(void *listener, struct MHD_Connection *conn, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **context)
{
    const struct http_connection *connection = http_connection_of(conn);
    struct exchange *exchange = *context;

    (void)version;
    if (connection && connection->cut)
        return MHD_NO;
    if (!exchange) {
        *context = exchange = exchange_create(listener, conn, method, path);
        if (!exchange)
            return MHD_NO;
        return header_check(exchange, conn) ? MHD_YES : reply_send(exchange, conn);
    }
    if (*data_len > 0) {
        body_add(exchange, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return request_handle(exchange, conn) ? reply_send(exchange, conn) : MHD_YES;
}

void http_exchange_end(void *listener, struct MHD_Connection *conn, void **context,
                       enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *context;

    (void)listener;
    (void)conn;
    (void)why;
    *context = NULL;
    if (!exchange)
        return;
    http_job_drop(exchange->job);
    http_text_fini(&exchange->body);
    http_text_fini(&exchange->request.reply.body);
    if (exchange->request.reply.source.end)
        exchange->request.reply.source.end(exchange->request.reply.source.context);
    memory_free(MEMORY_admin, exchange);
}
